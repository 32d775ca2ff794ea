"""Files scored by run.py: to the end, killed at any moment, by two at once, asked for wrongly."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from switchyard.inference.claims import claimed
from tests.e2e.conftest import ROOT, Finished, Store
from tests.prepared import commands
from tests.prepared.processes import Process

pytestmark = pytest.mark.slow

ROWS = 60_000
SETTINGS = ("inference.chunk_rows=2000",)


def command(store: Store, *arguments: str, settings: Sequence[str] = SETTINGS) -> list[str]:
    assigned = [part for setting in settings for part in ("--set", setting)]
    words = [sys.executable, str(ROOT / "run.py"), "--pipeline", "inference", *arguments]
    return [*words, *assigned]


def infer(store: Store, *arguments: str, settings: Sequence[str] = SETTINGS) -> Finished:
    words = command(store, *arguments, settings=settings)
    done = commands.run(words, store.environment, store.folder)
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of many rows, one of which cannot be scored."""
    path = tmp_path_factory.mktemp("urls") / "urls.csv"
    lines = [f"{at},http://host{at}.example/path/{at}" for at in range(ROWS - 1)]
    path.write_text("\n".join(["id,url", *lines, f"{ROWS - 1},http://[x", ""]))
    return path


def started(store: Store, until: str, *arguments: str) -> Process:
    """A run in its own process group that has said `until` in its log."""
    words = command(store, *arguments)
    process = commands.start(words, store.environment, store.folder, new_session=True)
    assert process.stderr is not None
    for line in process.stderr:
        if until in line:
            return process
    raise AssertionError(f"ended with {process.wait()} before it said '{until}'")


@pytest.mark.parametrize("shards", ["1", "3"])
def test_a_file_is_scored_and_what_came_of_it_is_said(
    trained: Store, urls: Path, shards: str, tmp_path: Path
) -> None:
    output = tmp_path / "scored.parquet"

    done = infer(trained, "--input", str(urls), "--output", str(output), "--shards", shards)

    assert done.code == 0, done.err
    assert f"{ROWS - 1:,} rows scored by version 1" in done.out
    assert "1 (no host 1)" in done.out
    assert str(output) in done.out
    scored = pq.read_table(output)
    assert scored.column("id").to_pylist() == [str(at) for at in range(ROWS - 1)]
    assert scored.column_names == ["id", "url", "label", "score", "model_version"]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["scored.parquet", "scored.rejects.parquet"]


@pytest.mark.parametrize("until", ["Plan the", "Score shard 1", "Score shard 2", "Write the"])
def test_killed_at_any_moment_the_next_run_goes_on(
    trained: Store, urls: Path, until: str, tmp_path: Path
) -> None:
    arguments = ("--input", str(urls), "--output", str(tmp_path / "scored.csv"), "--shards", "3")
    process = started(trained, until, *arguments)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=180)
    chunks = sorted((tmp_path / ".scored.csv.parts").glob("*/chunks/*.json"))
    kept = {path: path.stat().st_mtime_ns for path in chunks}
    whole = (tmp_path / "scored.csv").exists()
    assert kept or whole or until in ("Plan the", "Score shard 1")

    done = infer(trained, *arguments)

    assert done.code == 0, done.err
    assert whole or not kept or f"{len(kept)} chunk" in done.out
    scored = arrow_csv.read_csv(tmp_path / "scored.csv")
    assert scored.column("id").to_pylist() == list(range(ROWS - 1))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["scored.csv", "scored.rejects.csv"]


def test_a_second_run_into_an_output_that_is_being_written_is_refused(
    trained: Store, urls: Path, tmp_path: Path
) -> None:
    output = str(tmp_path / "scored.csv")

    with claimed(output):
        second = infer(trained, "--input", str(urls), "--output", output)

    assert second.code == 3
    assert f"is being written by process {os.getpid()}" in second.err
    assert list(tmp_path.iterdir()) == []


def test_when_every_row_is_rejected_that_is_a_refusal_with_a_file(
    trained: Store, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("url\nhttp://[x\nhttp://[y\n")

    done = infer(trained, "--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "o.csv"))

    assert done.code == 1, done.err
    assert "no row could be scored" in done.out
    assert (tmp_path / "o.rejects.csv").read_text().count("no host") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--output", "o.csv"), "needs --input LOCATION and --output LOCATION"),
        (("--input", "nowhere.csv", "--output", "o.csv"), "is not there, or holds no file"),
        (("--input", "{urls}", "--output", "o"), "does not say what to write"),
        (("--input", "{urls}", "--output", "o.csv", "--version", "9"), "has no version '9'"),
        (("--input", "{urls}", "--output", "o.csv", "--shards", "0"), "from 1 to 1,000"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    trained: Store, urls: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = infer(trained, *(each.format(urls=urls) for each in arguments))

    assert done.code == 2, done.err
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (trained.folder / "o.csv").exists()
