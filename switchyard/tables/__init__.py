"""Tables of typed columns: read, cleaned, coded for models, and told of."""
