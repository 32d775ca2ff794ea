"""What a person sees on the terminal while a pipeline runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from switchyard.progress import logger


class _Bars(logging.Handler):
    """Draws the records of switchyard.progress as one bar a stage."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def emit(self, record: logging.LogRecord) -> None:
        title, state = record.__dict__["stage"], record.__dict__["state"]
        done, total, text = (record.__dict__[name] for name in ("done", "total", "text"))
        if state == "started" or title not in self._tasks:
            self._tasks[title] = self._progress.add_task(title, total=None, text="")
        task = self._tasks[title]
        if state == "failed":
            self._progress.update(task, total=1, text="stopped")
            self._progress.stop_task(task)
        elif state == "finished":
            self._progress.update(task, total=1, completed=1, text="")
        elif state == "running":
            self._progress.update(task, completed=done, total=total, text=text)


class _Lines(logging.Handler):
    """Writes a line when a stage ends: for logs, pipes and CI."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        state = record.__dict__["state"]
        if state in ("finished", "failed"):
            mark = "done " if state == "finished" else "stopped"
            text = f"{record.__dict__['stage']}  {record.__dict__['text']}"
            self._console.print(f"{mark} {text}", highlight=False, markup=False)


@contextmanager
def display(console: Console, *, quiet: bool = False) -> Iterator[None]:
    """Show the stages of a run on `console` while the block runs; nothing when `quiet`."""
    if quiet:
        yield
        return
    columns = (
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[text]}", style="dim", markup=False),
    )
    progress = Progress(*columns, console=console) if console.is_terminal else None
    handler = _Bars(progress) if progress else _Lines(console)
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        with progress or nullcontext():
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
