"""Candidates: the estimators that a use case may name, and how they are tuned and fitted."""
