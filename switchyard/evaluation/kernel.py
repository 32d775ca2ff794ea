"""The compiled kernel of the metrics: one pass over the ranked rows, however they are weighted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import float64, int32, int64, types, uint8, uint16, void

from switchyard.compiling import compiled


def _array(kind: Any) -> Any:
    return types.Array(kind, 1, "C", readonly=True)


@compiled(
    void(
        _array(int32),
        _array(uint8),
        _array(float64),
        _array(uint16),
        float64,
        _array(float64),
        int64,
        float64[::1],
    )
)
def measure(  # type: ignore[no-untyped-def]
    order, labels, scores, counts, threshold, rates, bins, out
):
    rows = order.shape[0]
    pos = neg = 0
    for i in range(rows):
        if labels[i]:
            pos += counts[order[i]]
        else:
            neg += counts[order[i]]
    gaps = np.zeros(bins)
    tp = fp = called_tp = called_fp = block_pos = block_neg = 0
    area = precision_sum = squares = 0.0
    out[:] = math.nan
    if pos and neg:
        out[8:] = 0.0
    for i in range(rows):
        count = counts[order[i]]
        label = labels[i]
        score = scores[i]
        if label:
            block_pos += count
        else:
            block_neg += count
        gap = score - label
        squares += count * gap * gap
        gaps[min(int(score * bins), bins - 1)] += count * gap
        if i + 1 < rows and scores[i + 1] == score:
            continue
        area += block_neg * (tp + 0.5 * block_pos)
        tp += block_pos
        fp += block_neg
        if block_pos:
            precision_sum += block_pos * (tp / (tp + fp))
        if score >= threshold:
            called_tp, called_fp = tp, fp
        if pos and neg:
            for k in range(rates.shape[0]):
                if fp / neg <= rates[k]:
                    out[8 + k] = tp / pos
        block_pos = block_neg = 0
    total = pos + neg
    if total == 0:
        return
    out[0] = (called_tp + neg - called_fp) / total
    called = called_tp + called_fp
    out[1] = called_tp / called if called else 0.0
    if pos:
        out[2] = called_tp / pos
        out[3] = 2.0 * called_tp / (pos + called)
        out[5] = precision_sum / pos
        if neg:
            out[4] = area / (float(pos) * neg)
    out[6] = squares / total
    out[7] = np.abs(gaps).sum() / total
