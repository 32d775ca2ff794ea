"""Speed and size of serving: our service against its peers, with the same model and machine.

    uv run benchmarks/serving.py [--package DIR] [--data-dir DIR] [--only PART …] [--servers NAME …]
                                 [--short] [--json]

Needs wrk (`apt-get install wrk`, `brew install wrk`). Without --package a model of the fast tier is
trained: on a sample of the real rows with --data-dir, else on the generated sample.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.serving_parts import contestants, materials
from benchmarks.serving_parts.contestants import OURS, PEERS
from benchmarks.serving_parts.images import image_size
from benchmarks.serving_parts.overload import overload
from benchmarks.serving_parts.rates import Turns, alternate, middle, p99, rate, ratio
from benchmarks.serving_parts.servers import started
from benchmarks.serving_parts.sizes import start_and_memory
from benchmarks.serving_parts.wrk import require_wrk
from switchyard.errors import SwitchyardError

BULK = 1_000
GOALS = {
    "vs_fastapi_async": ("at least", 2.0),
    "vs_fastapi_def": ("at least", 4.0),
    "vs_bentoml_api": ("at least", 15.0),
    "vs_mlflow": ("at least", 15.0),
    "vs_raw_asgi": ("at least", 0.5),
    "p99_vs_fastapi": ("at most", 1.0),
    "bulk_urls_per_s": ("at least", 100_000.0),
    "capture_cost": ("at most", 0.05),
    "shed_ms": ("at most", 50.0),
    "accepted_p99_ms": ("at most", 250.0),
    "without_retry_after": ("at most", 0.0),
    "start_s": ("at most", 3.0),
    "rss_mb": ("at most", 350.0),
    "image_mb": ("at most", 600.0),
}
SLACK = 2.0
RATIOS = {
    "vs_fastapi_async": contestants.FASTAPI_ASYNC,
    "vs_fastapi_def": contestants.FASTAPI_DEF,
    "vs_bentoml_api": contestants.BENTOML_API,
    "vs_mlflow": contestants.MLFLOW,
    "vs_raw_asgi": contestants.RAW,
}

Figures = dict[str, float]
console = Console()


@dataclass(frozen=True)
class Bench:
    """What every part works with. scratch: a folder of this run."""

    scratch: Path
    package: Path
    service: Path
    urls: list[str]
    servers: tuple[str, ...]
    rounds: int
    seconds: float

    def folder(self, name: str) -> Path:
        """A new folder below scratch."""
        return Path(tempfile.mkdtemp(prefix=f"{name.replace(' ', '-')}-", dir=self.scratch))

    @property
    def single(self) -> list[list[str]]:
        return [[url] for url in self.urls]

    @property
    def bulk(self) -> list[list[str]]:
        return materials.batches(self.urls, BULK, 8)


def main() -> int:
    options = arguments()
    figures: Figures = {}
    failed = 0
    try:
        require_wrk()
        with tempfile.TemporaryDirectory() as folder:
            bench = prepare(options, Path(folder))
            for name in options.only:
                began = time.perf_counter()
                try:
                    found = PARTS[name](bench)
                except SwitchyardError as error:
                    failed = failed or fail(error)
                    continue
                show(name, found, time.perf_counter() - began)
                figures |= found
    except SwitchyardError as error:
        return fail(error)
    if options.json:
        print(json.dumps({key: round(value, 4) for key, value in figures.items()}))
    if options.check and (missed := far_off(figures)):
        print(f"far from its goal: {', '.join(missed)}", file=sys.stderr)
        failed = failed or 1
    return failed


def far_off(figures: Figures) -> list[str]:
    """The ratios to peers that are worse than their goals by `SLACK`; machines differ by less."""
    return [
        f"{key} {figures[key]:.2f}"
        for key in RATIOS
        if key in figures and figures[key] < GOALS[key][1] / SLACK
    ]


def fail(error: SwitchyardError) -> int:
    """Say what failed; the exit code."""
    print(f"error: {error}", file=sys.stderr)
    return error.exit_code


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", type=Path, help="the model package to serve")
    parser.add_argument("--data-dir", type=Path, help=f"the folder of {materials.MANY}")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=PARTS,
        default=list(PARTS),
        metavar="PART",
        help=f"which parts: {', '.join(PARTS)}",
    )
    parser.add_argument(
        "--servers", nargs="+", choices=OURS + PEERS, default=OURS + PEERS, metavar="NAME",
        help=f"whom the part 'rates' measures: {', '.join(OURS + PEERS)}",
    )  # fmt: skip
    parser.add_argument("--short", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument(
        "--check", action="store_true", help="fail when a ratio to a peer misses its goal by far"
    )
    return parser.parse_args()


def prepare(options: argparse.Namespace, scratch: Path) -> Bench:
    """Train or take the package, and lay out the folder that our service starts from."""
    frame = materials.rows(options.data_dir)
    synthetic = options.data_dir is None
    package = options.package or materials.train(scratch / "package", frame, synthetic=synthetic)
    console.print(f"URLs from {'the generated sample' if synthetic else options.data_dir}")
    return Bench(
        scratch,
        package,
        materials.released(package, scratch),
        materials.texts(frame, 400),
        tuple(name for name in OURS + PEERS if name in options.servers),
        rounds=2 if options.short else 5,
        seconds=2.0 if options.short else 5.0,
    )


def rates(bench: Bench) -> Figures:
    """One URL a request, 16 connections: all servers in turn. Of our two starts, the lesser."""
    servers = [
        contestants.contestant(name, bench.package, bench.service, bench.folder(name))
        for name in bench.servers
    ]
    with started(servers, bench.folder("logs")) as running:
        turns = alternate(running, bench.single, bench.rounds, bench.seconds)
    show_rates(turns)
    ours = [name for name in OURS if name in turns]
    figures = {
        key: min(ratio(turns, name, peer, rate) for name in ours)
        for key, peer in RATIOS.items()
        if ours and peer in turns
    }
    if ours and contestants.FASTAPI_ASYNC in turns:
        waits = [ratio(turns, name, contestants.FASTAPI_ASYNC, p99) for name in ours]
        figures["p99_vs_fastapi"] = max(waits)
    return figures


def bulk(bench: Bench) -> Figures:
    """1,000 URLs a request, two connections: URLs a second of the worker's processor time."""
    server = contestants.worker(bench.service, bench.folder("bulk"))
    with started([server], bench.folder("logs")) as running:
        turns = alternate(running, bench.bulk, bench.rounds, bench.seconds, connections=2)
    return {
        "bulk_urls_per_s": BULK * middle(turns, server.name, lambda each: each.requests_per_cpu_s),
        "bulk_urls_per_wall_s": BULK * middle(turns, server.name, rate),
    }


def capture(bench: Bench) -> Figures:
    """The share of throughput that recording every prediction takes, for 1,000 URLs and for one."""
    on = contestants.worker(bench.service, bench.folder("on"))
    off = contestants.worker(bench.service, bench.folder("off"), capture=False, name="no capture")
    figures = {}
    with started([on, off], bench.folder("logs")) as running:
        for name, inputs, connections in (("", bench.bulk, 2), ("_single", bench.single, 16)):
            turns = alternate(running, inputs, 2 * bench.rounds, bench.seconds / 2, connections)
            figures[f"capture_cost{name}"] = 1 - ratio(turns, on.name, off.name, rate)
            busy = ratio(turns, on.name, off.name, lambda each: each.requests_per_cpu_s)
            figures[f"capture_cpu_cost{name}"] = 1 - busy
    return figures


def overloaded(bench: Bench) -> Figures:
    """Ten times what one worker carries of requests of 1,000 URLs."""
    server = contestants.worker(bench.service, bench.folder("overload"))
    with started([server], bench.folder("logs")) as running:
        found = overload(running[server.name], bench.bulk, 2 * bench.seconds)
    return {**found, "shed_ms": found["shed_p99_ms"]}


def sizes(bench: Bench) -> Figures:
    """Seconds from start to ready, memory of a worker that has answered, both ways to start it."""
    loads = (bench.single, bench.bulk)
    server = contestants.worker(bench.service, bench.folder("start"))
    figures = start_and_memory(server, bench.folder("logs"), loads, bench.seconds)
    server = contestants.bentoml_serve(bench.service, bench.folder("start"))
    found = start_and_memory(server, bench.folder("logs"), loads, bench.seconds)
    return figures | {f"bentoml_serve_{key}": value for key, value in found.items()}


def image(bench: Bench) -> Figures:
    """Megabytes of an image of the service."""
    return image_size(bench.service, bench.folder("image"))


PARTS: dict[str, Callable[[Bench], Figures]] = {
    "rates": rates,
    "bulk": bulk,
    "capture": capture,
    "overload": overloaded,
    "sizes": sizes,
    "image": image,
}


def show_rates(turns: Turns) -> None:
    """A row a server: medians over the rounds, and how much quicker each of ours is."""
    ours = [name for name in OURS if name in turns]
    table = Table(title="/predict, one URL, 16 connections", title_justify="left")
    table.add_column("server", no_wrap=True)
    ratios = [f"{name.removeprefix('ours-')} ÷ it" for name in ours]
    for title in ("requests/s", "p99 ms", "µs of CPU", "refused", *ratios):
        table.add_column(title, justify="right")
    for name in turns:
        times = [f"{ratio(turns, mine, name, rate):.2f}" for mine in ours]
        shown = f"{middle(turns, name, rate):,.0f}", f"{middle(turns, name, p99):.2f}"
        refused = sum(each.load.refused for each in turns[name])
        busy = f"{1e6 / middle(turns, name, lambda each: each.requests_per_cpu_s):,.0f}"
        table.add_row(name, *shown, busy, f"{refused:,}", *times)
    console.print(table)


def show(part: str, figures: Figures, seconds: float) -> None:
    """A row a figure, with its goal."""
    table = Table("figure", title=f"{part} ({seconds:.0f} s)", title_justify="left")
    table.add_column("value", justify="right")
    table.add_column("goal")
    for key, value in figures.items():
        side, goal = GOALS.get(key, ("", None))
        told = "" if goal is None else f"{side} {goal:,g}"
        if goal is not None and (value < goal if side == "at least" else value > goal):
            told += " [bold red](missed)"
        table.add_row(key, f"{value:,.3f}", told)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
