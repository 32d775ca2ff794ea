"""Examines a stack: each component by what it is for, with the client that runs use."""
