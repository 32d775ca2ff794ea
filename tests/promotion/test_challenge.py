"""The challenge acts on the decision: the alias moves last, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from switchyard.configuration.model import Candidate, Evaluation, Promotion, UseCase
from switchyard.data.cleaning import clean
from switchyard.data.reading import RawFrame
from switchyard.errors import PlatformError
from switchyard.models.fast import HashedNgramClassifier
from switchyard.packages.manifest import Details, Input, Labels, Origin
from switchyard.packages.writing import Package, write
from switchyard.promotion.challenge import challenge
from switchyard.promotion.records import Decision
from switchyard.samples.urls import generate
from switchyard.tracking.records import Dataset, Version
from switchyard.tracking.tracker import Tracker
from tests.labels import PHISHING

CASE = UseCase(
    name="phishing",
    title="Phishing",
    serve="fast",
    labels=PHISHING,
    candidates=(Candidate(name="fast", estimator="hashed-ngrams"),),
    evaluation=Evaluation(bootstrap=50),
    promotion=Promotion(metric="roc_auc", margin=0.0, floors={}, max_latency_us=1e6),
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return clean(RawFrame.of(generate(3_000, 1)), CASE.data, CASE.labels).frame


class Registry:
    """An MLflow store, and packages registered in it."""

    def __init__(self, folder: Path, rows: pd.DataFrame) -> None:
        self.tracker = Tracker(f"sqlite:///{folder}/mlflow.db", f"file:{folder}/artifacts")
        self.folder = folder
        self.train, self.holdout = rows.iloc[:2_000], rows.iloc[2_000:].reset_index(drop=True)

    def add(self, rows: int, synthetic: bool = False) -> tuple[Version, Package]:
        """Train on the first `rows` rows, package and register."""
        part = self.train.head(rows)
        model = HashedNgramClassifier(bits=14).fit(part["url"], part["label"].to_numpy())
        details = Details(
            name="phishing",
            candidate="fast",
            task="text-classification",
            inputs={"url": Input(type="string", max_length=100)},
            labels=Labels(positive="phishing", negative="benign"),
            threshold=0.5,
            metrics={},
            data=Origin(digest="0" * 64, synthetic=synthetic, rows=rows),
        )
        package = write(self.folder / f"run{rows}{synthetic}" / "package", model, details, "# Card")
        run = self.tracker.record(
            "demo", "run", Dataset("d", "0", "x", {}), [], {}, {}, [package.folder], {}
        )
        return self.tracker.register("phishing", run, "package", package.content_sha256), package

    def challenged(self, version: Version, package: Package, **changes: Any) -> Decision:
        case = CASE.model_copy(update=changes)
        return challenge(self.tracker, version, package.folder, self.holdout, case)

    @property
    def champion(self) -> int | None:
        found = self.tracker.champion("phishing")
        return found.number if found else None


@pytest.fixture
def registry(tmp_path: Path, rows: pd.DataFrame) -> Registry:
    return Registry(tmp_path, rows)


def test_the_first_becomes_champion(registry: Registry) -> None:
    version, package = registry.add(2_000)

    assert registry.challenged(version, package).promoted
    assert registry.champion == 1


def test_a_better_one_takes_over_and_a_worse_one_does_not(registry: Registry) -> None:
    weak, strong = registry.add(60), registry.add(2_000)
    registry.challenged(*weak)

    assert registry.challenged(*strong).promoted
    assert registry.champion == 2
    assert not registry.challenged(*weak).promoted
    assert registry.champion == 2


def test_the_interval_is_as_sure_as_promotion_asks(registry: Registry) -> None:
    weak, strong = registry.add(60), registry.add(2_000)
    registry.challenged(*weak)

    def width(confidence: float) -> float:
        promotion = CASE.promotion.model_copy(update={"confidence": confidence, "margin": 1.0})
        found = registry.challenged(*strong, promotion=promotion).interval
        assert found is not None
        assert found.high is not None
        assert found.low is not None
        return found.high - found.low

    assert width(0.6) < width(0.95)


def test_the_champion_against_itself_is_nothing_new(registry: Registry) -> None:
    version, package = registry.add(2_000)
    registry.challenged(version, package)

    decision = registry.challenged(version, package)

    assert decision.same_model
    assert not decision.promoted


def test_a_synthetic_champion_gives_way_and_never_comes_back(registry: Registry) -> None:
    strong, weak = registry.add(2_000, synthetic=True), registry.add(60)
    registry.challenged(*strong)

    assert registry.challenged(*weak).promoted
    assert not registry.challenged(*strong).promoted
    assert registry.champion == weak[0].number


def test_a_floor_keeps_the_alias_where_it_is(registry: Registry) -> None:
    version, package = registry.add(2_000)
    high = CASE.promotion.model_copy(update={"floors": {"roc_auc": 0.99999}})

    assert not registry.challenged(version, package, promotion=high).promoted
    assert registry.champion is None


def test_a_champion_that_was_tampered_with_stops_the_challenge(registry: Registry) -> None:
    registry.challenged(*registry.add(60))
    kept = next(registry.folder.glob("artifacts/*/artifacts/package/model.skops"))
    kept.write_bytes(kept.read_bytes()[:-9] + b"tampered!")

    with pytest.raises(PlatformError, match="not the file that was packaged"):
        registry.challenged(*registry.add(2_000))
    assert registry.champion == 1


def test_a_promotion_in_the_meantime_is_decided_against_again(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak, strong, middle = registry.add(60), registry.add(2_000), registry.add(300)
    registry.challenged(*weak)
    asked: list[int] = []
    champion = registry.tracker.champion

    def meanwhile(name: str) -> Version | None:
        asked.append(1)
        if len(asked) == 2:  # after the decision, before the switch
            registry.tracker.set_champion(strong[0])
        return champion(name)

    monkeypatch.setattr(registry.tracker, "champion", meanwhile)

    decision = registry.challenged(*middle)

    assert not decision.promoted
    assert champion("phishing") == strong[0]
