"""Deployers: how a built Bento becomes a running service, one flavour a place."""
