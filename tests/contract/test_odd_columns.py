"""Columns with names as of JSON schemas and of paths, and a table of very many categories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from switchyard.configuration.tables import Column, Table
from tests.contract.test_tables import TableService
from tests.table_models import CLASSIFICATION

NAMES = ("$ref", "$defs", "ends.", "..", *(f"c {at}" for at in range(120)))
TABLE = Table(
    inputs=tuple(Column(name=name, type="category", values=("none", "some")) for name in NAMES)
)
ROW = dict.fromkeys(NAMES, "some")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableService]:
    what = CLASSIFICATION.model_copy(update={"table": TABLE})
    made = TableService(tmp_path_factory.mktemp("odd"), what)
    made.start()
    yield made
    made.stop()


def test_a_column_may_be_called_as_a_reference_of_a_schema(table: TableService) -> None:
    document: dict[str, Any] = table.get("/docs.json").json()

    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    properties = body["schema"]["properties"]["instances"]["items"]["properties"]
    assert list(properties) == list(NAMES)
    assert properties["$ref"]["enum"] == ["none", "some"]
    assert table.ask(ROW).status_code == 200


def infer(table: TableService, row: dict[str, str]) -> httpx.Response:
    tensors = [
        {"name": name, "shape": [1], "datatype": "BYTES", "data": [value]}
        for name, value in row.items()
    ]
    return table.post("/v2/models/phishing/infer", json.dumps({"inputs": tensors}).encode())


def test_tables_of_categories_alone_may_have_many_columns(table: TableService) -> None:
    answer = infer(table, ROW)

    assert answer.status_code == 200, answer.text


def test_a_fault_names_its_column_with_all_its_dots(table: TableService) -> None:
    answer = infer(table, {**ROW, "ends.": "", "..": "?"})

    assert [fault["where"] for fault in answer.json()["errors"]] == [
        "instances.0.ends.",
        "instances.0...",
    ]
