"""What a worker takes: seconds from its start to the first answer, and resident memory."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.serving_parts.servers import Running, Server, cpu_seconds, rss_mb
from benchmarks.serving_parts.wrk import load

STARTS = 3


def start_and_memory(
    server: Server, logs: Path, inputs: Sequence[Sequence[Sequence[str]]], seconds: float
) -> dict[str, float]:
    """Median seconds from start to ready; memory in megabytes after each of the loads `inputs`.

    `start_cpu_s`: processor seconds of that start, which other work on the machine does not change
    as much. `rss_mb` is the worker's; `companions_mb` that of the processes beside it.
    """
    times, busy = [], []
    for turn in range(STARTS):
        with Running(server, logs / f"start-{turn}.log") as running:
            times.append(running.wait())
            busy.append(cpu_seconds(running.processes()[0]))
            if turn < STARTS - 1:
                continue
            for requests in inputs:
                bodies = [server.body(urls) for urls in requests]
                load(running.address, bodies, 2, seconds)
            worker, *others = running.processes()
            memory, beside = rss_mb(worker), sum(_rss_mb(each) for each in others)
    return {
        "start_s": statistics.median(times),
        "start_cpu_s": statistics.median(busy),
        "rss_mb": memory,
        "companions_mb": beside,
    }


def _rss_mb(process: psutil.Process) -> float:
    try:
        return rss_mb(process)
    except psutil.NoSuchProcess:
        return 0.0
