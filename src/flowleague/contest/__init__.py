"""The contest: a folder with rules, records, entries and scores. Without torch.

rules, toml                   what contest.toml says          folder       the folder of a contest
chain, records, verify        what happened, and whether the folder still says so
teams, entry_files, submit    taking part                     intake       many files at once
evaluate, scores, rescore     measuring                       state        what the records amount to
standing                      what is ranked                  exports      CSV, JSON, Markdown, Canvas
"""
