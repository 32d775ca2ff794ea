"""Tokens of many texts at once: a compiled pass over arrow's buffers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from switchyard.compiling import compiled
from switchyard.urls.bulk import buffers

MINIMUM = 2
"""Shorter tokens are not kept: `CountVectorizer` drops words of one character."""


def token_slices(texts: pa.LargeStringArray) -> tuple[pa.LargeStringArray, npt.NDArray[np.int64]]:
    """Lower-cased runs of Latin letters of `MINIMUM` or more, in order, and where each text's end.

    Returns the tokens and `ends` (n + 1): the tokens of text i are `tokens[ends[i]:ends[i + 1]]`.
    """
    data, offsets = buffers(texts)
    tokens, characters = _measure(offsets, data)
    ends = np.empty(len(texts) + 1, np.int64)
    starts = np.empty(tokens + 1, np.int64)
    letters = np.empty(characters, np.uint8)
    _emit(offsets, data, ends, starts, letters)
    array = pa.LargeStringArray.from_buffers(tokens, pa.py_buffer(starts), pa.py_buffer(letters))
    return array, ends


@compiled()
def _measure(
    offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]
) -> tuple[int, int]:  # pragma: no cover  compiled
    tokens = 0
    characters = 0
    for row in range(len(offsets) - 1):
        length = 0
        for at in range(offsets[row], offsets[row + 1]):
            if 97 <= (data[at] | 32) <= 122:
                length += 1
            else:
                if length >= MINIMUM:
                    tokens += 1
                    characters += length
                length = 0
        if length >= MINIMUM:
            tokens += 1
            characters += length
    return tokens, characters


@compiled()
def _emit(
    offsets: npt.NDArray[np.int64],
    data: npt.NDArray[np.uint8],
    ends: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    letters: npt.NDArray[np.uint8],
) -> None:  # pragma: no cover  compiled
    tokens = 0
    written = 0
    starts[0] = 0
    ends[0] = 0
    for row in range(len(offsets) - 1):
        length = 0
        stop = offsets[row + 1]
        for at in range(offsets[row], stop + 1):
            if at < stop and 97 <= (data[at] | 32) <= 122:
                length += 1
                continue
            if length >= MINIMUM:
                for back in range(at - length, at):
                    letters[written] = data[back] | 32
                    written += 1
                tokens += 1
                starts[tokens] = written
            length = 0
        ends[row + 1] = tokens
