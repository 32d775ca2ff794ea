"""What /predict, /explain, /feedback and /model promise."""

from __future__ import annotations

import gzip
import json
import math

import httpx
import pytest

from switchyard.serving.predictor import Predictor
from tests.conftest import Packages
from tests.services import Service

URLS = ["paypa1-login.example/verify", "en.wikipedia.org/wiki/Yard", "http://b.com:80/x?y=é"]


@pytest.mark.parametrize("count", [1, 3, 40])
def test_answers_are_what_the_package_says(
    service: Service, packages: Packages, count: int
) -> None:
    urls = (URLS * 14)[:count]

    answer = service.predict(*urls).json()

    predictor = Predictor.open(packages.of(), "7")
    scores = predictor.score({"url": urls}).scores.tolist()
    assert [each["score"] for each in answer["predictions"]] == scores
    assert [each["label"] for each in answer["predictions"]] == [
        predictor.label(score) for score in scores
    ]
    assert (answer["model_version"], answer["threshold"]) == ("7", 0.4)
    assert "SYNTHETIC" in answer["notice"]


def test_each_request_has_an_id_of_its_own(service: Service) -> None:
    ids = {service.predict("a.com").json()["request_id"] for _ in range(20)}

    assert len(ids) == 20


def test_explanations_add_up_to_the_score(service: Service) -> None:
    body = {"instances": [{"url": url} for url in URLS]}

    found = httpx.post(f"{service.url}/explain", json=body, timeout=60).json()["explanations"]

    predicted = service.predict(*URLS).json()["predictions"]
    for each, prediction in zip(found, predicted, strict=True):
        total = each["base"] + sum(one["contribution"] for one in each["contributions"])
        assert total == pytest.approx(each["margin"], rel=1e-6, abs=1e-9)
        assert 1 / (1 + math.exp(-total)) == pytest.approx(each["score"], rel=1e-5)
        assert (each["score"], each["label"]) == (prediction["score"], prediction["label"])


def test_feedback_is_taken_once_or_twice_with_the_same_answer(service: Service) -> None:
    request_id = service.predict("a.com", "b.com").json()["request_id"]
    body = {"request_id": request_id, "label": "benign", "instance": 1}

    answers = [httpx.post(f"{service.url}/feedback", json=body, timeout=120) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json() == {**body, "status": "recorded"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"request_id": "nobody-issued-this"}, 404),
        ({"label": "lovely"}, 422),
        ({"instance": 2}, 422),
        ({"instance": -1}, 422),
        ({"more": 1}, 422),
    ],
)
def test_feedback_on_what_was_not_asked_is_refused(
    service: Service, change: dict[str, object], status: int
) -> None:
    request_id = service.predict("a.com", "b.com").json()["request_id"]
    body = {"request_id": request_id, "label": "benign", "instance": 0, **change}

    answer = httpx.post(f"{service.url}/feedback", json=body, timeout=120)

    assert answer.status_code == status, answer.text


def test_the_model_is_described(service: Service) -> None:
    found = service.get("/model").json()

    assert (found["name"], found["version"]) == ("phishing", "7")
    assert found["inputs"]["url"]["max_length"] == 8192
    assert found["card"].startswith("# Card")
    assert found["manifest"]["content_sha256"] == service.settings.content_sha256


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "not JSON"),
        (b'{"instances":[{"url":"a.com"}', 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b'{"instances":[{"url":"a.com","url":"b.com"}]}', 400, "'url' stands twice"),
        (b'{"instances":[{"url":"a.com","\\u0075rl":"b.com"}]}', 400, "'url' stands twice"),
        (b'{"instances":[],"instances":[{"url":"a.com"}]}', 400, "'instances' stands twice"),
        (b'{"instances":[{"url":"\\ud800.com"}]}', 400, "not JSON"),
        (b"[]", 422, "object"),
        (b'{"instances":[]}', 422, "at least 1"),
        (b'{"instances":[{}]}', 422, "instances.0.url"),
        (b'{"instances":[{"url":NaN}]}', 422, "instances.0.url"),
        (b'{"instances":[{"url":null}]}', 422, "instances.0.url"),
        (b'{"instances":[{"url":"a.com","x":1}]}', 422, "instances.0.x"),
        (b'{"instances":[{"url":""}]}', 422, "at least 1 character"),
        (b'{"instances":[{"url":"http://"}]}', 422, "empty"),
        (b'{"instances":[{"url":"a\\u0000.com"}]}', 422, "control characters"),
        (b'{"instances":[{"url":"a.com"},{"url":"nohost"}]}', 422, "instances.1.url"),
        (b'{"instances":[{"url":"%s"}]}' % (b"a" * 1_000_000), 422, "8192"),
        (b"[" * 100_000, 400, "not JSON"),
    ],
)
def test_bad_bodies_are_named(service: Service, body: bytes, status: int, told: str) -> None:
    answer = service.post("/predict", body)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]


def test_right_to_left_marks_and_surrogate_pairs_are_only_text(service: Service) -> None:
    odd = '{"instances":[{"url":"a.com/\u202egnp.exe"},{"url":"a.com/\\ud83d\\ude00"}]}'

    assert service.post("/predict", odd.encode()).status_code == 200


def test_another_type_or_packing_is_refused(service: Service) -> None:
    body = b'{"instances":[{"url":"a.com"}]}'

    assert service.post("/predict", body, content_type="text/plain").status_code == 415
    assert service.post("/predict", body, content_encoding="br").status_code == 415
    assert service.post("/predict", body, content_encoding="gzip").status_code == 400


def test_packed_bodies_are_unpacked(service: Service) -> None:
    body = gzip.compress(json.dumps({"instances": [{"url": "a.com"}]}).encode())

    assert service.post("/predict", body, content_encoding="gzip").status_code == 200


def test_a_bomb_is_not_unpacked_whole(service: Service) -> None:
    bomb = gzip.compress(b"[" + b" " * 50_000_000)

    assert service.post("/predict", bomb, content_encoding="gzip").status_code == 413


def test_too_large_bodies_are_refused_by_their_heads(service: Service) -> None:
    answer = httpx.post(
        f"{service.url}/predict",
        content=b"x" * 100_000_000,
        headers={"content-type": "application/json"},
    )

    assert answer.status_code == 413


def test_too_many_instances_are_refused(service: Service) -> None:
    answer = service.predict(*["a.com"] * 10_001)

    assert answer.status_code == 422
    assert "10000" in answer.json()["detail"]


def test_answers_carry_security_headers(service: Service) -> None:
    for answer in (service.predict("a.com"), service.get("/"), service.get("/nothing")):
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = service.get("/").headers
    assert "script-src 'self'" in page["content-security-policy"]
    assert page["x-frame-options"] == "DENY"


def test_origins_are_not_allowed_by_default(service: Service) -> None:
    answer = service.predict("a.com", headers={"origin": "https://elsewhere.example"})

    assert "access-control-allow-origin" not in answer.headers


def test_metrics_count_what_was_answered(service: Service) -> None:
    service.predict("a.com")

    text = service.get("/metrics").text

    assert 'switchyard_requests_total{route="/predict",status="200"}' in text
    assert 'switchyard_predictions_total{label="phishing"}' in text
    assert 'switchyard_model_info{model="phishing"' in text


def test_unknown_routes_share_one_series(service: Service) -> None:
    for n in range(5):
        assert service.get(f"/strange-{n}").status_code == 404

    assert "strange" not in service.get("/metrics").text


def test_times_are_counted_by_bucket(service: Service) -> None:
    def series(name: str) -> float:
        found = [
            line
            for line in service.get("/metrics").text.splitlines()
            if line.startswith(f"switchyard_request_seconds_{name}") and 'route="/predict"' in line
        ]
        return float(found[-1].rpartition(" ")[2]) if found else 0.0

    before = series("count"), series("sum")
    for _ in range(7):
        service.predict("a.com")

    assert series("count") - before[0] == 7
    assert series("bucket") == series("count")
    assert 0 < series("sum") - before[1] < 7


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances":[{"url":"a.com","url" :"b.com"}]}',
        b'{"instances":[{"url":"a.com","url"\n:"b.com"}]}',
        b'{"instances" :[{"url":"a.com","url":"b.com"}]}',
    ],
)
def test_keys_that_stand_twice_are_found_however_they_are_written(
    service: Service, body: bytes
) -> None:
    answer = service.post("/predict", body)

    assert answer.status_code == 400
    assert "'url' stands twice" in answer.json()["detail"]


def test_whole_values_may_look_like_keys(service: Service) -> None:
    body = b'{ "instances" : [ { "url" : "a.com/\\"url\\": x" } ] }'

    assert service.post("/predict", body).status_code == 200
