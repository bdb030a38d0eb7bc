"""The bundle: what a model is on disk. Without torch.

recipe   what decides a model                 files   the five files, out of a folder or a zip
solvers  Runge-Kutta methods as data          read    the whole bundle, checked: one reader for everybody
"""
