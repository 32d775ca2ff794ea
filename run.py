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
from types import FrameType
from typing import TYPE_CHECKING

from pipelines.arguments import parse

if TYPE_CHECKING:
    from switchyard.configuration.layers import Resolved
    from switchyard.configuration.model import UseCase


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
            return 128 + (stopped.asked or signal.SIGINT)
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
    """Remembers Ctrl-C and SIGTERM: libraries turn what interrupts them into errors of their own.

    asked: the signal's number; 0 while nobody has asked.
    """

    def __init__(self) -> None:
        self.asked = 0
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.asked = number
        raise KeyboardInterrupt


def execute(arguments: argparse.Namespace) -> int:
    """Show the configuration, run a pipeline, or do what a command says."""
    if arguments.command == "new":
        return create_use_case(arguments)
    if arguments.command == "status":
        return show_status(arguments)
    if arguments.command == "stack":
        return manage_stack(arguments)
    if arguments.command == "image":
        return build_images(arguments)
    if arguments.command == "schedule":
        return schedule(arguments)
    if arguments.command == "ui":
        return show_page(arguments)
    if not arguments.command and arguments.schema:
        return show_schema()
    resolved = resolve_configuration(arguments)
    if arguments.command == "stop":
        return stop_service(arguments, resolved)
    if arguments.command == "logs":
        return show_logs(arguments, resolved)
    if arguments.command == "watch":
        return watch(arguments, resolved)
    if arguments.print_config:
        return show_configuration(resolved)
    return run_pipeline(arguments, resolved)


def resolve_configuration(arguments: argparse.Namespace) -> Resolved:
    """The use case: defaults < its file < the environment < --data and --set."""
    from switchyard.configuration.layers import resolve

    overrides = []
    if arguments.data:
        source = [{"location": arguments.data}]
        overrides = [(("data", "sources"), source, f"--data {arguments.data}")]
    return resolve(arguments.config, os.environ, arguments.assignments, overrides)


def create_use_case(arguments: argparse.Namespace) -> int:
    """`new`."""
    from pipelines.creating import create

    asked = arguments
    return create(
        asked.name, asked.data, asked.target, asked.output, asked.columns, force=asked.force
    )


def show_schema() -> int:
    """`--schema`."""
    from switchyard.configuration.printing import json_schema

    print(json_schema())
    return 0


def show_configuration(resolved: Resolved) -> int:
    """`--print-config`."""
    from switchyard.configuration.printing import print_config

    print(print_config(resolved))
    return 0


def run_pipeline(arguments: argparse.Namespace, resolved: Resolved) -> int:
    """`--pipeline NAME`."""
    enter_workspace(arguments)
    from pipelines.starting import Manner

    case, manner = resolved.use_case, Manner(arguments.quiet, arguments.verbose, arguments.image)
    if arguments.pipeline == "training":
        from pipelines.running import run_training

        gc.freeze()
        gc.enable()
        return run_training(case, manner, cache=not arguments.no_cache)
    if arguments.pipeline == "monitoring":
        from pipelines.monitoring_runs import run_monitoring

        gc.freeze()
        gc.enable()
        return run_monitoring(resolved, manner, dry_run=arguments.dry_run)
    if arguments.pipeline == "inference":
        from pipelines.inferring import run_inference

        gc.freeze()
        gc.enable()
        source, output, version = arguments.input, arguments.output, arguments.version
        shards = arguments.shards or case.inference.shards
        return run_inference(case, manner, source, output, version, shards)
    from pipelines.deploying import run_deployment, run_rollback

    gc.freeze()
    gc.enable()
    if arguments.rollback:
        return run_rollback(case, manner)
    return run_deployment(case, manner, arguments.version)


def watch(arguments: argparse.Namespace, resolved: Resolved) -> int:
    """`watch`."""
    from pipelines.watching import start_watch

    # Each run opens the workspace for itself; only the exporter here has to know the store.
    exports = arguments.metrics_port is not None
    case = placed_case(arguments, resolved) if exports else resolved.use_case
    return start_watch(arguments, case)


def show_page(arguments: argparse.Namespace) -> int:
    """`ui`."""
    from pipelines.monitoring_pages import show

    resolved = None if arguments.state else resolve_configuration(arguments)
    case = placed_case(arguments, resolved) if resolved else None
    return show(arguments.page, case, arguments.state, arguments.host, arguments.port)


def show_status(arguments: argparse.Namespace) -> int:
    """`status`."""
    enter_workspace(arguments)
    from pipelines.services import status

    return status()


def stop_service(arguments: argparse.Namespace, resolved: Resolved) -> int:
    """`stop`."""
    enter_workspace(arguments)
    from pipelines.services import stop

    return stop(resolved.use_case.name)


def show_logs(arguments: argparse.Namespace, resolved: Resolved) -> int:
    """`logs`."""
    enter_workspace(arguments)
    from pipelines.services import logs

    return logs(resolved.use_case.name, arguments.lines)


def build_images(arguments: argparse.Namespace) -> int:
    """`image build`."""
    if arguments.push:  # to the active stack's registry
        enter_workspace(arguments)
    from stacks.images.command import build

    return build(arguments.names, arguments.base, push=arguments.push, quiet=arguments.quiet)


def schedule(arguments: argparse.Namespace) -> int:
    """`schedule monitoring`, `schedule list` and `schedule stop`."""
    resolved = None if arguments.action == "list" else resolve_configuration(arguments)
    enter_workspace(arguments)
    from pipelines import scheduling
    from pipelines.starting import Manner

    gc.freeze()
    gc.enable()
    if resolved is None:
        return scheduling.show_schedules()
    if arguments.action == "stop":
        return scheduling.stop_schedule(resolved.use_case)
    manner = Manner(arguments.quiet, arguments.verbose, arguments.image)
    return scheduling.schedule_monitoring(resolved, arguments.cron, manner)


def manage_stack(arguments: argparse.Namespace) -> int:
    """`stack apply FILE` and `stack doctor`."""
    if arguments.action == "doctor":
        resolved = resolve_configuration(arguments)
        enter_workspace(arguments)
        from stacks.commands import examine_stack

        return examine_stack(arguments.stack, resolved.use_case, as_json=arguments.json)
    enter_workspace(arguments)
    from stacks.commands import apply_file

    return apply_file(arguments.file, dry_run=arguments.dry_run)


def placed_case(arguments: argparse.Namespace, resolved: Resolved) -> UseCase:
    """The use case with its stores where the active stack keeps them."""
    enter_workspace(arguments)
    from stacks.deployers import opening

    case = opening.placed_case(resolved.use_case)
    gc.freeze()
    gc.enable()
    return case


def enter_workspace(arguments: argparse.Namespace) -> None:
    """Open ZenML as this project uses it, and say what that changed."""
    # Thousands of modules are about to be loaded, and none of them goes again.
    gc.disable()
    from stacks.workspace import open_workspace, set_environment

    set_environment(verbose=arguments.verbose)
    for change in open_workspace(verbose=arguments.verbose):
        print(change, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
