"""What goes wrong on a real cluster is told in a sentence, and leaves what serves as it was."""

from __future__ import annotations

import base64
import json
import threading
import time
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
import yaml

from stacks.deployers.kubernetes.rights import RIGHTS
from switchyard.errors import PlatformError, RequestError
from tests.clusters import eventually
from tests.deployers.kubernetes.registries import OwnRegistry
from tests.deployers.kubernetes.sites import NAME, Site
from tests.deployers.places import ok

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def test_a_missing_namespace(site: Site) -> None:
    deployer = site.deployer(kubernetes_namespace="nowhere-at-all")

    with pytest.raises(RequestError, match=r"has no namespace 'nowhere-at-all'.*create namespace"):
        deployer.deploy(site.release("v1"), site.serving, ok)


def test_a_wrong_digest(site: Site) -> None:
    release = site.release("v1").model_copy(update={"archive_sha256": "0" * 64})

    with pytest.raises(PlatformError, match=r"it should be 0000.*not unpacked"):
        site.deployments.deploy(release, site.serving, ok)

    assert site.pods("candidate") == []


def test_an_archive_that_is_gone(site: Site) -> None:
    release = site.release("v1")
    gone = release.model_copy(update={"archive": release.archive + ".gone"})

    with pytest.raises(PlatformError, match=r"there is no object 's3://.*gone'"):
        site.deployments.deploy(gone, site.serving, ok)


def test_an_image_that_is_not_to_be_had(site: Site) -> None:
    image = f"{site.image.rpartition(':')[0]}:never-pushed"

    with pytest.raises(PlatformError, match=r"image '.*never-pushed' cannot be pulled .*not found"):
        site.deploy("v1", image=image)


def test_a_registry_that_goes_away_before_a_pod_has_its_image(site: Site, tmp_path: Path) -> None:
    if not site.image.startswith("127.0.0.1"):
        pytest.skip("the nodes are not this machine, and know no registry of it")
    with OwnRegistry(tmp_path) as own:
        given = {"model_from": "image", "repository": f"{own.host}/tests"}
        release = site.release("v1", **given)
        own.stop()
        back = Timer(15, own.start)
        back.start()
        try:
            assert site.deployer(**given).deploy(release, site.serving, ok).healthy
        finally:
            back.join()


def test_a_missing_secret(site: Site) -> None:
    with pytest.raises(PlatformError, match="create secret generic api-keys"):
        site.deploy("v1", secrets=["switchyard-storage", "api-keys"])


def test_no_room_on_any_node(site: Site) -> None:
    with pytest.raises(PlatformError, match=r"after 8 s: no node has room .*Insufficient memory"):
        site.deploy(
            "v1",
            resources={"cpu": "200m", "memory": "900Gi", "memory_limit": ""},
            ready_timeout_s=8,
        )


def test_too_little_memory(site: Site) -> None:
    with pytest.raises(PlatformError, match="memory"):
        site.deploy("v1", resources={"cpu": "200m", "memory": "8Mi", "memory_limit": "12Mi"})


def test_a_full_quota(site: Site) -> None:
    with site.quota(pods="0"), pytest.raises(PlatformError, match=r"quota .* is used up .*small"):
        site.deploy("v1")


def test_a_service_that_is_never_ready(site: Site) -> None:
    with pytest.raises(PlatformError, match="/readyz does not say that it is ready"):
        site.deploy("v1", "unready", ready_timeout_s=30)


def account(site: Site, rights: list[tuple[str, str, list[str]]], folder: Path) -> Path:
    """A kubeconfig of somebody with these rights in the namespace, and no others."""
    rules = [
        {"apiGroups": [group], "resources": [resource], "verbs": verbs}
        for group, resource, verbs in rights
    ]
    namespace = {"namespace": site.namespace}
    objects: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "me", **namespace}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "mine", **namespace},
            "rules": rules,
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "mine", **namespace},
            "subjects": [{"kind": "ServiceAccount", "name": "me", **namespace}],
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": "mine",
            },
        },
    ]
    site.cluster.apply(*objects)
    token = site.kubectl("create", "token", "me").strip()
    held = yaml.safe_load(site.cluster.kubeconfig.read_text(encoding="utf-8"))
    held["users"] = [{"name": each["name"], "user": {"token": token}} for each in held["users"]]
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(held), encoding="utf-8")
    return path


def all_but(resource: str, verb: str) -> list[tuple[str, str, list[str]]]:
    kept = [
        (group, named, [each for each in verbs if (named, each) != (resource, verb)])
        for group, named, verbs in RIGHTS
    ]
    return [right for right in kept if right[-1]]


@pytest.mark.parametrize(
    ("resource", "verb", "told"),
    [
        ("deployments", "patch", "right to patch deployments.apps"),
        ("leases", "create", "right to create leases.coordination.k8s.io"),
        ("deployments", "watch", "right to watch deployments.apps"),
        ("pods/portforward", "get", "get pods/portforward"),
    ],
)
def test_a_missing_right_is_named(
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    resource: str,
    verb: str,
    told: str,
) -> None:
    path = account(site, all_but(resource, verb), tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(path))

    with pytest.raises(PlatformError, match=told):
        site.deploy("v1")


def test_the_rights_that_are_told_suffice(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights = [(group, named, list(verbs)) for group, named, verbs in RIGHTS]
    path = account(site, rights, tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(path))

    site.deploy("v1")
    deployed = site.deploy("v2")
    deployments = site.deployer()

    assert deployments.rollback(NAME, site.serving, ok).previous == deployed.release
    assert "lifespan" in deployments.logs(NAME, 10)
    assert deployments.stop(NAME)
    assert deployments.start(NAME).healthy


@pytest.mark.parametrize(("resource", "verb"), [("pods", "patch"), ("replicasets", "list")])
def test_without_the_rights_to_keep_the_candidates_pod_another_one_serves(
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    resource: str,
    verb: str,
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(account(site, all_but(resource, verb), tmp_path)))
    tried: list[str] = []

    def smoke(url: str) -> None:
        tried.extend(pod["metadata"]["name"] for pod in site.pods("candidate"))

    deployed = site.deployer().deploy(site.release("v1"), site.serving, smoke)

    assert deployed.healthy
    assert "the candidate's pod does not join the stable ones" in caplog.text
    assert f"{verb} {resource}" in caplog.text
    assert {pod["metadata"]["name"] for pod in site.pods()}.isdisjoint(tried)
    assert len(tried) == len(site.pods()) == 1
    assert not site.there("deployment", f"{NAME}-candidate")


def test_a_deployer_that_was_killed_before_the_switch(site: Site) -> None:
    """Its lease runs out, its candidate goes, and the next one begins anew."""
    site.deploy("v1")
    dying = threading.Event()

    def smoke(url: str) -> None:
        dying.set()
        time.sleep(3_600)

    # A thread that is left alone is as good as a killed process: it renews for a while though.
    import multiprocessing

    context = multiprocessing.get_context("fork")
    release = site.release("v2")
    process = context.Process(
        target=lambda: site.deployer().deploy(release, site.serving, smoke), daemon=True
    )
    process.start()
    eventually("its candidate runs", lambda: len(site.pods("candidate")) == 1)
    process.kill()
    process.join()

    found = site.deployments.current(NAME)
    assert found
    assert found.release.model_version == "v1"
    deployed = site.deploy("v3")
    assert deployed.previous is not None
    assert deployed.previous.model_version == "v1"
    assert not site.there("deployment", f"{NAME}-candidate")


def leave_pending(site: Site, before: dict[str, Any], version: str) -> None:
    """Records as a deployer leaves them that was killed in the middle of a switch."""
    records = site.get("configmap", f"{NAME}-releases")
    held = json.loads(records["data"]["releases.json"])
    old = json.loads(before["data"]["releases.json"])
    made = {**old, "pending": held["current"]}
    assert made["pending"]["release"]["model_version"] == version
    change = {"data": {"releases.json": json.dumps(made)}}
    site.kubectl("patch", "configmap", f"{NAME}-releases", "--type=merge", "-p", json.dumps(change))


def test_a_switch_that_was_cut_off_after_its_success_counts(site: Site) -> None:
    site.deploy("v1")
    before = site.get("configmap", f"{NAME}-releases")
    site.deploy("v2")
    leave_pending(site, before, "v2")
    found = site.deployments.current(NAME)
    assert found
    assert "version v2 was cut off" in found.notes[-1]

    deployed = site.deploy("v3")

    assert deployed.previous is not None
    assert deployed.previous.model_version == "v2"


def test_a_switch_that_was_cut_off_half_way_is_undone(site: Site) -> None:
    site.deploy("v1")
    before = site.get("configmap", f"{NAME}-releases")
    site.deploy("v2")
    leave_pending(site, before, "v2")
    # Half-way: the Deployment is of v1 again, as if v2 had not been applied.
    manifest = json.loads(before["data"]["releases.json"])["current"]["manifest"]
    manifest["metadata"]["namespace"] = site.namespace
    site.cluster.kubectl(
        *("apply", "--server-side", "--field-manager=switchyard", "-f", "-"),
        given=json.dumps(manifest),
    )

    deployed = site.deploy("v3")

    assert deployed.previous is not None
    assert deployed.previous.model_version == "v1"


def test_the_object_store_is_away_for_a_moment(site: Site) -> None:
    release = site.release("v1")
    site.store.stop()
    try:
        threading.Timer(8, site.store.start).start()
        assert site.deployments.deploy(release, site.serving, ok).healthy
    finally:
        site.store.stop()
        site.store.start()


def test_secrets_stand_in_no_object_but_secrets(site: Site) -> None:
    site.deploy("v1")
    told = site.kubectl("get", "all,configmap,lease,hpa,pdb,networkpolicy", "-o", "yaml")
    key = site.get("secret", f"{NAME}-request-ids")["data"]["SWITCHYARD_REQUEST_ID_KEY"]

    assert site.store.environment["AWS_SECRET_ACCESS_KEY"] not in told
    assert base64.b64decode(key).decode() not in told
