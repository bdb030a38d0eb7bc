"""Ranking: from metrics to places, intervals and awards. Pure functions, without torch and without files.

rules                    metrics, directions, schemes    panel          places on a board that stays open
schemes, field, rank     the official places             sensitivity    what first place depends on
intervals                95 % intervals of places        awards         winners, and what others missed
explain, improvements    a place in words
"""
