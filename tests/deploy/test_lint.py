"""A judge from outside on the manifests: kube-score."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.deploy.manifests import Overlay

LEFT_OUT = {
    "container-image-pull-policy": "images are named by their content: nothing new to pull",
    "networkpolicy-targets-pod": "some are for pods that runs and deployments bring",
    "pod-probes-identical": "one question, but liveness is far more patient",
    "statefulset-has-servicename": "nobody asks for a pod by its own name",
}


def test_kube_score_finds_nothing_critical(overlay: Overlay) -> None:
    linter = shutil.which("kube-score")
    if linter is None:
        pytest.skip("kube-score is not installed (go install github.com/zegl/kube-score/…)")
    options = [part for name in LEFT_OUT for part in ("--ignore-test", name)]
    options += ["--enable-optional-test", "container-seccomp-profile"]
    judged = subprocess.run(
        [linter, "score", "-", "-o", "ci", "--kubernetes-version", "v1.32", *options],
        input=overlay.text,
        capture_output=True,
        text=True,
        check=False,
    )
    critical = [line for line in judged.stdout.splitlines() if line.startswith("[CRITICAL]")]
    assert critical == []
    assert judged.returncode == 0, judged.stderr
