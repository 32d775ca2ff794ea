"""The registered domain of a URL: the key that keeps an owner's pages on one side of a split.

Public suffixes come from the snapshot inside tldextract: no network, no cache on disk. Private
suffixes (`github.io`, `weebly.com`) do not count, so that all sites of one free host are one group:
the stricter split, and the one that published figures by domain use.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from switchyard.urls.canonical import canonicalise

if TYPE_CHECKING:
    from tldextract import TLDExtract

_AUTHORITY = re.compile(r"[^/?#]*")
_PORT = re.compile(r":[0-9]*\Z")
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
_ADDRESS = re.compile(r"(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+))*")


def host_of(url: str) -> str:
    """The host name of a URL, canonical: without user and port; possibly empty."""
    authority = _AUTHORITY.match(canonicalise(url))
    return _PORT.sub("", authority[0].rpartition("@")[2]) if authority else ""


def registered_domain(url: str) -> str:
    """The registered domain; an IP address, a suffix or a bare name stands for itself.

    Under an unknown suffix the last two labels are taken, as the public suffix list prescribes.
    """
    return domain_of_host(host_of(url))


def domain_of_host(host: str) -> str:
    """The registered domain of a canonical host name."""
    if _NAME.fullmatch(host) is None or _ADDRESS.fullmatch(host) is not None:
        return host
    found = _extractor().extract_str(host)
    if found.suffix:
        return f"{found.domain}.{found.suffix}" if found.domain else host
    return ".".join(host.rsplit(".", 2)[-2:])


def hosts_of(urls: Any) -> pa.LargeStringArray:
    """`host_of` of every URL, in order; accepts what `switchyard.urls.bulk.as_arrow` accepts."""
    from switchyard.urls import kernels
    from switchyard.urls.bulk import buffers, canonicalise_all

    array = canonicalise_all(urls)
    data, offsets = buffers(array)
    ends = np.empty(len(array) + 1, np.int64)
    out = np.empty(len(data), np.uint8)
    written = kernels.hosts(data, offsets, out, ends)
    held = pa.py_buffer(out[:written].copy())
    return pa.LargeStringArray.from_buffers(len(array), pa.py_buffer(ends), held)


def registered_domains(urls: Any) -> pa.LargeStringArray:
    """`registered_domain` of every URL, in order; each distinct host is looked up once."""
    hosts = hosts_of(urls).dictionary_encode()
    domains = pa.array(
        [domain_of_host(host) for host in hosts.dictionary.to_pylist()], pa.large_string()
    )
    return domains.take(hosts.indices)


@cache
def _extractor() -> TLDExtract:
    from tldextract import TLDExtract

    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=False)
