"""A run that is stopped or killed leaves nothing half-done; the next one goes on."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.conftest import Store

pytestmark = pytest.mark.slow

BEFORE = (
    "no source given",
    "Load the data",
    "Clean and describe them",
    "Part the data",
    "Tune fast",
    "Fit fast",
    "Judge the candidates",
    "Write the report",
    "Package the challenger",
    "Record the run",
    "Register the version",
)


def test_killed_at_each_stage_in_turn_the_next_run_ends_with_one_champion(store: Store) -> None:
    """What a stage needs is finished by then: each run goes on from the one that was killed."""
    for before in BEFORE:
        code = store.interrupt(before, signal.SIGKILL, delay=0.02)
        versions, champion = store.registry()

        assert code == -signal.SIGKILL, before
        assert versions in ([], [1]), before
        assert champion in (None, 1), before

    done = store.train()

    assert done.code == 0, done.err
    assert "8 steps, 0 of them cached" not in done.out
    assert store.registry() == ([1], 1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_stop_is_answered_and_finished_steps_are_kept(store: Store, how: signal.Signals) -> None:
    code = store.interrupt("Part the data", how, delay=0.3)

    done = store.train()

    assert code == 128 + how
    assert done.code == 0, done.err
    assert "8 steps, 0 of them cached" not in done.out
    assert store.registry() == ([1], 1)


def test_two_runs_at_once_end_with_one_champion(trained: Store) -> None:
    first, second = trained.start("--no-cache"), trained.start("--no-cache")
    errors = [process.communicate(timeout=300)[1] for process in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0), errors
    assert trained.registry() == ([1], 1)
