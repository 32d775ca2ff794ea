"""Working on jobs: each is done once, whatever happens to those who do it."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.batches.scoring import score_file
from switchyard.errors import PlatformError
from switchyard.jobs import files
from switchyard.jobs.brokers import Broker, Entry
from switchyard.jobs.ledger import Ledger
from switchyard.jobs.running import Stopped
from switchyard.serving.predictor import Predictor
from tests.conftest import Packages
from tests.jobs.conftest import CSV, Service, StubPredictor

Make = Callable[..., Service]
LARGE = b"url\n" + b"a.com\n" * 120_000


def test_a_job_is_scored_and_told_how_it_went(service: Service) -> None:
    job = service.submit()

    with service.working():
        ended = service.ended(job.id)

    assert ended.status == "succeeded"
    assert (ended.rows, ended.rows_done, ended.rows_rejected) == (3, 3, 1)
    assert ended.started is not None
    assert ended.finished is not None
    assert ended.created <= ended.started <= ended.finished
    assert service.result(job.id).splitlines() == [
        "id,url,label,score,model_version,problem",
        "1,a.com,phishing,0.75,7,",
        "2,,,,7,empty",
        "3,c.com,phishing,0.75,7,",
    ]


def test_only_the_result_and_the_record_of_a_done_job_are_kept(service: Service) -> None:
    job = service.submit()
    with service.working():
        service.ended(job.id)

    assert [name.partition("/")[0] for name in service.files] == ["results"]
    kinds = Counter(key.partition(".")[0] for key in service.board._broker.all())
    assert kinds == {"job": 1, "end": 1}


def test_the_scores_are_those_of_the_model_that_scored(
    service: Service, packages: Packages
) -> None:
    predictor = Predictor.open(packages.of(), "11")
    job = service.submit()

    with service.working(predictor):
        ended = service.ended(job.id)

    score, _ = predictor.score_one("a.com")
    assert service.result(job.id).splitlines()[1] == f"1,a.com,{predictor.label(score)},{score},11,"
    assert (job.model_version, ended.model_version) == ("3", "11")


def test_a_file_that_cannot_be_read_fails_its_job_with_the_reason(service: Service) -> None:
    job, later = service.submit(b"link\na.com\n"), service.submit()

    with service.working():
        ended = service.ended(job.id)
        assert service.ended(later.id).status == "succeeded"

    assert ended.status == "failed"
    assert ended.error is not None
    assert "no column 'url': it has 'link'" in ended.error
    assert not any(name.startswith(("inputs/", "drafts/")) for name in service.files)


def test_a_running_job_tells_how_far_it_is(service: Service) -> None:
    begun, go_on = threading.Event(), threading.Event()
    chunks: list[int] = []

    def hold() -> None:
        chunks.append(1)
        if len(chunks) == 2:
            begun.set()
            assert go_on.wait(30)

    job = service.submit(LARGE)
    with service.working(StubPredictor("9", hold)):
        assert begun.wait(30)
        told = service.until(job.id, lambda job: job.rows_done > 0)
        go_on.set()

    assert told.status == "running"
    assert (told.rows_done, told.model_version) == (50_000, "9")
    assert told.started is not None


def test_a_worker_that_is_stopped_hands_its_job_back_uncounted(service: Service) -> None:
    job = service.submit(LARGE)
    for _ in range(4):  # more often than a job may be attempted
        begun, go_on = threading.Event(), threading.Event()

        def hold(begun: threading.Event = begun, go_on: threading.Event = go_on) -> None:
            begun.set()
            assert go_on.wait(30)

        with service.working(StubPredictor(before=hold)) as stop:
            assert begun.wait(30)
            stop.set()
            go_on.set()
        handed = service.board.get(job.id)
        assert handed is not None
        assert (handed.status, handed.started) == ("queued", None)
        assert [name.partition("/")[0] for name in service.files] == ["inputs"]

    with service.working():
        assert service.ended(job.id).rows == 120_000


def test_several_workers_share_the_jobs_and_do_none_twice(make: Make) -> None:
    # A lease that no pause of a busy machine outlasts: a second attempt would be right after one.
    service = make(lease_s=30.0)
    jobs = [service.submit(f"url\n{at}.com\n".encode()) for at in range(20)]
    scored: list[str] = []

    class Noting(StubPredictor):
        def score(self, columns: Any) -> Any:
            scored.extend(columns["url"].to_pylist())
            return super().score(columns)

    workers = [service, make(lease_s=30.0), make(lease_s=30.0)]
    with workers[0].working(Noting()), workers[1].working(Noting()), workers[2].working(Noting()):
        for job in jobs:
            assert service.ended(job.id).status == "succeeded"

    assert Counter(scored) == Counter(f"{at}.com" for at in range(20))


def test_entries_that_come_twice_or_of_nothing_do_no_harm(service: Service) -> None:
    job = service.submit()
    broker = service.board._broker
    ticket = Ledger(broker).ticket(job.id)
    assert ticket is not None
    broker._storage.enqueue(b"no task at all")
    for entry in [
        *(Entry(job.id, ticket.run, 1), Entry(job.id, ticket.run, 1), Entry("none", "none", 1)),
        *(Entry(job.id, "another run", 1), Entry(job.id, ticket.run, 99)),
    ]:
        broker.put(entry)
    last = service.submit()
    scored: list[int] = []

    with service.working(StubPredictor(before=lambda: scored.append(1))):
        assert service.ended(last.id).status == "succeeded"

    assert service.board.get(job.id).status == "succeeded"  # type: ignore[union-attr]
    assert len(scored) == 2


def test_a_worker_that_was_overtaken_publishes_nothing(service: Service) -> None:
    """One that stood still for longer than its lease, and goes on after another has finished."""
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert go_on.wait(60)

    job = service.submit()
    slow = service.worker(StubPredictor("slow", hold))
    slow._beat = lambda: None  # type: ignore[method-assign]  # as a stopped process does not
    stop = threading.Event()
    thread = threading.Thread(target=slow.run, args=(stop,))
    thread.start()
    assert begun.wait(30)
    with service.working(StubPredictor("quick")):
        ended = service.ended(job.id)
        result = service.result(job.id)
        go_on.set()
        stop.set()
        thread.join(30)

    assert (ended.status, ended.model_version) == ("succeeded", "quick")
    assert service.board.get(job.id) == ended
    assert service.result(job.id) == result
    assert len(service.files) == 1


def test_a_disk_that_stays_full_fails_the_job_in_the_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = service.submit()
    draft = files.JobFiles.draft

    def full(self: Any, folder: str, name: str) -> Any:
        made: Any = draft(self, folder, name)
        made.stream.close()
        made.stream = open("/dev/full", "wb", buffering=0)  # noqa: SIM115, PTH123
        return made

    monkeypatch.setattr(files.JobFiles, "draft", full)
    monkeypatch.setattr("switchyard.jobs.worker._RETRY_S", 0.01)
    with service.working():
        ended = service.ended(job.id)

    assert ended.status == "failed"
    assert ended.error is not None
    assert "is full: No space left" in ended.error
    assert service.files == []


def test_a_store_that_fails_for_a_while_is_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = service.submit()
    opened: list[int] = []
    original = files.JobFiles.open

    def flaky(self: Any, folder: str, name: str) -> Any:
        opened.append(1)
        if len(opened) < 3:
            raise PlatformError("the network is away")
        return original(self, folder, name)

    monkeypatch.setattr(files.JobFiles, "open", flaky)
    monkeypatch.setattr("switchyard.jobs.worker._RETRY_S", 0.01)
    with service.working():
        ended = service.ended(job.id)

    assert (ended.status, len(opened)) == ("succeeded", 3)


def test_a_job_that_fails_every_time_is_given_up_with_the_last_error(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = service.submit()
    next((Path(service.settings.jobs_store) / "inputs").iterdir()).unlink()
    monkeypatch.setattr("switchyard.jobs.worker._RETRY_S", 0.01)

    with service.working():
        ended = service.ended(job.id)

    assert ended.status == "failed"
    assert ended.error is not None
    assert "given up after 3 attempts; the last error: the store of jobs" in ended.error
    assert "No such file" in ended.error


def test_a_fault_of_the_program_fails_the_job_at_once(service: Service) -> None:
    def broken() -> None:
        raise RuntimeError("not foreseen")

    job = service.submit()
    with service.working(StubPredictor(before=broken)):
        ended = service.ended(job.id)

    assert ended.error == "scoring failed: RuntimeError: not foreseen"


def test_a_model_that_cannot_be_opened_costs_a_job_no_attempt(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchyard.jobs.worker._RETRY_S", 0.01)
    job = service.submit()
    worker = service.worker()
    tried: list[int] = []

    def open_predictor() -> Any:
        tried.append(1)
        if len(tried) < 5:
            raise PlatformError("the package is damaged")
        return StubPredictor()

    worker._open_predictor = open_predictor
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    ended = service.ended(job.id)
    stop.set()
    thread.join(30)

    assert ended.status == "succeeded"


def test_a_kept_file_is_not_touched_by_a_failing_tidying(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PlatformError("the store is away")

    monkeypatch.setattr(files.JobFiles, "remove", fail)
    job = service.submit(CSV)

    with service.working():
        assert service.ended(job.id).status == "succeeded"
    assert service.result(job.id).count("\n") == 4


def test_a_small_file_of_too_many_rows_is_refused(tmp_path: Path) -> None:
    service = Service(tmp_path, limits={"max_job_rows": 1_000})
    held = io.BytesIO()
    pq.write_table(pa.table({"url": ["a.com"] * 1_001}), held)
    job = service.submit(held.getvalue(), "parquet")

    with service.working():
        ended = service.ended(job.id)

    assert ended.status == "failed"
    assert "1,001 rows or more, a job may have 1,000" in str(ended.error)


def test_a_worker_is_stopped_while_it_looks_through_a_file() -> None:
    """Rows of objects are all looked at before the first of them is scored."""
    looked: list[int] = []

    def look(done: int, rejected: int) -> None:
        looked.append(done + rejected)
        raise Stopped

    content = b'{"url": "a.com"}\n' * 20_000
    with pytest.raises(Stopped):
        score_file(
            io.BytesIO(content),
            "ndjson",
            io.BytesIO(),
            "ndjson",
            cast(Predictor, StubPredictor()),
            on_progress=look,
        )

    assert looked == [0]


def test_a_queue_that_is_away_at_the_start_is_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = service.submit()
    tries: list[int] = []

    def away(*given: Any) -> Broker:
        tries.append(1)
        if len(tries) < 3:
            raise PlatformError("the server is away")
        return Broker(*given)

    monkeypatch.setattr("switchyard.jobs.worker.Broker", away)
    monkeypatch.setattr("switchyard.jobs.worker._RETRY_S", 0.01)
    with service.working():
        assert service.ended(job.id).status == "succeeded"
