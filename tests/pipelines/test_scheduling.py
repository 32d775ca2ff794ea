"""Monitoring by a cluster's clock: asked for in cron's words, only where there is such a clock."""

from __future__ import annotations

import pytest

from pipelines import scheduling
from pipelines.starting import Manner
from stacks import orchestration
from switchyard.configuration.layers import resolve
from switchyard.errors import RequestError
from tests.conftest import ROOT


@pytest.mark.parametrize("cron", ["*/15 * * * *", "0 3 * * 1-5", "5,35 * 1 1 *"])
def test_cron_expressions_are_known(cron: str) -> None:
    scheduling.check_cron(cron)


@pytest.mark.parametrize("cron", ["", "15m", "* * * *", "61 * * * *", "* * * * * *", "@daily"])
def test_others_are_refused_with_an_example(cron: str) -> None:
    with pytest.raises(RequestError, match=r"\*/15 \* \* \* \*"):
        scheduling.check_cron(cron)


def test_a_stack_without_pods_names_what_watches_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orchestration, "has_pods", lambda: False)
    resolved = resolve(ROOT / "configs" / "phishing.yaml")
    with pytest.raises(RequestError, match=r"run\.py watch --every 15m"):
        scheduling.schedule_monitoring(resolved, "*/15 * * * *", Manner())
