"""The league: from scorecards to a ranking that can be defended. Without torch.

rules, reading, toml_text     what contest.toml says          contest      the folder of a contest
chain, records, verify        what happened, and whether the folder still says so
teams, entry_files, submit    taking part                     intake       many files at once
evaluate, scores, rescore     measuring                       state        what the records amount to
standing, entries             what is ranked                  exports      CSV, JSON, Markdown, Canvas
schemes, field, ranking       the official places             panel        places on a board that stays open
intervals, shrinkage          how sure a place is             sensitivity  what the first place hangs on
explain, improvements         a place in words                awards       who gets one, and why not
past                          the board of 2025
"""
