"""The end of a retraining, also when an earlier run was killed on its way there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from steps import deployment
from steps import retraining as steps
from switchyard.configuration.layers import resolve
from switchyard.monitoring.records import MonitoringStore
from switchyard.promotion.records import Decision, Model
from switchyard.retraining.records import Retrained, Retrainings
from switchyard.serving.releases import Deployment
from tests.conftest import ROOT
from tests.steps.test_deployment import Registry, Stage, deployed, stage

__all__ = ["stage"]

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MODEL = Model(name="fast", version=2, content_sha256="0" * 64, metrics={})
DECISION = Decision(
    promoted=False,
    summary="The champion is kept: version 2 is the champion itself.",
    metric="roc_auc",
    interval=None,
    gates=(),
    challenger=MODEL,
    champion=MODEL,
    created=NOW.isoformat(),
)


@pytest.fixture(autouse=True)
def registry(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Version 2 is the champion."""
    stage.registry = Registry(champion=2)
    monkeypatch.setattr(steps, "open_deployer", lambda: stage.deployer)
    monkeypatch.setattr(steps, "open_tracker", lambda: stage.registry)
    monkeypatch.setattr(steps, "log_metadata", lambda facts: None)
    return stage.registry


def due(use_case: dict[str, object]) -> bool:
    return bool(steps.deployment_due.entrypoint(DECISION, 2, use_case))


CASE = resolve(ROOT / "configs" / "phishing.yaml").use_case


@pytest.mark.parametrize(
    ("serving", "expected"), [(deployed(1), True), (deployed(2, before=1), True), (None, False)]
)
def test_a_champion_is_deployed_until_it_serves_and_that_is_noted(
    stage: Stage, serving: Deployment | None, expected: bool
) -> None:
    stage.deployer.now = serving

    assert due(CASE.plain()) is expected


def test_a_champion_that_serves_and_is_noted_is_not_deployed_again(stage: Stage) -> None:
    stage.deployer.now = deployed(2, before=1)
    deployment.record_deployment.entrypoint(stage.deployer.now)

    assert not due(CASE.plain())


@pytest.mark.parametrize(("serving", "expected"), [(2, True), (1, False)])
def test_what_an_earlier_run_deployed_counts_as_deployed(
    stage: Stage, serving: int, expected: bool, tmp_path: Path
) -> None:
    stage.deployer.now = deployed(serving)
    assignment = f"monitoring.store={tmp_path}"
    case = resolve(ROOT / "configs" / "phishing.yaml", {}, (assignment,)).use_case
    begun = Retrained(name="20261121T000000Z", started=NOW, reasons=(), labelled=1, feedback={})

    steps.end_retraining.entrypoint(begun, DECISION, 2, None, case.plain())

    (record,) = Retrainings(MonitoringStore(str(tmp_path))).all()
    assert (record.promoted, record.deployed) == (True, expected)
