"""Compiled measures of a stretch of bytes, shared by the lexical passes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import float32, int64, uint8, uint64, void

from switchyard.compiling import bytes_, compiled
from switchyard.urls.vocabulary import FNV_PRIME, FNV_START, SLOTS

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float32]

DIGIT, CONSONANT, VOWEL, CAPITAL_CONSONANT, CAPITAL_VOWEL = range(1, 6)
CLASSES = np.zeros(256, np.uint8)
"""What kind of character a byte is; 0 is neither letter nor digit."""
CLASSES[list(b"0123456789")] = DIGIT
CLASSES[list(b"bcdfghjklmnpqrstvwxyz")] = CONSONANT
CLASSES[list(b"aeiou")] = VOWEL
CLASSES[list(b"BCDFGHJKLMNPQRSTVWXYZ")] = CAPITAL_CONSONANT
CLASSES[list(b"AEIOU")] = CAPITAL_VOWEL

START, PRIME = np.uint64(FNV_START), np.uint64(FNV_PRIME)


@compiled(float32(bytes_, int64, int64, int64[::1]))
def entropy(
    data: Bytes, start: int, stop: int, counts: npt.NDArray[np.int64]
) -> float:  # pragma: no cover  compiled
    """Bits a byte; `counts` (256) comes and leaves as zeros."""
    if stop <= start:
        return 0.0
    for at in range(start, stop):
        counts[data[at]] += 1
    total = 0.0
    for at in range(start, stop):
        count = counts[data[at]]
        if count:
            if count > 1:
                total += count * math.log2(count)
            counts[data[at]] = 0
    length = stop - start
    return max(0.0, math.log2(length) - total / length)


@compiled(void(bytes_, int64, int64, bytes_, int64[::1], float32[::1], int64))
def describe_part(
    data: Bytes,
    start: int,
    stop: int,
    classes: Bytes,
    counts: npt.NDArray[np.int64],
    row: Numbers,
    at: int,
) -> None:  # pragma: no cover  compiled
    digits = letters = vowels = dots = hyphens = underscores = marks = 0
    digit_run = digit_best = consonant_run = consonant_best = repeat_run = repeat_best = 0
    switches = tokens = token = token_best = token_total = hex_run = hex_digits = hex_best = 0
    before = before_kind = 0
    for index in range(start, stop):
        byte = data[index]
        kind = classes[byte]
        if kind == 1:
            digits += 1
            digit_run += 1
            digit_best = max(digit_best, digit_run)
        else:
            digit_run = 0
        if kind > 1:
            letters += 1
            if kind == 3 or kind == 5:
                vowels += 1
                consonant_run = 0
            else:
                consonant_run += 1
                consonant_best = max(consonant_best, consonant_run)
        else:
            consonant_run = 0
        switches += (before_kind == 1 and kind > 1) or (before_kind > 1 and kind == 1)
        repeat_run = repeat_run + 1 if byte == before else 1
        repeat_best = max(repeat_best, repeat_run)
        if kind:
            tokens += token == 0
            token += 1
            token_total += 1
            token_best = max(token_best, token)
            if kind == 1 or 97 <= (byte | 32) <= 102:
                hex_run += 1
                hex_digits += kind == 1
                if hex_digits and hex_run >= 8:
                    hex_best = max(hex_best, hex_run)
            else:
                hex_run = hex_digits = 0
        else:
            token = hex_run = hex_digits = 0
            if byte == 46:
                dots += 1
            elif byte == 45:
                hyphens += 1
            elif byte == 95:
                underscores += 1
            else:
                marks += 1
        before = byte
        before_kind = kind
    length = stop - start
    row[at] = length
    row[at + 1] = digits
    row[at + 2] = letters
    row[at + 3] = dots
    row[at + 4] = hyphens
    row[at + 5] = underscores
    row[at + 6] = marks
    row[at + 7] = digits / length if length else 0.0
    row[at + 8] = vowels / letters if letters else 0.0
    row[at + 9] = entropy(data, start, stop, counts)
    row[at + 10] = digit_best
    row[at + 11] = consonant_best
    row[at + 12] = repeat_best
    row[at + 13] = switches
    row[at + 14] = tokens
    row[at + 15] = token_best
    row[at + 16] = token_total / tokens if tokens else 0.0
    row[at + 17] = hex_best


@compiled(uint64(bytes_, int64, int64, uint64))
def hash_on(data: Bytes, start: int, stop: int, value: Any) -> Any:  # pragma: no cover  compiled
    """FNV-1a of lower-cased letters, continued from `value`."""
    for at in range(start, stop):
        byte = data[at]
        if 65 <= byte <= 90:
            byte |= 32
        value = (value ^ np.uint64(byte)) * PRIME
    return value


@compiled(uint8(uint64, uint64[::1], uint8[::1]))
def meaning_of(
    value: Any, hashes: npt.NDArray[np.uint64], meanings: Bytes
) -> Any:  # pragma: no cover  compiled
    slot = np.int64(value % np.uint64(SLOTS))
    while meanings[slot]:
        if hashes[slot] == value:
            return meanings[slot]
        slot = (slot + 1) % SLOTS
    return 0


@compiled(
    void(
        *(bytes_, int64, int64, bytes_, int64[::1], uint8[::1], int64[::1]),
        *(float32[::1], int64, int64),
    )
)
def count_words(
    data: Bytes,
    start: int,
    stop: int,
    letters: Bytes,
    offsets: npt.NDArray[np.int64],
    groups: Bytes,
    first: npt.NDArray[np.int64],
    row: Numbers,
    at: int,
    kinds: int,
) -> None:  # pragma: no cover  compiled
    """Counts into `row` the words of the first `kinds` groups, from the left, without overlaps."""
    for kind in range(kinds):
        row[at + kind] = 0.0
    index = start
    while index < stop:
        byte = data[index]
        if 65 <= byte <= 90:
            byte |= 32
        step = 1
        for word in range(first[byte], first[byte + 1]):
            begin = offsets[word]
            length = offsets[word + 1] - begin
            if groups[word] >= kinds or length > stop - index:
                continue
            same = 1
            while same < length:
                other = data[index + same]
                if 65 <= other <= 90:
                    other |= 32
                if other != letters[begin + same]:
                    break
                same += 1
            if same == length:
                row[at + groups[word]] += 1.0
                step = length
                break
        index += step
