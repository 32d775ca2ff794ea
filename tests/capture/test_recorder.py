from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from switchyard.capture import reading
from switchyard.capture.recorder import SpoolFull, UnknownRequest
from switchyard.errors import PlatformError

Make = Callable[..., Any]


def rows(service: Any) -> list[dict[str, Any]]:
    service.move()
    return list(reading.predictions(service.store).to_pylist())


def test_a_prediction_is_kept_with_all_that_is_known_of_it(service: Make) -> None:
    kept = service()
    request_id = kept.predict(kept.recorder(), "a.example/x?y=1", "b.example")

    found = rows(kept)

    time = found[0].pop("time")
    assert time == found[1].pop("time")
    constant = {
        "request_id": request_id,
        "label": "phishing",
        "threshold": 0.4,
        "model_version": "3",
        "data_digest": "d" * 64,
        "synthetic": True,
    }
    assert found == [
        constant | {"instance": 0, "url": "a.example/x?y=1", "score": 0.9},
        constant | {"instance": 1, "url": "b.example", "score": 0.9 + 1e-9},
    ]


@pytest.mark.parametrize(
    "held",
    [list, tuple, pa.array, lambda urls: np.array(urls, object)],
    ids=["list", "tuple", "arrow", "numpy"],
)
def test_columns_are_kept_as_predictions_are(service: Make, held: Any) -> None:
    kept = service()
    recorder = kept.recorder()
    recorder.columns(
        recorder.issue(2), {"url": held(["a.example", "é.example"])}, ["x", "y"], [0.1, 0.7]
    )
    assert [
        (r["instance"], r["url"], r["label"], r["score"], r["threshold"], r["model_version"])
        for r in rows(kept)
    ] == [(0, "a.example", "x", 0.1, 0.4, "3"), (1, "é.example", "y", 0.7, 0.4, "3")]


def test_half_a_character_in_a_column_is_replaced(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    recorder.columns(recorder.issue(1), {"url": ["a\ud800b"]}, ["x"], [0.5])
    assert rows(kept)[0]["url"] == "a\ufffdb"


def test_redacted_and_dropped_inputs_never_reach_the_disk(service: Make) -> None:
    kept = service(redact=["query", "userinfo"], drop=["note"])
    recorder = kept.recorder()
    url = "https://joe:pw@a.example/p?token=sesame"
    request_id = recorder.issue(1)
    body = b'{"instances":[{"url":"%s","note":"sesame"}]}' % url.encode()
    recorder.prediction(
        request_id,
        body,
        b'{"model_version":"3","threshold":0.4,"predictions":[{"label":"x","score":0.5}]}',
    )
    recorder.columns(recorder.issue(1), {"url": [url], "note": ["sesame"]}, ["x"], [0.5])

    written = b"".join(path.read_bytes() for path in kept.segments)
    assert b"a.example" in written
    assert b"sesame" not in written
    assert b"joe" not in written
    found = rows(kept)
    assert {row["url"] for row in found} == {"https://*@a.example/p?token=*"}
    assert {row["note"] for row in found} == {None}


def test_only_the_sample_is_written(service: Make) -> None:
    kept = service(sample=0.3)
    recorder = kept.recorder()
    issued = [kept.predict(recorder, "a.example") for _ in range(200)]
    recorder.columns(b"N" * 40, {"url": ["b.example"]}, ["x"], [0.5])

    found = {row["request_id"] for row in rows(kept)}

    assert found == {request_id for request_id in issued if request_id.startswith("K")}
    assert recorder.records == len(found)
    assert 20 < len(found) < 110


def test_nothing_is_kept_and_no_spool_made_when_capture_is_off(service: Make) -> None:
    kept = service(enabled=False)
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example")
    recorder.tick()
    assert not kept.settings.spool.exists()
    assert (recorder.records, recorder.spool_bytes) == (0, 0)
    with pytest.raises(UnknownRequest, match="no prediction is kept of this request"):
        recorder.feedback(request_id, 0, "phishing")


def test_a_segment_is_sealed_when_it_is_old_enough(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    kept.predict(recorder, "a.example")

    def moved() -> bool:
        recorder.tick()
        return bool(kept.compactor().run_once())

    kept.until(moved)
    assert kept.predict(recorder, "b.example").startswith("K")
    assert len(rows(kept)) == 2


def test_an_empty_segment_is_not_sealed(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    kept.until(lambda: len(kept.segments) == 2)
    before = kept.segments
    recorder.tick()
    recorder.tick()
    assert kept.segments == before


def test_a_record_larger_than_a_segment_is_kept(service: Make) -> None:
    kept = service(max_spool_mb=4)
    recorder = kept.recorder()
    kept.predict(recorder, "small.example")
    kept.predict(recorder, "large.example/" + "x" * 1_000_000)
    kept.predict(recorder, "last.example")
    assert [len(row["url"]) for row in rows(kept)] == [13, 1_000_014, 12]


def test_closing_twice_is_closing_and_leaves_no_empty_segment(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    recorder.close()
    recorder.close()
    assert kept.segments == []
    with pytest.raises(SpoolFull, match="closed"):
        kept.predict(recorder, "a.example")


def test_a_spool_that_cannot_be_made_is_a_platform_error(service: Make, tmp_path: Path) -> None:
    kept = service()
    kept.settings.spool.parent.mkdir(parents=True)
    kept.settings.spool.write_text("in the way")
    with pytest.raises(PlatformError, match=r"cannot be written.*state_dir"):
        kept.recorder()
