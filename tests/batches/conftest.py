"""A predictor, and files of any kind written and read by others than the code under test."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.batches.kinds import Kind
from switchyard.batches.scoring import Totals, score_file
from switchyard.serving.predictor import Predictor
from tests.conftest import Packages

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def predictor(packages: Packages) -> Predictor:
    return Predictor.open(packages.of(), "7")


class Scored:
    """A result: its bytes, what it said of itself, and its rows."""

    def __init__(self, content: bytes, kind: Kind, totals: Totals) -> None:
        self.content, self.kind, self.totals = content, kind, totals

    @property
    def rows(self) -> Rows:
        return read(self.content, self.kind)


@pytest.fixture(scope="session")
def score(predictor: Predictor) -> Callable[..., Scored]:
    """Scores bytes of one kind into another."""

    def scored(content: bytes, kind: Kind, target: Kind | None = None, **options: Any) -> Scored:
        out = io.BytesIO()
        totals = score_file(io.BytesIO(content), kind, out, target or kind, predictor, **options)
        return Scored(out.getvalue(), target or kind, totals)

    return scored


def write(columns: Mapping[str, Sequence[Any]], kind: Kind) -> bytes:
    """A file of these columns."""
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if kind == "parquet":
        sink = io.BytesIO()
        pq.write_table(pa.table(dict(columns)), sink)
        return sink.getvalue()
    if kind == "csv":
        text = io.StringIO(newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(row.values() for row in rows)
        return text.getvalue().encode()
    if kind == "json":
        return json.dumps({"instances": rows}).encode()
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def read(content: bytes, kind: Kind) -> Rows:
    """The rows of a file; those of CSV with what is empty as None, and scores as numbers."""
    if kind == "parquet":
        rows: Rows = pq.read_table(io.BytesIO(content)).to_pylist()
        return rows
    if kind == "csv":
        found = csv.DictReader(io.StringIO(content.decode(), newline=""))
        return [
            {
                name: None if value == "" else float(value) if name == "score" else value
                for name, value in row.items()
            }
            for row in found
        ]
    if kind == "json":
        instances: Rows = json.loads(content)["instances"]
        return instances
    return [json.loads(line) for line in content.splitlines()]
