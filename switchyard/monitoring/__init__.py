"""Monitoring: windows of captured requests against what the model was trained on."""
