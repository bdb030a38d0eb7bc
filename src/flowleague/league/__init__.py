"""The league: from scorecards to a ranking that can be defended. Without torch.

rules, reading, toml_text     what contest.toml says          contest      the folder of a contest
chain, records, verify        what happened, and whether the folder still says so
teams, entry_files, submit    taking part                     intake       many files at once
evaluate, scores, rescore     measuring                       state        what the records amount to
standing, entries             what is ranked                  past         the board of 2025
field, schemes, ranking       the official places             intervals, shrinkage       how sure they are
sensitivity, panel            what they hang on               awards, explain, improvements, words   with reasons
exports                       CSV, JSON, Markdown, Canvas
"""
