"""Who reaches whom: what the work needs, and nothing that it does not."""

from __future__ import annotations

import pytest

from tests.deploy.manifests import CONTROLLER, RUN, SERVICE, STRANGER, Overlay, Pod
from tests.deploy.policies import NAMES, OUTSIDE, may_reach

SERVERS = {
    "zenml": 8080,
    "mlflow": 5000,
    "evidently": 8000,
    "monitoring-metrics": 9200,
    "prometheus": 9090,
    "oauth2-proxy": 4180,
    "object-store": 9000,
    "postgresql": 5432,
}
EVERYWHERE = {
    ("run", "zenml"),
    ("run", "mlflow"),
    ("prometheus", "monitoring-metrics"),
}
LOCAL = {
    *EVERYWHERE,
    *((name, "object-store") for name in ("run", "service", "zenml", "mlflow", "evidently")),
    ("monitoring-metrics", "object-store"),
    ("mlflow", "postgresql"),
    ("service", "postgresql"),
}
PRODUCTION = {
    *EVERYWHERE,
    *(("ingress", name) for name in ("zenml", "mlflow", "evidently", "oauth2-proxy")),
}


def pods_of(overlay: Overlay) -> dict[str, Pod]:
    return {pod.name: pod for pod in overlay.pods()}


def test_servers_are_reached_by_those_who_need_them_alone(overlay: Overlay) -> None:
    pods, policies = pods_of(overlay), overlay.kind("NetworkPolicy")
    found = {
        (source.name, target)
        for target, port in SERVERS.items()
        for source in pods.values()
        if target in pods and source.name != target
        if may_reach(policies, source, pods[target], port)
    }
    assert found == (LOCAL if overlay.name == "local" else PRODUCTION)


@pytest.mark.parametrize("port", [22, 3000, 10250])
def test_no_server_has_another_door(overlay: Overlay, port: int) -> None:
    pods, policies = pods_of(overlay), overlay.kind("NetworkPolicy")
    for target in SERVERS.keys() & pods.keys():
        for source in pods.values():
            if source.name != target:
                assert not may_reach(policies, source, pods[target], port)


def test_services_are_asked_by_runs_and_prometheus(overlay: Overlay) -> None:
    pods, policies = pods_of(overlay), overlay.kind("NetworkPolicy")
    asking = {name for name, pod in pods.items() if may_reach(policies, pod, SERVICE, 3000)}
    assert asking == {"run", "prometheus"}
    assert not may_reach(policies, RUN, SERVICE, 22)
    assert not may_reach(policies, STRANGER, SERVICE, 3000)


def test_all_may_ask_for_names(overlay: Overlay) -> None:
    policies = overlay.kind("NetworkPolicy")
    for pod in overlay.pods():
        assert may_reach(policies, pod, NAMES, 53)


def test_runs_reach_kubernetes_and_sources_outside_but_no_metadata_of_the_cloud(
    overlay: Overlay,
) -> None:
    policies = overlay.kind("NetworkPolicy")
    assert may_reach(policies, RUN, OUTSIDE, 443)
    assert may_reach(policies, RUN, OUTSIDE, 6443)
    assert not may_reach(policies, RUN, OUTSIDE, 22)
    for pod in overlay.pods():
        if pod not in (CONTROLLER, STRANGER):
            assert not may_reach(policies, pod, "169.254.169.254", 80)
            assert not may_reach(policies, pod, "169.254.169.254", 443)


def test_what_serves_strangers_reaches_nothing_outside_that_is_not_its_storage(
    overlay: Overlay,
) -> None:
    policies = overlay.kind("NetworkPolicy")
    reached = {
        port for port in (22, 80, 443, 5432, 6443) if may_reach(policies, SERVICE, OUTSIDE, port)
    }
    assert reached == (set() if overlay.name == "local" else {443, 5432})


def test_databases_outside_are_reached_by_their_servers(overlay: Overlay) -> None:
    pods, policies = pods_of(overlay), overlay.kind("NetworkPolicy")
    expected = overlay.name == "production"
    assert may_reach(policies, pods["zenml"], OUTSIDE, 3306) is expected
    assert may_reach(policies, pods["mlflow"], OUTSIDE, 5432) is expected
    assert may_reach(policies, pods["evidently"], OUTSIDE, 443) is expected
    assert not may_reach(policies, pods["evidently"], OUTSIDE, 5432)


def test_the_login_reaches_the_identity_provider_and_nothing_else(overlay: Overlay) -> None:
    pods, policies = pods_of(overlay), overlay.kind("NetworkPolicy")
    login = pods.pop("oauth2-proxy", None)
    if login is None:
        assert overlay.name == "local"
        return
    reached = {
        port for port in (22, 80, 443, 5432, 6443) if may_reach(policies, login, OUTSIDE, port)
    }
    assert reached == {443}
    for target, port in SERVERS.items():
        if target in pods:
            assert not may_reach(policies, login, pods[target], port)
    assert not may_reach(policies, login, SERVICE, 3000)
