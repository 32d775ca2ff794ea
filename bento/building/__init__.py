"""How a registered model becomes a Bento: staged as a folder, proven by itself, then built."""
