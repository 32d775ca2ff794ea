"""ZenML steps, a few lines each: they call the core and record what it returned."""
