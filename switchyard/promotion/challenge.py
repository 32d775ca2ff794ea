"""The challenge: both models score the same holdout; the alias is switched last, or not at all."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.evaluation.holdout import slices_of
from switchyard.packages.loading import LoadedModel, load, verify
from switchyard.packages.manifest import Manifest
from switchyard.promotion.deciding import decide, latency_us
from switchyard.promotion.gates import gate
from switchyard.promotion.recency import recent_rows
from switchyard.promotion.records import Contender, Decision, Gate, Model
from switchyard.tasks.rows import rows_of
from switchyard.tracking.records import ROLLED_BACK_TAG, Version
from switchyard.tracking.tracker import Tracker

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
    challenger = load(package, version.content_sha256)
    inputs = challenger.manifest.inputs
    reigning, outgrown = None, None
    with tempfile.TemporaryDirectory() as folder:
        if champion is not None:
            fetched = load(tracker.download(champion, Path(folder)), champion.content_sha256)
            outgrown = outgrown_by(challenger.manifest, fetched.manifest, champion.number)
            reigning = None if outgrown else _contender(fetched, champion, holdout)
    few = holdout.head(200)
    return decide(
        _contender(challenger, version, holdout),
        reigning,
        holdout["label"].to_numpy(),
        slices_of(holdout, inputs, numbers=challenger.manifest.predicted is not None),
        latency_us=latency_us(
            challenger.scores, [rows_of(few.iloc[[at]], inputs) for at in range(len(few))]
        ),
        size_mb=verify(package).size_mb,
        promotion=use_case.promotion,
        seed=use_case.seed,
        groups=holdout["group"],
        resamples=max(use_case.evaluation.bootstrap, 1),
        confidence=use_case.promotion.confidence,
        min_slice_rows=use_case.evaluation.min_slice_rows,
        recent=recent_rows(holdout["source"]) if "source" in holdout else None,
        rolled_back=tracker.tags(version).get(ROLLED_BACK_TAG, ""),
        outgrown=outgrown,
    )


def outgrown_by(challenger: Manifest, champion: Manifest, number: int) -> Gate | None:
    """The gate on a champion that cannot be scored on the challenger's rows; None when it can.

    It gives way, but not one that learnt from real data to one of a synthetic sample.
    """
    if _question(challenger) == _question(champion):
        return None
    passed = champion.data.synthetic or not challenger.data.synthetic
    told = f"version {number}, the champion, answers another question ({_told(champion)})"
    if passed:
        told += ": it gives way without a comparison"
    else:
        told += ", but learnt from real data, and the challenger from a synthetic sample"
    return gate("provenance", passed, None, None, told)


def _question(manifest: Manifest) -> object:
    kinds = {name: declared.type for name, declared in manifest.inputs.items()}
    return kinds, manifest.labels, manifest.predicted and manifest.predicted.name


def _told(manifest: Manifest) -> str:
    names = [f"'{name}'" for name in list(manifest.inputs)[:5]]
    more = ", …" if len(manifest.inputs) > len(names) else ""
    return f"{manifest.task} from {', '.join(names)}{more}"


def _contender(model: LoadedModel, version: Version, holdout: pd.DataFrame) -> Contender:
    band = model.manifest.band
    return Contender(
        name=model.manifest.candidate,
        content_sha256=model.manifest.content_sha256,
        scores=model.scores(rows_of(holdout, model.manifest.inputs)),
        threshold=model.manifest.threshold,
        half_width=None if band is None else band.half_width,
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
