"""The metrics of the six categories."""
