"""Sentences for what keeps pods from coming up, from objects as a cluster shows them."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.deployers.kubernetes.faults import Place
from stacks.deployers.kubernetes.symptoms import Symptom, last_words, symptom

PLACE = Place("the cluster of context 'test'", "serving", "test")
DEPLOYMENT: dict[str, Any] = {"status": {"conditions": []}}


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "phishing-1"}, "status": status}


def container(
    state: dict[str, Any], name: str = "service", restarts: int = 0, **more: Any
) -> dict[str, Any]:
    return {"name": name, "image": "r/x:1", "state": state, "restartCount": restarts, **more}


def seen(*containers: dict[str, Any], **status: Any) -> Symptom | None:
    return symptom(DEPLOYMENT, [pod(containerStatuses=list(containers), **status)], PLACE)


def test_pods_that_start_have_no_symptom() -> None:
    starting = container({"waiting": {"reason": "PodInitializing"}})

    assert seen(starting) is None
    assert symptom(DEPLOYMENT, [], PLACE) is None


@pytest.mark.parametrize(
    ("reason", "message", "final"),
    [
        ("ErrImagePull", 'failed to resolve reference "r/x:1": r/x:1: not found', True),
        ("ErrImagePull", "pull access denied, repository does not exist", True),
        ("InvalidImageName", "couldn't parse image name", True),
        ("ErrImagePull", "dial tcp 10.0.0.1:5000: connect: connection refused", False),
        ("ImagePullBackOff", 'Back-off pulling image "r/x:1"', False),
    ],
)
def test_an_image_that_cannot_be_pulled(reason: str, message: str, final: bool) -> None:
    found = seen(container({"waiting": {"reason": reason, "message": message}}))

    assert found is not None
    assert "image 'r/x:1' cannot be pulled" in found.told
    assert found.final is final


def test_a_missing_secret_is_named_with_the_command_that_makes_it() -> None:
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "keys" not found'}
    found = seen(container({"waiting": waiting}))

    assert found is not None
    assert found.final
    assert "kubectl --context test -n serving create secret generic keys" in found.told


def test_a_first_crash_is_waited_out_and_a_second_one_is_not() -> None:
    ended = {"exitCode": 3, "message": 'x\n{"level": "ERROR", "message": "no model"}\n'}
    once = seen(container({"terminated": ended}))
    twice = seen(
        container(
            {"waiting": {"reason": "CrashLoopBackOff"}},
            restarts=2,
            lastState={"terminated": ended},
        )
    )

    assert once is not None
    assert twice is not None
    assert (once.final, twice.final) == (False, True)
    assert "ended with code 3; its last words: no model" in twice.told


def test_a_container_that_was_started_again_is_waited_for() -> None:
    before: dict[str, Any] = {"lastState": {"terminated": {"exitCode": 3}}, "restarts": 2}
    again = seen(container({"running": {}}, **before))

    assert again == Symptom("the service ended with code 3")
    assert seen(container({"running": {}}, ready=True, **before)) is None


def test_one_that_runs_and_is_not_ready_is_told() -> None:
    found = seen(container({"running": {}}))

    assert found is not None
    assert not found.final
    assert "/readyz" in found.told


def test_want_of_memory_is_told_with_the_setting() -> None:
    found = seen(container({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, restarts=2))

    assert found is not None
    assert found.final
    assert "memory_limit" in found.told


@pytest.mark.parametrize(("code", "final"), [(4, True), (6, True), (5, False)])
def test_an_archive_that_is_not_to_be_had(code: int, final: bool) -> None:
    ended = {"exitCode": code, "message": "'s3://a/b.tar' has the digest x, it should be y"}
    waits = {"waiting": {"reason": "PodInitializing"}}
    found = symptom(
        DEPLOYMENT,
        [
            pod(
                initContainerStatuses=[container({"terminated": ended}, name="fetch")],
                containerStatuses=[container(waits)],
            )
        ],
        PLACE,
    )

    assert found is not None
    assert "s3://a/b.tar" in found.told
    assert found.final is final


def test_no_room_on_any_node() -> None:
    told = "0/1 nodes are available: 1 Insufficient memory."
    condition = {"type": "PodScheduled", "reason": "Unschedulable", "message": told}
    found = seen(conditions=[condition])

    assert found is not None
    assert not found.final  # a node may be added
    assert "Insufficient memory" in found.told


def test_a_full_quota_is_final() -> None:
    message = 'pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2'
    condition = {"type": "ReplicaFailure", "status": "True", "message": message}
    found = symptom({"status": {"conditions": [condition]}}, [], PLACE)

    assert found is not None
    assert found.final
    assert "the quota of namespace 'serving' is used up (small, requested: pods=1" in found.told


def test_what_is_final_is_told_before_what_may_pass() -> None:
    found = seen(
        container({"waiting": {"reason": "ErrImagePull", "message": "not found"}}),
        conditions=[{"type": "PodScheduled", "reason": "Unschedulable", "message": "full"}],
    )

    assert found is not None
    assert "cannot be pulled" in found.told


def test_an_evicted_pod_says_why() -> None:
    found = seen(phase="Failed", reason="Evicted", message="The node was low on resource: memory")

    assert found is not None
    assert "low on resource: memory" in found.told


@pytest.mark.parametrize(
    ("log", "words"),
    [("", ""), ("a\nb\n\n", "b"), ('{"message": "c"}', "c"), ('{"other": 1}', '{"other": 1}')],
)
def test_last_words(log: str, words: str) -> None:
    assert last_words(log) == words
