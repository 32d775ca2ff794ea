"""The project's own models of URLs: `fast`, one compiled kernel, and `accurate`, on top of it."""
