"""Memory and time of training the fast tier: the corpus, repeated with altered paths.

Each size runs in a process of its own, whose peak resident memory the operating system counts.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LARGE, SMALL = 5_000_000, 500_000


def scale(source: Path | None, large: int = LARGE, small: int = SMALL) -> dict[str, float]:
    """Peak memory at `large` rows in GB, and time at ten times the rows over ten times the time."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in (("small", small), ("large", large)):
            path = Path(folder) / f"{name}.parquet"
            enlarge(source, rows, path)
            done = subprocess.run(
                [sys.executable, __file__, str(path)],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            )
            figures[name] = json.loads(done.stdout.splitlines()[-1])
            path.unlink()
    growth = large / small
    return {
        "seconds_500k": figures["small"]["seconds"],
        "seconds_5m": figures["large"]["seconds"],
        "rss_gb_5m": figures["large"]["rss_gb"],
        "time_ratio_10x": figures["large"]["seconds"] / (growth * figures["small"]["seconds"]),
    }


def enlarge(source: Path | None, rows: int, target: Path) -> None:
    """Write `rows` rows of the corpus to `target`; repetitions get a path segment of their own."""
    import pandas as pd

    if source is None:
        from switchyard.samples.urls import generate

        frame = generate(20_000, 42)
    else:
        frame = pd.read_parquet(source)
    frame = frame.sample(frac=1.0, random_state=42)
    parts = []
    for turn in range(-(-rows // len(frame))):
        part = frame.head(rows - turn * len(frame)).copy()
        if turn:
            part["url"] = part["url"].str.rstrip("/") + f"/r{turn}"
        parts.append(part)
    pd.concat(parts, ignore_index=True).to_parquet(target, index=False)


def _main() -> None:
    from switchyard.candidates.fitting import fit
    from switchyard.configuration.model import Candidate, Data, Definition, Labels, Source, Split
    from switchyard.data.cleaning import clean
    from switchyard.data.loading import load
    from switchyard.data.schema import validate
    from switchyard.evaluation.metrics import auc
    from switchyard.split import split

    candidate = Candidate(name="fast", estimator="hashed-ngrams")
    fit(candidate, {"epochs": 1}, ["a.example/x", "b.example/y"] * 50, [0, 1] * 50, None, 0)
    data = Data(sources=(Source(location=sys.argv[1]),))
    began = time.perf_counter()
    loaded = load(data, Definition(), 42)
    frame = validate(clean(loaded.raw, data, Labels()).frame)
    del loaded
    parts = split(frame, Split(), 42)
    train, holdout = frame.iloc[parts.train], frame.iloc[parts.holdout]
    del frame
    model = fit(candidate, {}, train["url"], train["label"].to_numpy(), None, 42)
    scores = model.predict_proba(holdout["url"])[:, 1]
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    area = auc(holdout["label"].to_numpy(), scores)
    print(json.dumps({"seconds": seconds, "rss_gb": peak, "auc": area}))


if __name__ == "__main__":
    _main()
