"""What a pod of ours may do, and what the stack's file and the use case say of it."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.adapting.entrypoint import BUILDS
from stacks.pods import DEPLOYER_ACCOUNT, ONLY_DEATHS, of_pipeline, of_steps_pod
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from switchyard.configuration.resources import Pod, Resources
from tests.conftest import ROOT

STORAGE = {"secretRef": {"name": "switchyard-storage"}}
CONFIGURED: dict[str, Any] = {
    "service_account_name": "switchyard-orchestrator",
    "step_pod_service_account_name": "switchyard-step",
    "pod_settings": {
        "env_from": [STORAGE],
        "volumes": [{"name": "certificates", "configMap": {"name": "certificates"}}],
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "labels": {"team": "fraud"},
        "additional_pod_spec_args": {"security_context": {"runAsUser": 20001}},
    },
    "orchestrator_pod_settings": {"env_from": [STORAGE]},
}
LARGE = Pod(cpu="2", memory="4Gi")


@pytest.fixture(scope="module")
def case() -> UseCase:
    found = resolve(ROOT / "configs" / "phishing.yaml").use_case
    return found.model_copy(update={"resources": Resources(pipeline=Pod(memory="3Gi"))})


def test_the_pod_of_a_pipeline_has_what_the_use_case_gives_it(case: UseCase) -> None:
    pod = of_pipeline(CONFIGURED, case)["orchestrator_pod_settings"]

    assert pod["resources"] == {
        "requests": {"cpu": "250m", "memory": "3Gi"},
        "limits": {"memory": "3Gi"},
    }
    assert pod["env_from"] == [STORAGE]
    assert pod["labels"]["switchyard/use-case"] == "phishing"


def test_no_pod_has_rights_on_its_machine(case: UseCase) -> None:
    for pod in (
        of_pipeline(CONFIGURED, case)["orchestrator_pod_settings"],
        of_steps_pod(CONFIGURED, case, LARGE)["pod_settings"],
    ):
        container, whole = (
            pod["container_security_context"],
            pod["additional_pod_spec_args"]["security_context"],
        )
        assert container["readOnlyRootFilesystem"]
        assert container["capabilities"] == {"drop": ["ALL"]}
        assert not container["allowPrivilegeEscalation"]
        assert whole["runAsNonRoot"]
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}


def test_the_stacks_file_adds_to_ours_and_wins(case: UseCase) -> None:
    pod = of_steps_pod(CONFIGURED, case, LARGE)["pod_settings"]

    assert [each["name"] for each in pod["volumes"]] == ["tmp", "certificates"]
    assert pod["labels"]["team"] == "fraud"
    assert pod["labels"]["app.kubernetes.io/part-of"] == "switchyard"
    assert pod["tolerations"] == CONFIGURED["pod_settings"]["tolerations"]
    context = pod["additional_pod_spec_args"]["security_context"]
    assert (context["runAsUser"], context["runAsNonRoot"]) == (20001, True)


def test_only_what_deploys_runs_as_who_may(case: UseCase) -> None:
    assert "service_account_name" not in of_pipeline(CONFIGURED, case)
    account = of_pipeline(CONFIGURED, case, deploys=True)["service_account_name"]
    assert account == DEPLOYER_ACCOUNT


def test_only_what_builds_is_told_to_begin_at_once(case: UseCase) -> None:
    def told(**what: bool) -> bool:
        pod = of_pipeline(CONFIGURED, case, **what)["orchestrator_pod_settings"]
        return {"name": BUILDS, "value": "yes"} in pod.get("env", [])

    assert (told(deploys=True, builds=True), told(deploys=True)) == (True, False)


def test_a_step_with_a_pod_of_its_own_has_no_rights(case: UseCase) -> None:
    settings = of_steps_pod(CONFIGURED, case, LARGE)

    assert settings["service_account_name"] == "switchyard-step"
    assert settings["pod_settings"]["resources"]["requests"] == {"cpu": "2", "memory": "4Gi"}


def test_a_pod_that_died_is_replaced_and_a_step_that_failed_is_not() -> None:
    actions = [rule["action"] for rule in ONLY_DEATHS["rules"]]
    assert actions == ["Ignore", "FailJob", "Count"], "the first rule that fits decides"


def test_zenml_and_kubernetes_know_every_setting(case: UseCase) -> None:
    flavour = pytest.importorskip(
        "zenml.integrations.kubernetes.flavors.kubernetes_orchestrator_flavor",
        exc_type=ImportError,
    )
    client = pytest.importorskip("kubernetes.client")
    for settings in (
        of_pipeline(CONFIGURED, case, deploys=True),
        of_steps_pod(CONFIGURED, case, LARGE),
    ):
        known = flavour.KubernetesOrchestratorSettings
        assert set(settings) <= set(known.model_fields)
        pod = known(**settings).pod_settings
        assert set(pod.additional_pod_spec_args) <= set(client.V1PodSpec.openapi_types)
