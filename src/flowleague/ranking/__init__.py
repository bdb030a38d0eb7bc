"""Ranking: from figures to places that can be defended. Pure functions, without torch and without files.

schemes, field, rank     the official places             panel          places on a board that stays open
intervals, shrinkage     how sure a place is             sensitivity    what the first place hangs on
explain, improvements    a place in words                awards         who gets one, and why not
"""
