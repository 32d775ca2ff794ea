"""Speed and size of training: each figure, and the goal it is held against.

    uv run benchmarks/training.py [--data-dir DIR] [--only NAME …] [--json]

With --data-dir the real corpora serve, else the generated sample, whose figures are smaller ones.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.orchestration import cached_rerun, orchestration_ratio
from benchmarks.prediction import prediction
from benchmarks.preprocessing import CORPUS, load_urls, preprocess_speedup
from benchmarks.scale import scale

MANY = "urls.parquet"
GOALS = {
    "preprocess_speedup": ("at least", 4.0),
    "orchestration_ratio": ("at most", 1.15),
    "rss_gb_5m": ("at most", 6.0),
    "time_ratio_10x": ("at most", 1.2),
    "cached_rerun_s": ("at most", 8.0),
    "predict_us": ("at most", 20.0),
    "predict_per_s": ("at least", 150_000.0),
    "model_mb": ("at most", 5.0),
}


def main() -> None:
    options = arguments()
    figures: dict[str, float] = {}
    for name in options.only:
        began = time.perf_counter()
        found = PARTS[name](options.data_dir)
        figures |= found
        print(f"{name} ({time.perf_counter() - began:.0f} s)")
        for key, value in found.items():
            side, goal = GOALS.get(key, ("", None))
            told = f"   goal: {side} {goal:,g}" if goal is not None else ""
            print(f"  {key:<22} {value:>14,.3f}{told}")
    if options.json:
        print(json.dumps({key: round(value, 4) for key, value in figures.items()}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help=f"the folder of {CORPUS} and {MANY}")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    return parser.parse_args()


def many(folder: Path | None) -> Path | None:
    return folder / MANY if folder else None


def labelled(folder: Path | None) -> pd.DataFrame:
    if folder is None:
        from switchyard.samples.urls import generate

        frame = generate(20_000, 42)
    else:
        frame = pd.read_csv(folder / CORPUS).rename(columns=str.lower)
    frame["label"] = frame["label"].isin(["bad", "phishing"]).astype("int8")
    return frame


def _prediction(folder: Path | None) -> dict[str, float]:
    frame = labelled(folder)
    return prediction(frame["url"].tolist(), frame["label"].to_numpy())


PARTS: dict[str, Callable[[Path | None], dict[str, float]]] = {
    "preprocessing": lambda folder: preprocess_speedup(load_urls(folder)[0]),
    "prediction": _prediction,
    "scale": lambda folder: scale(many(folder)),
    "cached": lambda folder: cached_rerun(None if folder is None else folder / CORPUS),
    "orchestration": lambda folder: orchestration_ratio(many(folder)),
}


if __name__ == "__main__":
    main()
