#!/usr/bin/env python
"""Switchyard's command: parse, resolve the configuration, run a pipeline, report, exit code.

Exit codes: 0 done, 1 a gate refused, 2 the request was wrong, 3 the platform failed, 130 stopped.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent
PIPELINES = ("training",)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; argparse ends with exit code 2 when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="From labelled data to a registered champion, on the active ZenML stack.",
        epilog="Try: run.py --pipeline training, then see docs/ for what it made.",
    )
    parser.add_argument("--pipeline", choices=PIPELINES, help="what to run")
    parser.add_argument(
        "--config",
        type=Path,
        default=ROOT / "configs" / "phishing.yaml",
        metavar="FILE",
        help="the use case (default: configs/phishing.yaml)",
    )
    parser.add_argument(
        "--data", metavar="SOURCE", help="train on this file, https:// or s3:// location instead"
    )
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one value, as in tuning.folds=5 (may be given several times)",
    )
    parser.add_argument("--no-cache", action="store_true", help="run every step again")
    parser.add_argument(
        "--print-config", action="store_true", help="show each value and where it came from"
    )
    parser.add_argument(
        "--schema", action="store_true", help="show the configuration's JSON schema"
    )
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("--quiet", action="store_true", help="only the result and errors")
    loudness.add_argument("--verbose", action="store_true", help="all logs, and tracebacks")
    arguments = parser.parse_args(argv)
    if not (arguments.pipeline or arguments.print_config or arguments.schema):
        parser.error("say what to do: --pipeline training, --print-config or --schema")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line asks for and return the exit code."""
    arguments = parse(argv)
    from switchyard.errors import SwitchyardError

    stopped = Stop()
    try:
        return execute(arguments)
    except BaseException as error:
        if stopped.asked or isinstance(error, KeyboardInterrupt):
            print("stopped; the same command goes on from the finished steps", file=sys.stderr)
            return 130
        if not isinstance(error, Exception):
            raise
        if arguments.verbose:
            traceback.print_exc()
        if isinstance(error, SwitchyardError):
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return error.exit_code
        print(f"unexpected {type(error).__name__}: {error}", file=sys.stderr)
        print("this is a defect; --verbose shows where it happened", file=sys.stderr)
        return 3


class Stop:
    """Remembers Ctrl-C: libraries turn the interruption they meet into errors of their own."""

    def __init__(self) -> None:
        self.asked = False
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked = True
        raise KeyboardInterrupt


def execute(arguments: argparse.Namespace) -> int:
    """Resolve the configuration, then print what was asked for or run the pipeline."""
    from switchyard.configuration.layers import resolve
    from switchyard.configuration.printing import json_schema, print_config

    if arguments.schema:
        print(json_schema())
        return 0
    overrides = []
    if arguments.data:
        source = [{"location": arguments.data}]
        overrides = [(("data", "sources"), source, f"--data {arguments.data}")]
    resolved = resolve(arguments.config, os.environ, arguments.assignments, overrides)
    if arguments.print_config:
        print(print_config(resolved))
        return 0

    # Thousands of modules are about to be loaded, and none of them goes again.
    gc.disable()
    from stacks.workspace import open_workspace, set_environment

    set_environment(verbose=arguments.verbose)
    for change in open_workspace(verbose=arguments.verbose):
        print(change, file=sys.stderr)

    from pipelines.running import run_training

    gc.freeze()
    gc.enable()
    return run_training(
        resolved.use_case,
        cache=not arguments.no_cache,
        quiet=arguments.quiet,
        verbose=arguments.verbose,
    )


if __name__ == "__main__":
    sys.exit(main())
