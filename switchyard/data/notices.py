"""What must be said wherever figures or answers are shown."""

SYNTHETIC = "SYNTHETIC SAMPLE: these rows were generated, and figures made from them mean nothing."

FEEDBACK = "feedback"
"""Source of rows that were captured and whose true label came back."""

RECENT_FEEDBACK = "recent feedback"
"""The same, of the newest windows: what traffic looks like now."""

SOURCE = "synthetic sample"
"""What the source of generated rows is called."""
