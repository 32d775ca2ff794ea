"""What `run.py new` does: look at a table, guess what it is, write the YAML of a use case."""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from rich.console import Console

from pipelines.arguments import ROOT
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import Data, Source
from switchyard.configuration.tasks import TASKS
from switchyard.data.sources import fetch
from switchyard.errors import PlatformError, RequestError
from switchyard.tables.drafting import draft, shown_left, task_of
from switchyard.tables.guessing import LOOKED_AT, Guess, guess_inputs
from switchyard.tables.peeking import Peeked, peek
from switchyard.tables.targets import TargetGuess, guess_target, slug_of

FIRST_PORT = 3000
CONFIGS = ROOT / "configs"
"""Where use cases are looked for besides the folder of the new one."""

_SHOWN = 6
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


def create(
    name: str, data: str, target: str, output: Path | None, columns: str | None, *, force: bool
) -> int:
    """Write the use case and say what was guessed; return the exit code.

    RequestError when the name, the place or the file cannot be used; nothing is written then.
    """
    check_name(name)
    path = output or CONFIGS / f"{name}.yaml"
    _check_place(path, name, force=force)
    named = tuple(each.strip() for each in next(csv.reader([columns]), [])) if columns else ()
    file = fetch(Source(location=data), Data())
    peeked = peek(file.path, target, named)
    wanted = guess_target(peeked, target)
    guess = guess_inputs(peeked, wanted)
    text = draft(name, _location(data), peeked, wanted, guess, free_port(path))
    _write(path, text)
    Console(soft_wrap=True).out("\n".join(_told(path, peeked, wanted, guess)), highlight=False)
    return 0


def check_name(name: str) -> None:
    """RequestError, with a name that would do, unless a use case may be called so."""
    if _NAME.fullmatch(name):
        return
    near = slug_of(name.lstrip("0123456789-_ "))
    raise RequestError(
        f"'{name}' is no name of a use case: small letters, digits and hyphens, first a letter, at "
        f"most 41" + (f"; take '{near}'" if near else "")
    )


def free_port(path: Path) -> int:
    """The port above those of all use cases that are known; a file that is there keeps its."""
    path = path.resolve()
    used = {other: _port(values) for other, values in _neighbours(path)}
    if path in used:
        return used[path]
    return max((port + 1 for port in used.values()), default=FIRST_PORT)


def _port(values: dict[str, object]) -> int:
    serving = values.get("serving")
    port = serving.get("port", FIRST_PORT) if isinstance(serving, dict) else FIRST_PORT
    return port if isinstance(port, int) and port < 65_535 else FIRST_PORT


def _neighbours(path: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    """The use cases in the folder of this one, and those of the project: files and contents."""
    folders = dict.fromkeys((path.parent.resolve(), CONFIGS.resolve()))
    for other in (each for folder in folders for each in sorted(folder.glob("*.y*ml"))):
        try:
            values = yaml.safe_load(other.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue  # what is no use case has no port
        if isinstance(values, dict) and "name" in values:
            yield other, values


def _check_place(path: Path, name: str, *, force: bool) -> None:
    if path.suffix not in (".yaml", ".yml"):
        raise RequestError(f"'{path}' has to end in .yaml")
    if path.is_dir():
        raise RequestError(f"'{path}' is a folder; name a file in it")
    if path.exists() and not force:
        raise RequestError(f"'{path}' is there already; --force writes it anew")
    twin = next((at for at, values in _neighbours(path) if values["name"] == name), None)
    if twin not in (None, path.resolve()):
        raise RequestError(f"'{twin}' is a use case called '{name}' too; take another name")


def _location(data: str) -> str:
    """Where the data lie, as a run from the project's folder finds them."""
    if "://" in data or Path.cwd() == ROOT:
        return data
    return str(Path(data).expanduser().resolve())


def _write(path: Path, text: str) -> None:
    """Put the file in place whole, once its content is known to be a use case."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            resolve(Path(made))
            Path(made).chmod(0o644)
            Path(made).replace(path)
        finally:
            Path(made).unlink(missing_ok=True)
    except OSError as cause:
        raise PlatformError(f"'{path}' cannot be written: {cause.strerror or cause}") from cause


def _told(path: Path, peeked: Peeked, target: TargetGuess, guess: Guess) -> Iterator[str]:
    shown = os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    marks = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}
    cut = f", cut at {marks[peeked.delimiter]}" if peeked.form == "delimited" else ""
    yield f"wrote      {shown}"
    yield f"read       {peeked.rows:,} rows, {len(peeked.columns):,} columns ({peeked.form}{cut})"
    if peeked.unread[0]:
        yield f"look       {peeked.unread[0]:,} rows cannot be read: {peeked.unread[1]}"
    told = "a number" if TASKS[task_of(target)].numbers else "two classes"
    if target.labels is not None:
        (yes,), (no,) = target.labels.positive_words, target.labels.negative_words
        told += f", {yes[:40]!r} (to be found) and {no[:40]!r}"
    yield f"target     '{target.column}': {told}, so the task is {task_of(target)}"
    yield from (f"look       '{target.column}': {note}" for note in target.notes)
    for kind in ("number", "category"):
        names = [column.name for column in guess.inputs if column.type == kind]
        listed = ", ".join(f"'{each[:40]}'" for each in names[:_SHOWN])
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        if names:
            yield f"inputs     {len(names):,} as {kind}: {listed}{more}"
    yield from shown_left(guess)
    if guess.first_seen:
        yield f"dated      by '{guess.first_seen}'"
    if guess.group:
        yield f"look       '{guess.group[0]}' looks like a key: see table: group in the file"
    for leak, power in list(guess.leaks.items())[:_SHOWN]:
        yield f"look       '{leak}' tells nearly all of the target (R² {power:.3f}): known before?"
    if len(guess.inputs) > LOOKED_AT:
        yield f"look       only the first {LOOKED_AT} inputs were looked at for knowing the target"
    if guess.rejected:
        yield f"look       {guess.rejected:,} rows have cells that do not fit, and will be left out"
    yield ""
    yield "Read the file, mend what was guessed wrongly, then:"
    yield f"  uv run run.py --pipeline training --config {shown}"
    yield f"  uv run run.py --pipeline deployment --config {shown}"
