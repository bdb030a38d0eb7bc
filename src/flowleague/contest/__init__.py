"""The contest: a folder with rules, records, entries and scores. Without torch.

rules, toml                   what contest.toml says          folder       the folder of a contest
chain, records, verify        what happened, and whether the folder still says so
teams, entry_files, submit    taking part                     statement    what a team says of its entry
intake                        many files at once: download, canvas, contents, parcels, inventory, naming, answers
evaluate, scorer, engines     measuring                       state        what the records amount to
scores, rescore               cards, and all of them again
standing                      what is ranked                  exports      CSV, JSON, Markdown, Canvas
"""
