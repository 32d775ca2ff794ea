"""Compiled passes over the bytes of many URLs: canonical forms, schemes and hosts.

Each takes arrow's value bytes and n + 1 offsets, fills arrays that the caller made, and leaves to
Python whatever is rare.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import boolean, int8, int64, types, uint8, void

from switchyard.compiling import bytes_, compiled, offsets_

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]

PATH, HOST, CAPITAL = 1, 2, 3
CLASSES = np.zeros(256, np.uint8)
"""What a byte is to the fast pass; 0 sends the row to Python."""
CLASSES[list(b"~/:@!$()*+,=?&;%#\\")] = PATH
CLASSES[list(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")] = HOST
CLASSES[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = CAPITAL


@compiled(int64(bytes_, int64, int64))
def after_prefix(data: Bytes, at: int, stop: int) -> int:  # pragma: no cover  compiled
    """Where the host begins: after one `http(s)://` and every `www.`, in any case."""
    if (
        stop - at > 6
        and data[at] | 32 == 104
        and data[at + 1] | 32 == 116
        and data[at + 2] | 32 == 116
        and data[at + 3] | 32 == 112
    ):
        next_ = at + 5 if data[at + 4] | 32 == 115 else at + 4
        if (
            stop - next_ > 2
            and data[next_] == 58
            and data[next_ + 1] == 47
            and data[next_ + 2] == 47
        ):
            at = next_ + 3
    while (
        stop - at > 3
        and data[at] | 32 == 119
        and data[at + 1] | 32 == 119
        and data[at + 2] | 32 == 119
        and data[at + 3] == 46
    ):
        at += 4
    return at


@compiled(int64(uint8))
def hex_value(byte: int) -> int:  # pragma: no cover  compiled
    """The value of a hexadecimal digit, or -1."""
    if 48 <= byte <= 57:
        return byte - 48
    low = byte | 32
    return low - 87 if 97 <= low <= 102 else -1


@compiled(int64(bytes_, int64, int64, bytes_, uint8[::1], int64))
def canonical_row(
    data: Bytes, at: int, stop: int, classes: Bytes, out: Bytes, begin: int
) -> int:  # pragma: no cover  compiled
    """Writes one canonical URL from `begin` on and returns its end, or -1: Python must do it."""
    at = after_prefix(data, at, stop)
    end = begin
    dot = True
    while at < stop:
        byte = data[at]
        kind = classes[byte]
        if kind == CAPITAL:
            byte |= 32
        elif kind != HOST:
            break
        if byte == 46:
            if dot:
                return -1
            dot = True
        else:
            dot = False
        out[end] = byte
        end += 1
        at += 1
    if dot or (at < stop and data[at] != 47 and data[at] != 63 and data[at] != 35):
        return -1
    anchored = False
    while at < stop:
        byte = data[at]
        if classes[byte] == 0:
            return -1
        if byte == 92:
            at += 1
            if at == stop or data[at] == 35:
                return -1
            if data[at] != 37:
                out[end] = 47
                end += 1
            continue
        if byte == 35 and not anchored:
            anchored = True
            plain = True
            while data[stop - 1] == 47:
                stop -= 1
            for ahead in range(at + 1, stop):
                if data[ahead] == 37 or data[ahead] == 92 or data[ahead] == 38:
                    return -1
                plain &= classes[data[ahead]] >= HOST or data[ahead] == 126
            if plain:
                break
        if byte == 37:
            if stop - at < 3:
                return -1
            high = hex_value(data[at + 1])
            low = hex_value(data[at + 2])
            if high < 0 or low < 0:
                return -1
            code = 16 * high + low
            if code < 128 and (classes[code] >= HOST or code == 126):
                out[end] = code
                end += 1
            else:
                out[end] = 37
                out[end + 1] = data[at + 1] & 223 if high > 9 else data[at + 1]
                out[end + 2] = data[at + 2] & 223 if low > 9 else data[at + 2]
                end += 3
            at += 3
            continue
        out[end] = byte
        end += 1
        at += 1
        if byte == 38:
            while (
                stop - at > 3
                and data[at] == 97
                and data[at + 1] == 109
                and data[at + 2] == 112
                and data[at + 3] == 59
            ):
                at += 4
            # what may still be an entity: a short name, closed or with escapes inside
            for ahead in range(at, min(at + 10, stop)):
                byte = data[ahead]
                if byte == 59 or byte == 37 or byte == 35 or byte == 92:
                    return -1
                if classes[byte] < HOST:
                    break
    while end > begin and out[end - 1] == 47:
        end -= 1
    return end


@compiled(int64(bytes_, offsets_, bytes_, uint8[::1], int64[::1], boolean[::1]))
def canonical_rows(
    data: Bytes,
    offsets: Offsets,
    classes: Bytes,
    out: Bytes,
    ends: Offsets,
    hard: npt.NDArray[np.bool_],
) -> int:  # pragma: no cover  compiled
    """Writes canonical URLs one after the other; rows for Python are empty and marked `hard`."""
    written = 0
    ends[0] = 0
    for row in range(len(offsets) - 1):
        end = canonical_row(data, offsets[row], offsets[row + 1], classes, out, written)
        hard[row] = end < 0
        if end >= 0:
            written = end
        ends[row + 1] = written
    return written


@compiled(void(bytes_, offsets_, offsets_, bytes_, offsets_, uint8[::1], int64[::1]))
def merge(
    out: Bytes,
    ends: Offsets,
    rows: Offsets,
    patch: Bytes,
    lengths: Offsets,
    whole: Bytes,
    moved: Offsets,
) -> None:  # pragma: no cover  compiled
    """Puts the texts that Python made into their (empty) rows."""
    begun = 0
    taken = 0
    shift = 0
    for index in range(len(rows) + 1):
        row = rows[index] if index < len(rows) else len(ends) - 1
        for before in range(begun, row + 1):
            moved[before] = ends[before] + shift
        for at in range(ends[begun], ends[row]):
            whole[at + shift] = out[at]
        if index < len(rows):
            start = ends[row] + shift
            for at in range(lengths[index]):
                whole[start + at] = patch[taken + at]
            taken += lengths[index]
            shift += lengths[index]
            begun = row + 1
            moved[begun] = ends[begun] + shift


@compiled(void(bytes_, offsets_, int8[::1]))
def schemes(
    data: Bytes, offsets: Offsets, codes: npt.NDArray[np.int8]
) -> None:  # pragma: no cover  compiled
    """0 http, 1 https, 3 none; -1 where only Python knows."""
    for row in range(len(offsets) - 1):
        at, stop = offsets[row], offsets[row + 1]
        codes[row] = -1
        if at == stop:
            codes[row] = 3
            continue
        first = data[at]
        if not (97 <= (first | 32) <= 122 or 48 <= first <= 57):
            continue
        for ahead in range(at, stop):
            byte = data[ahead]
            if byte == 46 or byte == 47 or byte == 63:
                codes[row] = 3
                break
            if byte == 58:
                length = ahead - at
                web = (
                    4 <= length <= 5
                    and first | 32 == 104
                    and data[at + 1] | 32 == 116
                    and data[at + 2] | 32 == 116
                    and data[at + 3] | 32 == 112
                )
                if web and length == 4:
                    codes[row] = 0
                elif web and data[at + 4] | 32 == 115:
                    codes[row] = 1
                break


@compiled(types.UniTuple(int64, 3)(bytes_, int64, int64))
def host_bounds(
    data: Bytes, start: int, stop: int
) -> tuple[int, int, int]:  # pragma: no cover  compiled
    """Of a canonical URL: where the host name begins and ends, and where the port has ended."""
    begin = at = start
    while at < stop and data[at] != 47 and data[at] != 63 and data[at] != 35:
        if data[at] == 64:
            begin = at + 1
        at += 1
    end = at
    while end > begin and 48 <= data[end - 1] <= 57:
        end -= 1
    if end > begin and data[end - 1] == 58:
        return begin, end - 1, at
    return begin, at, at


@compiled(int64(bytes_, offsets_, uint8[::1], int64[::1]))
def hosts(
    data: Bytes, offsets: Offsets, out: Bytes, ends: Offsets
) -> int:  # pragma: no cover  compiled
    """Writes the host names of canonical URLs one after the other."""
    written = 0
    ends[0] = 0
    for row in range(len(offsets) - 1):
        begin, end, _ = host_bounds(data, offsets[row], offsets[row + 1])
        for at in range(begin, end):
            out[written] = data[at]
            written += 1
        ends[row + 1] = written
    return written
