"""The judge: six categories of metrics, measured so that the same model always gets the same score.

>>> from flowleague.judge.measure import measure                                  # doctest: +SKIP
>>> card = measure(encode, decode, generate)      # three functions on numpy arrays  # doctest: +SKIP
>>> card.metrics()["reconstruction.mse"].value                                    # doctest: +SKIP
0.00412
"""
