"""Files of rows scored in chunks, whatever their size."""
