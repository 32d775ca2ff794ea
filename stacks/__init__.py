"""ZenML stacks as YAML, and the command that registers them."""
