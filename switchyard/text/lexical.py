"""Lexical numbers of URLs as a scikit-learn step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from switchyard.text.documents import TextStep
from switchyard.urls.lexical import LEXICAL_NAMES, lexical_features


class LexicalFeatures(TextStep):
    """URLs to their lexical numbers: float32 (n, len(LEXICAL_NAMES))."""

    def transform(self, X: object) -> npt.NDArray[np.float32]:
        """One row of numbers a URL, in the order of `LEXICAL_NAMES`."""
        return lexical_features(X)

    def get_feature_names_out(
        self,
        input_features: object = None,  # noqa: ARG002
    ) -> npt.NDArray[np.object_]:
        """The names of the numbers."""
        return np.array(LEXICAL_NAMES, dtype=object)
