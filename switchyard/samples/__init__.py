"""Samples made on the spot, for use cases whose rows no general rule can make."""
