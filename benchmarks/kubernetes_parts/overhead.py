"""Where the time of a step's pod goes, from the times of its log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from benchmarks.kubernetes_parts.platform import PIPELINES, Platform
from switchyard.errors import PlatformError

_WORK = '"state":"'
"""In the lines by which a step tells of its own work."""


def of_pod(platform: Platform, pod: Any) -> dict[str, float]:
    """Seconds of a pod that has ended: its overhead, and what that is made of.

    overhead_s: all of it but the work; start_s: until its process runs; imports_s: until that says
    something; before_s: until the work begins; work_s; after_s: from there to the pod's end.
    """
    name = str(pod["metadata"]["name"])
    log = platform.kubectl("logs", "-n", PIPELINES, name, "--timestamps").splitlines()
    work = [_time(line.split(" ")[0]) for line in log if _WORK in line]
    if not work:
        raise PlatformError(f"pod '{name}' has not told of its work; kubectl logs {name}")
    (container,) = pod["status"]["containerStatuses"]
    ended = container["state"]["terminated"]
    made, ran = _time(pod["metadata"]["creationTimestamp"]), _time(ended["startedAt"])
    end = _time(ended["finishedAt"])
    said = _time(log[0].split(" ")[0])
    return {
        "overhead_s": (end - made) - (work[-1] - work[0]),
        "start_s": ran - made,
        "imports_s": said - ran,
        "before_s": work[0] - said,
        "work_s": work[-1] - work[0],
        "after_s": end - work[-1],
    }


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
