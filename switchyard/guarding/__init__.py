"""Guarding: what a version that was deployed lately does to live requests, and when it goes."""
