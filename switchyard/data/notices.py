"""What must be said wherever figures or answers are shown."""

SYNTHETIC = "SYNTHETIC SAMPLE: these rows were generated, and figures made from them mean nothing."
