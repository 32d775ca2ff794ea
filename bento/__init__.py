"""The BentoML service: its routes, its web page, and how a model becomes a Bento."""
