"""What a service does with a model package: predictions, limits, settings. Plain Python."""
