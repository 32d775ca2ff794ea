"""Numbers that describe how a URL is written: one compiled pass over its canonical form."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.urls import lexical_kernels as kernels
from switchyard.urls.bulk import buffers, canonicalise_all

PART_NAMES = (
    *("length", "digits", "letters", "dots", "hyphens", "underscores", "marks", "digit_share"),
    *("vowel_share", "entropy", "digit_run", "consonant_run", "repeat_run", "switches", "tokens"),
    *("longest_token", "mean_token", "hex_run"),
)
"""What is measured of the host and of the path (query and fragment included) alike."""

URL_NAMES = (
    *("url_length", "query_length", "fragment_length", "capitals", "capital_share", "escapes"),
    *("slashes", "equals", "ampersands", "ats", "tildes", "commas", "semicolons", "colons"),
)
HOST_NAMES = (
    *("labels", "longest_label", "core_length", "core_entropy", "core_digits", "core_hyphens"),
    *(
        "subdomain_length",
        "tld_length",
        "tld_bucket",
        "tld_common",
        "tld_institution",
        "tld_abused",
    ),
    *("tld_country", "suffix_two_labels", "free_host", "shortener", "ip_host", "has_port"),
    *("punycode", "userinfo", "brands_host", "credentials_host", "lures_host"),
)
TAIL_NAMES = (
    *("bare_host", "depth", "longest_segment", "first_segment_length", "last_segment_length"),
    *("double_slash", "embedded_scheme", "embedded_www", "parameters", "extension_script"),
    *("extension_page", "extension_program", "extension_media", "has_extension"),
    *("brands_path", "credentials_path", "lures_path", "site_path"),
)
LEXICAL_NAMES: tuple[str, ...] = (
    *(f"host_{name}" for name in PART_NAMES),
    *(f"path_{name}" for name in PART_NAMES),
    *URL_NAMES,
    *HOST_NAMES,
    *TAIL_NAMES,
)
"""The columns of `lexical_features`, in order."""


def lexical_features(urls: Any) -> npt.NDArray[np.float32]:
    """The (n, len(LEXICAL_NAMES)) numbers of n URLs; canonicalises them itself.

    Accepts what `switchyard.urls.bulk.as_arrow` accepts. Lengths are bytes of the canonical form,
    shares lie in 0..1, entropies are bits a character, flags are 0 or 1.
    """
    data, offsets = buffers(canonicalise_all(urls))
    numbers = np.empty((len(offsets) - 1, len(LEXICAL_NAMES)), np.float32)
    kernels.describe_rows(data, offsets, *kernels.TABLES, numbers)
    return numbers
