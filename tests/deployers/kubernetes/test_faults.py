"""Sentences for what the API refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from stacks.deployers.kubernetes.faults import Clash, Missing, Place, Refusal, refused, silent
from switchyard.errors import PlatformError, RequestError

PLACE = Place("the cluster of context 'test' (https://x)", "serving", "test")


def told(status: int, message: str, **more: Any) -> Exception:
    body = json.dumps({"message": message, **more})
    return refused(Refusal.of(status, body), "apply Deployment 'phishing'", PLACE)


def test_a_missing_right_is_named() -> None:
    error = told(
        403,
        'deployments.apps "phishing" is forbidden: User "system:serviceaccount:a:b" cannot patch '
        'resource "deployments" in API group "apps" in the namespace "serving"',
    )

    assert isinstance(error, PlatformError)
    assert "'system:serviceaccount:a:b' lacks the right to patch deployments.apps" in str(error)
    assert "needed to apply Deployment 'phishing'" in str(error)


def test_a_right_of_the_core_group_has_no_group() -> None:
    error = told(403, 'x: User "u" cannot create resource "pods/portforward" in API group ""')

    assert "lacks the right to create pods/portforward in" in str(error)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("x is forbidden: exceeded quota: q, requested: pods=1", "used up (q, requested: pods=1)"),
        ('x is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot', "restricted"),
        ("unable to create new content in namespace x because it is being terminated", "deleted"),
        ("something else", "forbids to apply Deployment"),
    ],
)
def test_what_else_is_forbidden(message: str, words: str) -> None:
    assert words in str(told(403, message))


def test_a_missing_namespace_is_the_requests_fault() -> None:
    error = told(404, 'namespaces "serving" not found')

    assert isinstance(error, RequestError)
    assert "kubectl --context test create namespace serving" in str(error)


def test_other_things_that_are_missing_can_be_told_apart() -> None:
    assert isinstance(told(404, 'leases.coordination.k8s.io "x" not found'), Missing)


def test_a_conflict_names_fields_and_their_owners() -> None:
    cause = {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "kubectl-edit" using apps/v1',
        "field": ".spec.replicas",
    }
    error = told(409, "Apply failed with 1 conflict", details={"causes": [cause]})

    assert isinstance(error, Clash)
    assert error.owned == ((".spec.replicas", "kubectl-edit"),)


def test_unknown_credentials_are_a_matter_of_the_platform() -> None:
    assert "does not know who asks" in str(told(401, "Unauthorized"))


def test_a_value_that_the_api_refuses_is_the_requests_fault() -> None:
    assert isinstance(told(422, "spec.replicas: Invalid value"), RequestError)


def test_an_answer_that_is_no_json_is_told_as_it_is() -> None:
    error = refused(Refusal.of(502, "<html>bad gateway"), "read Pod 'x'", PLACE)

    assert "<html>bad gateway" in str(error)
    assert Refusal.of(502, "").passes


@pytest.mark.parametrize("spelt", [repr, bytes.decode])  # by one release of the client or other
def test_a_refused_handshake_is_read_as_any_answer(spelt: Callable[[bytes], str]) -> None:
    body = b'{"message": "x: User \\"u\\" cannot get resource \\"pods/portforward\\" in API group"}'
    found = Refusal.of_handshake(
        f"Handshake status 403 Forbidden -+-+- {{'a': 'b'}} -+-+- {spelt(body)}"
    )

    assert found is not None
    assert found.status == 403
    assert found.message == 'x: User "u" cannot get resource "pods/portforward" in API group'
    assert Refusal.of_handshake("Connection refused") is None


def test_silence_is_told_with_what_it_prevented() -> None:
    error = silent("Connection refused", "update ConfigMap 'x'", PLACE, 30)

    assert "does not answer for 30 s (Connection refused)" in str(error)
    assert "update ConfigMap 'x'" in str(error)
