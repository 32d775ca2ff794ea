"""Cleaning: canonical URLs, known labels, no duplicates; what is left out is counted and named."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.model import Data, Labels
from switchyard.data.ages import numbered, seen_lately
from switchyard.data.reading import RawFrame
from switchyard.data.rows import REJECTS, SHOWN
from switchyard.errors import DataError
from switchyard.urls.bulk import canonicalise_all, schemes_of
from switchyard.urls.domains import registered_domains
from switchyard.urls.problems import problems, too_long

MIN_PER_CLASS = 20
"""Fewer rows of a class cannot be learnt from, nor judged by."""

_BATCH = 500_000
_MISSING, _UNKNOWN = -1, -2

Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cleaned:
    """A cleaned frame (url, label, source, first_seen, scheme, group), the rejects and counts.

    `rejects`: row, source, url (its beginning), reason. `counts`: read, rejected, duplicates,
    contradictions (both left out, or kept where `deduplicated` is False), outdated (left out as
    `keep_months` says), rows.
    """

    frame: pd.DataFrame
    rejects: pd.DataFrame
    counts: dict[str, int]
    deduplicated: bool


def clean(raw: RawFrame, data: Data, labels: Labels) -> Cleaned:
    """The rows fit for training.

    Of rows with one canonical URL the first one with the earliest date stays; a URL that has both
    labels goes. DataError if too many rows are rejected or a class has too few.
    """
    label, unknown = read_labels(raw.rows["label"], labels)
    canonical, scheme, reason = _canonical(raw.rows["url"], data.max_url_length)
    reason = pc.coalesce(reason, label_reasons(label, unknown))
    rejects = _rejects(raw, reason)
    _check_share(rejects, len(raw), data, labels)

    good = np.flatnonzero(reason.is_null().to_numpy(zero_copy_only=False))
    if len(good) < len(label):
        canonical, scheme = canonical.take(pa.array(good)), scheme.take(pa.array(good))
        label = label[good]
    months = raw.rows["first_seen"].combine_chunks().take(pa.array(good))
    kept = seen_lately(months, label, data.keep_months)
    outdated = len(label) - len(kept)
    if outdated:
        canonical, scheme = canonical.take(pa.array(kept)), scheme.take(pa.array(kept))
        months, label, good = months.take(pa.array(kept)), label[kept], good[kept]
    duplicate, contradiction = _repeats(canonical, label, months)
    counts = {
        "read": len(raw),
        "rejected": rejects.num_rows,
        "outdated": outdated,
        "duplicates": int(duplicate.sum()),
        "contradictions": int(contradiction.sum()),
    }
    if data.drop_duplicates and (duplicate.any() or contradiction.any()):
        kept = np.flatnonzero(~(duplicate | contradiction))
        canonical, scheme = canonical.take(pa.array(kept)), scheme.take(pa.array(kept))
        months, label, good = months.take(pa.array(kept)), label[kept], good[kept]
    counts["rows"] = len(label)
    check_classes(label, labels)
    table = pa.table(
        {
            "url": canonical,
            "label": label,
            "source": raw.rows["source"].combine_chunks().take(pa.array(good)),
            "first_seen": months.cast(pa.large_string()),
            "scheme": scheme,
            "group": registered_domains(canonical),
        }
    )
    frame = table.to_pandas()
    frame["source"] = frame["source"].cat.remove_unused_categories()
    return Cleaned(frame, rejects.to_pandas(), counts, data.drop_duplicates)


def read_labels(column: pa.ChunkedArray, labels: Labels) -> tuple[npt.NDArray[np.int8], pa.Array]:
    """1, 0, or why not as a negative number; and the rows' words."""
    words = column.combine_chunks()
    meanings = dict.fromkeys((*labels.negative_words, labels.negative), 0)
    meanings |= dict.fromkeys((*labels.positive_words, labels.positive), 1)
    meanings = {word.strip().lower(): meaning for word, meaning in meanings.items()}
    meanings[""] = _MISSING
    table = [meanings.get(word.strip().lower(), _UNKNOWN) for word in words.dictionary.to_pylist()]
    codes = pc.fill_null(words.indices, len(table)).to_numpy()
    return np.array([*table, _MISSING], np.int8)[codes], words


def label_reasons(label: npt.NDArray[np.int8], words: pa.DictionaryArray) -> pa.Array:
    """Why a row has no label, null where it has one; arguments: what `read_labels` returned."""
    reasons = pa.array(
        [f"unknown label '{word[:40]}'" for word in words.dictionary.to_pylist()],
        pa.large_string(),
    )
    if not (label < 0).any():
        return pa.nulls(len(label), pa.large_string())
    told = reasons.take(words.indices)
    told = pc.if_else(pa.array(label == _MISSING), "no label", told)
    return pc.if_else(pa.array(label < 0), told, pa.scalar(None, pa.large_string()))


def _canonical(
    column: pa.ChunkedArray, max_length: int
) -> tuple[pa.LargeStringArray, pa.DictionaryArray, pa.LargeStringArray]:
    """Canonical URLs, the schemes they were given with, and what is wrong with them."""
    parts: list[tuple[Any, Any, Any]] = []
    for start in range(0, max(len(column), 1), _BATCH):
        urls = column.slice(start, _BATCH).combine_chunks()
        long = pc.greater(pc.utf8_length(urls), max_length)
        if pc.any(long).as_py():
            urls = pc.if_else(long, "", urls)
        canonical = canonicalise_all(urls)
        wrong = problems(urls, max_length, canonical)
        wrong = pc.if_else(long, too_long(max_length), wrong)
        parts.append((canonical, schemes_of(urls), wrong))
    canonical, scheme, wrong = (pa.chunked_array(part) for part in zip(*parts, strict=True))
    parts.clear()
    return canonical.combine_chunks(), scheme.combine_chunks(), wrong.combine_chunks()


def _rejects(raw: RawFrame, reason: pa.LargeStringArray) -> pa.Table:
    bad = pc.indices_nonzero(reason.is_valid())
    rows = raw.rows.select(["row", "source", "url"]).take(bad)
    found = pa.table(
        {
            "row": rows["row"],
            "source": rows["source"].cast(pa.large_string()),
            "url": pc.utf8_slice_codeunits(rows["url"], 0, SHOWN),
            "reason": reason.take(bad),
        }
    )
    return pa.concat_tables([raw.rejects, found.cast(REJECTS)]).combine_chunks()


def _repeats(
    canonical: pa.LargeStringArray, label: npt.NDArray[np.int8], months: pa.DictionaryArray
) -> tuple[Mask, Mask]:
    """Which rows repeat another's URL and label, and which have a URL with both labels."""
    codes = canonical.dictionary_encode().indices.to_numpy()
    distinct = int(codes.max()) + 1 if len(codes) else 0
    if distinct == len(codes):
        nothing = np.zeros(len(codes), np.bool_)
        return nothing, nothing
    total = np.bincount(codes, minlength=distinct)
    positive = np.bincount(codes[label == 1], minlength=distinct)
    contradiction = ((positive > 0) & (positive < total))[codes]
    age = numbered(months) * len(codes) + np.arange(len(codes))
    first = np.full(distinct, np.iinfo(np.int64).max)
    np.minimum.at(first, codes, age)
    return (first[codes] != age) & ~contradiction, contradiction


def _check_share(rejects: pa.Table, read: int, data: Data, labels: Labels) -> None:
    if read == 0:
        raise DataError("the sources hold no rows; give at least one file with rows")
    count = rejects.num_rows
    if count <= data.max_reject_share * read:
        return
    reasons = Counter(rejects["reason"].to_pylist()).most_common(5)
    told = "; ".join(f"{reason}: {times:,}" for reason, times in reasons)
    row = rejects.slice(0, 1).to_pylist()[0]
    example = f"such as row {row['row']} of '{row['source']}', '{row['url'][:60]}'"
    unknown = sum(times for reason, times in reasons if reason.startswith("unknown label"))
    if 2 * unknown > count:
        advice = (
            f"Known words are {', '.join((*labels.positive_words, *labels.negative_words))}: "
            "put the file's own into labels: positive_words, negative_words"
        )
    else:
        advice = "Look at these rows; if they may be left out, raise data.max_reject_share"
    raise DataError(
        f"{count:,} of {read:,} rows are rejected ({count / read:.1%}, at most "
        f"{data.max_reject_share:.1%} is allowed): {told}; {example}. {advice}"
    )


def check_classes(label: npt.NDArray[np.int8], labels: Labels) -> None:
    """DataError unless there are enough rows of both classes."""
    counts = {labels.positive: int((label == 1).sum()), labels.negative: int((label == 0).sum())}
    told = ", ".join(f"{count:,} '{name}'" for name, count in counts.items())
    if 0 in counts.values():
        raise DataError(
            f"the data hold one class only: {told} rows. Add a source of the other class"
        )
    if min(counts.values()) < MIN_PER_CLASS:
        raise DataError(
            f"too few rows to learn from: {told}, after cleaning; "
            f"at least {MIN_PER_CLASS} of each are needed"
        )
