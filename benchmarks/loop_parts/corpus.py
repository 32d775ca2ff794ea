"""The dated rows that are replayed, and the use case that they are replayed for."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pandas as pd

from switchyard.configuration.model import Data, Labels, UseCase

ROOT = Path(__file__).resolve().parents[2]
MANY = "urls.parquet"
KNOWN_UNTIL, UNTIL = "2021-06", "2024-06"
SEED = 42
SAMPLE_ROWS = 90_000


def load(data_dir: Path | None, rows: int = SAMPLE_ROWS) -> pd.DataFrame:
    """The cleaned rows: dated phishing and undated benign ones, or a changing sample.

    Phishing without a date is left out: nobody can say when it was known.
    """
    from switchyard.data.cleaning import clean
    from switchyard.data.reading import RawFrame
    from switchyard.samples.urls import generate

    if data_dir is None:
        print(f"SYNTHETIC SAMPLE of {rows:,} rows: these figures say nothing about real phishing")
        raw = generate(rows, SEED, changing=True)
    else:
        raw = pd.read_parquet(data_dir / MANY)
    frame = clean(RawFrame.of(raw), Data(), Labels()).frame
    told = frame["first_seen"].notna() | (frame["label"] == 0)
    return frame[told].reset_index(drop=True)


@cache
def use_case() -> UseCase:
    """configs/phishing.yaml, changed by the environment as run.py lets it (SWITCHYARD__…)."""
    from switchyard.configuration.layers import resolve

    return resolve(ROOT / "configs" / "phishing.yaml", os.environ).use_case
