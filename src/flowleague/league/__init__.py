"""The league: from scorecards to a ranking that can be defended. Without torch.

rules      what contest.toml says           entries    what is ranked
contest    the folder of a contest          records    the log of what happened, each entry bound to the one before
submit     taking part                      intake     many files at once
evaluate   measuring what is new            verify     what was altered, missing or added
exports    CSV, JSON, Markdown, Canvas
"""
