"""What kind of target a column is: a number, or two classes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.model import Labels
from switchyard.data.cleaning import MIN_PER_CLASS
from switchyard.errors import DataError
from switchyard.nearest import nearest
from switchyard.tables.casting import NOTHING, Fault, numbers
from switchyard.tables.cleaning import MIN_ROWS
from switchyard.tables.peeking import MOST_UNREAD, Peeked

_YES = ("yes", "true", "positive", "y", "t", "bad", "fail", "failed", "malignant")
_ONE, _NOUGHT = ("1", "1.0"), ("0", "-1", "0.0", "-1.0")
"""One says yes only beside these: beside 2 it is a number like any."""
_VAGUE = ("target", "label", "class", "y", "outcome", "result")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


@dataclass(frozen=True)
class TargetGuess:
    """The target: `values` a row (1 and 0 of classes), `wrong` where it has none.

    labels: of two classes, None of a number.
    """

    column: str
    values: npt.NDArray[np.float64]
    wrong: npt.NDArray[np.bool_]
    labels: Labels | None = None
    notes: tuple[str, ...] = ()


def guess_target(peeked: Peeked, name: str) -> TargetGuess:
    """What kind of target it is. DataError if it is not there or cannot be predicted."""
    if name not in peeked.columns:
        names = list(peeked.columns)
        meant = nearest(name, names)
        shown = ", ".join(f"'{each[:40]}'" for each in names[:12])
        raise DataError(
            f"there is no column '{name}'; "
            + (f"did you mean '{meant}'? " if meant else "")
            + f"It has {shown}{', …' if len(names) > 12 else ''}"
        )
    text = peeked.columns[name]
    if peeked.rows < MIN_ROWS:
        raise DataError(
            f"{peeked.rows:,} rows are too few to learn from; at least {MIN_ROWS} are needed"
        )
    absent = pc.is_in(pc.utf8_lower(text), pa.array(NOTHING, pa.large_string()))
    values, faults = numbers(text, name, missing=True)
    lacking = absent.to_numpy(zero_copy_only=False)
    numeric = not faults or sum(len(each.rows) for each in faults) <= 0.02 * peeked.rows
    if not numeric:  # among words 'none' may be one
        lacking = pc.equal(text, "").to_numpy(zero_copy_only=False)
    known = text.filter(pa.array(~lacking))
    _check_gaps(name, lacking)
    words = pc.utf8_lower(known).value_counts()
    counts: dict[str, int] = {word["values"]: word["counts"] for word in words.to_pylist()}
    gaps = (f"{lacking.sum():,} rows lack the target and are left out",) if lacking.any() else ()
    if len(counts) == 1:
        raise DataError(
            f"the target '{name}' is {next(iter(counts))[:40]!r} in every row: there is nothing "
            "to predict"
        )
    if len(counts) == 2:
        labels, renamed = _labels(name, counts)
        found = pc.is_in(pc.utf8_lower(text), pa.array(labels.positive_words, pa.large_string()))
        positive = found.to_numpy(zero_copy_only=False).astype(np.float64)
        return TargetGuess(name, positive, lacking, labels, (*gaps, *renamed))
    if not numeric:
        raise _classes(name, counts, text)
    return TargetGuess(name, values, ~np.isfinite(values), notes=(*gaps, *_few(values, faults)))


def _few(values: npt.NDArray[np.float64], faults: list[Fault]) -> tuple[str, ...]:
    known = np.unique(values[np.isfinite(values)])
    notes = []
    if faults:
        notes.append("some of its cells are no numbers: their rows are left out")
    if len(known) <= 10 and (known == np.floor(known)).all():
        told = ", ".join(f"{each:g}" for each in known)
        notes.append(
            f"it has {len(known)} values ({told}), which are taken for amounts; were they names of "
            "classes, a column with two of them would be needed"
        )
    return tuple(notes)


def _check_gaps(name: str, lacking: npt.NDArray[np.bool_]) -> None:
    share = lacking.mean()
    if share == 1:
        raise DataError(f"the target '{name}' has no value in any row")
    if share > MOST_UNREAD:
        raise DataError(
            f"the target '{name}' is missing in {lacking.sum():,} of {len(lacking):,} rows, the "
            f"first is row {int(np.argmax(lacking)) + 1:,}: fill these cells or remove the rows"
        )


def _labels(column: str, counts: dict[str, int]) -> tuple[Labels, tuple[str, ...]]:
    """The names of the classes, and what is to be said of them."""
    few = min(counts, key=lambda word: counts[word])
    if counts[few] < MIN_PER_CLASS:
        raise DataError(
            f"the target '{column}' is {few[:40]!r} in {counts[few]:,} rows; at least "
            f"{MIN_PER_CLASS} rows of each class are needed"
        )
    told = _ONE if set(counts) & set(_NOUGHT) else ()
    yes = next((word for word in (*told, *_YES) if word in counts), few)
    no = next(word for word in counts if word != yes)
    positive, negative = slug_of(yes), slug_of(no)
    if not (positive and negative) or positive == negative:
        positive = "" if column.lower() in _VAGUE else slug_of(column)[:37]
        positive, negative = (positive, f"not-{positive}") if positive else ("positive", "negative")
    labels = Labels(
        positive=positive, negative=negative, positive_words=(yes,), negative_words=(no,)
    )
    if (positive, negative) == (yes, no):
        return labels, ()
    return labels, (
        f"{yes[:40]!r} is called '{positive}' and {no[:40]!r} '{negative}': see labels in the file",
    )


def slug_of(word: str) -> str:
    """The word as a name of the configuration, '' where that is not possible."""
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:41].rstrip("-")
    return slug if _NAME.fullmatch(slug) else ""


def _classes(name: str, counts: dict[str, int], text: pa.LargeStringArray) -> DataError:
    shown = ", ".join(repr(word[:30]) for word in sorted(counts, key=lambda w: -counts[w])[:6])
    if len(counts) > 0.5 * len(text):
        return DataError(
            f"the target '{name}' is text that differs from row to row ({shown}, …). What can be "
            "predicted is a number, written as 1234.5, or one of two classes"
        )
    most = max(counts, key=lambda word: counts[word])
    return DataError(
        f"the target '{name}' has {len(counts):,} classes ({shown}"
        f"{', …' if len(counts) > 6 else ''}). What can be predicted is a number or one of two "
        f"classes: add a column that says whether it is {most[:30]!r} (yes or no), or keep the "
        "rows of two classes"
    )
