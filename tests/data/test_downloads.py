"""Downloads are verified, resumed and cached, and never leave half a file."""

from __future__ import annotations

import hashlib
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from switchyard.configuration.model import Data, Source
from switchyard.data.downloads import download
from switchyard.data.sources import fetch
from switchyard.errors import DataError, PlatformError, RequestError

CONTENT = random.Random(1).randbytes(200_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def files(data: Data) -> list[str]:
    return sorted(
        path.name
        for path in (Path(data.cache_dir) / "downloads").iterdir()
        if path.suffix != ".lock"
    )


def test_a_pinned_url_comes_whole_and_reports_progress(site: Any, cached: Data) -> None:
    site.content = CONTENT
    seen: list[tuple[int, int | None]] = []
    file = fetch(Source(location=site.url, sha256=DIGEST), cached, lambda *now: seen.append(now))
    assert file.path.read_bytes() == CONTENT
    assert (file.sha256, file.name) == (DIGEST, "feed")
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_pinned_url_is_fetched_once(site: Any, cached: Data) -> None:
    site.content = CONTENT
    source = Source(location=site.url, sha256=DIGEST)
    download(source, cached)
    site.stop()
    assert download(source, cached).sha256 == DIGEST


def test_a_damaged_copy_in_the_cache_is_fetched_again(site: Any, cached: Data) -> None:
    site.content = CONTENT
    source = Source(location=site.url, sha256=DIGEST)
    download(source, cached).path.write_bytes(b"junk")
    assert download(source, cached).path.read_bytes() == CONTENT


def test_a_broken_connection_is_resumed(site: Any, cached: Data) -> None:
    site.content, site.breaks = CONTENT, 2
    file = download(Source(location=site.url, sha256=DIGEST), cached)
    assert file.path.read_bytes() == CONTENT
    assert ["Range" in asked for asked in site.asked] == [False, True, True]


def test_what_came_before_a_failure_is_used_by_the_next_run(site: Any, cached: Data) -> None:
    site.content, site.breaks = CONTENT, 4
    source = Source(location=site.url, sha256=DIGEST)
    with pytest.raises(PlatformError, match="broke off 4 times"):
        download(source, cached)
    download(source, cached)
    assert "Range" in site.asked[-1]


def test_a_server_without_ranges_starts_again(site: Any, cached: Data) -> None:
    site.content, site.breaks, site.ranges = CONTENT, 1, False
    assert download(Source(location=site.url, sha256=DIGEST), cached).sha256 == DIGEST


def test_a_part_of_another_file_does_not_spoil_the_download(site: Any, cached: Data) -> None:
    site.content = CONTENT
    folder = Path(cached.cache_dir) / "downloads"
    folder.mkdir(parents=True)
    (folder / f"{DIGEST}-feed.csv.part").write_bytes(b"something else")
    assert download(Source(location=site.url, sha256=DIGEST), cached).sha256 == DIGEST


def test_a_wrong_digest_names_both_and_leaves_nothing(site: Any, cached: Data) -> None:
    site.content = CONTENT
    with pytest.raises(DataError, match=f"{'0' * 64}.*{DIGEST}"):
        download(Source(location=site.url, sha256="0" * 64), cached)
    assert files(cached) == []


def test_a_url_without_digest_is_refused_with_the_fix(cached: Data) -> None:
    with pytest.raises(RequestError, match="unpinned"):
        download(Source(location="https://example.org/a.csv"), cached)


def test_an_unreachable_url_says_what_to_do(site: Any, cached: Data) -> None:
    site.stop()
    with pytest.raises(PlatformError, match=r"127\.0\.0\.1.*[Rr]efused.*give its path"):
        download(Source(location=site.url, sha256=DIGEST), cached)


@pytest.mark.parametrize(("status", "error"), [(404, RequestError), (503, PlatformError)])
def test_a_refusal_names_the_status(
    site: Any, cached: Data, status: int, error: type[Exception]
) -> None:
    site.status = status
    with pytest.raises(error, match=f"answered {status}"):
        download(Source(location=site.url, sha256=DIGEST), cached)


def test_an_unpinned_feed_that_has_not_changed_is_not_sent_again(site: Any, cached: Data) -> None:
    site.content, site.etag = b"first", '"v1"'
    source = Source(location=site.url, sha256="unpinned")
    first = download(source, cached)
    second = download(source, cached)
    assert site.asked[-1]["If-None-Match"] == '"v1"'
    assert first == second


def test_an_unpinned_feed_that_changed_is_taken(site: Any, cached: Data) -> None:
    site.content, site.etag = b"first", '"v1"'
    source = Source(location=site.url, sha256="unpinned")
    download(source, cached)
    site.content, site.etag = b"second", '"v2"'
    assert download(source, cached).path.read_bytes() == b"second"


def test_an_unpinned_feed_falls_back_to_its_copy_offline(site: Any, cached: Data) -> None:
    site.content = b"first"
    source = Source(location=site.url, sha256="unpinned")
    download(source, cached)
    site.stop()
    file = download(source, cached)
    assert file.path.read_bytes() == b"first"
    assert "not reachable" in str(file.note)


def test_an_unpinned_feed_that_breaks_off_is_not_pieced_together(site: Any, cached: Data) -> None:
    site.content, site.breaks = CONTENT, 1
    file = download(Source(location=site.url, sha256="unpinned"), cached)
    assert file.sha256 == DIGEST
    assert "Range" not in site.asked[-1]


def test_many_at_once_get_one_whole_file(site: Any, cached: Data) -> None:
    site.content = CONTENT
    source = Source(location=site.url, sha256=DIGEST)
    got: list[bytes] = []
    workers = [
        threading.Thread(target=lambda: got.append(download(source, cached).path.read_bytes()))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert got == [CONTENT] * 4
    assert len(site.asked) == 1


def test_credentials_are_not_shown(site: Any, cached: Data) -> None:
    site.content = CONTENT
    address = site.url.replace("://", "://me:hidden@") + "?token=hidden&format=csv"
    file = download(Source(location=address, sha256=DIGEST), cached)
    assert "hidden" not in file.location
    assert "format=csv" in file.location
