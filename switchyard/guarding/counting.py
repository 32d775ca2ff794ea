"""What a service says of itself: its counts and times, from the text that Prometheus reads."""

from __future__ import annotations

import http.client
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from switchyard.errors import PlatformError
from switchyard.guarding.judging import Live
from switchyard.serving.releases import Deployment

Counts = Callable[[Deployment], Sequence[str]]
"""The texts of /metrics of all that answers for a deployment; PlatformError when nothing does."""

PREDICTING = re.compile(r"^/predict$|^/v2/models/.*infer$")
"""Routes that answer with predictions: others wait for people or for files."""

_LINE = re.compile(r"^(\w+)\{(.*)\}\s+(\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_TIMEOUT_S = 10.0


def fetch(url: str) -> str:
    """The text of the service's /metrics; PlatformError when it does not answer."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/metrics")
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as cause:
        raise PlatformError(
            f"{url}/metrics does not answer: {cause}; run.py status says how the service is"
        ) from cause
    finally:
        connection.close()
    if answer.status != 200:
        raise PlatformError(f"{url}/metrics answered {answer.status}, not 200")
    return body


def asked(deployed: Deployment) -> list[str]:
    """The counts of a service that one address answers for as a whole."""
    return [fetch(deployed.url)]


def live_of(texts: Iterable[str], version: str) -> Live | None:
    """What the series of all replicas say together, a text each.

    Those of another model version, or of several mixed, are left out; None when that leaves none.
    """
    ours = [each for each in map(_counts, texts) if each.versions <= {version}]
    if not ours:
        return None
    buckets: Counter[float] = Counter()
    for each in ours:
        buckets.update(each.buckets)
    seconds, slow = _quantile(buckets, 0.99)
    return Live(
        requests=sum(each.requests for each in ours),
        errors=sum(each.errors for each in ours),
        p99_ms=None if seconds is None else 1000 * seconds,
        slow=slow,
    )


@dataclass
class _Counts:
    """What one text says of routes that predict. versions: of models; buckets: up to each bound."""

    versions: set[str] = field(default_factory=set)
    requests: int = 0
    errors: int = 0
    buckets: Counter[float] = field(default_factory=Counter)


def _counts(text: str) -> _Counts:
    found = _Counts()
    for name, labels, value in _series(text):
        if name == "switchyard_model_info" and value == 1:
            found.versions.add(labels.get("version", ""))
        elif not PREDICTING.match(labels.get("route", "")):
            continue
        elif name == "switchyard_requests_total":
            found.requests += int(value)
            found.errors += int(value) if labels.get("status", "") >= "500" else 0
        elif name == "switchyard_request_seconds_bucket":
            found.buckets[float(labels["le"])] += int(value)
    return found


def _quantile(buckets: Mapping[float, float], share: float) -> tuple[float | None, bool]:
    """The value below which so large a share lies, and whether it is beyond the last bound.

    Beyond it the value is that bound. buckets: counts up to each bound. Within a bucket times are
    taken to be spread evenly.
    """
    bounds = sorted(buckets)
    if not bounds or buckets[bounds[-1]] == 0:
        return None, False
    wanted = share * buckets[bounds[-1]]
    low = below = 0.0
    for bound in bounds:
        count = buckets[bound]
        if count >= wanted:
            if math.isinf(bound):
                return low or None, True
            return low + (bound - low) * (wanted - below) / (count - below), False
        low, below = bound, count
    return low, True


def _series(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for line in text.splitlines():
        found = _LINE.match(line)
        if found:
            yield found[1], dict(_LABEL.findall(found[2])), float(found[3])
