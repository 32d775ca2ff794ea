"""What closing the loop is worth: dated traffic replayed with it and without.

    uv run benchmarks/loop.py [--data-dir DIR] [--only PART …] [--picture FILE] [--short] [--check]
        [--json]

With --data-dir the phishing of urls.parquet comes in the month in which it was first seen, and its
benign rows, which have no date, in parts by domain; else a sample whose phishing changes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.loop_parts.corpus import KNOWN_UNTIL, SAMPLE_ROWS, UNTIL, load
from switchyard.replay.traffic import Traffic, by_month

PARTS = ("replay", "alarms", "drift", "inference")
GOALS = {
    "recall_gain": ("at least", 0.15),
    "false_alarm_share": ("at most", 0.05),
    "detection_lag_windows": ("at most", 2.0),
    "drift_1m_s": ("at most", 60.0),
    "drift_1m_rss_gb": ("at most", 2.0),
    "inference_share_of_core": ("at least", 0.9),
}
CHECKED = GOALS | {
    "recall_gain": ("at least", 0.1),
    "drift_1m_s": ("at most", 120.0),
    "inference_share_of_core": ("at least", 0.6),
}
"""The goals of --check, which leave room for smaller samples and for slower and busier machines."""

# With fewer rows in a window nothing could be judged, and the loop would do nothing.
SHORT_ROWS, SHORT_UNTIL = 100_000, "2022-12"
WINDOWS, SAMPLE_WINDOWS = 2, 1
SHORT_ROUNDS = 3
LAST = (
    *("recall_with", "recall_without", "recall_gain", "retrainings", "false_alarm_share"),
    *("detection_lag_windows", "drift_1m_s", "drift_1m_rss_gb", "inference_share_of_core"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what was asked for and print it."""
    options = arguments(argv)
    traffic = None
    if {"replay", "alarms"} & set(options.only):
        frame = load(options.data_dir, SHORT_ROWS if options.short else SAMPLE_ROWS)
        until = options.until or (SHORT_UNTIL if options.short else UNTIL)
        traffic = by_month(frame, KNOWN_UNTIL, until)
    found: dict[str, float] = {}
    for name in options.only:
        print(name, flush=True)
        began = time.perf_counter()
        figures = MEASURES[name](options, traffic)
        found |= figures
        for key, value in figures.items():
            side, goal = GOALS.get(key, ("", None))
            told = f"   goal: {side} {goal:g}" if goal is not None else ""
            print(f"  {key:<26} {value:>12,.4f}{told}")
        print(f"  {time.perf_counter() - began:.0f} s")
    if options.json:
        order = [*(name for name in LAST if name in found), *(n for n in found if n not in LAST)]
        print(json.dumps({name: round(found[name], 6) for name in order}))
    if options.check and (missed := missed_by(found)):
        print(f"far from its goal: {', '.join(missed)}", file=sys.stderr)
        return 1
    return 0


def missed_by(found: Mapping[str, float]) -> list[str]:
    """The figures that are not what `CHECKED` asks of them; one that is no number is none."""
    missed = []
    for name, (side, goal) in CHECKED.items():
        value = found.get(name, goal)
        if not (value >= goal if side == "at least" else value <= goal):
            missed.append(f"{name} {value:.3f} ({side} {goal:g})")
    return missed


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help="the folder of urls.parquet; else a sample")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument(
        "--until", help=f"the last month (default: {UNTIL}, with --short {SHORT_UNTIL})"
    )
    parser.add_argument(
        "--windows",
        type=int,
        help=f"windows a month (default: {WINDOWS}, of a whole sample {SAMPLE_WINDOWS})",
    )
    parser.add_argument(
        "--feedback", type=float, default=1.0, help="share of rows whose true label comes"
    )
    parser.add_argument("--label-lag", type=int, default=0, help="windows after which labels come")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the months as PNG")
    parser.add_argument("--short", action="store_true", help="fewer rows and changes, for CI")
    parser.add_argument(
        "--check", action="store_true", help="fail when a figure is far from its goal"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    return parser.parse_args(argv)


def _replay(options: argparse.Namespace, traffic: Traffic | None) -> dict[str, float]:
    from benchmarks.loop_parts.replay import figures, replay

    usual = WINDOWS if options.data_dir or options.short else SAMPLE_WINDOWS
    windows = options.windows or usual
    told, loop = replay(_given(traffic), windows, options.feedback, options.label_lag)
    if options.picture:
        from benchmarks.loop_parts.drawing import draw

        draw(told, options.picture, "dated phishing" if options.data_dir else "synthetic sample")
        print(f"  drawn: {options.picture}")
    return figures(told, loop)


def _alarms(options: argparse.Namespace, traffic: Traffic | None) -> dict[str, float]:
    from benchmarks.loop_parts.alarms import alarms

    return alarms(_given(traffic), 3 if options.short else 12)


def _drift(options: argparse.Namespace, traffic: Traffic | None) -> dict[str, float]:
    from benchmarks.loop_parts.drift_check import measure

    del traffic
    return measure(100_000 if options.short else 1_000_000)


def _inference(options: argparse.Namespace, traffic: Traffic | None) -> dict[str, float]:
    from benchmarks.loop_parts.inference import ROUNDS, inference

    del traffic
    return inference(options.data_dir, rounds=SHORT_ROUNDS if options.short else ROUNDS)


def _given(traffic: Traffic | None) -> Traffic:
    assert traffic is not None  # made where a part needs it
    return traffic


MEASURES: dict[str, Callable[[argparse.Namespace, Traffic | None], dict[str, float]]] = {
    "replay": _replay,
    "alarms": _alarms,
    "drift": _drift,
    "inference": _inference,
}


if __name__ == "__main__":
    raise SystemExit(main())
