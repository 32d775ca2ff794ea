"""Pipelines: wiring only, one file each."""
