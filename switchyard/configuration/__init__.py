"""Configuration: what a use case says (`model`) and where each value comes from (`layers`)."""
