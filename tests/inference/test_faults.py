"""What goes wrong: kills, changes in between, damaged or strange files; nothing is half-done."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from switchyard.errors import DataError, PlatformError, RequestError, SwitchyardError
from switchyard.inference.claims import claimed
from switchyard.inference.joining import DONE, join
from switchyard.inference.parts import finished
from switchyard.inference.places import Place
from switchyard.inference.plans import Plan, work_folder
from switchyard.inference.results import Outcome
from switchyard.inference.scoring import score_shard
from switchyard.serving.predictor import Predictor
from tests.conftest import ROOT, Packages
from tests.inference.conftest import left

Infer = Callable[..., Outcome]
MakePlan = Callable[..., Plan]
LINES = "".join(f"{at},host{at}.example\n" for at in range(5_000))

SCORE = """
import os, signal, sys
from pathlib import Path
from switchyard.inference import parts
from switchyard.inference.planning import make_plan
from switchyard.inference.plans import Model
from switchyard.inference.scoring import score_shard
from switchyard.serving.predictor import Predictor

finish = parts.PartWriter._finish
def finish_and_die(self, number):
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    finish(self, number)
parts.PartWriter._finish = finish_and_die
predictor = Predictor.open(Path(sys.argv[1]), "7")
model = Model.of(predictor.manifest, "7")
score_shard(make_plan(sys.argv[2], sys.argv[3], model, 1_000), predictor)
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(f"id,url\n{LINES}")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("target", ["out.csv", "out.parquet"])
def test_killed_within_a_chunk_the_finished_ones_are_not_scored_again(
    target: str,
    source: Path,
    plan: MakePlan,
    infer: Infer,
    predictor: Predictor,
    packages: Packages,
    tmp_path: Path,
) -> None:
    output, whole = tmp_path / target, tmp_path / f"whole-{target}"
    words = [sys.executable, "-c", SCORE, str(packages.of()), str(source), str(output)]
    killed = subprocess.run(words, cwd=ROOT, capture_output=True, check=False)
    infer(source, whole)

    made = plan(source, output)
    result = score_shard(made, predictor)
    join(made)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (result.chunks, result.kept_chunks, result.rows) == (5, 2, 3_000)
    assert output.read_bytes() == whole.read_bytes()
    assert left(tmp_path) == ["in.csv", target, f"whole-{target}"]


def test_a_chunk_that_fails_leaves_the_ones_before_it_and_the_old_result(
    source: Path,
    plan: MakePlan,
    predictor: Predictor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "out.csv").write_text("the old one")
    made = plan(source, tmp_path / "out.csv")
    calls = iter(range(5))

    def failing(columns: object) -> object:
        if next(calls) == 3:
            raise OSError(28, "No space left on device")
        return score(columns)  # type: ignore[arg-type]

    score = predictor.score
    with monkeypatch.context() as patched:
        patched.setattr(predictor, "score", failing)
        with pytest.raises(OSError, match="No space left"):
            score_shard(made, predictor)

    # Of the others some may have waited for their turn to be written.
    assert {0} <= finished(made.target.place(), made) <= {0, 1, 2}
    assert (tmp_path / "out.csv").read_text() == "the old one"
    assert not list(tmp_path.rglob("*draft*"))


def test_a_disk_that_is_full_while_joining_keeps_the_chunks(
    source: Path,
    plan: MakePlan,
    predictor: Predictor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = plan(source, tmp_path / "out.csv")
    for shard in (0, 1):
        score_shard(made, predictor, shard, 2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfileobj", full)
        with pytest.raises(PlatformError, match=r"is full.*finished chunks are kept"):
            join(made, 2)

    assert not (tmp_path / "out.csv").exists()
    assert len(finished(made.target.place(), made)) == len(made.chunks)
    assert join(made, 2).counts.rows == 5_000


class Killed(BaseException):
    """In the place of a signal, which nothing in between can handle either."""


def killed_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next write of a file whose path ends so be cut off, with nothing cleared away."""
    writing, remove = Place.writing, Place.remove

    def cut_off(self: Place, path: str, draft: str | None = None) -> Any:
        if path.endswith(name):
            raise Killed
        return writing(self, path, draft)

    def kept(self: Place, path: str) -> None:
        if path.endswith(name):
            raise Killed
        remove(self, path)

    monkeypatch.setattr(Place, "writing", cut_off)
    monkeypatch.setattr(Place, "remove", kept)


@pytest.fixture(params=["folder", "object store"])
def results(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder for results that is not there yet."""
    if request.param == "folder":
        return f"{tmp_path}/scored/"
    return f"memory://{tmp_path.name}/scored/"


def test_a_folder_whose_join_was_killed_is_joined_by_another_number_of_shards(
    source: Path, plan: MakePlan, predictor: Predictor, results: str, tmp_path: Path
) -> None:
    made = plan(source, results)
    score_shard(made, predictor)
    with pytest.MonkeyPatch.context() as patched:
        killed_at(DONE, patched)
        with pytest.raises(Killed):
            join(made, 4)

    outcome = join(plan(source, results), 2)

    place = made.target.place()
    names = sorted(place.names("scored"))
    assert names == [DONE, "part-00000.parquet", "part-00001.parquet"]
    parts = [pq.read_table(place.open(f"scored/{name}")) for name in names[1:]]
    ids = [row for part in parts for row in part.column("id").to_pylist()]
    assert ids == [str(at) for at in range(5_000)]
    assert outcome.counts.rows == 5_000


def test_a_folder_that_was_whole_when_its_join_was_killed_is_left_as_it_is(
    source: Path, plan: MakePlan, predictor: Predictor, results: str, tmp_path: Path
) -> None:
    made = plan(source, results)
    score_shard(made, predictor)
    with pytest.MonkeyPatch.context() as patched:
        killed_at(made.work, patched)
        with pytest.raises(Killed):
            join(made, 4)

    outcome = join(plan(source, results), 2)

    place = made.target.place()
    assert len(place.names("scored")) == 5
    assert outcome.counts.rows == 5_000
    assert place.names(work_folder(made.target)) == set()


@pytest.mark.parametrize("target", ["scored.csv", "scored/"])
def test_a_result_below_its_input_is_no_input_of_the_run_that_goes_on(
    target: str, plan: MakePlan, predictor: Predictor, tmp_path: Path
) -> None:
    import fsspec

    prefix = f"{tmp_path.name}/below-{target.strip('/')}"
    files = fsspec.filesystem("memory")
    files.pipe_file(f"/{prefix}/a.csv", b"url\na.com\nhttp://[x\n")
    where, output = f"memory://{prefix}/", f"memory://{prefix}/{target}"
    made = plan(where, output)
    score_shard(made, predictor)
    with pytest.MonkeyPatch.context() as patched:
        killed_at(made.work, patched)  # all is written, and the finished chunks are still there
        with pytest.raises(Killed):
            join(made)

    again = plan(where, output)
    outcome = join(again)

    assert again.digest == made.digest
    assert (outcome.counts.rows, outcome.counts.rejected, outcome.files) == (2, 1, 1)
    assert not any("parts" in path for path in files.find(f"/{prefix}"))


def test_an_unfinished_result_below_its_input_spoils_no_other_run(
    plan: MakePlan, predictor: Predictor, infer: Infer, tmp_path: Path
) -> None:
    import fsspec

    prefix = f"{tmp_path.name}/unfinished"
    fsspec.filesystem("memory").pipe_file(f"/{prefix}/a.csv", b"url\na.com\nb.com\n")
    where = f"memory://{prefix}/"
    score_shard(plan(where, f"{where}never.jsonl"), predictor)

    outcome = infer(where, tmp_path / "out.csv")

    assert (outcome.files, outcome.counts.rows) == (1, 2)


def test_an_input_that_was_changed_in_between_gives_no_result(
    source: Path, plan: MakePlan, predictor: Predictor, tmp_path: Path
) -> None:
    made = plan(source, tmp_path / "out.csv")
    score_shard(made, predictor)
    source.write_text(f"id,url\n{LINES}5000,more.example\n")

    with pytest.raises(DataError, match=r"in\.csv' was changed while the input was scored"):
        join(made)
    again = plan(source, tmp_path / "out.csv")

    assert not (tmp_path / "out.csv").exists()
    assert again.notes == (
        "the input, the model or a setting changed since the unfinished run: starting over",
    )


def test_an_output_that_is_being_written_is_refused(source: Path, tmp_path: Path) -> None:
    with (
        claimed(str(tmp_path / "out.csv")),
        pytest.raises(PlatformError, match=rf"is being written by process {os.getpid()}"),
        claimed(str(tmp_path / "out.csv")),
    ):
        pass

    assert left(tmp_path) == ["in.csv"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"  \n \n", "nothing but white space"),
        ("a.csv", b"url\n", "has no rows"),
        ("a.jsonl", b"\n\n", "nothing but white space"),
        ("a.csv", b"id,link\n1,a.com\n", "has no column 'url': it has 'id', 'link'"),
        ("a.jsonl", b'{"link": "a.com"}\n', "has no column 'url': it has 'link'"),
        ("a.csv", b'url\n"a.com\nb.com\n', "a quote is opened in row 1 and never closed"),
        ("a.csv", b"url,url\na.com,b.com\n", "two columns 'url'"),
        ("a.parquet", b"PAR1 and no more", "no whole Parquet file"),
        ("a.csv", b"PAR1", "not csv but Parquet"),
        ("a.csv.gz", gzip.compress(b"url\na.com\n", mtime=0)[:-9], "no whole gzip file"),
        ("a.csv.gz", b"url\na.com\n", "no whole gzip file"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_named(
    name: str, content: bytes, said: str, infer: Infer, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(DataError) as caught:
        infer(tmp_path / name, tmp_path / "out.csv")

    assert said in str(caught.value)
    assert name in str(caught.value)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("nowhere.csv", "out.csv", "is not there"),
        ("empty", "out.csv", "holds no file"),
        ("odd", "out.csv", "no file to score"),
        ("in.csv", "out", "does not say what to write"),
        ("in.csv", "in.csv", "which is to be scored"),
        ("in.csv", "odd/", "a folder with files in it"),
        ("ftps9://x/in.csv", "out.csv", "cannot be opened"),
    ],
)
def test_locations_that_make_no_sense_are_refused(
    source: str, target: str, said: str, plan: MakePlan, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("url\na.com\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "notes.md").write_text("-")
    where = source if "://" in source else f"{tmp_path}/{source}"

    with pytest.raises(RequestError) as caught:
        plan(where, f"{tmp_path}/{target}")

    assert said in str(caught.value)
    assert isinstance(caught.value, SwitchyardError)
