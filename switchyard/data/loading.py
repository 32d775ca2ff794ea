"""Loading: all sources of a use case, or the generated sample; where the rows came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from switchyard.configuration.model import Columns, Data, Definition
from switchyard.configuration.names import stored
from switchyard.configuration.tables import Table, Target
from switchyard.data.notices import SOURCE
from switchyard.data.reading import RawFrame, read
from switchyard.data.sources import fetch

LABEL = "label"
"""What the target is called in our own files."""

Report: TypeAlias = Callable[[int, int | None, str], None]
"""Called with what is done, what is to do (None where unknown), and a word about it."""


@dataclass(frozen=True)
class Origin:
    """Where some rows came from; a generated sample has no digest but says how it was made."""

    name: str
    location: str
    sha256: str | None
    rows: int
    synthetic: bool = False
    note: str | None = None


@dataclass(frozen=True)
class Provenance:
    """Where all rows came from."""

    origins: tuple[Origin, ...]

    @property
    def synthetic(self) -> bool:
        """Whether any row was generated."""
        return any(origin.synthetic for origin in self.origins)

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {"synthetic": self.synthetic, "origins": [asdict(each) for each in self.origins]}


@dataclass(frozen=True)
class Loaded:
    """Raw rows and where they came from."""

    raw: RawFrame
    provenance: Provenance


def load(data: Data, definition: Definition, seed: int, progress: Report | None = None) -> Loaded:
    """Fetch and read every source in order, the sample without one; feedback joins either.

    Errors as of `fetch` and `read`.
    """
    parts, origins = [], []
    labels, table, target = definition.labels, definition.table, definition.target
    if not data.sources:
        raw = sample(data.sample.rows, definition, seed)
        made = f"generated: {data.sample.rows} rows, seed {seed}"
        parts.append(raw)
        origins.append(Origin(SOURCE, made, None, len(raw), synthetic=True))
    # Feedback is laid out by us: under the names by which columns are stored.
    own = data.model_copy(update={"columns": Columns()})
    wanted = [(each, data, table, target) for each in data.sources]
    wanted += [(each, own, *_as_stored(table, target)) for each in data.feedback]
    for number, (source, columns, inputs, predicted) in enumerate(wanted, 1):
        file = fetch(source, data, _within(progress, f"source {number} of {len(wanted)}"))
        part = read(file, source, columns, labels, inputs, predicted)
        parts.append(part)
        origins.append(Origin(file.name, file.location, file.sha256, len(part), note=file.note))
        if progress:
            progress(number, len(wanted), f"{file.name}: {len(part):,} rows")
    return Loaded(RawFrame.join(parts), Provenance(tuple(origins)))


def _within(progress: Report | None, text: str) -> Callable[[int, int | None], None] | None:
    return (lambda done, total: progress(done, total, text)) if progress else None


def sample(rows: int, definition: Definition, seed: int) -> RawFrame:
    """Generated rows, of addresses or as a table declares its columns."""
    if definition.table is None:
        from switchyard.samples.urls import generate

        return RawFrame.of(generate(rows, seed, definition.labels))
    from switchyard.tables.samples import generate_table

    return generate_table(rows, definition, seed)


def _as_stored(table: Table | None, target: Target | None) -> tuple[Table | None, Target | None]:
    if table is None or target is None:
        return None, None
    inputs = tuple(
        column.model_copy(update={"name": stored(column.name)}) for column in table.inputs
    )
    group = tuple(map(stored, table.group))
    renamed = table.model_copy(update={"inputs": inputs, "group": group})
    return renamed, target.model_copy(update={"column": LABEL})
