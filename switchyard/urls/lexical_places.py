"""Compiled passes over the host and over the path of a canonical URL."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import float32, int64, uint8, uint64, void

from switchyard.compiling import bytes_, compiled
from switchyard.urls.lexical_measures import (
    PRIME,
    START,
    Bytes,
    Numbers,
    entropy,
    hash_on,
    meaning_of,
)
from switchyard.urls.vocabulary import (
    ABUSED,
    COMMON,
    FREE,
    INSTITUTION,
    MEDIA,
    PAGE,
    PROGRAM,
    SCRIPT,
    SECOND,
    SHORT,
)


@compiled(
    void(bytes_, int64, int64, bytes_, int64[::1], uint64[::1], uint8[::1], float32[::1], int64)
)
def describe_host(
    data: Bytes,
    start: int,
    stop: int,
    classes: Bytes,
    counts: npt.NDArray[np.int64],
    hashes: npt.NDArray[np.uint64],
    meanings: Bytes,
    row: Numbers,
    at: int,
) -> None:  # pragma: no cover  compiled
    """Labels, ending and kind of the host name in start..stop (no user, no port)."""
    labels = 1 if stop > start else 0
    longest = label = 0
    numeric = stop > start
    third = second = last = start - 1  # the last three dots
    for index in range(start, stop):
        byte = data[index]
        if byte == 46:
            labels += 1
            label = 0
            third, second, last = second, last, index
        else:
            label += 1
            longest = max(longest, label)
            numeric = numeric and classes[byte] == 1
    hexadecimal = stop - start > 2 and data[start] == 48 and data[start + 1] == 120
    ip = (numeric and labels in (1, 4)) or (hexadecimal and labels in (1, 4))
    ip = ip or (stop > start and data[start] == 91)
    tld = meaning = 0
    core_start, core_stop = start, stop
    two = False
    row[at + 8] = 0.0
    if not ip and labels > 1:
        tld = stop - last - 1
        value = hash_on(data, last, stop, START)
        meaning = meaning_of(value, hashes, meanings)
        row[at + 8] = np.float32(value % np.uint64(64))
        two = (
            tld == 2
            and labels > 2
            and meaning_of(hash_on(data, second + 1, last, START), hashes, meanings) == SECOND
        )
        core_start, core_stop = (third + 1, second) if two else (second + 1, last)
    home = 0
    if not ip and labels > 1:
        home = meaning_of(hash_on(data, second + 1, stop, START), hashes, meanings)
    digits = hyphens = 0
    for index in range(core_start, core_stop):
        digits += classes[data[index]] == 1
        hyphens += data[index] == 45
    punycode = 0
    for index in range(start, stop - 3):
        if (
            data[index] == 120
            and data[index + 1] == 110
            and data[index + 2] == 45
            and data[index + 3] == 45
        ):
            punycode = 1
    row[at] = labels
    row[at + 1] = longest
    row[at + 2] = core_stop - core_start
    row[at + 3] = entropy(data, core_start, core_stop, counts)
    row[at + 4] = digits
    row[at + 5] = hyphens
    row[at + 6] = max(0, core_start - start - 1)
    row[at + 7] = tld
    row[at + 9] = meaning == COMMON
    row[at + 10] = meaning == INSTITUTION
    row[at + 11] = meaning == ABUSED
    row[at + 12] = tld == 2
    row[at + 13] = two
    row[at + 14] = home == FREE
    row[at + 15] = home == SHORT
    row[at + 16] = ip
    row[at + 18] = punycode


@compiled(void(bytes_, int64, int64, int64, uint64[::1], uint8[::1], float32[::1], int64))
def describe_tail(
    data: Bytes,
    start: int,
    path_stop: int,
    stop: int,
    hashes: npt.NDArray[np.uint64],
    meanings: Bytes,
    row: Numbers,
    at: int,
) -> None:  # pragma: no cover  compiled
    """Segments and extension of the path in start..path_stop, what follows it up to stop."""
    depth = longest = first = double = scheme = www = parameters = 0
    segment = start
    dot = -1
    for index in range(start, path_stop):
        byte = data[index]
        if byte == 47:
            if depth:
                longest = max(longest, index - segment)
                if depth == 1:
                    first = index - segment
                double += index == segment
            depth += 1
            segment = index + 1
            dot = -1
        elif byte == 46:
            dot = index
    last = path_stop - segment if depth else 0
    longest = max(longest, last)
    if depth == 1:
        first = last
    for index in range(start, stop):
        byte = data[index]
        parameters += byte == 61 and index >= path_stop
        if stop - index > 3:
            low = byte | 32
            if low == 104:
                scheme += (
                    data[index + 1] | 32 == 116
                    and data[index + 2] | 32 == 116
                    and data[index + 3] | 32 == 112
                )
            elif low == 119:
                www += (
                    data[index + 1] | 32 == 119
                    and data[index + 2] | 32 == 119
                    and data[index + 3] == 46
                )
    meaning = 0
    extension = dot >= 0 and 0 < path_stop - dot - 1 <= 6
    if extension:
        value = (START ^ np.uint64(61)) * PRIME
        meaning = meaning_of(hash_on(data, dot + 1, path_stop, value), hashes, meanings)
    row[at] = stop == start
    row[at + 1] = depth
    row[at + 2] = longest
    row[at + 3] = first
    row[at + 4] = last
    row[at + 5] = double
    row[at + 6] = scheme
    row[at + 7] = www
    row[at + 8] = parameters
    row[at + 9] = meaning == SCRIPT
    row[at + 10] = meaning == PAGE
    row[at + 11] = meaning == PROGRAM
    row[at + 12] = meaning == MEDIA
    row[at + 13] = extension
