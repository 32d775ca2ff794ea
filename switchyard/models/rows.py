"""What both models check about the rows they learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from switchyard.errors import DataError
from switchyard.urls.bulk import canonicalise_all


def check_rows(X: Any, y: Any) -> tuple[pa.LargeStringArray, npt.NDArray[Any]]:
    """The canonical URLs and their labels; DataError when there are none or not as many."""
    urls = canonicalise_all(X)
    labels = column_or_1d(y)
    if len(urls) == 0:
        raise DataError("there are no URLs to learn from; pass at least one row of each class")
    if len(urls) != len(labels):
        raise DataError(f"{len(urls)} URLs came with {len(labels)} labels; pass one for each")
    check_classification_targets(labels)
    return urls, labels


def two_classes(labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The two classes in order; DataError when there is one, or more than two."""
    classes = np.unique(labels)
    if len(classes) != 2:
        held = ", ".join(map(str, classes[:5]))
        noun = "class" if len(classes) == 1 else "classes"
        raise DataError(f"the labels have {len(classes)} {noun} ({held}); exactly two are needed")
    return classes
