"""Batches that are too large to wait for: accepted, kept, scored once, whatever is killed."""
