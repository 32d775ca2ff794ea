"""Requests a second and waiting times of several servers, measured in turn, round by round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.serving_parts.servers import Running, cpu_seconds
from benchmarks.serving_parts.wrk import Load, load

CONNECTIONS = 16
_WARM_UP_S = 1.0


@dataclass(frozen=True)
class Round:
    """One server's turn: what wrk saw, and the processor seconds of its worker."""

    load: Load
    cpu_s: float

    @property
    def requests_per_cpu_s(self) -> float:
        return self.load.requests / self.cpu_s


Turns = Mapping[str, Sequence[Round]]


def alternate(
    running: Mapping[str, Running],
    inputs: Sequence[Sequence[str]],
    rounds: int,
    seconds: float,
    connections: int = CONNECTIONS,
) -> Turns:
    """A B C … A B C …: each server's rounds. inputs: the URLs of each request, sent in turn."""
    bodies = {name: [each.server.body(urls) for urls in inputs] for name, each in running.items()}
    turns: dict[str, list[Round]] = {name: [] for name in running}
    for name, server in running.items():
        load(server.address, bodies[name], connections, _WARM_UP_S)
    for _ in range(rounds):
        for name, server in running.items():
            worker = server.processes()[0]
            before = cpu_seconds(worker)
            found = load(server.address, bodies[name], connections, seconds)
            turns[name].append(Round(found, cpu_seconds(worker) - before))
    return turns


def ratio(turns: Turns, one: str, other: str, of: Callable[[Round], float]) -> float:
    """The median of the ratios, round by round, of a quantity of `one` to that of `other`."""
    pairs = zip(turns[one], turns[other], strict=True)
    return statistics.median(of(mine) / of(theirs) for mine, theirs in pairs)


def middle(turns: Turns, name: str, of: Callable[[Round], float]) -> float:
    """The median over the rounds of a quantity of one server."""
    return statistics.median(of(each) for each in turns[name])


def rate(each: Round) -> float:
    return each.load.rate


def p99(each: Round) -> float:
    return each.load.p99
