"""The bundle: what a model is on disk. Without torch.

recipe       what decides a model                      files     the five files, out of a folder or a zip
statements   config, log and card, read strictly       read      the whole bundle
arrays       the weights as numpy arrays
"""
