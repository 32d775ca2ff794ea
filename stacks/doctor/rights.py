"""What accounts must be allowed to do on a cluster, and the commands that allow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stacks.deployers.kubernetes.rights import RIGHTS
from stacks.doctor.clusters import Cluster, Refused
from stacks.doctor.findings import Finding, Told

Rights = Mapping[str, tuple[str, ...]]
"""Resource, as 'jobs.batch', → verbs."""

SUBMITTING: Rights = {
    "jobs.batch": ("create", "get", "list", "watch", "delete"),
    "cronjobs.batch": ("create", "get", "patch", "delete"),
    "pods": ("get", "list", "watch"),
    "pods/log": ("get",),
}
"""Of whoever runs pipelines: the orchestrator's job, schedules, and what their pods say."""

ORCHESTRATING: Rights = {
    "jobs.batch": ("create", "get", "list", "watch", "patch", "delete"),
    "pods": ("get", "list", "watch"),
}
"""Of the account of the orchestrator's pod: one job a step."""

DEPLOYING: Rights = {f"{resource}.{group}".rstrip("."): verbs for group, resource, verbs in RIGHTS}
"""Of whoever deploys: a service and all that belongs to it."""


def check_rights(
    told: Told, cluster: Cluster, rights: Rights, namespace: str, account: str = ""
) -> Iterator[Finding]:
    """One finding a resource that something is missing of; one in all when nothing is.

    account: a service account, as 'namespace:name'; '' for whoever examines.
    """
    subject = f"service account '{account.rpartition(':')[2]}'" if account else "this account"
    try:
        missing = {
            resource: lacking
            for resource, verbs in rights.items()
            if (lacking := [v for v in verbs if not cluster.may(v, resource, namespace, account)])
        }
    except Refused as refusal:
        yield told.note(f"the rights of {subject} were not looked at: {refusal}")
        return
    who = f"system:serviceaccount:{account}" if account else cluster.who()
    for resource, verbs in missing.items():
        yield told.wrong(
            f"{subject} may not {', '.join(verbs)} {resource} in namespace '{namespace}'",
            granting(cluster.kubectl, who, verbs, resource, namespace),
        )
    if not missing:
        count = sum(map(len, rights.values()))
        yield told.ok(f"{subject} has the {count} rights it needs in namespace '{namespace}'")


def granting(kubectl: str, who: str, verbs: list[str], resource: str, namespace: str) -> str:
    """The command, for an administrator, that allows an account to do it."""
    kind = resource.partition(".")[0].replace("/", "-")
    role = f"switchyard-{kind}-{'-'.join(verbs)}"
    prefix = "system:serviceaccount:"
    subject = (
        f"--serviceaccount={who.removeprefix(prefix)}"
        if who.startswith(prefix)
        else f"--user={who or 'YOU'}"
    )
    binding = f"{role}-{who.rpartition(':')[2] or 'you'}".lower()
    return (
        f"{kubectl} -n {namespace} create role {role} --verb={','.join(verbs)} "
        f"--resource={resource} && {kubectl} -n {namespace} create rolebinding "
        f"{_name(binding)} --role={role} {subject}"
    )


def _name(text: str) -> str:
    """A name that Kubernetes accepts."""
    return "".join(char if char.isalnum() or char == "-" else "-" for char in text).strip("-")
