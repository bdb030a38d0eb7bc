"""The league: from scorecards to a ranking that can be defended. Without torch.

rules      what contest.toml says           entries    what is ranked
contest    the folder of a contest          records    the log of what happened, each entry bound to the one before
submit     taking part                      intake     many files at once
evaluate   measuring what is new            verify     what was altered, missing or added
exports    CSV, JSON, Markdown, Canvas

schemes    what a rank weighs               ranking    the official places
intervals  how sure a place is              shrinkage  what is known of a true value
panel      places on a board that stays     sensitivity  what the first place hangs on
awards     who gets one, and why not        explain    a place in words
"""
