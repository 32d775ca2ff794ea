"""Model deployers: may services be started, and can they keep what they capture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stacks.doctor.components import Examined
from stacks.doctor.findings import Finding, Told
from stacks.doctor.reaching import connect, is_inside_cluster, is_loopback
from switchyard.data.sources import shown
from switchyard.errors import PlatformError, SwitchyardError
from switchyard.stores import NamedStore


def check_local(examined: Examined) -> Iterator[Finding]:
    """The deployer of this machine: its folder, and the port of the use case."""
    told = Told(examined.kind)
    deployer = examined.opened()
    folder = Path(deployer.config.state_dir).expanduser()
    serving = examined.case.serving
    for place in dict.fromkeys((folder, Path(serving.state_dir).expanduser())):
        yield from _keeps(
            told, NamedStore(str(place), "the folder of deployments", "state_dir"), "make it"
        )
    yield from _port(told, examined, deployer)


def _port(told: Told, examined: Examined, deployer: Any) -> Iterator[Finding]:
    from stacks.deployers.local.ports import listen, url

    case, port = examined.case, examined.case.serving.port
    running = deployer.current(case.name)
    if running is not None and running.url == url(case.serving.host, port):
        state = "answers" if running.healthy else "does not answer"
        yield (told.ok if running.healthy else told.wrong)(
            f"port {port} is that of the service of '{case.name}', which {state}",
            *(() if running.healthy else ("`run.py logs` says why",)),
        )
        return
    try:
        listen(case.serving.host, port, searched=0).close()
    except PlatformError as error:
        if deployer.config.port_search:
            yield told.note(f"{error}; one of the next 20 would be taken")
        else:
            yield told.wrong(f"port {port} of '{case.name}' is taken", str(error))
        return
    yield told.ok(f"port {port} of '{case.name}' is free")


def check_kubernetes(examined: Examined) -> Iterator[Finding]:
    """The deployer of a cluster: rights, Secrets of pods, its stores."""
    from stacks.doctor.clusters import Cluster, Refused, Unreachable
    from stacks.doctor.namespaces import check_namespace, check_secret
    from stacks.doctor.rights import DEPLOYING, check_rights

    told = Told(examined.kind)
    settings = examined.opened().config
    namespace = settings.kubernetes_namespace
    try:
        cluster = Cluster(settings.kubernetes_context)
        version, _ = cluster.version()
        yield told.ok(f"{cluster.host} answers, Kubernetes {version}")
        if (yield from check_namespace(told, cluster, namespace)):
            yield from check_rights(told, cluster, DEPLOYING, namespace)
            for name in settings.secrets:
                yield from check_secret(told, cluster, namespace, name)
    except Unreachable as error:
        yield told.wrong(error.told, error.fix)
    except Refused as error:
        yield told.wrong(
            f"the API server refuses: {error}", "look whether the kubeconfig's account is known"
        )
    yield from _state(told, examined, settings.state)
    yield from _queue(told, examined, settings.queue)


def _state(told: Told, examined: Examined, state: str) -> Iterator[Finding]:
    """The store of Bentos and captured rows, with the credentials of this process's environment."""
    if not state:
        yield told.wrong(
            "'state' is empty: services have nowhere to fetch a Bento from and to keep rows",
            examined.update("state", "s3://BUCKET/PREFIX"),
        )
        return
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    if state.startswith("s3://") and endpoint and (reason := connect(endpoint)):
        yield told.wrong(reason, "start it, or correct AWS_ENDPOINT_URL_S3")
        return
    advice = (
        "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for a store of one's own, "
        "AWS_ENDPOINT_URL_S3, as docs/stacks.md says; make the bucket"
    )
    try:
        store = NamedStore(state, "the deployer's store", "state")
    except SwitchyardError as error:
        yield told.wrong(str(error), advice)
        return
    yield from _keeps(told, store, advice)


def _keeps(told: Told, store: NamedStore, advice: str) -> Iterator[Finding]:
    """That a store keeps what is written, and gives it up."""
    path, content = f".doctor-{os.urandom(8).hex()}", os.urandom(64)
    try:
        store.write(path, content)
        with store.explaining("read"):
            found = store.files.cat_file(f"{store.root}/{path}")
        store.delete(path)
    except SwitchyardError as error:
        yield told.wrong(str(error), advice)
        return
    if found != content:
        yield told.wrong(f"'{store.shown}' gives back other bytes than were written", advice)
    else:
        yield told.ok(f"'{store.shown}' keeps a file: written, read back, deleted")


def _queue(told: Told, examined: Examined, queue: str) -> Iterator[Finding]:
    if not queue:
        yield told.note(
            "'queue' is empty: each pod keeps its own jobs, which end with it",
            examined.update("queue", "postgresql://USER@HOST/DATABASE"),
        )
        return
    if is_loopback(queue):
        yield told.wrong(
            f"the queue {shown(queue)} is another machine to pods",
            examined.update("queue", "URL") + " with an address that pods reach",
        )
        return
    if is_inside_cluster(queue):
        yield told.note(f"the queue {shown(queue)} is known inside the cluster only; not looked at")
        return
    if reason := connect(queue):
        yield told.wrong(f"the queue: {reason}", "start it, or " + examined.update("queue", "URL"))
        return
    from switchyard.jobs.brokers import Broker

    try:
        waiting = Broker(queue, "doctor").waiting()
    except SwitchyardError as error:
        yield told.wrong(str(error), "look at its user, database, and PGPASSWORD here")
        return
    del waiting
    yield told.ok(f"the queue {shown(queue)} answers")
