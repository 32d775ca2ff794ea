"""The command line of run.py: what may be said, and what makes no sense together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIPELINES = ("training", "deployment")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; argparse ends with exit code 2 when it is wrong.

    `command` is None where a pipeline is run or the configuration is shown.
    """
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="From labelled data to a registered champion and a service that answers by it, "
        "on the active ZenML stack.",
        epilog="Try: run.py --pipeline training, then run.py --pipeline deployment; see docs/.",
    )
    parser.add_argument("--pipeline", choices=PIPELINES, help="what to run")
    _add_use_case(parser)
    parser.add_argument(
        "--data", metavar="SOURCE", help="train on this file, https:// or s3:// location instead"
    )
    parser.add_argument(
        "--version", type=int, metavar="N", help="deploy this version instead of the champion"
    )
    parser.add_argument(
        "--rollback", action="store_true", help="deploy what was deployed before, and promote it"
    )
    parser.add_argument("--no-cache", action="store_true", help="run every step again")
    parser.add_argument(
        "--print-config", action="store_true", help="show each value and where it came from"
    )
    parser.add_argument(
        "--schema", action="store_true", help="show the configuration's JSON schema"
    )
    _add_loudness(parser)
    _add_commands(parser)
    arguments = parser.parse_args(argv)
    _check(parser, arguments)
    return arguments


def _add_use_case(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        default=ROOT / "configs" / "phishing.yaml",
        metavar="FILE",
        help="the use case (default: configs/phishing.yaml)",
    )
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one value, as in tuning.folds=5 (may be given several times)",
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

    add("status", "show what is deployed, and where")
    _add_use_case(add("stop", "end the service of a use case"))
    logs = add("logs", "show the last lines of a service's log")
    _add_use_case(logs)
    logs.add_argument("--lines", type=int, default=100, metavar="N", help="so many (default: 100)")
    stack = add("stack", "register stacks from their files")
    actions = stack.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "register or update the stack of a file; twice changes nothing"
    applied = actions.add_parser("apply", help=text, description=text)
    applied.add_argument("file", type=Path, metavar="FILE", help="as stacks/local.yaml")
    applied.add_argument("--dry-run", action="store_true", help="say what would be changed")
    _add_loudness(applied)


def _check(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """End with exit code 2 when nothing was asked for, or things that exclude one another."""
    if given.command:
        if given.pipeline:
            parser.error(f"say either '{given.command}' or --pipeline {given.pipeline}")
        return
    if not (given.pipeline or given.print_config or given.schema):
        parser.error("say what to do: --pipeline training, --print-config, --schema, or a COMMAND")
    deploys = given.pipeline == "deployment"
    if (given.version is not None or given.rollback) and not deploys:
        parser.error("--version and --rollback belong to --pipeline deployment")
    if given.version is not None and given.rollback:
        parser.error("say either --version or --rollback")
    if given.data and deploys:
        parser.error("--data belongs to --pipeline training")
