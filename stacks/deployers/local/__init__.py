"""The local flavour: one supervised background process per use case."""
