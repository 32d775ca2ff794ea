"""Batch inference against the model alone, and its memory as the file grows.

    uv run python -m benchmarks.loop_parts.inference [--data-dir DIR] [--rows N] [--json]

inference_share_of_core: rows a second from a file on disk to the finished result on disk (planning,
reading, scoring, keeping chunks, joining, all fsyncs; one shard), over those of `Predictor.score`
on the same rows, which lie in memory already, in pieces of the same size. Both score on one thread
of one process with the model loaded; the median of the ratios of rounds in turn. Reading and
writing go on beside the scoring, which shows where a second processor is idle;
inference_cpu_share is the same ratio in processor seconds, which needs none. Memory is the peak of
a process of its own that has scored a file of 1 × and of 4 × the rows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.serving_parts.materials import rows, train

if TYPE_CHECKING:
    from switchyard.serving.predictor import Predictor

ROOT = Path(__file__).resolve().parents[2]
ROWS, ROUNDS, TIMES = 400_000, 5, 4
CHUNK_ROWS = 200_000
KINDS = ("parquet", "csv")
GOALS = {"inference_share_of_core": ("at least", 0.9), "memory_growth_4x": ("at most", 1.15)}


def inference(data_dir: Path | None, count: int = ROWS, rounds: int = ROUNDS) -> dict[str, float]:
    """The share for Parquet, that for CSV, and megabytes of memory at 1 × and 4 × the rows."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        frame = rows(data_dir)
        package = train(folder / "package", frame, synthetic=data_dir is None)
        urls = frame["url"].tolist()
        for kind in KINDS:
            write(folder / f"1.{kind}", urls, count)
        first, *others = (
            shares(package, folder / f"1.{kind}", folder / f"out.{kind}", rounds) for kind in KINDS
        )
        figures |= first | {f"csv_{name}": value for each in others for name, value in each.items()}
        write(folder / "4.parquet", urls, count * TIMES)
        for times in (1, TIMES):
            source = folder / f"{times}.parquet"
            figures[f"inference_rss_mb_{times}x"] = peak_mb(package, source, folder / "out.parquet")
    growth = figures[f"inference_rss_mb_{TIMES}x"] / figures["inference_rss_mb_1x"]
    return figures | {"memory_growth_4x": growth}


def write(path: Path, urls: list[str], count: int) -> None:
    """A file of `count` rows with a number and a URL each."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    writer: Any = None
    for start in range(0, count, CHUNK_ROWS):
        numbers = range(start, min(start + CHUNK_ROWS, count))
        drawn = [urls[at % len(urls)] for at in numbers]
        table = pa.table({"id": pa.array(numbers), "url": pa.array(drawn, pa.large_string())})
        if writer is None:
            made = pq.ParquetWriter if path.suffix == ".parquet" else csv.CSVWriter
            writer = made(str(path), table.schema)
        writer.write_table(table)
    writer.close()


def shares(package: Path, source: Path, target: Path, rounds: int) -> dict[str, float]:
    """Whole inference over the model alone, round by round in turn."""
    from switchyard.serving.predictor import Predictor

    predictor = Predictor.open(package, "1")
    texts = in_memory(source)
    whole(predictor, source, target)  # what is loaded once is not measured
    wall: list[tuple[float, float]] = []
    busy: list[tuple[float, float]] = []
    for turn in range(rounds):
        steps = (lambda: alone(predictor, texts), lambda: whole(predictor, source, target))
        took = {}
        for which in (0, 1) if turn % 2 else (1, 0):
            began, worked = time.perf_counter(), time.process_time()
            steps[which]()
            took[which] = time.perf_counter() - began, time.process_time() - worked
        wall.append((took[0][0], took[1][0]))
        busy.append((took[0][1], took[1][1]))
    count = sum(map(len, texts))
    return {
        "inference_share_of_core": statistics.median(core / all_ for core, all_ in wall),
        "inference_cpu_share": statistics.median(core / all_ for core, all_ in busy),
        "inference_rows_per_s": count / statistics.median(all_ for _, all_ in wall),
        "core_rows_per_s": count / statistics.median(core for core, _ in wall),
    }


def in_memory(source: Path) -> list[Any]:
    """The URLs of a file as the model takes them, in the pieces that inference has them in."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    from switchyard.inference.reading import PIECE

    table = pq.read_table(source) if source.suffix == ".parquet" else csv.read_csv(source)
    column = table.column("url").cast(pa.large_string()).combine_chunks()
    return [column.slice(start, PIECE) for start in range(0, len(column), PIECE)]


def alone(predictor: Predictor, texts: list[Any]) -> None:
    """The model alone."""
    for each in texts:
        predictor.score({"url": each})


def whole(predictor: Predictor, source: Path, target: Path) -> None:
    """What the steps of the pipeline do, in their order."""
    from switchyard.inference.joining import join
    from switchyard.inference.planning import make_plan
    from switchyard.inference.plans import Model
    from switchyard.inference.scoring import score_shard

    model = Model.of(predictor.manifest, predictor.version)
    plan = make_plan(str(source), str(target), model, CHUNK_ROWS)
    score_shard(plan, predictor)
    join(plan)


def peak_mb(package: Path, source: Path, target: Path) -> float:
    """Peak resident megabytes (10⁶ bytes) of a process that scores the file."""
    name = "benchmarks.loop_parts.inference"
    command = [sys.executable, "-m", name, "--score", str(package), str(source), str(target)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def peak_of_this_process_mb() -> float:
    """As the kernel counts it since the program began; getrusage also counts who started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help="the folder of urls.parquet")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--score", type=Path, nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.score:
        from switchyard.serving.predictor import Predictor

        package, source, target = options.score
        whole(Predictor.open(package, "1"), source, target)
        print(peak_of_this_process_mb())
        return
    figures = inference(options.data_dir, options.rows, options.rounds)
    for key, value in figures.items():
        side, goal = GOALS.get(key, ("", None))
        print(f"{key:<28} {value:>14,.3f}" + (f"   goal: {side} {goal:g}" if goal else ""))
    if options.json:
        print(json.dumps({key: round(value, 4) for key, value in figures.items()}))


if __name__ == "__main__":
    main()
