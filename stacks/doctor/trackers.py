"""MLflow: it answers, in our version, and its experiments can be listed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from stacks.doctor.components import Examined
from stacks.doctor.findings import Finding, Told
from stacks.doctor.reaching import check_clock, connect, is_inside_cluster, is_loopback
from switchyard.errors import SwitchyardError


def check_mlflow(examined: Examined) -> Iterator[Finding]:
    """An MLflow tracker: a server, or a database of its own on this machine."""
    told = Told(examined.kind)
    tracker = examined.opened()
    uri = str(tracker.get_tracking_uri())
    if uri.startswith(("http://", "https://")):
        if examined.remote and is_loopback(uri):
            yield told.wrong(
                f"{uri} is another machine to the pods of a cluster",
                examined.update("tracking_uri", "URL") + " with an address that pods reach, too",
            )
        if examined.remote and is_inside_cluster(uri):
            yield told.note(f"{uri} is known inside the cluster only, and was not looked at")
            return
        if reason := connect(uri):
            yield told.wrong(reason, "start MLflow, or " + examined.update("tracking_uri", "URL"))
            return
        yield from _server(told, uri)
    yield from _listed(told, tracker, uri)


def _server(told: Told, uri: str) -> Iterator[Finding]:
    import requests

    ours = version("mlflow")
    try:
        answer = requests.get(f"{uri.rstrip('/')}/version", timeout=10)
        answer.raise_for_status()
    except requests.RequestException as error:
        yield told.note(f"MLflow's version was not told: {error}")
        return
    theirs = answer.text.strip()
    if theirs != ours:
        yield told.wrong(
            f"the server {uri} is MLflow {theirs}, the client here is {ours}",
            "bring the server to the version of uv.lock (`run.py image build platform`)",
        )
    else:
        yield told.ok(f"the server {uri} answers, MLflow {theirs} as here")
    yield from check_clock(told, "MLflow's server", answer.headers)


def _listed(told: Told, tracker: Any, uri: str) -> Iterator[Finding]:
    from switchyard.tracking.tracker import Tracker

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    tracker.configure_mlflow()  # credentials go where MLflow looks for them
    try:
        count = Tracker(uri).experiments()
    except SwitchyardError as error:
        yield told.wrong(
            f"experiments cannot be listed: {error}",
            "look at the server's log, and at the user, password or token of the tracker",
        )
        return
    where = uri if uri.startswith("http") else "the database of this machine"
    yield told.ok(f"{count} experiment{'s' * (count != 1)} listed in {where}")
