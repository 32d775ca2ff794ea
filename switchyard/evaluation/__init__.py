"""How good a model is: metrics with intervals, slices, thresholds, explanations, the report."""
