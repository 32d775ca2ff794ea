"""What the demonstration replays: early rows to train on, and stretches of later traffic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.loop_parts.corpus import KNOWN_UNTIL, MANY, SEED, UNTIL
from switchyard.configuration.model import Data, Labels
from switchyard.data.cleaning import clean
from switchyard.data.reading import RawFrame
from switchyard.replay.traffic import Window, by_month, shuffled
from switchyard.samples.urls import generate

SAMPLE_ROWS = 60_000
BENIGN_ROWS = 80_000
TRAINING_ROWS = 30_000
A_BATCH = 300
"""Requests that stand for a month: enough to see, few enough to wait for."""


@dataclass(frozen=True)
class Scenes:
    """training: rows as a file would have them; as_before: traffic like it; later: the months."""

    training: pd.DataFrame
    as_before: tuple[Window, ...]
    later: tuple[Window, ...]
    synthetic: bool


def make_scenes(data_dir: Path | None) -> Scenes:
    """Part the corpus, else a changing sample, into what is trained on and what comes."""
    traffic = by_month(_rows(data_dir), KNOWN_UNTIL, UNTIL)
    early = traffic.history
    keys = early["group"].astype(object).to_numpy(dtype=object)
    kept_back = pd.util.hash_array(keys, hash_key="demonstration-01") % 6 == 0
    training = early[~kept_back]
    training = training.sample(min(TRAINING_ROWS, len(training)), random_state=SEED)
    before = _balanced(early[kept_back], 6 * A_BATCH)
    named = training[["url", "label", "first_seen"]].assign(
        label=training["label"].map({0: "benign", 1: "phishing"})
    )
    return Scenes(
        named,
        tuple(Window(f"{KNOWN_UNTIL}", window.rows) for window in shuffled(before, 6, SEED)),
        tuple(Window(w.name, _balanced(w.rows, A_BATCH)) for w in traffic.windows),
        data_dir is None,
    )


def _rows(data_dir: Path | None) -> pd.DataFrame:
    if data_dir is None:
        raw = generate(SAMPLE_ROWS, SEED, changing=True)
    else:
        raw = pd.read_parquet(data_dir / MANY)
        benign = raw[raw["label"] == "good"]
        benign = benign.sample(min(BENIGN_ROWS, len(benign)), random_state=SEED)
        raw = pd.concat([raw[raw["first_seen"].notna()], benign])
    return clean(RawFrame.of(raw), Data(), Labels()).frame


def _balanced(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """At most so many rows, as many of each class as there are; in an order of chance."""
    each = min(count // 2, int(rows["label"].value_counts().min()))
    drawn = pd.concat(
        [rows[rows["label"] == label].sample(each, random_state=SEED) for label in (0, 1)]
    )
    return drawn.sample(frac=1.0, random_state=SEED).reset_index(drop=True)
