"""What one column of an unknown table most likely is: an input, or why it is none."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.tables import Column
from switchyard.tables.casting import NOTHING, NUMBER, numbers
from switchyard.tables.coding import RARE

Mask = npt.NDArray[np.bool_]

SAMPLE = 20_000
"""Rows from which the types are guessed; bounds, categories and gaps are those of all rows."""

LISTED = 50
"""More categories are not written down: those of the training rows are taken."""

_FEW = 10
_LONG = 200
"""Of a text so many characters are looked at; no longer one is written down."""

_WORDS = re.compile(r"[A-Za-z]+|[0-9]+")
_IDS = {"id", "ids", "key", "uuid", "guid", "rownum", "identifier"}
_KEYS = _IDS | {"index", "nr", "no"}
"""Of these the latter say little beside other words: heat_index, partner_no."""

_CODES = {"code", "type", "class", "kind", "category", "zip", "region", "group", "flag", "cluster"}
_NAMING = _IDS | _CODES | {"postal", "postcode", "zipcode", "plz", "phone", "account", "nr", "no"}
_LATER = {
    *("birth", "birthday", "birthdate", "born", "dob", "death", "died", "close", "closed"),
    *("end", "ended", "ends", "due", "expiry", "expires", "expiration", "deadline"),
}
"""Words of dates that do not say when a row was first seen."""

_SEEN = 0.95
"""A column that dates the rows has a date in so many of them."""
_ISO = r"^(19|20)[0-9]{2}[-/](0[1-9]|1[0-2])([-/][0-9]{1,2})?([T ].*)?$"
_DATE = r"^[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4}([T ].*)?$"
_COMPACT = r"^(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
_TIMES = ((9.46e8, 2.05e9), (9.46e11, 2.05e12))
"""Seconds and milliseconds since 1970 of the years 2000 to 2034."""

_DRESSED = r"^[$€£]?\s?[+-]?[0-9]+([.,\s][0-9]+)*\s?(%|[$€£]|[a-zA-Z]{1,3})?$"


@dataclass(frozen=True)
class Left:
    """A column that is no input, and why; dates: whether it may date the rows."""

    name: str
    reason: str
    dates: bool = False
    key: bool = False


@dataclass(frozen=True)
class Found:
    """An input, the rows whose cells it refuses, and what to look at."""

    column: Column
    wrong: Mask
    note: str = ""
    key: bool = False


def guess_column(name: str, text: pa.LargeStringArray) -> Found | Left:
    """What a column is by its name and its cells, '' where one is missing."""
    sample = sampled(text)
    known = sample.filter(pc.not_equal(sample, ""))
    if not len(known):
        known = text.filter(pc.not_equal(text, ""))[:SAMPLE]
    if not len(known):
        return Left(name, "it has no value in any row")
    if pc.all(pc.equal(text, text[0])).as_py():
        return Left(name, f"it is {text[0].as_py()[:40]!r} in every row")
    words = [word.lower() for word in _WORDS.findall(re.sub(r"([a-z])([A-Z])", r"\1 \2", name))]
    if _share(known, _ISO) > 0.95:
        dates = len(known) >= _SEEN * len(sample) and not _LATER & set(words)
        return Left(name, "a date, and a model takes numbers and categories", dates=dates)
    if _share(known, _COMPACT) > 0.95:
        return Left(name, "dates that are not written as 2024-02-28")
    if _share(known, _DATE) > 0.95 and not _share(known, NUMBER.pattern) > 0.5:
        return Left(name, "dates that are not written as 2024-02-28")
    numeric = known.filter(
        pc.invert(pc.is_in(pc.utf8_lower(known), pa.array(NOTHING, pa.large_string())))
    )
    share = _share(numeric, NUMBER.pattern) if len(numeric) else 0.0
    if share > 0.95 and not _is_code(numeric, set(words)):
        return _number(name, text, words)
    return _category(name, text, words, number_share=share)


def sampled(text: pa.LargeStringArray) -> pa.LargeStringArray:
    """At most `SAMPLE` of the values, evenly spread."""
    if len(text) <= SAMPLE:
        return text
    return text.take(pa.array(np.linspace(0, len(text) - 1, SAMPLE).astype(np.int64)))


def _share(text: pa.LargeStringArray, pattern: str) -> float:
    return float(pc.mean(pc.match_substring_regex(text, pattern).cast(pa.float64())).as_py() or 0)


def _is_code(known: pa.LargeStringArray, words: set[str]) -> bool:
    """Whether numbers are names of something: leading noughts, or few whole ones far apart."""
    if _share(known, r"^0[0-9]+$") > 0.01:
        return True
    if _share(known, r"^[0-9]+$") < 1.0:
        return False
    values = [int(value) for value in pc.unique(known).to_pylist()]
    if len(values) > _FEW or len(known) < 5 * len(values):
        return False
    apart = max(values) - min(values) + 1 > 10 * len(values)
    return bool(words & _CODES) or (apart and min(values) >= 10)


def _is_key(words: list[str], distinct: int, rows: int) -> bool:
    """Whether a name is that of an identifier, and the values many enough to be such."""
    telling = _KEYS if len(words) == 1 else _IDS
    return bool(telling & set(words[-1:])) and distinct > 0.05 * rows


def _number(name: str, text: pa.LargeStringArray, words: list[str]) -> Found | Left:
    values, faults = numbers(text, name, missing=True)
    wrong: Mask = np.zeros(len(text), bool)
    notes = []
    for fault in faults:
        wrong[fault.rows] = True
        shown = text[int(fault.rows[0])].as_py()[:30]
        notes.append(f"{len(fault.rows):,} cells are no numbers, such as {shown!r}")
    known = values[np.isfinite(values)]
    distinct = np.unique(known)
    if len(distinct) < 2 and len(known) == len(values):
        return Left(name, f"it is {distinct[0]:g} in every row")
    if not len(distinct):
        return Left(name, "it has no number in any row")
    whole = bool((known == np.floor(known)).all())
    if whole and len(distinct) == len(known) == len(values):
        steps = np.diff(distinct)
        if _KEYS & set(words[-1:]) or (len(known) > _FEW and bool((steps == 1).all())):
            return Left(name, "an identifier: another whole number in each row", key=False)
    if whole and _is_key(words, len(distinct), len(known)):
        return Left(name, "an identifier, by its name", key=_repeats(len(distinct), len(known)))
    far = _far(known)
    if far.any():
        cells = np.flatnonzero(np.isfinite(values))[far]
        wrong[cells] = True
        shown = text[int(cells[0])].as_py()[:30]
        notes.append(f"{len(cells):,} values are far from all others, such as {shown!r}")
        known = known[~far]
    low, high = bounds(known, whole=whole)
    if whole and len(distinct) <= _FEW:
        low, high = float(known.min()), float(known.max())
        notes.append(f"{len(distinct)} whole numbers: 'type: category' if they are codes")
    elif whole:
        notes += _doubts(known, words)
    lacking = bool(np.isnan(values[~wrong]).any())
    column = Column(
        name=name,
        type="number",
        minimum=low,
        maximum=high,
        missing="allow" if lacking else "error",
    )
    return Found(column, wrong, "; ".join(notes))


def _doubts(known: npt.NDArray[np.float64], words: list[str]) -> list[str]:
    """Why whole numbers may be no amounts."""
    if any(low <= known.min() and known.max() <= high for low, high in _TIMES):
        return ["times since 1970? No later row has them again: remove it, or take the hour"]
    if _NAMING & set(words):
        return ["codes, by its name? Then 'type: category', or remove it"]
    if len(known) > LISTED and len(np.unique(known)) == len(known):
        return ["another whole number in each row: an identifier? Then remove it"]
    return []


def bounds(known: npt.NDArray[np.float64], *, whole: bool) -> tuple[float, float]:
    """The range with some room around it, in round numbers; nought is not crossed."""
    low, high = float(known.min()), float(known.max())
    room = 0.1 * (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(room)) if math.isfinite(room) else 1.0
    step = max(step, 1.0) if whole else step
    wide = (
        _rounded(math.floor((low - room) / step) * step),
        _rounded(math.ceil((high + room) / step) * step),
    )
    if not all(map(math.isfinite, wide)):
        return low, high
    return (
        0.0 if low >= 0.0 > wide[0] else wide[0],
        0.0 if high <= 0.0 < wide[1] else wide[1],
    )


def _rounded(value: float) -> float:
    return float(f"{value:.12g}")


def _far(known: npt.NDArray[np.float64]) -> Mask:
    """Values a thousand times farther off than all but the outermost are from one another."""
    nothing = np.zeros(len(known), bool)
    if len(known) < 100:
        return nothing
    low, high = np.quantile(known, [0.02, 0.98])
    span = high - low
    if not span > 0:
        return nothing
    far: Mask = (known > high + 1_000 * span) | (known < low - 1_000 * span)
    return far


def _category(
    name: str, text: pa.LargeStringArray, words: list[str], number_share: float
) -> Found | Left:
    empty = pc.equal(text, "").to_numpy(zero_copy_only=False)
    counts = text.filter(pa.array(~empty)).value_counts()
    tally = counts.field("counts").to_numpy()
    rows, distinct = int(tally.sum()), len(tally)
    whole = counts.field("values")
    found = pc.utf8_slice_codeunits(whole, 0, _LONG)
    if _share(found, r"\S\s+\S+\s+\S+\s+\S") > 0.5 and distinct > max(LISTED, rows // 5):
        return Left(name, "free text")
    enough = tally[tally >= RARE].sum() >= rows / 2 and (tally >= RARE).sum() >= 2
    if distinct > 0.9 * rows and rows > LISTED:
        return Left(name, "an identifier, or free text: another text in nearly every row")
    if not enough and (distinct > 20 or distinct > rows / 3):
        if number_share > 0.5:
            shown = next((v for v in found.to_pylist() if not NUMBER.fullmatch(v)), "")
            return Left(name, f"numbers mixed with text such as {shown[:30]!r}; leave those empty")
        if _share(found, _DRESSED) > 0.9:
            shown = found[0].as_py()
            return Left(name, f"numbers in disguise, such as {shown[:30]!r}; write 1234.5")
        return Left(name, f"{distinct:,} texts in {rows:,} rows: too many, too rarely repeated")
    if distinct > LISTED and _is_key(words, distinct, rows):
        return Left(name, "an identifier, by its name", key=True)
    rare = bool((tally < 2 * RARE).any())
    long = pc.max(pc.utf8_length(whole)).as_py() > _LONG
    column = Column(
        name=name,
        type="category",
        values=() if rare or long or distinct > LISTED else tuple(sorted(found.to_pylist())),
        unknown="other" if rare and enough else "error",
        missing="allow" if empty.any() else "error",
    )
    note = f"{distinct:,} categories" + (", the rare ones as 'other'" if rare and enough else "")
    return Found(column, np.zeros(len(text), bool), note, key=_repeats(distinct, rows))


def _repeats(distinct: int, rows: int) -> bool:
    """Whether values look like entities that have a few rows each."""
    return distinct >= LISTED and rows >= 2 * distinct
