"""Sweeps: many short trainings of a recipe with other values, chosen by Optuna and judged on validation. Without torch.

space        dials, objectives and seeds, read from words     plan     what a sweep's folder was begun with
runs         a training and its card, as commands             study    Optuna's study, kept as a journal
coordinator  trials, given out to an engine
result       front, importance and ranks, from the cards      page     the same as a page, with charts
"""
