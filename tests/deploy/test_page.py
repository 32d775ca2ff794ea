"""What CI types of docs/kubernetes.md is what stands there."""

from __future__ import annotations

import subprocess

import pytest

from tests.cluster.page import PAGE, commands, script

STEPS = range(2, 7)


@pytest.mark.parametrize("step", STEPS)
def test_each_step_has_commands_that_a_shell_understands(step: int) -> None:
    page = PAGE.read_text(encoding="utf-8")
    typed = "\n".join(script(page, [step], []))

    done = subprocess.run(["bash", "-n"], input=typed, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert list(commands(page, step))


def test_of_several_kinds_of_cluster_it_is_kinds_and_minikubes() -> None:
    typed = list(commands(PAGE.read_text(encoding="utf-8"), 3))

    assert any("overlays/local" in line for line in typed)
    assert not any("production" in line for line in typed)


def test_lines_can_be_left_out_but_not_all_of_a_step() -> None:
    page = "## 2. Now\n\n    first &\n    second\n\n## 3. Then\n\n    third\n"

    assert list(script(page, [2], ["second"]))[1:] == ["set -v", "first &", "sleep 3", "set +v"]
    with pytest.raises(SystemExit, match="step 3 has no commands"):
        list(script(page, [3], ["third"]))
