"""URLs as columns of numbers, the form in which their drift can be measured."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from switchyard.monitoring.words import CHUNK_ROWS, Bits, unknown_share

Columns: TypeAlias = dict[str, npt.NDArray[np.floating[Any]]]

UNKNOWN_WORDS = "unknown_words"
"""The column of the share of words that training has not seen."""

LEXICAL = (
    *("url_length", "host_length", "host_dots", "host_hyphens", "host_digit_share"),
    *("host_entropy", "host_longest_token", "tld_length", "tld_common"),
    *("path_length", "path_digit_share", "path_entropy", "path_tokens", "path_mean_token"),
    *("path_longest_token", "query_length", "parameters", "depth", "capital_share"),
    "bare_host",
)
"""Those of `switchyard.urls.lexical.LEXICAL_NAMES` that are compared."""

INPUTS = (*LEXICAL, UNKNOWN_WORDS)


def describe(urls: Any, known: Bits) -> Columns:
    """The columns `INPUTS` of URLs; NaN where a row is missing or cannot be a URL.

    urls: an arrow array of texts, nulls allowed. known: as `words.remember` makes it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from switchyard.urls.bulk import canonicalise_all
    from switchyard.urls.lexical import LEXICAL_NAMES, lexical_features
    from switchyard.urls.problems import problems

    places = [LEXICAL_NAMES.index(name) for name in LEXICAL]
    numbers = np.full((len(INPUTS), len(urls)), np.nan, np.float32)
    for start in range(0, len(urls), CHUNK_ROWS):
        chunk = urls.slice(start, CHUNK_ROWS)
        texts = pc.fill_null(chunk.cast(pa.large_string()), "")
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.combine_chunks()
        canonical = canonicalise_all(texts)
        good = np.flatnonzero(problems(texts, _ANY_LENGTH, canonical).is_null())
        readable = canonical.take(pa.array(good))
        numbers[:-1, start + good] = lexical_features(readable)[:, places].T
        numbers[-1, start + good] = unknown_share(readable, known)
    return dict(zip(INPUTS, numbers, strict=True))


_ANY_LENGTH = 1 << 30
