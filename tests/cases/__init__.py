"""Entries whose meaning is easy to miss, with what must come of each: `python -m tests.cases [FOLDER]`."""
