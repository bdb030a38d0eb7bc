"""Does nothing: the wall is tried with it."""
