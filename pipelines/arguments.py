"""The command line of run.py: what may be said, and what makes no sense together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST_SHARDS = 1_000
PAGES = {"evidently": 8000, "metrics": 9200}
PIPELINES = ("training", "deployment", "inference", "monitoring")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; argparse ends with exit code 2 when it is wrong.

    `command` is None where a pipeline is run or the configuration is shown.
    """
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="From labelled data to a registered champion and a service that answers by it, "
        "or files that are scored by it, on the active ZenML stack.",
        epilog="Try: run.py --pipeline training, then run.py --pipeline deployment; see docs/.",
    )
    parser.add_argument("--pipeline", choices=PIPELINES, help="what to run")
    _add_use_case(parser)
    parser.add_argument(
        "--data", metavar="SOURCE", help="train on this file, https:// or s3:// location instead"
    )
    parser.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="deploy, or score by, this version instead of the champion",
    )
    parser.add_argument(
        "--rollback", action="store_true", help="deploy what was deployed before, and promote it"
    )
    parser.add_argument("--no-cache", action="store_true", help="run every step again")
    parser.add_argument(
        "--image", metavar="IMAGE", help="run pods from this one (default: one of today's code)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what monitoring would do and why; do nothing"
    )
    parser.add_argument(
        "--print-config", action="store_true", help="show each value and where it came from"
    )
    parser.add_argument(
        "--schema", action="store_true", help="show the configuration's JSON schema"
    )
    _add_files(parser)
    _add_loudness(parser)
    _add_commands(parser)
    arguments = parser.parse_args(argv)
    _check(parser, arguments)
    return arguments


def default_config() -> Path:
    """The use case that `configs/default` names; without that file, the first by name."""
    folder = ROOT / "configs"
    try:
        return folder / (folder / "default").read_text(encoding="utf-8").strip()
    except OSError:
        return min(folder.glob("*.yaml"), default=folder / "use-case.yaml")


def _add_use_case(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        default=default_config(),
        metavar="FILE",
        help="the use case (default: the one that configs/default names)",
    )
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one value, as in tuning.folds=5 (may be given several times)",
    )


def _add_files(parser: argparse.ArgumentParser) -> None:
    files = parser.add_argument_group("inference")
    files.add_argument(
        "--input", metavar="LOCATION", help="score this file, folder, pattern or s3:// prefix …"
    )
    files.add_argument(
        "--output", metavar="LOCATION", help="… into this .parquet, .csv, .jsonl or folder/"
    )
    files.add_argument(
        "--shards", type=int, metavar="N", help="steps that share it (default: inference.shards)"
    )


def _add_loudness(parser: argparse.ArgumentParser) -> None:
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("--quiet", action="store_true", help="only the result and errors")
    loudness.add_argument("--verbose", action="store_true", help="all logs, and tracebacks")


def _add_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        _add_loudness(made)
        return made

    _add_new(add("new", "look at a table and write the YAML of a use case that learns from it"))
    add("status", "show what is deployed, and where")
    _add_use_case(add("stop", "end the service of a use case"))
    logs = add("logs", "show the last lines of a service's log")
    _add_use_case(logs)
    logs.add_argument("--lines", type=int, default=100, metavar="N", help="so many (default: 100)")
    watch = add("watch", "run the pipeline monitoring again and again")
    _add_use_case(watch)
    watch.add_argument("--data", metavar="SOURCE", help="as of --pipeline monitoring")
    watch.add_argument(
        "--every", default="15m", metavar="TIME", help="as 30s, 15m or 1h (default: 15m)"
    )
    watch.add_argument("--times", type=int, metavar="N", help="end after so many runs")
    watch.add_argument(
        "--metrics-port", type=int, metavar="PORT", help="let Prometheus read the results there"
    )
    _add_pages(add("ui", "open a page on what monitoring has seen"))
    _add_image(add("image", "make the images that pods run"))
    _add_schedule(add("schedule", "monitor by the clock of a stack on Kubernetes"))
    _add_stack(add("stack", "register stacks from their files, and examine them"))


def _add_stack(stack: argparse.ArgumentParser) -> None:
    actions = stack.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "register or update the stack of a file; twice changes nothing"
    applied = actions.add_parser("apply", help=text, description=text)
    applied.add_argument("file", type=Path, metavar="FILE", help="as stacks/local.yaml")
    applied.add_argument("--dry-run", action="store_true", help="say what would be changed")
    _add_loudness(applied)
    text = "check each component of a stack for real, and say how to mend what is wrong"
    doctor = actions.add_parser("doctor", help=text, description=text)
    doctor.add_argument("--stack", metavar="NAME", help="which one (default: the active one)")
    doctor.add_argument("--json", action="store_true", help="one JSON object for programs")
    _add_use_case(doctor)
    _add_loudness(doctor)


def _add_pages(pages: argparse.ArgumentParser) -> None:
    names, text = tuple(PAGES), "its history for people, or its last verdicts for Prometheus"
    pages.add_argument("page", choices=names, metavar="evidently|metrics", help=text)
    _add_use_case(pages)
    pages.add_argument(
        "--state", metavar="LOCATION", help="of all use cases whose services' state is below it"
    )
    pages.add_argument("--host", default="127.0.0.1", help="where (default: this machine only)")
    pages.add_argument("--port", type=int, help="… (default: 8000, of metrics 9200)")


def _add_image(image: argparse.ArgumentParser) -> None:
    actions = image.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "build and push the images that the stack's registry lacks; print their names"
    build = actions.add_parser("build", help=text, description=text)
    build.add_argument("names", nargs="*", metavar="NAME", help="steps, serving (default: both)")
    build.add_argument(
        "--push", action=argparse.BooleanOptionalAction, default=True, help="to the registry"
    )
    build.add_argument(
        "--base", metavar="IMAGE", help="to build on (default: python:3.11-slim of Docker Hub)"
    )
    _add_loudness(build)


def _add_schedule(schedule: argparse.ArgumentParser) -> None:
    actions = schedule.add_subparsers(dest="action", required=True, metavar="ACTION")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text, description=text)
        _add_loudness(made)
        return made

    monitoring = add("monitoring", "run the pipeline monitoring whenever --cron says")
    monitoring.add_argument(
        "--cron", required=True, metavar="FIELDS", help="as '*/15 * * * *', in UTC"
    )
    monitoring.add_argument("--image", metavar="IMAGE", help="as of --pipeline")
    monitoring.add_argument("--data", metavar="SOURCE", help="as of --pipeline monitoring")
    _add_use_case(monitoring)
    add("list", "show what is scheduled")
    _add_use_case(add("stop", "monitor a use case no longer"))


def _add_new(new: argparse.ArgumentParser) -> None:
    new.add_argument("name", metavar="NAME", help="of the use case, as in my-use-case")
    new.add_argument("--data", required=True, metavar="FILE", help="CSV, TSV, Parquet, JSON lines")
    new.add_argument("--target", required=True, metavar="COLUMN", help="what is to be predicted")
    new.add_argument(
        "--output", type=Path, metavar="FILE", help="write it there (default: configs/NAME.yaml)"
    )
    new.add_argument("--columns", metavar="A,B,C", help="the columns of a file without header")
    new.add_argument("--force", action="store_true", help="overwrite a file that is there")


def _check(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """End with exit code 2 when nothing was asked for, or things that exclude one another."""
    if given.command:
        if given.pipeline:
            parser.error(f"say either '{given.command}' or --pipeline {given.pipeline}")
        if given.command == "watch" and given.times is not None and given.times < 1:
            parser.error("--times is at least 1")
        return
    if not (given.pipeline or given.print_config or given.schema):
        parser.error("say what to do: --pipeline training, --print-config, --schema, or a COMMAND")
    deploys, infers = given.pipeline == "deployment", given.pipeline == "inference"
    misplaced = given.version is not None and not (deploys or infers)
    if misplaced or (given.rollback and not deploys):
        parser.error(
            "--version and --rollback belong to --pipeline deployment, --version to inference too"
        )
    if given.version is not None and given.rollback:
        parser.error("say either --version or --rollback")
    files = (given.input, given.output)
    if infers and not all(files):
        parser.error("--pipeline inference needs --input LOCATION and --output LOCATION")
    if not infers and (any(files) or given.shards is not None):
        parser.error("--input, --output and --shards belong to --pipeline inference")
    if given.shards is not None and not 1 <= given.shards <= MOST_SHARDS:
        parser.error(f"--shards is {given.shards}; give a number from 1 to {MOST_SHARDS:,}")
    if given.data and (deploys or infers):
        parser.error("--data belongs to --pipeline training and --pipeline monitoring")
    if given.image and not given.pipeline:
        parser.error("--image belongs to --pipeline")
    if given.dry_run and given.pipeline != "monitoring":
        parser.error("--dry-run belongs to --pipeline monitoring")
