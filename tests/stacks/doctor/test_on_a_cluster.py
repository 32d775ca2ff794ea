"""The Kubernetes orchestrator is examined on a real API server, as accounts that may little."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.doctor.clusters import Cluster as Asked
from stacks.doctor.findings import Finding, Told
from stacks.doctor.rights import DEPLOYING, check_rights
from tests.clusters import Cluster, eventually
from tests.stacks.doctor.examined import examined, stack_of
from tests.stacks.servers import free_port

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("zenml_store")]

ACCOUNTS = ("switchyard-orchestrator", "switchyard-step")


@pytest.fixture
def namespace(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    with cluster.namespace("stacks") as name:
        yield name


def orchestrator(context: str, namespace: str) -> dict[str, Any]:
    return {
        "flavor": "kubernetes",
        "configuration": {
            "kubernetes_context": context,
            "kubernetes_namespace": namespace,
            "service_account_name": ACCOUNTS[0],
            "step_pod_service_account_name": ACCOUNTS[1],
            "pod_settings": {"env_from": [{"secretRef": {"name": "switchyard-storage"}}]},
        },
    }


def found_in(folder: Path, context: str, namespace: str) -> list[Finding]:
    name = stack_of(folder, f"on-{namespace}", orchestrator=orchestrator(context, namespace))
    return examined(name, "orchestrator")


def wrongs(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.state == "wrong"]


def do(cluster: Cluster, fix: str) -> None:
    """Run the commands of a fix as the administrator of the cluster."""
    for command in fix.partition(", ")[0].split(" && "):
        words = shlex.split(command)
        assert words[:2] == ["kubectl", "--context"], command
        cluster.kubectl(*words[3:])


def as_account(cluster: Cluster, namespace: str, name: str, folder: Path) -> Path:
    """A kubeconfig of a service account that may nothing yet; its context is `little`."""
    cluster.kubectl("-n", namespace, "create", "serviceaccount", name)
    token = cluster.kubectl("-n", namespace, "create", "token", name).strip()
    kept = yaml.safe_load(cluster.kubeconfig.read_text())
    kept["users"] = [{"name": name, "user": {"token": token}}]
    context = {"cluster": kept["clusters"][0]["name"], "user": name}
    kept["contexts"] = [{"name": "little", "context": context}]
    kept["current-context"] = "little"
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(kept))
    path.chmod(0o600)
    return path


def test_what_is_told_mends_the_namespace(tmp_path: Path, cluster: Cluster, namespace: str) -> None:
    first = wrongs(found_in(tmp_path, cluster.context, namespace))

    assert [each.told.partition(" in ")[0] for each in first] == [
        "there is no service account 'switchyard-orchestrator'",
        "there is no service account 'switchyard-step'",
        "there is no Secret 'switchyard-storage'",
    ]
    do(cluster, first[0].fix)
    do(cluster, first[1].fix)
    cluster.kubectl(
        "-n", namespace, "create", "secret", "generic", "switchyard-storage", "--from-literal=A=b"
    )
    second = wrongs(found_in(tmp_path, cluster.context, namespace))
    assert {each.told.partition(" in ")[0] for each in second} == {
        "service account 'switchyard-orchestrator' may not create, get, list, watch, patch, delete "
        "jobs.batch",
        "service account 'switchyard-orchestrator' may not get, list, watch pods",
    }
    for each in second:
        do(cluster, each.fix)
    last = eventually(
        "a healthy namespace",
        lambda: not wrongs(found_in(tmp_path, cluster.context, namespace)),
        30,
    )
    assert last


def test_a_missing_verb_is_named_with_the_command_that_grants_it(
    tmp_path: Path, cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(as_account(cluster, namespace, "somebody", tmp_path)))
    cluster.kubectl("-n", namespace, "create", "role", "some", "--verb=get,list", "--resource=jobs")
    cluster.kubectl(
        *("-n", namespace, "create", "rolebinding", "some", "--role=some"),
        f"--serviceaccount={namespace}:somebody",
    )

    found = found_in(tmp_path, "little", namespace)

    (jobs,) = [
        each for each in wrongs(found) if "jobs.batch" in each.told and "cron" not in each.told
    ]
    assert "this account may not create, watch, delete jobs.batch" in jobs.told
    assert f"--serviceaccount={namespace}:somebody" in jobs.fix
    for each in wrongs(found):
        do(cluster, each.fix)
    assert eventually("the rights", lambda: not wrongs(found_in(tmp_path, "little", namespace)), 30)
    notes = [each for each in found_in(tmp_path, "little", namespace) if each.state == "note"]
    assert notes
    assert all("not looked at" in each.told for each in notes)


def test_the_rights_of_a_deployer_are_granted_as_told(
    tmp_path: Path, cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(as_account(cluster, namespace, "deploying", tmp_path)))
    told = Told("model_deployer")

    def asked() -> list[Finding]:
        return list(check_rights(told, Asked("little"), DEPLOYING, namespace))

    for each in asked():
        do(cluster, each.fix)

    assert eventually("the rights", lambda: not wrongs(asked()), 30)


def test_a_namespace_that_is_not_there_is_named_once(
    tmp_path: Path, cluster: Cluster, namespace: str
) -> None:
    (wrong,) = wrongs(found_in(tmp_path, cluster.context, f"{namespace}-absent"))

    assert f"no namespace '{namespace}-absent'" in wrong.told
    assert f"create namespace {namespace}-absent" in wrong.fix


def test_a_quota_that_is_used_up_is_named(tmp_path: Path, cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("-n", namespace, "create", "quota", "small", "--hard=pods=0,secrets=10")

    def seen() -> list[Finding]:
        found = found_in(tmp_path, cluster.context, namespace)
        return [each for each in wrongs(found) if "quota 'small'" in each.told]

    (wrong,) = eventually("the quota's status", seen, 60)
    assert "pods 0 of 0" in wrong.told
    assert "edit resourcequota small" in wrong.fix


@pytest.mark.usefixtures("namespace")
def test_a_context_that_is_not_there_names_those_that_are(tmp_path: Path, cluster: Cluster) -> None:
    (wrong,) = wrongs(found_in(tmp_path, f"{cluster.context}x", "default"))

    assert f"no context '{cluster.context}x'" in wrong.told
    assert f"did you mean '{cluster.context}'?" in wrong.fix


def test_an_api_server_that_is_down_is_named(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = yaml.safe_load(cluster.kubeconfig.read_text())
    kept["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{free_port()}"
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(kept))
    monkeypatch.setenv("KUBECONFIG", str(path))

    (wrong,) = wrongs(found_in(tmp_path, cluster.context, "default"))

    assert "does not answer" in wrong.told
    assert "refused" in wrong.told
    assert "cluster-info" in wrong.fix
