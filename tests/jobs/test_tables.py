"""Jobs over files of tables: what one cannot answer is told row by row, or of the whole file."""

from __future__ import annotations

import csv

import pytest

from switchyard.serving.predictor import Predictor
from tests.batches.conftest import write
from tests.jobs.conftest import Service
from tests.table_models import INSTANCE, package_of


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor.open(package_of(tmp_path_factory.mktemp("package")), "11")


def test_a_job_over_a_table_gives_predictions_intervals_and_problems(
    service: Service, predictor: Predictor
) -> None:
    columns = {name: [value] * 3 for name, value in INSTANCE.items()}
    job = service.submit(write({**columns, "reading": [72, "many", 1_000]}, "csv"))

    with service.working(predictor):
        ended = service.ended(job.id)

    good, bad, far = csv.DictReader(service.result(job.id).splitlines())
    scored = predictor.score({**columns, "reading": [72, None, 1_000]})
    assert (ended.status, ended.rows, ended.rows_rejected) == ("succeeded", 3, 1)
    assert float(good["prediction"]) == scored.scores[0]
    assert float(good["low"]) < float(good["prediction"]) < float(good["high"])
    assert (good["problem"], good["warning"], good["model_version"]) == ("", "", "11")
    assert (bad["prediction"], bad["problem"]) == ("", "reading: 'many' is no number")
    assert far["warning"].startswith("'reading' 1000 is above what was trained")


def test_a_table_without_one_of_its_columns_fails_its_job_and_names_it(
    service: Service, predictor: Predictor
) -> None:
    columns = {name.replace("reading", "Reading"): [value] for name, value in INSTANCE.items()}
    job = service.submit(write(columns, "ndjson"), "ndjson")

    with service.working(predictor):
        ended = service.ended(job.id)

    assert ended.status == "failed"
    assert "no column 'reading'" in str(ended.error)
    assert "rename 'Reading' to 'reading'" in str(ended.error)
