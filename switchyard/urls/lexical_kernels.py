"""The compiled pass behind `lexical_features`; the columns' order is that of `LEXICAL_NAMES`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import float32, int64, uint8, uint64, void

from switchyard.compiling import bytes_, compiled, offsets_
from switchyard.urls.kernels import host_bounds
from switchyard.urls.lexical_measures import (
    CLASSES,
    Bytes,
    Numbers,
    count_words,
    describe_part,
)
from switchyard.urls.lexical_places import describe_host, describe_tail
from switchyard.urls.vocabulary import ending_table, word_table

TABLES = (CLASSES, *ending_table(), *word_table())
"""What `describe_rows` takes between the offsets and the numbers."""

PART, URL, HOST = 18, 14, 23
"""Columns that describe a part, the whole URL, and the host."""


@compiled(
    void(
        *(bytes_, offsets_, bytes_, uint64[::1], uint8[::1]),
        *(bytes_, int64[::1], uint8[::1], int64[::1], float32[:, ::1]),
    )
)
def describe_rows(
    data: Bytes,
    offsets: npt.NDArray[np.int64],
    classes: Bytes,
    hashes: npt.NDArray[np.uint64],
    meanings: Bytes,
    letters: Bytes,
    word_offsets: npt.NDArray[np.int64],
    groups: Bytes,
    first: npt.NDArray[np.int64],
    numbers: Numbers,
) -> None:  # pragma: no cover  compiled
    """Fills one row of `numbers` a canonical URL."""
    counts = np.zeros(256, np.int64)
    for index in range(len(offsets) - 1):
        row = numbers[index]
        start, stop = offsets[index], offsets[index + 1]
        host_start, name_stop, host_stop = host_bounds(data, start, stop)
        path_stop = host_stop
        while path_stop < stop and data[path_stop] != 63 and data[path_stop] != 35:
            path_stop += 1
        query_stop = path_stop
        while query_stop < stop and data[query_stop] != 35:
            query_stop += 1
        describe_part(data, start, host_stop, classes, counts, row, 0)
        describe_part(data, host_stop, stop, classes, counts, row, PART)
        at = 2 * PART
        capitals = escapes = slashes = equals = ampersands = 0
        ats = tildes = commas = semicolons = colons = 0
        for ahead in range(start, stop):
            byte = data[ahead]
            capitals += 65 <= byte <= 90
            escapes += byte == 37
            slashes += byte == 47
            equals += byte == 61
            ampersands += byte == 38
            ats += byte == 64
            tildes += byte == 126
            commas += byte == 44
            semicolons += byte == 59
            colons += byte == 58
        row[at] = stop - start
        row[at + 1] = max(0, query_stop - path_stop - 1)
        row[at + 2] = max(0, stop - query_stop - 1)
        row[at + 3] = capitals
        row[at + 4] = capitals / (stop - start) if stop > start else 0.0
        row[at + 5] = escapes
        row[at + 6] = slashes
        row[at + 7] = equals
        row[at + 8] = ampersands
        row[at + 9] = ats
        row[at + 10] = tildes
        row[at + 11] = commas
        row[at + 12] = semicolons
        row[at + 13] = colons
        at += URL
        describe_host(data, host_start, name_stop, classes, counts, hashes, meanings, row, at)
        row[at + 17] = name_stop < host_stop
        row[at + 19] = host_start > start
        count_words(data, start, host_stop, letters, word_offsets, groups, first, row, at + 20, 3)
        at += HOST
        describe_tail(data, host_stop, path_stop, stop, hashes, meanings, row, at)
        count_words(data, host_stop, stop, letters, word_offsets, groups, first, row, at + 14, 4)
