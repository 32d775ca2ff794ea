"""Releases of models that take tables: what they are tried with, and what refuses to be built."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Histogram

from bento.building.assembling import EACH, smoke_rows
from bento.building.container.warm import warm
from bento.building.releases import build_release
from bento.building.staging import stage
from bento.metrics import _Buckets, steps_of
from switchyard.configuration.model import UseCase
from switchyard.configuration.serving import Serving
from switchyard.errors import RequestError
from switchyard.packages.loading import verify
from switchyard.packages.manifest import Predicted
from switchyard.serving.predictor import Predictor
from switchyard.serving.samples import columns_of
from tests.services import Service
from tests.table_models import CLASSIFICATION, REGRESSION, package_of

WITHOUT_TRAINING = """
import sys
from pathlib import Path
from bento.lean import keep_out
keep_out("pandas")
from bento.building.container.warm import warm
warm(Path(sys.argv[1]))
trains = {"pandas", "shap", "catboost", "xgboost", "sklearn.model_selection"} & set(sys.modules)
assert not trains, trains
"""


@pytest.fixture(scope="module", params=[REGRESSION, CLASSIFICATION], ids=lambda what: what.task)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package_of(tmp_path_factory.mktemp("package"), request.param)


def folder_of(package: Path, folder: Path) -> Path:
    """A service folder with smoke instances."""
    made = Service(folder, package)
    known = smoke_rows(Predictor.open(package, "7"))
    (made.folder / "smoke.json").write_text(json.dumps(known))
    return made.folder


def test_smoke_rows_are_made_up_and_answered_as_the_model_does(package: Path) -> None:
    predictor = Predictor.open(package, "3")

    found = smoke_rows(predictor)

    assert len(found) == 2 * EACH
    names = tuple(predictor.manifest.inputs)
    scored = predictor.score(columns_of([each["instance"] for each in found], names))
    answers = [each.get("value", each.get("score")) for each in found]
    assert answers == scored.scores.tolist()
    assert len(set(answers)) > EACH
    if predictor.labels is not None:
        assert [each["label"] for each in found] == ["failed"] * EACH + ["passed"] * EACH


def test_other_answers_than_those_of_the_build_are_found(package: Path, tmp_path: Path) -> None:
    folder = folder_of(package, tmp_path)
    warm(folder)
    known: list[dict[str, Any]] = json.loads((folder / "smoke.json").read_text())
    known[3]["value" if "value" in known[3] else "score"] += 1e-9
    (folder / "smoke.json").write_text(json.dumps(known))

    with pytest.raises(SystemExit, match="this machine gives other answers"):
        warm(folder)


def test_answering_and_explaining_needs_nothing_that_only_trains(
    package: Path, tmp_path: Path
) -> None:
    folder = folder_of(package, tmp_path)

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TRAINING, str(folder)], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr[-3000:]


def test_parts_of_urls_are_not_masked_in_tables(
    package: Path, use_case: UseCase, tmp_path: Path
) -> None:
    serving = Serving.of({"capture": {"redact": ["query"]}})

    with pytest.raises(RequestError, match=r"serving\.capture\.redact: query are parts of a URL"):
        stage(tmp_path / "s", 3, package, use_case.model_copy(update={"serving": serving}))


@pytest.mark.slow
def test_a_release_of_a_table_is_built(
    package: Path, use_case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "bentoml"))

    release = build_release(3, package, use_case, tmp_path / "staged")

    described = json.loads((Path(release.folder) / "openapi.json").read_text())
    known = json.loads((Path(release.folder) / "smoke.json").read_text())
    body = described["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    row = body["schema"]["properties"]["instances"]["items"]
    assert set(row["properties"]) == set(verify(package).manifest.inputs)
    assert "label" not in row["required"]
    assert len(known) == 2 * EACH


@pytest.mark.parametrize(
    ("lowest", "highest", "ends"),
    [(0, 100, (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)), (5, 5, (5,))],
)
def test_predicted_numbers_are_counted_in_tenths_of_what_was_trained(
    lowest: float, highest: float, ends: tuple[float, ...]
) -> None:
    assert steps_of(Predicted(name="y", lowest=lowest, highest=highest)) == ends


def test_values_beyond_all_steps_are_counted_once() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("seen", "Values.", buckets=(1.0, 2.0), registry=registry)
    buckets = _Buckets(histogram, (1.0, 2.0))

    for value in (-5.0, 1.0, 1.5, 9.0):
        buckets.add(value)
    buckets.flush()

    found = {
        bound: registry.get_sample_value("seen_bucket", {"le": bound})
        for bound in ("1.0", "2.0", "+Inf")
    }
    assert found == {"1.0": 2, "2.0": 3, "+Inf": 4}
    assert registry.get_sample_value("seen_sum") == 6.5
