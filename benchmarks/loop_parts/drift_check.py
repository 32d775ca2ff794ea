"""What a drift check of a million captured rows takes: seconds, and resident memory at its peak.

    python -m benchmarks.loop_parts.drift_check --json

The check runs in a process of its own, from the start of Python to the last file written: reading,
describing, measuring, the report and Evidently's workspace.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAY = datetime(2026, 9, 7, tzinfo=UTC)
ROWS, FILE_ROWS = 1_000_000, 20_000


def measure(rows: int = ROWS) -> dict[str, float]:
    """Seconds and gigabytes (10⁹ bytes) of a check of one window with so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), rows)
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.loop_parts.drift_check", "--check", folder],
            check=True,
            capture_output=True,
            text=True,
        )
        seconds = time.monotonic() - started
        found = json.loads(done.stdout.splitlines()[-1])
    if found["rows"] != rows or found["compared"] < 0.9 * rows:
        raise RuntimeError(f"the check did not look at {rows:,} rows: {found}")
    size = "1m" if rows == ROWS else str(rows)
    return {
        f"drift_{size}_s": round(seconds, 1),
        f"drift_{size}_rss_gb": round(found["rss_gb"], 2),
    }


def fill(folder: Path, rows: int) -> None:
    """Write a reference and a prediction store of one day, half of its rows phishing."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from switchyard.capture.rows import TIME
    from switchyard.monitoring.references import make_reference
    from switchyard.samples.urls import generate

    frame = generate(100_000, 1)
    names = {name.lower(): name for name in frame.columns}
    urls = frame[names["url"]].astype(str).to_numpy()
    random = np.random.default_rng(1)
    score = np.where(np.arange(len(urls)) % 2, 0.9, 0.1) + random.uniform(-0.05, 0.05, len(urls))
    held = pd.DataFrame({"url": urls[:20_000], "label": np.arange(20_000) % 2})
    make_reference(held, urls[20_000:], score[:20_000], 1, folder / "reference")
    place = folder / "captured" / "predictions" / f"date={DAY.date()}"
    place.mkdir(parents=True)
    start = int(DAY.timestamp() * 1e6)
    for first in range(0, rows, FILE_ROWS):
        chosen = random.integers(0, len(urls), min(FILE_ROWS, rows - first))
        count = len(chosen)
        times = start + (first + np.arange(count)) * (80_000_000_000 // rows)
        # As the rows of the service: with ids, which a check does not read.
        ids = [f"{first + at:040d}" for at in range(count)]
        table = pa.table(
            {
                "request_id": ids,
                "instance": pa.array(np.zeros(count, np.int32)),
                "time": pa.array(times).cast(TIME),
                "url": urls[chosen],
                "label": np.where(score[chosen] >= 0.5, "phishing", "benign"),
                "score": score[chosen],
                "threshold": np.full(count, 0.5),
                "model_version": ["1"] * count,
            }
        )
        pq.write_table(table, place / f"{first:09d}.parquet", compression="zstd")


def check(folder: Path) -> dict[str, float]:
    """Run monitoring on what `fill` wrote, as the pipeline's step does."""
    from switchyard.configuration.model import UseCase
    from switchyard.monitoring.records import MonitoringStore
    from switchyard.monitoring.references import open_reference
    from switchyard.monitoring.running import check_store

    case = UseCase.of(
        {
            "name": "phishing",
            "title": "Phishing",
            "serve": "fast",
            "labels": {"positive": "phishing", "negative": "benign"},
            "candidates": [{"name": "fast", "estimator": "hashed-ngrams"}],
        }
    )
    reference = open_reference(folder / "reference", "1")
    store = MonitoringStore(str(folder / "monitoring"))
    now = DAY + timedelta(hours=24, seconds=case.monitoring.lag_s)
    looked = check_store(case, str(folder / "captured"), store, lambda _: reference, now)
    verdict = looked.verdicts[0]
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"rows": verdict.rows, "compared": verdict.compared, "rss_gb": peak / 1e9}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.check:
        print(json.dumps(check(given.check)))
        return
    found = measure(given.rows)
    seconds, gigabytes = found.values()
    print(f"drift check of {given.rows:,} captured rows: {seconds} s, {gigabytes} GB resident")
    if given.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
