"""The two classes that the classifiers of tables tell apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.multiclass import check_classification_targets, type_of_target


def two_classes(y: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """The classes in order, and the place of each row's among them; ValueError unless two."""
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    if kind != "binary":
        raise ValueError(
            f"Only binary classification is supported. The type of the target is {kind}."
        )
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) != 2:
        raise ValueError(f"y has one class, {classes[0]!r}: two are needed to learn from")
    return classes, codes
