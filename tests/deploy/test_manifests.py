"""What holds of every overlay: restricted pods, secrets by reference, names that meet."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.deploy.manifests import Manifest, Overlay, containers, named, selects

OURS = ("switchyard", "switchyard-serving")
SECRETS = {
    "switchyard-storage": set[str](),
    "switchyard-zenml": {"user", "password", "jwt-secret-key", "encryption-key"},
    "switchyard-mlflow": {"password"},
}
"""What both overlays need; docs/kubernetes.md says how they are made."""


def test_all_is_in_our_namespaces(overlay: Overlay) -> None:
    for each in overlay.all:
        if each["kind"] == "Namespace":
            assert named(each) in OURS
            labels = each["metadata"]["labels"]
            for mode in ("enforce", "audit", "warn"):
                assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        else:
            assert each["metadata"]["namespace"] in OURS, named(each)


def test_every_container_is_restricted(overlay: Overlay) -> None:
    for workload in overlay.workloads():
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True, named(workload)
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert all(volume.keys() - {"name"} <= VOLUMES for volume in pod.get("volumes", ()))
        for container in containers(workload):
            closed = container["securityContext"]
            assert closed["allowPrivilegeEscalation"] is False, container["name"]
            assert closed["readOnlyRootFilesystem"] is True
            assert closed["capabilities"] == {"drop": ["ALL"]}
            assert "privileged" not in closed


VOLUMES = {"emptyDir", "configMap", "persistentVolumeClaim"}


def test_every_container_has_resources_and_every_server_probes(overlay: Overlay) -> None:
    for workload in overlay.workloads():
        for container in containers(workload):
            resources = container["resources"]
            for which in ("requests", "limits"):
                assert resources[which].keys() == {"cpu", "memory", "ephemeral-storage"}
        for container in workload["spec"]["template"]["spec"]["containers"]:
            probes = {"startupProbe", "readinessProbe", "livenessProbe"}
            assert probes <= container.keys(), container["name"]


def test_public_images_are_pinned_by_digest_and_none_moves(overlay: Overlay) -> None:
    for workload in overlay.workloads():
        for container in containers(workload):
            image = container["image"]
            if not image.startswith("registry.example.org/"):
                assert re.search(r"@sha256:[0-9a-f]{64}$", image), image
            assert "/" in image
            assert re.search(r"(@sha256:[0-9a-f]{64}|:[\w.-]+)$", image), image
            assert not image.endswith(":latest")


def test_secrets_come_by_reference_alone(overlay: Overlay) -> None:
    asked: dict[str, set[str]] = {}
    for workload in overlay.workloads():
        for container in containers(workload):
            for each in container.get("envFrom", ()):
                if "secretRef" in each:
                    asked.setdefault(each["secretRef"]["name"], set())
            for each in container.get("env", ()):
                if "secretKeyRef" in each.get("valueFrom", {}):
                    reference = each["valueFrom"]["secretKeyRef"]
                    asked.setdefault(reference["name"], set()).add(reference["key"])
                elif re.search(r"PASSWORD|SECRET_KEY|ENCRYPTION_KEY|TOKEN", each["name"]):
                    raise AssertionError(f"{named(workload)} has {each['name']} in plain text")
    for name, keys in SECRETS.items():
        assert keys <= asked[name]
    made = {(named(each), each["metadata"]["namespace"]): each for each in overlay.kind("Secret")}
    if overlay.name == "production":
        assert asked["switchyard-oidc"] == {"client-id", "client-secret", "cookie-secret"}
        assert not made
        return
    for name, keys in asked.items():
        assert keys <= made[name, "switchyard"]["data"].keys()
    assert (
        made["switchyard-storage", "switchyard-serving"]["data"]
        == (made["switchyard-storage", "switchyard"]["data"])
    )


def test_no_configuration_has_a_password(overlay: Overlay) -> None:
    for each in overlay.kind("ConfigMap"):
        for value in each["data"].values():
            assert not re.search(r"://[^/\s:]+:[^/\s@]+@", value), named(each)


def test_what_pods_refer_to_is_there(overlay: Overlay) -> None:
    maps = {named(each): each["data"].keys() for each in overlay.kind("ConfigMap")}
    claims = {named(each) for each in overlay.kind("PersistentVolumeClaim")}
    accounts = {named(each) for each in overlay.kind("ServiceAccount")}
    for workload in overlay.workloads():
        pod = workload["spec"]["template"]["spec"]
        assert pod["serviceAccountName"] in accounts
        for volume in pod.get("volumes", ()):
            if "configMap" in volume:
                assert volume["configMap"]["name"] in maps
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims
        for container in containers(workload):
            known = _environment(container, maps)
            for argument in (*container.get("command", ()), *container.get("args", ())):
                for name in re.findall(r"\$\((\w+)\)", argument):
                    assert name in known, f"{named(workload)}: $({name})"


def _environment(container: Manifest, maps: dict[str, Any]) -> set[str]:
    names = {each["name"] for each in container.get("env", ())}
    for each in container.get("envFrom", ()):
        if "configMapRef" in each:
            names |= set(maps[each["configMapRef"]["name"]])
    return names


def test_every_service_meets_a_port_of_its_pods(overlay: Overlay) -> None:
    for service in overlay.kind("Service"):
        selector = {"matchLabels": service["spec"]["selector"]}
        chosen = [
            each
            for each in overlay.workloads()
            if selects(selector, each["spec"]["template"]["metadata"]["labels"])
        ]
        assert [named(each) for each in chosen] == [named(service)]
        ports = {
            port["name"]: port["containerPort"]
            for container in containers(chosen[0])
            for port in container.get("ports", ())
        }
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"], named(service)


def test_every_probe_asks_a_port_that_there_is(overlay: Overlay) -> None:
    for workload in overlay.workloads():
        for container in workload["spec"]["template"]["spec"]["containers"]:
            ports = {port["name"] for port in container["ports"]}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                asked = container[probe].get("httpGet") or container[probe].get("tcpSocket")
                assert asked is None or asked["port"] in ports


def test_every_selector_selects_something(overlay: Overlay) -> None:
    pods = overlay.pods()
    for each in overlay.workloads():
        assert selects(each["spec"]["selector"], each["spec"]["template"]["metadata"]["labels"])
    for each in overlay.kind("PodDisruptionBudget"):
        assert any(selects(each["spec"]["selector"], pod.labels) for pod in pods), named(each)
    for each in overlay.kind("NetworkPolicy"):
        home, selector = each["metadata"]["namespace"], each["spec"]["podSelector"]
        assert any(pod.namespace == home and selects(selector, pod.labels) for pod in pods)


def test_every_server_may_be_moved_to_another_node(overlay: Overlay) -> None:
    budgets = {named(each): each["spec"] for each in overlay.kind("PodDisruptionBudget")}
    for workload in overlay.workloads():
        assert budgets[named(workload)]["maxUnavailable"] == 1


def test_tokens_are_where_kubernetes_is_asked(overlay: Overlay) -> None:
    mounted = {
        named(each)
        for each in overlay.workloads()
        if each["spec"]["template"]["spec"]["automountServiceAccountToken"]
    }
    assert mounted == {"prometheus"}
    given = {
        named(each)
        for each in overlay.kind("ServiceAccount")
        if each["automountServiceAccountToken"]
    }
    assert given == {"switchyard-orchestrator", "switchyard-deployer"}


def test_rights_are_least(overlay: Overlay) -> None:
    assert not overlay.kind("ClusterRole", "ClusterRoleBinding")
    roles = {(each["metadata"]["namespace"], named(each)): each for each in overlay.kind("Role")}
    for role in roles.values():
        for rule in role["rules"]:
            assert "*" not in {*rule["verbs"], *rule["resources"], *rule["apiGroups"]}
            assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])
            assert not {"roles", "rolebindings", "pods/exec"} & set(rule["resources"])
            if "secrets" in rule["resources"]:
                assert not {"get", "list", "watch"} & set(rule["verbs"])
    bound = set()
    for binding in overlay.kind("RoleBinding"):
        home = binding["metadata"]["namespace"]
        assert (home, binding["roleRef"]["name"]) in roles
        bound |= {subject["name"] for subject in binding["subjects"]}
    # Steps and most servers have no rights at all.
    assert not {"switchyard-step", "switchyard-server", "default"} & bound


def test_rights_are_enough(overlay: Overlay) -> None:
    """What deployer and doctor say that each account needs."""
    deployer = pytest.importorskip("stacks.deployers.kubernetes.rights")
    doctor = pytest.importorskip("stacks.doctor.rights")
    roles = {(each["metadata"]["namespace"], named(each)): each for each in overlay.kind("Role")}

    def lacking(namespace: str, role: str, needed: Any) -> list[str]:
        given = {
            (f"{resource}.{group}".rstrip("."), verb)
            for rule in roles[namespace, role]["rules"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }
        return [
            f"{verb} {resource}"
            for resource, verbs in needed
            for verb in verbs
            if (resource, verb) not in given
        ]

    applied = [(f"{what}.{group}".rstrip("."), verbs) for group, what, verbs in deployer.RIGHTS]
    assert lacking("switchyard-serving", "switchyard-deployer", applied) == []
    asked = doctor.DEPLOYING.items()
    assert lacking("switchyard-serving", "switchyard-deployer", asked) == []
    asked = doctor.ORCHESTRATING.items()
    assert lacking("switchyard", "switchyard-orchestrator", asked) == []
    assert lacking("switchyard", "switchyard-user", doctor.SUBMITTING.items()) == []


@pytest.mark.parametrize(
    "name", ["postgres", "rclone", "prometheus", "oauth2-proxy", "switchyard/platform"]
)
def test_no_image_is_left_unnamed(overlay: Overlay, name: str) -> None:
    assert not re.search(rf"image: {name}$", overlay.text, re.MULTILINE)
