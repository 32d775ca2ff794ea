"""Deploying, replacing and going back on a real cluster, with the eyes of clients."""

from __future__ import annotations

import json
import threading
import time
from functools import partial

import pytest

from stacks.deployers.kubernetes.manifests import companions, surroundings, workload
from stacks.deployers.kubernetes.pods import Wanted
from stacks.deployers.kubernetes.publishing import publish
from switchyard.errors import GateRefused, PlatformError, RequestError
from tests.clusters import eventually
from tests.deployers.kubernetes.sites import NAME, Site
from tests.deployers.load import Load
from tests.deployers.places import get, ok, until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def version_at(url: str) -> str:
    """Which release answers; '' when none does yet."""
    try:
        return str(get(url)["version"])
    except OSError:
        return ""


def refuse(url: str) -> None:
    """A smoke test that no service passes."""
    raise GateRefused("a score differs")


def test_the_api_server_takes_every_manifest_strictly(site: Site) -> None:
    options = site.options(
        autoscaling={"min": 2, "max": 3},
        ingress={"host": "{name}.example.org", "class_name": "x", "annotations": {"a/b": "c"}},
        image_pull_secrets=["registry"],
        network={"ingress_from": [{"podSelector": {}}]},
    )
    wanted = Wanted(site.release("v1"), site.serving, options)
    manifests = [
        *surroundings(NAME, options, ["postgresql://db/jobs"]),
        *companions(NAME, options),
        workload(wanted, "stable"),
        workload(wanted, "candidate", trial="b" * 64, replicas=1),
        workload(wanted, "candidate", replicas=2),
    ]

    for manifest in manifests:
        manifest["metadata"]["namespace"] = site.namespace
    listed = {"apiVersion": "v1", "kind": "List", "items": manifests}
    told = site.cluster.kubectl(
        *("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"),
        given=json.dumps(listed),
    )

    assert told.count("(server dry run)") == len(manifests)


def test_a_first_deployment_answers_with_all_that_belongs_to_it(site: Site) -> None:
    seen = []

    def smoke(url: str) -> None:
        seen.append((get(url)["version"], site.get("endpoints", NAME).get("subsets")))
        ok(url)

    deployed = site.deployments.deploy(site.release("v1"), site.serving, smoke)

    assert seen == [("v1", None)]  # tried before anything was behind the Service
    assert deployed.healthy
    assert deployed.previous is None
    assert deployed.url == f"http://{NAME}.{site.namespace}.svc"
    eventually("the Service answers", lambda: version_at(site.url) == "v1")
    for kind in ("deployment", "service", "hpa", "pdb", "networkpolicy", "serviceaccount"):
        assert site.there(kind, NAME), kind
    assert not site.there("deployment", f"{NAME}-candidate")
    assert site.deployments.current(NAME) == deployed
    assert [each.release for each in site.deployments.all()] == [deployed.release]
    assert "v1: lifespan.startup" in site.deployments.logs(NAME, 100)


def test_no_request_fails_while_releases_replace_each_other(site: Site) -> None:
    site.deploy("v1", autoscaling={"min": 2})
    eventually("the Service answers", lambda: version_at(site.url) == "v1")

    with Load(site.url, clients=1) as clients:
        deployed = site.deploy("v2", autoscaling={"min": 2})
        before = len(clients.versions)
        until(partial(clients.more_than, before + 20))
        rolled = site.deployments.rollback(NAME, site.serving, ok)
        # The pods of the releases before have all ended by then.
        eventually("old pods are gone", lambda: len(site.get("pods")["items"]) == 2)
        before = len(clients.versions)
        until(partial(clients.more_than, before + 20))

    assert clients.errors == []
    assert {"v1", "v2"} == set(clients.versions)
    assert rolled.release.model_version == "v1"
    assert rolled.previous == deployed.release


def test_a_request_in_flight_is_answered_by_the_pod_that_took_it(site: Site) -> None:
    site.deploy("v1")
    eventually("the Service answers", lambda: version_at(site.url) == "v1")
    url = site.url
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(get(url, "/slow?8")["version"]))
    asking.start()
    time.sleep(1)

    site.deploy("v2")
    asking.join(timeout=60)

    assert answers == ["v1"]


def test_a_refused_candidate_leaves_what_serves_and_no_pod(site: Site) -> None:
    site.deploy("v1")
    eventually("the Service answers", lambda: version_at(site.url) == "v1")
    [before] = site.pods()

    with Load(site.url, clients=1) as clients, pytest.raises(GateRefused, match="a score differs"):
        site.deployments.deploy(site.release("v2"), site.serving, refuse)

    assert clients.errors == []
    assert set(clients.versions) == {"v1"}
    assert [each["metadata"]["name"] for each in site.pods()] == [before["metadata"]["name"]]
    assert not site.there("deployment", f"{NAME}-candidate")
    found = site.deployments.current(NAME)
    assert found
    assert found.release.model_version == "v1"
    assert found.previous is None


def test_a_refused_first_candidate_leaves_nothing_that_serves(site: Site) -> None:
    with pytest.raises(GateRefused):
        site.deployments.deploy(site.release("v1"), site.serving, refuse)

    assert site.deployments.current(NAME) is None
    assert site.pods() == []
    assert site.deployments.stop(NAME) is False
    with pytest.raises(RequestError, match="was not deployed"):
        site.deployments.rollback(NAME, site.serving, ok)


def test_a_release_that_does_not_start_is_told_with_its_last_words(site: Site) -> None:
    site.deploy("v1")

    with pytest.raises(PlatformError, match=r"candidate 'phishing:v2' .*this release is broken"):
        site.deploy("v2", "broken")

    assert len(site.pods()) == 1
    assert not site.there("deployment", f"{NAME}-candidate")


def test_the_candidates_pod_is_the_one_that_serves(site: Site) -> None:
    site.deploy("v1")
    tried = []

    def smoke(url: str) -> None:
        ok(url)
        [pod] = site.pods("candidate")
        tried.append(pod["metadata"]["uid"])

    site.deployments.deploy(site.release("v2"), site.serving, smoke)

    [pod] = site.pods()
    assert pod["metadata"]["uid"] == tried[0]
    [owner] = pod["metadata"]["ownerReferences"]
    assert owner["name"].startswith(f"{NAME}-")
    assert (
        site.get("replicaset", owner["name"])["metadata"]["labels"]["switchyard/track"] == "stable"
    )
    eventually("nothing else is left", lambda: len(site.get("pods")["items"]) == 1)
    # Who goes back replaces it like any other.
    site.deployments.rollback(NAME, site.serving, ok)
    eventually("v1 answers", lambda: version_at(site.url) == "v1")
    eventually("it has ended", lambda: len(site.get("pods")["items"]) == 1)


def test_a_quota_with_room_for_one_pod_more_suffices(site: Site) -> None:
    site.deploy("v1", autoscaling={"min": 2, "max": 2})
    eventually("the Service answers", lambda: version_at(site.url) == "v1")
    eventually("two pods are there", lambda: len(site.get("pods")["items"]) == 2)

    with site.quota(pods="3"), Load(site.url, clients=1) as clients:
        site.deploy("v2", autoscaling={"min": 2, "max": 2})

    assert clients.errors == []
    assert len(site.pods()) == 2


def test_the_release_before_comes_back_when_the_stable_pods_do_not_come_up(site: Site) -> None:
    """A quota that has room for the candidate and none for what follows it."""
    site.deploy("v1", autoscaling={"max": 1})
    eventually("the Service answers", lambda: version_at(site.url) == "v1")
    eventually("one pod is there", lambda: len(site.get("pods")["items"]) == 1)
    # The stable pods differ from what the stack's file says: the candidate cannot be one of them.
    site.kubectl("set", "resources", f"deployment/{NAME}", "--limits=memory=300Mi")
    site.kubectl("rollout", "status", f"deployment/{NAME}")
    eventually("one pod is there", lambda: len(site.get("pods")["items"]) == 1)

    with (
        site.quota(pods="2"),
        Load(site.url, clients=1) as clients,
        pytest.raises(PlatformError, match=r"quota .*small.*The release before has all requests"),
    ):
        site.deploy("v2", autoscaling={"max": 1})

    assert clients.errors == []
    assert set(clients.versions) == {"v1"}
    found = site.deployments.current(NAME)
    assert found
    assert found.release.model_version == "v1"
    assert found.notes[-1:] != ("cut off",)
    site.deploy("v3")
    eventually("v3 answers", lambda: version_at(site.url) == "v3")


def test_stopped_and_started_again(site: Site) -> None:
    site.deploy("v1")
    site.deploy("v2")

    assert site.deployments.stop(NAME)
    assert site.deployments.current(NAME) is None
    assert not site.deployments.stop(NAME)
    [stopped] = site.deployments.all(stopped=True)
    assert stopped.stopped
    assert not stopped.healthy
    eventually("its pods are gone", lambda: site.pods() == [])

    started = site.deployments.start(NAME)

    assert started.healthy
    assert started.previous is not None
    assert started.previous.model_version == "v1"
    eventually("v2 answers", lambda: version_at(site.url) == "v2")


def test_two_deployments_at_once_follow_each_other(site: Site) -> None:
    done: list[str] = []
    releases = [site.release("v1"), site.release("v2")]

    def deploy(version: int) -> None:
        deployed = site.deployer().deploy(releases[version], site.serving, ok)
        done.append(deployed.release.model_version)

    threads = [threading.Thread(target=deploy, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = site.deployments.current(NAME)
    assert found is not None
    assert found.previous is not None
    assert [found.previous.model_version, found.release.model_version] == done


def test_a_second_deployment_is_told_who_is_at_it(site: Site) -> None:
    release = site.release("v1")
    told: list[str] = []

    def smoke(url: str) -> None:
        with pytest.raises(PlatformError, match="is being deployed by") as caught:
            site.deployer(busy_timeout_s=0).deploy(release, site.serving, ok)
        told.append(str(caught.value))

    site.deployments.deploy(release, site.serving, smoke)

    assert "waited for 0 s" in told[0]


def test_what_an_autoscaler_or_a_person_has_set_stays(site: Site) -> None:
    site.deploy("v1")
    site.kubectl("scale", "deployment", NAME, "--replicas=2")
    site.kubectl("patch", "hpa", NAME, "-p", '{"spec": {"minReplicas": 2}}')
    site.kubectl("annotate", "deployment", NAME, "team=fraud")

    deployed = site.deploy("v2")

    assert site.get("deployment", NAME)["spec"]["replicas"] == 2
    assert site.get("deployment", NAME)["metadata"]["annotations"]["team"] == "fraud"
    assert site.get("hpa", NAME)["spec"]["minReplicas"] == 2
    assert any(".spec.minReplicas (by 'kubectl-patch')" in note for note in deployed.notes)


def test_an_image_that_a_person_has_set_is_not_fought_over(site: Site) -> None:
    site.deploy("v1")
    image = f"service={site.image.rpartition(':')[0]}:other"
    site.kubectl("set", "image", f"deployment/{NAME}", image)

    with pytest.raises(PlatformError, match=r"image \(by 'kubectl-set'\); nothing is changed") as e:
        site.deploy("v2")

    command = str(e.value).partition("patch ")[2]
    assert "managedFields" in command


def test_restarts_are_those_since_the_switch(site: Site) -> None:
    site.deploy("v1")
    [pod] = site.pods()
    site.kubectl("exec", pod["metadata"]["name"], "--", "python", "-c", "import os; os.kill(1, 15)")
    found = eventually(
        "the restart is counted",
        lambda: (now := site.deployments.current(NAME)) and now.restarts == 1 and now,
    )
    assert found.supervised

    site.deploy("v2")

    now = site.deployments.current(NAME)
    assert now is not None
    assert now.restarts == 0


def test_an_unpublished_release_is_refused_before_anything_runs(site: Site) -> None:
    release = site.release("v1")

    with pytest.raises(RequestError, match="set `state` of the model_deployer"):
        publish(release, site.options(state=""))
