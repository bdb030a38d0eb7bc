"""Where entries are measured: an engine starts a scorer, polls it, stops it, and returns how it ended."""
