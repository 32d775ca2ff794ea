"""A predictor, and inputs scored in this process as the steps of the pipeline score them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from switchyard.inference.joining import join
from switchyard.inference.planning import make_plan
from switchyard.inference.plans import Model, Plan
from switchyard.inference.results import Outcome
from switchyard.inference.scoring import score_shard
from switchyard.serving.predictor import Predictor
from tests.conftest import Packages

URLS = [
    "https://www.example.com/",
    "paypa1-login.example/verify",
    "http://[broken",
    "münchen.example/straße",
    "",
    "http://192.168.0.1/login.php?user=a&password=b",
    "tab\there.example",
]


@pytest.fixture(scope="session")
def predictor(packages: Packages) -> Predictor:
    return Predictor.open(packages.of(), "7")


@pytest.fixture(scope="session")
def plan(predictor: Predictor) -> Callable[..., Plan]:
    """Plans the scoring of a location into another."""

    def made(source: object, output: object, chunk_rows: int = 1_000) -> Plan:
        model = Model.of(predictor.manifest, predictor.version)
        return make_plan(str(source), str(output), model, chunk_rows)

    return made


@pytest.fixture(scope="session")
def infer(predictor: Predictor, plan: Callable[..., Plan]) -> Callable[..., Outcome]:
    """Scores a location into another, in as many shards."""

    def scored(source: object, output: object, shards: int = 1, **options: Any) -> Outcome:
        made = plan(source, output, **options)
        for shard in range(shards):
            score_shard(made, predictor, shard, shards)
        return join(made, shards)

    return scored


def left(folder: Path) -> list[str]:
    """The names in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())
