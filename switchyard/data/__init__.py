"""Data: where rows come from, how they are read, cleaned, checked and described."""
