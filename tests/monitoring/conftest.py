"""A small reference, windows of rows, and prediction stores written without a service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.capture.request_ids import RequestIds
from switchyard.capture.rows import FEEDBACK_ROWS, TIME
from switchyard.configuration.loop import Monitoring
from switchyard.configuration.model import UseCase
from switchyard.monitoring.checking import Facts
from switchyard.monitoring.references import Reference, make_reference, open_reference
from switchyard.monitoring.windows import Window
from tests.labels import PHISHING

MONDAY = datetime(2026, 9, 7, tzinfo=UTC)
WINDOW = Window(MONDAY, MONDAY + timedelta(days=1))
FACTS = Facts(name="phishing", positive="phishing", created=MONDAY + timedelta(days=2))
FEW = Monitoring(min_rows=200, min_labelled=20)

_WORDS = ("river", "garden", "music", "paper", "letter", "window", "coffee", "market", "school")
_BAIT = ("login", "secure", "account", "verify", "update", "signin", "wallet")


def urls(rows: int, seed: int, *, phishing: bool = False) -> list[str]:
    """URLs of one class, from words that stay the same."""
    random = np.random.default_rng(seed)

    def word() -> str:
        return str(random.choice(_WORDS))

    if not phishing:
        return [f"{word()}{word()}.com/{word()}/{word()}" for _ in range(rows)]
    return [
        f"{random.choice(_BAIT)}-{word()}.{word()}{random.integers(1000)}.top/"
        f"{random.choice(_BAIT)}.php?id={random.integers(10**6)}"
        for _ in range(rows)
    ]


def new_kind(rows: int, seed: int) -> list[str]:
    """URLs as no training row is written: other words, deep paths, long queries."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(rows):
        letters = ["".join(random.choice(list("qwxzjkv"), 9)) for _ in range(5)]
        made.append(f"{letters[0]}.{letters[1]}.xyz/" + "/".join(letters) + f"/?q={letters[4] * 6}")
    return made


def scores(phishing: Sequence[bool], seed: int, sure: float = 0.95) -> np.ndarray[Any, Any]:
    """Scores of a model that is right, and so sure."""
    noise = np.random.default_rng(seed).uniform(-0.04, 0.04, len(phishing))
    return np.where(phishing, sure, 1 - sure) + noise


def table(
    texts: Sequence[str | None],
    given: Sequence[float | None],
    *,
    version: str = "3",
    since: datetime = MONDAY,
    ids: RequestIds | None = None,
) -> pa.Table:
    """Rows of the prediction store, a second apart."""
    count = len(texts)
    issued = [f"id-{since:%Y%m%d%H}-{place}" for place in range(count)]
    return pa.table(
        {
            "request_id": pa.array(issued),
            "instance": pa.array([0] * count, pa.int32()),
            "time": pa.array([since + timedelta(seconds=place) for place in range(count)], TIME),
            "url": pa.array(texts, pa.string()),
            "label": pa.array(
                ["phishing" if score is not None and score >= 0.5 else "benign" for score in given]
            ),
            "score": pa.array(given, pa.float64(), from_pandas=True),
            "threshold": pa.array([0.5] * count, pa.float64()),
            "model_version": pa.array([version] * count, pa.string()),
        }
    )


def usual(rows: int, seed: int, *, bad: float = 0.4, **more: Any) -> pa.Table:
    """A window without drift: `bad` is the share of phishing."""
    count = round(rows * bad)
    flags = [True] * count + [False] * (rows - count)
    texts = urls(count, seed, phishing=True) + urls(rows - count, seed + 1)
    return table(texts, scores(flags, seed).tolist(), **more)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Of version 3: 3,000 held-out rows, half of them phishing, none of them damaged."""
    folder = tmp_path_factory.mktemp("reference") / "reference"
    texts = urls(1500, 1, phishing=True) + urls(1500, 2)
    frame = pd.DataFrame({"url": texts, "label": [1] * 1500 + [0] * 1500})
    flags = [True] * 1500 + [False] * 1500
    train = urls(1500, 3, phishing=True) + urls(1500, 4)
    return open_reference(make_reference(frame, train, scores(flags, 5), 7, folder), "3")


class Captured:
    """A prediction store and what monitoring keeps of it."""

    def __init__(self, folder: Path, **monitoring: Any) -> None:
        self.folder = folder
        self.location = str(folder / "captured")
        self.ids = RequestIds(b"k" * 32, 1.0)
        self.case = UseCase.of(
            {
                "name": "phishing",
                "title": "Phishing",
                "serve": "fast",
                "labels": PHISHING.plain(),
                "candidates": [{"name": "fast", "estimator": "hashed-ngrams"}],
                "monitoring": {
                    "min_rows": 200,
                    "min_labelled": 20,
                    "store": str(folder / "monitoring"),
                    **monitoring,
                },
            }
        )

    def add(self, rows: pa.Table, name: str = "rows") -> Path:
        """Put rows of one day into the store."""
        return self._put("predictions", rows, name)

    def label(self, rows: pa.Table, true: Sequence[str], name: str = "labels") -> Path:
        """Put labels of rows into the store."""
        count = rows.num_rows
        columns = [
            rows["request_id"],
            rows["instance"],
            rows["time"],
            pa.array(true),
            pa.array(range(count), pa.int64()),
        ]
        made = pa.table([*columns], schema=FEEDBACK_ROWS)
        return self._put("feedback", made, name)

    def _put(self, kind: str, rows: pa.Table, name: str) -> Path:
        day = rows["time"][0].as_py().date()
        path = Path(self.location, kind, f"date={day.isoformat()}", f"{name}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, path)
        return path


@pytest.fixture
def captured(tmp_path: Path) -> Callable[..., Captured]:
    """Makes a store with these settings of monitoring."""

    def make(**monitoring: Any) -> Captured:
        return Captured(tmp_path, **monitoring)

    return make


def issued_at(moment: datetime, monkeypatch: pytest.MonkeyPatch, ids: RequestIds) -> str:
    """A request id of that time."""
    from switchyard.capture import request_ids

    monkeypatch.setattr(request_ids, "time_ns", lambda: int(moment.timestamp() * 1e9))
    return ids.issue(1).decode()
