"""The labels of the tests that speak of phishing: those of configs/phishing.yaml."""

from __future__ import annotations

from pathlib import Path

from switchyard.configuration.layers import resolve

ROOT = Path(__file__).resolve().parents[1]

PHISHING = resolve(ROOT / "configs" / "phishing.yaml", {}).use_case.labels
