"""ZenML itself: does its store answer, in our version, and may it lie where it does."""

from __future__ import annotations

from collections.abc import Iterator

import zenml
from zenml.client import Client
from zenml.exceptions import ZenMLBaseException

from stacks.doctor.findings import Finding, Told
from stacks.doctor.reaching import check_clock, is_loopback

LOGIN = "`uv run zenml login URL` connects to a server"


def check_server(*, remote: bool) -> Iterator[Finding]:
    """The findings on ZenML's store or server. remote: steps run on other machines."""
    told = Told("zenml")
    try:
        store = Client().zen_store
        info = store.get_store_info()
    except (ZenMLBaseException, RuntimeError, OSError) as error:
        yield told.wrong(f"the server does not answer: {error}", f"start it; {LOGIN}")
        return
    local = store.is_local_store()
    what = "its database on this machine" if local else f"the server {store.url}"
    if str(info.version) != zenml.__version__:
        yield told.wrong(
            f"{what} is of version {info.version}, the client here of {zenml.__version__}",
            "bring the server to the version of uv.lock (`run.py image build platform`), or take "
            "the server's version of this project",
        )
    else:
        yield told.ok(f"{what} answers, version {info.version} as here")
    if not remote:
        return
    if local:
        yield told.wrong(
            "steps that run on a cluster cannot reach a database on this machine",
            f"{LOGIN}; deploy/platform has one",
        )
    elif is_loopback(store.url):
        yield told.wrong(
            f"the server {store.url} is another machine to the pods of a cluster",
            "`uv run zenml login URL` with an address that pods reach, too",
        )
    if not local:
        yield from _clock(told, store.url)


def _clock(told: Told, url: str) -> Iterator[Finding]:
    import requests

    try:
        headers = requests.get(f"{url}/health", timeout=5).headers
    except requests.RequestException as error:
        yield told.note(f"the server's clock was not looked at: {error}")
        return
    yield from check_clock(told, "ZenML's server", headers)
