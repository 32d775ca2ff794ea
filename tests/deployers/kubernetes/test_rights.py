"""The rights of the deployer are the same wherever they are written down."""

from __future__ import annotations

import yaml

from stacks.deployers.kubernetes.rights import RIGHTS
from stacks.doctor.rights import DEPLOYING
from tests.conftest import ROOT


def test_the_doctor_looks_for_what_is_needed() -> None:
    looked_for = {f"{name}.{group}".rstrip("."): set(verbs) for group, name, verbs in RIGHTS}

    assert {name: set(verbs) for name, verbs in DEPLOYING.items()} == looked_for


def test_the_platform_grants_what_is_needed() -> None:
    documents = (ROOT / "deploy/platform/base/rights-serving.yaml").read_text(encoding="utf-8")
    [role] = [each for each in yaml.safe_load_all(documents) if each["kind"] == "Role"]
    granted = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }

    assert {(group, name, verb) for group, name, verbs in RIGHTS for verb in verbs} <= granted
