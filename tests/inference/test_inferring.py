"""Files become scored files: every kind, in order, bit for bit, with rejected rows beside them."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.inference.results import Outcome
from switchyard.serving.predictor import Predictor
from tests.batches.conftest import write
from tests.inference.conftest import URLS, left

Infer = Callable[..., Outcome]
MANY = [f"{url}{at if url else ''}" for at in range(1_000) for url in URLS]
ENDINGS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".jsonl": "ndjson"}


def put(path: Path, columns: dict[str, Any]) -> Path:
    """A file of the kind that its name says."""
    name = path.name.removesuffix(".gz")
    ending = "." + name.rpartition(".")[2]
    kind: Any = "json" if ending == ".json" else ENDINGS[ending]
    content = write(columns, kind)
    if ending == ".tsv":
        content = content.replace(b'","', b'"\t"')
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a result, read by others than the code under test."""
    if path.suffix == ".parquet":
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return found
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("target", ["out.parquet", "out.csv", "out.jsonl"])
@pytest.mark.parametrize(
    "source", ["in.csv", "in.tsv", "in.parquet", "in.jsonl", "in.json", "in.csv.gz", "in.jsonl.gz"]
)
def test_each_kind_becomes_each_other_with_the_scores_of_the_model(
    source: str, target: str, shards: int, infer: Infer, predictor: Predictor, tmp_path: Path
) -> None:
    ids = [f"n{at}" for at in range(len(MANY))]
    outcome = infer(put(tmp_path / source, {"id": ids, "url": MANY}), tmp_path / target, shards)

    rows = rows_of(tmp_path / target)
    expected = predictor.score({"url": MANY})
    assert expected.positive is not None
    good = np.flatnonzero(~np.isnan(expected.scores))
    assert [row["id"] for row in rows] == [ids[at] for at in good]
    assert [row["url"] for row in rows] == [MANY[at] for at in good]
    assert [float(row["score"]) for row in rows] == expected.scores[good].tolist()
    assert [row["label"] for row in rows] == [
        "phishing" if expected.positive[at] else "benign" for at in good
    ]
    assert {row["model_version"] for row in rows} == {"7"}
    rejects = rows_of(tmp_path / outcome.rejects)
    assert [int(row["row"]) - 1 for row in rejects] == sorted(set(range(len(MANY))) - set(good))
    assert [row["problem"] for row in rejects] == expected.problems.drop_null().to_pylist()
    assert outcome.counts.rows == len(MANY)
    assert outcome.counts.rejected == len(rejects)
    assert outcome.counts.positive == int(expected.positive.sum())


def test_nothing_but_the_result_stays_and_no_rejects_where_there_are_none(
    infer: Infer, tmp_path: Path
) -> None:
    put(tmp_path / "in.csv", {"url": ["a.com", "b.com"]})
    infer(put(tmp_path / "bad.csv", {"url": ["a.com", "http://[x"]}), tmp_path / "out.csv")
    assert "out.rejects.csv" in left(tmp_path)

    outcome = infer(tmp_path / "in.csv", tmp_path / "out.csv")

    assert left(tmp_path) == ["bad.csv", "in.csv", "out.csv"]
    assert outcome.rejects == ""


def test_a_folder_is_scored_in_the_order_of_its_paths(infer: Infer, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    (folder / "_temporary").mkdir()
    put(folder / "b.csv", {"url": ["b.com"], "extra": ["1"]})
    put(folder / "a.jsonl", {"url": ["a.com"], "id": ["x"]})
    put(folder / "deeper" / "c.csv", {"url": ["c.com"], "extra": ["2"]})
    put(folder / "_temporary" / "d.csv", {"url": ["d.com"]})
    put(folder / ".hidden.csv", {"url": ["e.com"]})
    (folder / "README.md").write_text("not data")

    outcome = infer(folder, tmp_path / "out.jsonl")

    rows = rows_of(tmp_path / "out.jsonl")
    assert [row["url"] for row in rows] == ["a.com", "b.com", "c.com"]
    assert [row.get("extra") for row in rows] == [None, "1", "2"]
    assert outcome.notes == ("1 files of other kinds were left out",)


def test_a_pattern_chooses_among_the_files(infer: Infer, tmp_path: Path) -> None:
    for name in ("a1.csv", "a2.csv", "b.csv"):
        put(tmp_path / name, {"url": [f"{name}.com"]})

    infer(tmp_path / "a*.csv", tmp_path / "out.csv")

    assert [row["url"] for row in rows_of(tmp_path / "out.csv")] == ["a1.csv.com", "a2.csv.com"]


def test_rows_that_cannot_be_read_are_rejected_with_their_text(
    infer: Infer, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_bytes(
        b'id,url\n1,a.com\n2,b.com,more\n3,"c.com"\n4,\xff.com\n\n5,e.com\n'
    )

    infer(tmp_path / "in.csv", tmp_path / "out.csv")

    assert [row["id"] for row in rows_of(tmp_path / "out.csv")] == ["1", "3", "5"]
    rejects = rows_of(tmp_path / "out.rejects.csv")
    told = [(row["row"], row["problem"], row["text"]) for row in rejects]
    assert told == [
        ("2", "has 3 fields instead of 2", "2,b.com,more"),
        ("4", "not UTF-8 text", "4,\ufffd.com"),
    ]
    assert {row["source"] for row in rejects} == {str(tmp_path / "in.csv")}


def test_lines_that_are_no_objects_are_rejected(infer: Infer, tmp_path: Path) -> None:
    lines = ['{"url": "a.com"}', "no object", '{"url": 7}', '{"id": 1}', '{"url": "b.com"}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines))

    infer(tmp_path / "in.jsonl", tmp_path / "out.jsonl")

    assert [row["url"] for row in rows_of(tmp_path / "out.jsonl")] == ["a.com", "b.com"]
    rejects = rows_of(tmp_path / "out.rejects.jsonl")
    assert [row["row"] for row in rejects] == [2, 3, 4]
    assert "is not a JSON object" in rejects[0]["problem"]
    assert [row["problem"] for row in rejects[1:]] == ["not text: number", "missing"]


def test_columns_with_the_names_of_the_answers_stay(infer: Infer, tmp_path: Path) -> None:
    put(tmp_path / "in.parquet", {"label": ["mine"], "url": ["a.com"], "source": ["s"]})

    infer(tmp_path / "in.parquet", tmp_path / "out.parquet")

    [row] = rows_of(tmp_path / "out.parquet")
    assert row["label"] == "mine"
    assert row["predicted_label"] in ("phishing", "benign")


def test_parquet_keeps_its_types_and_many_row_groups_their_order(
    infer: Infer, tmp_path: Path
) -> None:
    urls = [f"host{at}.example" for at in range(5_000)]
    table = pa.table({"n": pa.array(range(5_000), pa.int16()), "url": urls})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)

    infer(tmp_path / "in.parquet", tmp_path / "out.parquet", 4, chunk_rows=1_100)

    result = pq.read_table(tmp_path / "out.parquet")
    assert result.select(["n", "url"]).equals(table)


def test_a_folder_of_results_has_a_file_a_shard(infer: Infer, tmp_path: Path) -> None:
    urls = [f"host{at}.example" for at in range(5_000)]
    put(tmp_path / "in.csv", {"url": urls})

    outcome = infer(tmp_path / "in.csv", f"{tmp_path}/out/", 2)

    names = ["_switchyard.json", "part-00000.parquet", "part-00001.parquet"]
    assert left(tmp_path / "out") == names
    assert pq.read_table(tmp_path / "out").column("url").to_pylist() == urls
    assert json.loads((tmp_path / "out" / "_switchyard.json").read_text())["rows"] == 5_000
    assert outcome.output == str(tmp_path / "out")


def test_object_stores_are_read_and_written(
    infer: Infer, tmp_path: Path, predictor: Predictor
) -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    files.pipe_file("/bucket/in/a.csv", b"url\na.com\nb.com\nhttp://[x\n")
    files.pipe_file("/bucket/in/b.csv", b"url\nc.com\n")

    outcome = infer("memory://bucket/in", "memory://bucket/out/scored.csv", 2)

    text = files.cat_file("/bucket/out/scored.csv").decode()
    found = list(csv.DictReader(text.splitlines()))
    assert [row["url"] for row in found] == ["a.com", "b.com", "c.com"]
    assert float(found[0]["score"]) == predictor.score_one("a.com")[0]
    assert files.find("/bucket/out") == [
        "/bucket/out/scored.csv",
        "/bucket/out/scored.rejects.csv",
    ]
    assert outcome.rejects == "memory://bucket/out/scored.rejects.csv"
