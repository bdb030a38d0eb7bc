"""The scorecard: what was measured of a model, as data. Metrics, their meaning, comparison. Without torch."""
