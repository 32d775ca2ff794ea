"""The smoke test lets through what answers as it must, and nothing else."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bento.building.smoke import smoke_test
from switchyard.errors import GateRefused, PlatformError

KNOWN: list[dict[str, Any]] = [
    {"instance": {"url": "a.example/login"}, "label": "phishing", "score": 0.9},
    {"instance": {"url": "b.example"}, "label": "benign", "score": 0.1},
]
Spoil = Callable[[str, int, Any], tuple[int, Any]]


def proper(path: str, asked: Any, known: Sequence[dict[str, Any]] = KNOWN) -> tuple[int, Any]:
    """What a service answers that is as it should be; known: instances and predictions."""
    if path == "/model":
        return 200, {"version": "3"}
    instances = asked["instances"]
    if any([] in instance.values() for instance in instances):
        return 422, {"status": 422}
    found = [next(one for one in known if one["instance"] == each) for each in instances]
    predictions = [{**one} for one in found]
    for each in predictions:
        del each["instance"]
    return 200, {"model_version": "3", "predictions": predictions}


class FakeService:
    """Answers as `proper`, but for what `spoil` makes of an answer."""

    def __init__(self) -> None:
        self.spoil: Spoil = lambda _, status, body: (status, body)
        self.keys: set[str | None] = set()
        self.known = KNOWN
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                self._answer(json.loads(self.rfile.read(length)))

            def _answer(self, asked: Any) -> None:
                fake.keys.add(self.headers.get("X-API-Key"))
                status, body = fake.spoil(self.path, *proper(self.path, asked, fake.known))
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[FakeService]:
    made = FakeService()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def told(folder: Path, known: Sequence[dict[str, Any]], kind: str = "string") -> Path:
    """The folder of a release with these smoke instances, whose inputs are all of one kind."""
    inputs = {
        "string": {"type": "string", "max_length": 99},
        "number": {"type": "number", "minimum": 0, "maximum": 9, "missing": True},
    }
    (folder / "model").mkdir(exist_ok=True)
    manifest = {"inputs": dict.fromkeys(known[0]["instance"], inputs[kind])}
    (folder / "model" / "manifest.json").write_text(json.dumps(manifest))
    (folder / "smoke.json").write_text(json.dumps(known))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return told(tmp_path, KNOWN)


def test_a_service_that_answers_as_it_must_passes(service: FakeService, folder: Path) -> None:
    smoke_test(service.url, folder, "3", {})

    assert service.keys == {None}


def test_no_more_is_asked_at_once_than_the_service_takes(
    service: FakeService, folder: Path
) -> None:
    asked: list[int] = []

    def modest(path: str, status: int, body: Any) -> tuple[int, Any]:
        if path == "/model":
            return status, {**body, "limits": {"max_instances": 1}}
        asked.append(len(body.get("predictions", [])))
        return status, body

    service.spoil = modest

    smoke_test(service.url, folder, "3", {})

    assert max(asked) == 1
    assert sum(asked) == 1 + len(KNOWN)


@pytest.mark.parametrize("variable", ["SWITCHYARD_API_KEYS", "SWITCHYARD_API_KEYS_FILE"])
def test_the_api_key_of_the_environment_is_sent(
    service: FakeService, folder: Path, variable: str
) -> None:
    (folder / "keys").write_text("a-key\nanother\n")
    value = "a-key,another" if variable == "SWITCHYARD_API_KEYS" else str(folder / "keys")

    smoke_test(service.url, folder, "3", {variable: value})

    assert service.keys == {"a-key"}


def changed(part: str, value: Any, *, at: int = 0) -> Spoil:
    """Spoils a part of one prediction, where there are as many."""

    def spoil(path: str, status: int, body: Any) -> tuple[int, Any]:
        if path == "/predict" and status == 200 and at < len(body["predictions"]):
            body["predictions"][at] = {**body["predictions"][at], part: value}
        return status, body

    return spoil


def replaced(path: str, status: int, body: Any) -> Spoil:
    """Spoils a whole answer that would be a success."""

    def spoil(asked: str, proper_status: int, proper_body: Any) -> tuple[int, Any]:
        if asked == path and proper_status == 200:
            return status, body
        return proper_status, proper_body

    return spoil


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (changed("score", math.nextafter(0.9, 1)), "score of 'a.example/login'"),
        (changed("score", 0.2, at=1), "score of 'b.example'"),
        (changed("label", "benign"), "label of 'a.example/login'"),
        (replaced("/predict", 500, {}), "answered 500, not 200"),
        (replaced("/predict", 200, {"model_version": "2"}), "model_version is '2'"),
        (replaced("/predict", 200, {"model_version": "3", "predictions": []}), "1 instances were"),
        (replaced("/predict", 200, b"<html>"), "got no answer"),
        (replaced("/model", 200, {"version": "2"}), "/model: version is '2'"),
        (lambda _, status, body: (200 if status == 422 else status, body), "answered 200, not 422"),
    ],
)
def test_a_service_that_answers_otherwise_is_refused(
    service: FakeService, folder: Path, spoil: Spoil, said: str
) -> None:
    service.spoil = spoil

    with pytest.raises(GateRefused, match=said):
        smoke_test(service.url, folder, "3", {})


def test_a_service_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(GateRefused, match="got no answer"):
        smoke_test("http://127.0.0.1:9", folder, "3", {})


@pytest.mark.parametrize(("known", "said"), [(KNOWN[:1], "'phishing'"), ([], "none of them")])
def test_a_model_with_one_verdict_for_all_is_refused(
    service: FakeService, folder: Path, known: list[Any], said: str
) -> None:
    (folder / "smoke.json").write_text(json.dumps(known))

    with pytest.raises(GateRefused, match=said):
        smoke_test(service.url, folder, "3", {})


def test_a_folder_without_smoke_instances_is_named(service: FakeService, tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"smoke\.json"):
        smoke_test(service.url, tmp_path, "3", {})


NUMBERS: list[dict[str, Any]] = [
    {"instance": {"a b": 1, "c": "x"}, "value": 5.5, "low": 4.0, "high": 7.0},
    {"instance": {"a b": 9, "c": None}, "value": 8.5, "low": 7.0, "high": 10, "warnings": ["w"]},
]


@pytest.fixture
def numbers(service: FakeService, tmp_path: Path) -> Path:
    """The folder of a model that predicts numbers, which the service answers for."""
    service.known = NUMBERS
    return told(tmp_path, NUMBERS, "number")


def test_predicted_numbers_that_are_as_they_must_be_pass(
    service: FakeService, numbers: Path
) -> None:
    smoke_test(service.url, numbers, "3", {})


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("value", math.nextafter(8.5, 9)),
        ("low", 7.5),
        ("high", 9.0),
        ("warnings", None),
        ("more", 1),
    ],
)
def test_each_part_of_a_predicted_number_must_be_what_it_was(
    service: FakeService, numbers: Path, part: str, value: Any
) -> None:
    service.spoil = changed(part, value, at=1)

    with pytest.raises(GateRefused, match=f"{part} of "):
        smoke_test(service.url, numbers, "3", {})


def test_a_model_with_one_number_for_all_is_refused(service: FakeService, numbers: Path) -> None:
    known = [{**each, "value": 5.5} for each in NUMBERS]
    (numbers / "smoke.json").write_text(json.dumps(known))

    with pytest.raises(GateRefused, match=r"calls all of them '5\.5'"):
        smoke_test(service.url, numbers, "3", {})


@pytest.mark.parametrize("others", [{}, {"b": 1}], ids=["one column", "two columns"])
def test_made_up_rows_of_a_table_may_all_have_one_label_but_not_one_score(
    service: FakeService, tmp_path: Path, others: dict[str, int]
) -> None:
    rows = [{"instance": {"a": at, **others}, "label": "no", "score": at / 9} for at in range(3)]
    service.known = rows
    told(tmp_path, rows, "number")

    smoke_test(service.url, tmp_path, "3", {})

    (tmp_path / "smoke.json").write_text(json.dumps([{**each, "score": 0.5} for each in rows]))
    with pytest.raises(GateRefused, match="calls all of them"):
        smoke_test(service.url, tmp_path, "3", {})
