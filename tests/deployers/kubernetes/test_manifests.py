"""What is applied to a cluster, as far as a person can see it from the manifests."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.deployers.kubernetes import names
from stacks.deployers.kubernetes.manifests import companions, service, surroundings, workload
from stacks.deployers.kubernetes.options import Options
from stacks.deployers.kubernetes.pods import FLUSH_S, HANDOVER_S, template, untried
from switchyard.errors import RequestError
from tests.deployers.kubernetes.releases import release, wanted

DIGEST = "b" * 64


def pod(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["spec"]["template"]["spec"]
    return found


def labels(made: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = made["spec"]["template"]["metadata"]["labels"]
    return found


def test_a_candidate_is_behind_no_service() -> None:
    candidate = workload(wanted(), names.CANDIDATE, trial=DIGEST, replicas=1)
    stable = workload(wanted(), names.STABLE)
    selector = service("phishing", Options())["spec"]["selector"]

    assert selector.items() <= labels(stable).items()
    assert not selector.items() <= labels(candidate).items()


def test_a_canary_is_behind_the_service() -> None:
    canary = workload(wanted(), names.CANDIDATE, replicas=1)

    assert service("phishing", Options())["spec"]["selector"].items() <= labels(canary).items()


def test_tracks_do_not_select_each_others_pods() -> None:
    candidate = workload(wanted(), names.CANDIDATE, replicas=1)
    stable = workload(wanted(), names.STABLE)
    chosen = stable["spec"]["selector"]["matchLabels"]

    assert not chosen.items() <= labels(candidate).items()
    assert candidate["metadata"]["name"] != stable["metadata"]["name"]


def test_the_number_of_stable_pods_is_not_ours() -> None:
    assert "replicas" not in workload(wanted(), names.STABLE)["spec"]
    assert workload(wanted(), names.CANDIDATE, replicas=2)["spec"]["replicas"] == 2


def test_a_roll_out_takes_no_pod_away_before_another_is_ready() -> None:
    rolling = workload(wanted(), names.STABLE)["spec"]["strategy"]["rollingUpdate"]

    assert rolling["maxUnavailable"] == 0


@pytest.mark.parametrize("container", ["containers", "initContainers"])
def test_pods_keep_to_the_restricted_standard(container: str) -> None:
    made = pod(workload(wanted(), names.STABLE))
    [confined] = [each["securityContext"] for each in made[container]]

    assert made["securityContext"]["runAsNonRoot"]
    assert made["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not made["automountServiceAccountToken"]
    assert confined["readOnlyRootFilesystem"]
    assert not confined["allowPrivilegeEscalation"]
    assert confined["capabilities"] == {"drop": ["ALL"]}


def test_every_folder_that_is_written_to_is_mounted() -> None:
    [running] = pod(workload(wanted(), names.STABLE))["containers"]
    mounted = {each["mountPath"]: each.get("readOnly", False) for each in running["volumeMounts"]}

    assert mounted == {"/bento": True, "/state": False, "/tmp": False}


def test_a_pod_that_ends_has_time_for_its_requests_and_its_rows() -> None:
    made = pod(workload(wanted(pause_s=5, drain_s=30), names.STABLE))
    [running] = made["containers"]

    assert made["terminationGracePeriodSeconds"] == 5 + 30 + FLUSH_S
    given = {each["name"]: each.get("value") for each in running["env"]}
    assert given["SWITCHYARD__SERVING__CAPTURE__HANDOVER_S"] == str(HANDOVER_S)
    assert HANDOVER_S < FLUSH_S
    assert running["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    assert running["args"][-2:] == ["--limit", "30"]


def test_a_candidate_knows_how_its_trial_ends_and_is_a_stable_pod_else() -> None:
    candidate = workload(wanted(), names.CANDIDATE, trial=DIGEST, replicas=1)["spec"]["template"]
    stable = workload(wanted(), names.STABLE)["spec"]["template"]
    [running] = candidate["spec"]["containers"]

    assert "--trial" in running["args"]
    assert {"name": "SWITCHYARD_TRIAL_SHA256", "value": DIGEST} in running["env"]
    assert untried(candidate) == untried(stable)
    assert candidate["spec"]["containers"] != stable["spec"]["containers"]


def test_a_pod_of_other_wishes_is_no_stable_pod() -> None:
    candidate = workload(wanted(), names.CANDIDATE, trial=DIGEST, replicas=1)["spec"]["template"]
    other = workload(wanted(resources={"cpu": "2"}), names.STABLE)["spec"]["template"]

    assert untried(candidate) != untried(other)


def test_the_archive_is_fetched_by_its_digest() -> None:
    [fetching] = pod(workload(wanted(), names.STABLE))["initContainers"]

    assert fetching["args"] == ["s3://models/services/phishing/v3.tar", "a" * 64, "/bento"]
    assert fetching["envFrom"] == [{"secretRef": {"name": "switchyard-storage"}}]


def test_a_release_with_an_image_fetches_nothing() -> None:
    image = "registry:5000/services/phishing@sha256:" + "e" * 64
    made = pod(workload(wanted(facts={"image": image}), names.STABLE))

    assert "initContainers" not in made
    assert made["containers"][0]["image"] == image
    assert "/bento" not in {each["mountPath"] for each in made["containers"][0]["volumeMounts"]}


def test_equal_wishes_make_equal_pods_and_others_another_mark() -> None:
    def mark(made: dict[str, Any]) -> str:
        return str(made["metadata"]["labels"][names.TEMPLATE])

    first = template(wanted(), names.STABLE)

    assert first == template(wanted(), names.STABLE)
    assert mark(first) != mark(template(wanted("4"), names.STABLE))
    assert mark(first) != mark(template(wanted(drain_s=31), names.STABLE))


def test_no_secret_stands_in_a_manifest() -> None:
    made = workload(wanted(), names.STABLE)
    values = [each for each in pod(made)["containers"][0]["env"] if "valueFrom" in each]

    assert [each["name"] for each in values] == ["SWITCHYARD_REQUEST_ID_KEY"]


def test_the_autoscaler_scales_the_stable_track() -> None:
    options = Options(autoscaling={"min": 2, "max": 5, "cpu": 60})
    [scaler] = [each for each in companions("phishing", options) if "maxReplicas" in each["spec"]]

    assert scaler["spec"]["scaleTargetRef"]["name"] == "phishing"
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (2, 5)
    assert scaler["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 60


def test_what_a_stack_does_not_ask_for_is_not_made() -> None:
    options = Options(autoscaling={"enabled": False})

    assert {each["kind"] for each in companions("phishing", options)} == {"PodDisruptionBudget"}


def test_an_ingress_has_the_use_cases_host_and_certificate() -> None:
    options = Options(
        ingress={
            "host": "{name}.example.org",
            "class_name": "nginx",
            "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"},
        }
    )
    [made] = [each for each in companions("phishing", options) if each["kind"] == "Ingress"]

    assert made["spec"]["rules"][0]["host"] == "phishing.example.org"
    assert made["spec"]["tls"] == [
        {"hosts": ["phishing.example.org"], "secretName": "phishing-tls"}
    ]
    assert made["metadata"]["annotations"] == {"cert-manager.io/cluster-issuer": "letsencrypt"}


def test_pods_may_ask_for_names_the_store_and_the_queue_only() -> None:
    policy = surroundings("phishing", Options(), ("postgresql://db/jobs", "http://s3:9000", ""))[1]
    ports = [each["port"] for rule in policy["spec"]["egress"] for each in rule["ports"]]

    assert ports == [53, 53, 443, 5432, 9000]
    assert policy["spec"]["ingress"] == [{"ports": [{"port": 3000, "protocol": "TCP"}]}]


def test_callers_can_be_named() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"team": "fraud"}}}
    options = Options(network={"ingress_from": [peer]})
    policy = surroundings("phishing", options, ())[1]

    assert policy["spec"]["ingress"][0]["from"] == [peer]


def test_a_name_that_no_service_can_have_is_refused() -> None:
    with pytest.raises(RequestError, match="'phishing-' cannot name a Service"):
        names.checked("phishing-")


@pytest.mark.parametrize("text", ["v1+local", "ä" * 80, "-x-", ""])
def test_any_text_becomes_a_label(text: str) -> None:
    import re

    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", names.value(text))


def test_a_release_stays_what_it_was_without_the_new_fields() -> None:
    old = release().model_dump(exclude={"archive", "archive_sha256", "image"})

    assert type(release()).model_validate(old).archive == ""
