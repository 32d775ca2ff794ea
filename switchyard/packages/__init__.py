"""Model packages: a fitted estimator as data, with a manifest that describes and seals it."""
