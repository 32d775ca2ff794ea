"""Steps that make a release of a registered version and put it behind a URL.

None is cached: what they depend on (aliases, BentoML's store, running services) is not theirs. What
costs time is found again by its content.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from zenml import log_metadata, step
from zenml.metadata.metadata_types import Uri

from stacks.deployers.opening import open_deployer
from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.packages.loading import verify
from switchyard.progress import stage
from switchyard.serving.archives import opened
from switchyard.serving.releases import Deployment, Release
from switchyard.tracking.records import CHAMPION

URL_TAG = "switchyard.url"
DEPLOYED_TAG = "switchyard.deployed"


@step(enable_cache=False)
def resolve_version(wanted: int | None, use_case: dict[str, Any]) -> Annotated[int, "version"]:
    """The number of the version to deploy: the one asked for, else the champion's."""
    case = UseCase.of(use_case)
    tracker = open_tracker()
    if wanted is not None:
        return tracker.version(case.name, wanted).number
    champion = tracker.champion(case.name)
    if champion is None:
        raise RequestError(
            f"'{case.name}' has no {CHAMPION} to deploy; train one first: "
            "run.py --pipeline training"
        )
    return champion.number


@step(enable_cache=False)
def package_service(version: int, use_case: dict[str, Any]) -> Annotated[Release, "release"]:
    """Build the version's Bento, or find the one that was built from the same content.

    It is put where the active stack's deployer lets its services have it from.
    """
    # Here, so that only building loads what it needs.
    from bento.building.releases import build_release

    case = UseCase.of(use_case)
    tracker = open_tracker()
    registered = tracker.version(case.name, version)
    with stage("Build the Bento"), tempfile.TemporaryDirectory() as folder:
        package = tracker.download(registered, Path(folder) / "package")
        verify(package, registered.content_sha256)
        built = build_release(version, package, case, Path(folder) / "service")
        release = open_deployer().publish(built)
    log_metadata({"bento": release.bento, "folder": release.folder})
    return release


@step(enable_cache=False)
def deploy_service(
    release: Release, use_case: dict[str, Any]
) -> Annotated[Deployment, "deployment"]:
    """Serve the release by the active stack's deployer, once it has passed the smoke test."""
    case = UseCase.of(use_case)
    deployer = open_deployer()
    with stage("Start and smoke-test the service"):
        return deployer.deploy(release, case.serving, lambda url: check_release(url, release))


def roll_back(case: UseCase, agreed: Callable[[Deployment], object] | None = None) -> Deployment:
    """Serve the release before the present one, once it has passed the smoke test.

    agreed: is called with what serves when it has, before anything is changed.
    """
    deployer = open_deployer()
    current = deployer.current(case.name)
    if current is None:
        raise RequestError(
            f"nothing is deployed for '{case.name}'; deploy first: run.py --pipeline deployment"
        )
    before = current.previous
    if before is None:
        raise RequestError(
            f"'{case.name}' has no release before version {current.release.model_version}; "
            "deploy another by run.py --pipeline deployment --version N"
        )

    def tried(url: str) -> None:
        check_release(url, before)
        if agreed is not None:
            agreed(current)

    with stage("Start and smoke-test the release before"):
        return deployer.rollback(case.name, case.serving, tried)


def check_release(url: str, release: Release) -> None:
    """The smoke test of a release whose candidate answers at `url`; GateRefused."""
    from bento.building.smoke import smoke_test

    with opened(release) as folder:
        smoke_test(url, folder, release.model_version)


@step(enable_cache=False)
def record_deployment(deployment: Deployment) -> Annotated[int, "deployed_version"]:
    """Note where the version answers, in ZenML and in MLflow; return its number."""
    release, tracker = deployment.release, open_tracker()
    version = tracker.version(release.name, int(release.model_version))
    facts = {
        "url": Uri(deployment.url),
        "deployed": deployment.since,
        "bento": release.bento,
        "synthetic": release.synthetic,
        "data_digest": release.data_digest,
    }
    log_metadata(facts)
    log_metadata(facts, model_name=release.name, model_version=release.model_version)
    tracker.tag(version, URL_TAG, deployment.url)
    tracker.tag(version, DEPLOYED_TAG, deployment.since)
    before = deployment.previous
    if before is not None and before.model_version != release.model_version:
        with suppress(RequestError):  # it was deleted from the registry meanwhile
            replaced = tracker.version(before.name, int(before.model_version))
            tracker.tag(replaced, URL_TAG, "")
    return version.number


def set_champion(version: int, case: UseCase) -> None:
    """Let the champion be the version that now serves, unless it already is."""
    tracker = open_tracker()
    serving, champion = tracker.version(case.name, version), tracker.champion(case.name)
    if champion != serving:
        tracker.set_champion(serving)
