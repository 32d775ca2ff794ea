"""What is read from the text of a service's /metrics."""

from __future__ import annotations

import http.server
import re
import threading

import pytest

from switchyard.errors import PlatformError
from switchyard.guarding.counting import fetch, live_of

TEXT = """
# HELP switchyard_requests_total Requests by route and status.
switchyard_requests_total{route="/predict",status="200"} 90.0
switchyard_requests_total{route="/predict",status="503"} 7.0
switchyard_requests_total{route="/v2/models/{name}/infer",status="500"} 3.0
switchyard_requests_total{route="/feedback",status="500"} 50.0
switchyard_request_seconds_bucket{le="0.001",route="/predict"} 50.0
switchyard_request_seconds_bucket{le="0.5",route="/predict"} 98.0
switchyard_request_seconds_bucket{le="1.0",route="/predict"} 100.0
switchyard_request_seconds_bucket{le="+Inf",route="/predict"} 100.0
switchyard_request_seconds_bucket{le="+Inf",route="/docs"} 900.0
switchyard_model_info{model="phishing",version="2"} 1.0
"""


def test_answers_and_errors_of_predicting_routes_are_counted() -> None:
    live = live_of([TEXT], "2")

    assert live is not None
    assert (live.requests, live.errors) == (100, 10)


def test_the_99th_percentile_lies_within_its_bucket() -> None:
    live = live_of([TEXT], "2")

    assert live is not None
    assert live.p99_ms == pytest.approx(750.0)
    assert not live.slow


def test_beyond_the_last_bound_it_is_slow() -> None:
    text = TEXT.replace('le="1.0",route="/predict"} 100.0', 'le="1.0",route="/predict"} 98.0')

    live = live_of([text], "2")

    assert live is not None
    assert live.slow
    assert live.p99_ms == pytest.approx(1_000.0)


def test_counts_of_another_version_are_none_of_ours() -> None:
    assert live_of([TEXT], "3") is None


def test_counts_of_two_versions_together_are_not_judged() -> None:
    other = 'switchyard_model_info{model="phishing",version="1"} 1.0\n'

    assert live_of([TEXT + other], "2") is None


def test_replicas_are_judged_by_what_they_counted_together() -> None:
    quiet = TEXT.replace(" 90.0", " 10.0").replace('status="503"} 7.0', 'status="503"} 0.0')
    fast = re.sub(r'(_bucket{le="[^"]+",route="/predict"}) \d+', r"\1 9900", quiet)

    live = live_of([TEXT, fast], "2")

    assert live is not None
    assert (live.requests, live.errors) == (113, 13)
    assert live.p99_ms == pytest.approx(1.0, rel=0.01)  # 50 of 10,000 took longer


def test_a_replica_of_another_version_is_left_out() -> None:
    old = TEXT.replace('version="2"', 'version="1"')

    assert live_of([TEXT, old], "2") == live_of([TEXT], "2")
    assert live_of([], "2") is None


def test_a_service_without_requests_has_no_percentile() -> None:
    live = live_of([""], "2")

    assert live is not None
    assert (live.requests, live.p99_ms, live.slow) == (0, None, False)


def test_it_is_fetched_from_the_service() -> None:
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(TEXT.encode())

        def log_message(self, *_: object) -> None: ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        text = fetch(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()

    assert text == TEXT
    with pytest.raises(PlatformError, match="does not answer"):
        fetch(f"http://127.0.0.1:{server.server_port}")
