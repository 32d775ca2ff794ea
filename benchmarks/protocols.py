"""The protocols of the quality benchmark: which rows teach, which test, and what is measured."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, train_test_split

from switchyard.evaluation import metrics
from switchyard.urls.bulk import canonicalise_all
from switchyard.urls.domains import registered_domains

Rows = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

TEST_SHARE = 0.25
SEED = 42
GROUPED_SEEDS = (42, 1, 2, 3)

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]*://")


@dataclass(frozen=True)
class Cut:
    """One split of a frame: row numbers to learn from and to test on; groups only when grouped."""

    train: Rows
    test: Rows
    groups: npt.NDArray[np.object_] | None = None


def labelled(urls: pd.Series, label: pd.Series) -> pd.DataFrame:
    """The frame that every protocol starts from: `url` raw, `canonical`, `label` 0/1, `group`."""
    return pd.DataFrame(
        {
            "url": urls.astype(object).to_numpy(),
            "canonical": canonicalise_all(urls).to_pandas().to_numpy(),
            "label": label.isin(("bad", "phishing")).to_numpy().astype(np.int8),
            "group": registered_domains(urls).to_pandas().to_numpy(),
        }
    )


def distinct(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a canonical URL; those with both labels are left out altogether."""
    labels = frame.groupby("canonical")["label"].transform("nunique")
    return frame[labels == 1].drop_duplicates("canonical").reset_index(drop=True)


def cuts(frame: pd.DataFrame, protocol: str) -> Iterator[Cut]:
    """The splits of a protocol: p1 and p2 random (p2 of `distinct` rows), p3 grouped by domain.

    p3 tests on a quarter of the rows with the classes in proportion; p3_shuffled on a quarter of
    the domains, however many rows these have: one host of a thousand pages then decides much.
    """
    rows = np.arange(len(frame))
    labels = frame["label"].to_numpy()
    if protocol in ("p1", "p2"):
        train, test = train_test_split(
            rows, test_size=TEST_SHARE, random_state=SEED, stratify=labels
        )
        yield Cut(train, test)
        return
    groups = frame["group"].to_numpy(object)
    for seed in GROUPED_SEEDS:
        if protocol == "p3":
            splitter = StratifiedGroupKFold(round(1 / TEST_SHARE), shuffle=True, random_state=seed)
        else:
            splitter = GroupShuffleSplit(1, test_size=TEST_SHARE, random_state=seed)
        train, test = next(splitter.split(rows, labels, groups))
        yield Cut(train, test, groups[train])


def measure(labels: npt.NDArray[np.int8], positive: Floats) -> dict[str, float]:
    """The four figures of one test: decisions at 0.5, ranking, recall, calibration (15 bins)."""
    return {
        "accuracy": float(np.mean((positive >= 0.5) == labels)),
        "auc": metrics.auc(labels, positive),
        "recall_at_1pct_fpr": metrics.recall_at_fpr(labels, positive, 0.01),
        "ece": metrics.expected_calibration_error(labels, positive, bins=15),
    }


def pasted(url: str) -> tuple[str, ...]:
    """One address as people paste it: other schemes, `www.`, a slash, the host in capitals."""
    scheme = _SCHEME.match(url)
    bare = url[scheme.end() :] if scheme else url
    end = min((bare.find(mark) for mark in "/?#\\" if mark in bare), default=len(bare))
    start = bare.rfind("@", 0, end) + 1
    return (
        f"http://{bare}",
        f"https://{bare}",
        f"https://www.{bare}",
        f"{bare}/",
        bare[:start] + bare[start:end].upper() + bare[end:],
    )


def share_of(groups: pd.Series, salt: str) -> Floats:
    """A stable number in [0, 1) for each row, the same for all rows of a group."""
    names, codes = np.unique(groups.to_numpy(object).astype(str), return_inverse=True)
    numbers = [
        int.from_bytes(hashlib.sha256(f"{salt}\0{name}".encode()).digest()[:8], "big") / 2**64
        for name in names
    ]
    return np.array(numbers)[codes]
