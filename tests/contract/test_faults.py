"""What a service does when clients, disks and packages misbehave."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import httpx
import pytest

from tests.services import KEY, ROOT, Service

Make = Callable[..., Service]

pytestmark = pytest.mark.slow
HEAD = (
    b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n"
)


def connected(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=120)


def test_a_changed_package_is_not_served(make_service: Make) -> None:
    service = make_service()
    path = service.folder / "model" / "model.skops"
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(AssertionError, match=r"model\.skops is not the file that was packaged"):
        service.start()


def test_another_package_is_not_served(make_service: Make) -> None:
    service = make_service()
    path = service.folder / "service.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"content_sha256": "0" * 64}))

    with pytest.raises(AssertionError, match="another model than expected"):
        service.start()


def test_a_wrong_setting_in_the_environment_is_named(make_service: Make) -> None:
    with pytest.raises(AssertionError, match="SWITCHYARD__SERVING__LIMITS__MAX_INSTANCES"):
        make_service().start({"SWITCHYARD__SERVING__LIMITS__MAX_INSTANCES": "many"})


def test_keys_open_the_api_and_nothing_else_does(make_service: Make) -> None:
    service = make_service().start({"SWITCHYARD_API_KEYS": f"{KEY},another-long-enough-key"})

    codes = [
        service.predict("a.com").status_code,
        service.predict("a.com", headers={"x-api-key": KEY[:-1]}).status_code,
        service.predict("a.com", headers={"x-api-key": KEY}).status_code,
        service.predict("a.com", headers={"authorization": f"Bearer {KEY}"}).status_code,
        service.get("/model").status_code,
        service.get("/model", headers={"x-api-key": "another-long-enough-key"}).status_code,
        service.get("/").status_code,
        service.get("/livez").status_code,
        service.get("/v2/health/ready").status_code,
        service.get("/v2/models/phishing").status_code,
    ]

    assert codes == [401, 401, 200, 200, 401, 200, 200, 200, 200, 401]
    assert "security" in service.get("/docs.json").json()


def test_keys_are_exchanged_without_a_restart(make_service: Make) -> None:
    service = make_service()
    keys = service.folder / "keys"
    keys.write_text(KEY)
    service.start({"SWITCHYARD_API_KEYS_FILE": str(keys)})
    keys.write_text("the-new-key-of-enough-characters")

    deadline = time.monotonic() + 180
    header = {"x-api-key": "the-new-key-of-enough-characters"}
    while service.predict("a.com", headers=header).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert service.predict("a.com", headers={"x-api-key": KEY}).status_code == 401


def test_required_keys_that_are_not_there_stop_the_start(make_service: Make) -> None:
    with pytest.raises(AssertionError, match="there are no API keys"):
        make_service(require_api_key=True).start()


def test_configured_origins_may_call(make_service: Make) -> None:
    service = make_service(cors_origins=["https://app.example"]).start()

    allowed = service.predict("a.com", headers={"origin": "https://app.example"})
    other = service.predict("a.com", headers={"origin": "https://evil.example"})

    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in other.headers


def test_a_body_that_drips_is_given_up(make_service: Make) -> None:
    service = make_service(limits={"body_timeout_s": 0.5}).start()
    with connected(service) as client:
        client.sendall(HEAD % 50 + b'{"inst')

        assert client.recv(1000).startswith(b"HTTP/1.1 408")


def test_a_client_that_goes_away_leaves_no_trace(make_service: Make) -> None:
    service = make_service().start()
    with connected(service) as client:
        client.sendall(HEAD % 50 + b'{"inst')
    service.predict("a.com")

    service.stop()
    assert "traceback" not in service.log


def test_slow_bodies_do_not_keep_others_out(make_service: Make) -> None:
    service = make_service(limits={"body_timeout_s": 600.0}).start()
    clients = [connected(service) for _ in range(20)]
    for client in clients:
        client.sendall(HEAD % 5_000_000 + b"{")

    answer = service.predict(*["a.com/x"] * 1000, timeout=120)

    assert answer.status_code == 200
    for client in clients:
        client.close()


def test_logs_hold_nothing_that_a_request_could_forge(make_service: Make) -> None:
    service = make_service().start()
    service.post("/predict", b'{"instances":[{"url":"\\n{\\"level\\":\\"FORGED\\"}"}]}')
    with connected(service) as client:
        client.sendall(b"GET /\r\n{FORGED} HTTP/1.1\r\n\r\n")
        client.recv(1000)
    service.stop()

    for line in service.log.splitlines():
        assert "FORGED" not in line


def test_captured_rows_survive_a_kill(make_service: Make) -> None:
    from switchyard.capture.compaction import Compactor
    from switchyard.capture.reading import predictions

    service = make_service(capture={"flush_s": 60.0}).start()
    ids = {service.predict(f"a{n}.com").json()["request_id"] for n in range(50)}
    service.kill()

    deadline = time.monotonic() + 180
    found: set[str] = set()
    while not ids <= found:
        assert time.monotonic() < deadline
        Compactor(service.settings).run_once()
        found = set(predictions(service.settings.capture_store)["request_id"].to_pylist())


def test_what_cannot_be_recorded_is_not_answered(make_service: Make) -> None:
    """The store is a file where a folder should be, so nothing leaves the spool."""
    service = make_service(capture={"flush_s": 0.1, "max_spool_mb": 1.0})
    store = service.folder / "store"
    store.write_text("not a folder")
    service.start({"SWITCHYARD__SERVING__CAPTURE__STORE": str(store)})

    urls = [f"a{n}.com/{'x' * 200}" for n in range(1000)]
    answers = [service.predict(*urls) for _ in range(20)]

    assert answers[0].status_code == 200
    assert answers[-1].status_code == 503
    assert answers[-1].headers["retry-after"] == "1"
    assert "cannot be recorded" in answers[-1].json()["detail"]


def test_overload_is_refused_at_once(make_service: Make) -> None:
    service = make_service(limits={"max_wait_ms": 20.0}).start()
    body = json.dumps({"instances": [{"url": f"a{n}.com/x"} for n in range(10_000)]}).encode()
    clients = [connected(service) for _ in range(30)]
    for client in clients:
        client.sendall(HEAD % len(body) + body)

    heads = [client.recv(12) for client in clients]

    assert heads.count(b"HTTP/1.1 503") > 5
    assert heads.count(b"HTTP/1.1 200") > 0
    for client in clients:
        client.close()


def test_bentoml_serves_the_same_folder(make_service: Make) -> None:
    """`bentoml serve` needs no more than the service's import string."""
    service = make_service()
    port = socket.create_server(("127.0.0.1", 0)).getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "bentoml", "serve", "bento.service:svc"),
            *("--port", str(port), "--host", "127.0.0.1"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "SWITCHYARD_SERVICE_DIR": str(service.folder),
            "BENTOML_HOME": str(service.folder / "bentoml"),
        },
    )
    try:
        deadline = time.monotonic() + 180
        while True:
            assert time.monotonic() < deadline
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        body = {"instances": [{"url": "a.com"}]}
        answer = httpx.post(f"http://127.0.0.1:{port}/predict", json=body, timeout=120)
        assert answer.json()["model_version"] == "7"
    finally:
        process.terminate()
        process.wait(timeout=180)


def test_feedback_on_what_was_no_prediction_is_unknown(make_service: Make) -> None:
    service = make_service().start()
    body = b'{"instances":[{"url":"a.com"}]}'
    id = service.post("/explain", body).json()["request_id"]

    told = service.post("/feedback", json.dumps({"request_id": id, "label": "phishing"}).encode())

    assert told.status_code == 404


def test_a_head_that_is_too_long_is_refused(make_service: Make) -> None:
    service = make_service().start()
    with connected(service) as client:
        client.sendall(b"GET / HTTP/1.1\r\nx: " + b"a" * 200_000)

        assert client.recv(1000).startswith(b"HTTP/1.1 431")


def test_a_small_request_cannot_hold_the_service_up(make_service: Make) -> None:
    """Texts whose host is hard to find, and bodies with more faults than can be told."""
    service = make_service().start()
    hard = ["a." * 1_990 + "@", "é" * 1_900, "[" * 3_900]
    keys = ",".join(f'"{at:05d}":1' for at in range(20_000)).encode()
    tensor = b'{"inputs":[{"name":"url","shape":[1],"datatype":"BYTES","data":[%s]}]}' % (
        b",".join([b"1"] * 50_000)
    )

    codes = [service.predict(text, timeout=10).status_code for text in hard]
    told = service.post("/predict", b'{"instances":[{%s}]}' % keys)
    infer = service.post("/v2/models/phishing/infer", tensor)

    assert codes == [422, 422, 422]
    assert (told.status_code, infer.status_code) == (422, 422)
    assert "too many to tell" in told.json()["detail"]
    assert len(infer.content) < 2_000


def test_a_damaged_segment_is_passed_over_and_counted(make_service: Make) -> None:
    service = make_service(capture={"flush_s": 0.2}).start()
    spool = service.settings.spool
    (spool / "000.segment").write_bytes(b"rubbish" * 100)
    assert service.predict("a.example").status_code == 200

    deadline = time.monotonic() + 60
    while "switchyard_capture_damaged_segments 1.0" not in service.get("/metrics").text:
        assert time.monotonic() < deadline, service.log
        time.sleep(0.1)

    assert [path.name for path in (spool / "corrupt").iterdir()] == ["000.segment"]
    assert "'000.segment' is damaged" in service.log
