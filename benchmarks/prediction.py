"""How fast the fast tier answers in process, canonical form included, and how large its file is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

CALLS = 5_000


def prediction(urls: Sequence[str], labels: npt.NDArray[np.int8]) -> dict[str, float]:
    """Median microseconds one by one, URLs a second in bulk on one core, megabytes of the model."""
    from switchyard.models.fast import HashedNgramClassifier
    from switchyard.packages.storage import dumps

    model = HashedNgramClassifier(random_state=42).fit(list(urls), labels)
    texts = list(urls)
    model.predict_proba(texts[:1000])
    model.score_one(texts[0])
    one_by_one: list[int] = []
    for url in texts[:CALLS]:
        began = time.perf_counter_ns()
        model.score_one(url)
        one_by_one.append(time.perf_counter_ns() - began)
    bulk: list[float] = []
    for _ in range(3):
        started = time.process_time()
        model.predict_proba(texts)
        bulk.append(time.process_time() - started)
    return {
        "predict_us": statistics.median(one_by_one) / 1000,
        "predict_per_s": len(texts) / statistics.median(bulk),
        "model_mb": len(dumps(model)) / 1e6,
    }
