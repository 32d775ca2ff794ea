"""The contract of the use cases of tables that are shipped, with their own columns and bounds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from tests.contract.test_document import judged
from tests.contract.test_tables import TableService
from tests.services import PATIENCE_S, ROOT


class Shipped(TableService):
    """A service of a model of one of the use cases, trained on its generated sample."""

    def __init__(self, folder: Path, case: UseCase) -> None:
        self.case = case
        super().__init__(folder, case.definition, case.title)


@pytest.fixture(scope="module", params=["student", "wine"])
def shipped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shipped]:
    case = resolve(ROOT / "configs" / f"{request.param}.yaml", {}).use_case
    made = Shipped(tmp_path_factory.mktemp("shipped"), case)
    made.start()
    yield made
    made.stop()


def test_the_columns_of_the_file_are_what_is_asked_for(shipped: Shipped) -> None:
    assert shipped.case.table is not None
    assert shipped.case.target is not None

    found = shipped.get("/model").json()

    assert list(found["inputs"]) == [column.name for column in shipped.case.table.inputs]
    assert found["target"]["name"] == shipped.case.target.column
    assert found["target"]["maximum"] == shipped.case.target.maximum
    assert found["title"] == shipped.case.title
    for column in shipped.case.table.inputs:
        described = found["inputs"][column.name]
        assert described["type"] == column.type
        if column.type == "category":
            assert set(described["values"]) == set(column.values)
        else:
            assert described.get("unit", "") == column.unit


def test_every_input_is_missed_by_its_name(shipped: Shipped) -> None:
    (instance,) = shipped.rows(1)

    for name in instance:
        less = {other: value for other, value in instance.items() if other != name}
        answer = shipped.ask(less)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["where"] == f"instances.0.{name}"


def test_a_job_answers_as_a_request_does(shipped: Shipped) -> None:
    rows = shipped.rows(5)
    wrong = {**rows[0], next(reversed(rows[0])): "much"}
    posted = httpx.post(
        f"{shipped.url}/jobs", json={"instances": [*rows, wrong]}, timeout=PATIENCE_S
    )
    assert posted.status_code == 202, posted.text

    deadline = time.monotonic() + PATIENCE_S
    while (job := shipped.get(posted.headers["location"]).json())["status"] != "succeeded":
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    scored = shipped.get(f"{posted.headers['location']}/result").json()

    scored = scored["instances"] if isinstance(scored, dict) else scored
    predictions = shipped.ask(*rows).json()["predictions"]
    assert [each["prediction"] for each in scored[:5]] == [each["value"] for each in predictions]
    assert [each["low"] for each in scored[:5]] == [each["low"] for each in predictions]
    assert next(reversed(rows[0])) in scored[5]["problem"]
    assert (job["rows"], job["rows_rejected"]) == (6, 1)


@pytest.mark.slow
def test_requests_made_from_the_document_find_nothing(shipped: Shipped, tmp_path: Path) -> None:
    cases, _ = judged(shipped, 40, tmp_path)

    assert cases >= 300
    assert shipped.ask(*shipped.rows(1)).status_code == 200
    assert "traceback" not in shipped.log
