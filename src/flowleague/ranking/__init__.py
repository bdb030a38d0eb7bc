"""Ranking: from figures to places that can be defended. Pure functions, without torch and without files.

rules                    what it is told                 panel          places on a board that stays open
schemes, field, rank     the official places             sensitivity    what the first place hangs on
intervals                how sure a place is             awards         who gets one, and why not
explain, improvements    a place in words
"""
