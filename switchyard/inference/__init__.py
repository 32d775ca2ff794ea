"""Files of any size scored in chunks that a killed run need not score again."""
