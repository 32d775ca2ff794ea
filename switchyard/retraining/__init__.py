"""Retraining: when lost performance or drift starts one, and what it learns from."""
