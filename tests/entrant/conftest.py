"""Property tests take as long as the machine needs, and draw the same on every run."""

from hypothesis import settings

settings.register_profile("entrant", deadline=None, derandomize=True)
settings.load_profile("entrant")
