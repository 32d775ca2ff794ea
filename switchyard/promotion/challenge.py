"""The challenge: both models score the same holdout; the alias is switched last, or not at all."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.evaluation.slices import slice_columns
from switchyard.packages.loading import LoadedModel, load, verify
from switchyard.promotion.deciding import decide, latency_us
from switchyard.promotion.recency import recent_rows
from switchyard.promotion.records import Contender, Decision, Gate, Model
from switchyard.tracking import ROLLED_BACK_TAG, Tracker, Version

ATTEMPTS = 5


def challenge(
    tracker: Tracker, version: Version, package: Path, holdout: pd.DataFrame, use_case: UseCase
) -> Decision:
    """Decide between the registered `version` in `package` and the champion, and act on it.

    Switching the alias is the only change, and the last thing done. Should another run promote in
    the meantime, the decision is made again against the new champion.
    """
    for _ in range(ATTEMPTS):
        champion = tracker.champion(use_case.name)
        if champion is not None and champion.number == version.number:
            return _itself(version, package, use_case)
        decision = _decide(tracker, version, package, champion, holdout, use_case)
        if not decision.promoted:
            return decision
        if tracker.champion(use_case.name) == champion:
            tracker.set_champion(version)
            return decision
    raise PlatformError(
        f"the champion of '{use_case.name}' changed {ATTEMPTS} times while it was challenged; "
        "stop the other runs and try again"
    )


def _decide(
    tracker: Tracker,
    version: Version,
    package: Path,
    champion: Version | None,
    holdout: pd.DataFrame,
    use_case: UseCase,
) -> Decision:
    urls = holdout["url"]
    challenger = load(package, version.content_sha256)
    with tempfile.TemporaryDirectory() as folder:
        reigning = None
        if champion is not None:
            fetched = load(tracker.download(champion, Path(folder)), champion.content_sha256)
            reigning = _contender(fetched, champion, urls)
    return decide(
        _contender(challenger, version, urls),
        reigning,
        holdout["label"].to_numpy(),
        slice_columns(holdout),
        latency_us=latency_us(challenger.estimator, urls.head(200).tolist()),
        size_mb=verify(package).size_mb,
        promotion=use_case.promotion,
        seed=use_case.seed,
        groups=holdout["group"],
        resamples=max(use_case.evaluation.bootstrap, 1),
        confidence=use_case.promotion.confidence,
        min_slice_rows=use_case.evaluation.min_slice_rows,
        recent=recent_rows(holdout["source"]) if "source" in holdout else None,
        rolled_back=tracker.tags(version).get(ROLLED_BACK_TAG, ""),
    )


def _contender(model: LoadedModel, version: Version, urls: pd.Series[str]) -> Contender:
    return Contender(
        name=model.manifest.candidate,
        content_sha256=model.manifest.content_sha256,
        scores=model.estimator.predict_proba(urls)[:, 1],
        threshold=model.threshold,
        version=version.number,
        synthetic=model.manifest.data.synthetic,
    )


def _itself(version: Version, package: Path, use_case: UseCase) -> Decision:
    manifest = verify(package, version.content_sha256).manifest
    figures = {name: i.value for name, i in manifest.metrics.items() if i.value is not None}
    model = Model(
        name=manifest.candidate,
        version=version.number,
        content_sha256=manifest.content_sha256,
        metrics=figures,
    )
    told = f"version {version.number} is the champion itself"
    return Decision(
        promoted=False,
        summary=f"The champion is kept: {told}.",
        metric=use_case.promotion.metric,
        interval=None,
        gates=(Gate(name="identity", passed=False, value=None, limit=None, sentence=told),),
        challenger=model,
        champion=model,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
