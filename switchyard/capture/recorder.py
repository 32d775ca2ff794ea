"""What a serving process keeps of its predictions and of what people say about them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from switchyard.capture.errors import SpoolFull, UnknownRequest
from switchyard.capture.feedback import FeedbackJournal
from switchyard.capture.journal import Journal
from switchyard.capture.redaction import check_capture, redact
from switchyard.capture.request_ids import KEPT, RequestIds, load_key
from switchyard.capture.segments import COLUMNS, PREDICTION
from switchyard.capture.spool import Spool
from switchyard.errors import RequestError
from switchyard.packages.manifest import AnyInput
from switchyard.serving.settings import Settings
from switchyard.tasks.rows import on_tables
from switchyard.urls.canonical import whole_characters

__all__ = ["Recorder", "SpoolFull", "UnknownRequest"]

_SEGMENT_BYTES = 4 << 20
_SMALLEST_SEGMENT = 16 << 10
_US_A_DAY = 86_400_000_000


class Recorder:
    """Issues request ids and keeps predictions and feedback. One a process, for its event loop.

    data_digest, synthetic: of the model's data; threshold: for answers that do not name it; inputs:
    of the model's manifest, so that what is kept is of their types and only texts are redacted.
    Opens the journal in `settings.spool`: PlatformError if it cannot. When the spool is full
    already it opens all the same and refuses predictions until there is room.
    """

    def __init__(
        self,
        settings: Settings,
        data_digest: str,
        synthetic: bool,
        threshold: float | None = None,
        inputs: Mapping[str, AnyInput] | None = None,
    ) -> None:
        capture = settings.serving.capture
        if inputs is not None:
            check_capture(capture, inputs)
        self._retention_days = capture.retention_days
        self._parts = frozenset(capture.redact)
        self._dropped = frozenset(capture.drop)
        self._changes = bool(self._parts or self._dropped)
        self._ids = RequestIds(load_key(settings.state), capture.sample if capture.enabled else 0.0)
        self.issue = self._ids.issue
        """A new request id for so many instances, as ASCII."""
        self.issue_unkept = self._ids.issue_unkept
        """As `issue`, for what is not recorded: there can be no feedback on it."""
        self._journal: Journal | None = None
        self._feedback: FeedbackJournal | None = None
        if not capture.enabled:
            return
        most = int(capture.max_spool_mb * 1e6)
        facts = {
            "model_version": settings.model_version,
            "data_digest": data_digest,
            "synthetic": synthetic,
            "threshold": threshold,
        }
        if inputs is not None and on_tables(inputs):
            facts["inputs"] = {name: declared.type for name, declared in inputs.items()}
        spool = Spool(settings.spool, most, facts)
        fair = most // (8 * settings.serving.workers)
        segment_bytes = max(_SMALLEST_SEGMENT, min(_SEGMENT_BYTES, fair)) // 4096 * 4096
        self._journal = Journal(spool, segment_bytes, capture.flush_s)
        self._feedback = FeedbackJournal(spool, capture.flush_s, self._journal.seal)

    @property
    def spool_bytes(self) -> int:
        """Bytes on the disk that wait for compaction, of all processes; a few seconds old."""
        return self._journal.spool_bytes if self._journal else 0

    @property
    def damaged_segments(self) -> int:
        """Segments that were set aside as damaged; a few seconds old."""
        return self._journal.damaged_segments if self._journal else 0

    @property
    def records(self) -> int:
        """Requests that this process kept."""
        return self._journal.records if self._journal else 0

    def redacted(self, body: bytes) -> bytes:
        """A request's JSON as it may be kept; takes time in proportion. For any thread."""
        if not self._changes:
            return body
        instances = orjson.loads(body)["instances"]
        return orjson.dumps({"instances": [self._redacted(row) for row in instances]})

    def prediction(
        self, request_id: bytes, body: bytes, answer: bytes, *, redacted: bool = False
    ) -> None:
        """Keep a request and its answer, both as JSON; nothing when the id is not sampled.

        redacted: the body comes from `redacted` already. SpoolFull when it cannot be kept: then
        the prediction must not be answered.
        """
        if request_id[0] == KEPT and self._journal is not None:
            kept = body if redacted else self.redacted(body)
            self._journal.append(PREDICTION, request_id, kept, answer)

    def columns(
        self,
        request_id: bytes,
        columns: Mapping[str, Sequence[Any]],
        labels: Sequence[str] | None,
        scores: Sequence[float],
        interval: tuple[Sequence[float], Sequence[float]] | None = None,
    ) -> None:
        """Keep what was asked and answered in columns; otherwise as `prediction`.

        labels: None of predicted numbers, which have an interval, its lower and its upper ends.
        """
        if request_id[0] != KEPT or self._journal is None:
            return
        rows = {name: [_whole(value) for value in _listed(held)] for name, held in columns.items()}
        if self._changes:
            rows = {
                name: [self._redacted({name: value})[name] for value in held]
                for name, held in rows.items()
            }
        answer = {"scores": _listed(scores)}
        if labels is not None:
            answer["labels"] = _listed(labels)
        if interval is not None:
            answer |= {"low": _listed(interval[0]), "high": _listed(interval[1])}
        asked = orjson.dumps({"columns": rows})
        self._journal.append(COLUMNS, request_id, asked, orjson.dumps(answer))

    def feedback(self, request_id: str, instance: int, label: str) -> None:
        """Keep the true label, a number as text, of an instance; on the disk when this returns.

        UnknownRequest when no prediction is kept under the id; RequestError when the request had
        no such instance; PlatformError when it cannot be kept. May be called from any thread.
        """
        found = self._ids.read(request_id)
        if found is None:
            raise UnknownRequest("this request id was not issued here; give one of an answer")
        if not found.kept or self._feedback is None:
            raise UnknownRequest(
                "no prediction is kept of this request (serving.capture.sample), or it was none"
            )
        age_days = (time.time_ns() // 1000 - found.time_us) / _US_A_DAY
        if age_days > self._retention_days:
            raise UnknownRequest(
                f"this request is older than {self._retention_days:g} days and kept no more"
            )
        if not 0 <= instance < found.instances:
            raise RequestError(
                f"instance {instance} does not exist: the request had {found.instances}, "
                "counted from 0"
            )
        self._feedback.append(request_id.encode(), instance, label)

    def tick(self) -> None:
        """Seal what is older than flush_s. To be called every second or so."""
        if self._journal is not None:
            self._journal.tick()
        if self._feedback is not None:
            self._feedback.tick()

    def close(self) -> None:
        """Seal everything. Predictions and feedback are refused from now on."""
        if self._feedback is not None:
            self._feedback.close()
        if self._journal is not None:
            self._journal.close()

    def _redacted(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: None if name in self._dropped else self._masked(value)
            for name, value in row.items()
        }

    def _masked(self, value: Any) -> Any:
        return redact(value, self._parts) if isinstance(value, str) else value


def _listed(held: Any) -> list[Any]:
    """A sequence of whatever library as a list of plain values."""
    for plain in ("to_pylist", "tolist"):
        if hasattr(held, plain):
            return list(getattr(held, plain)())
    return list(held)


def _whole(value: Any) -> Any:
    return whole_characters(value) if isinstance(value, str) else value
