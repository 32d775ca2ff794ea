"""Replay: labelled rows as traffic, in the order of their dates."""
