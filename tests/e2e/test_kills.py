"""Killed in each step of each pipeline: the next run goes on, and nothing is lost or done twice."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.csv as arrow_csv
import pytest

from benchmarks.loop_parts.place import Place
from switchyard.guarding.records import Rollbacks
from tests.e2e.killing import SETTINGS, Site
from tests.prepared import commands

pytestmark = pytest.mark.slow

MONITORING = ("--pipeline", "monitoring")
DECIDING = ("guard_deployment", "check_windows", "decide_retraining", "begin_retraining")
TRAINING = (
    "load_data",
    "split_data",
    "train_candidate",
    "evaluate_candidates",
    "package_model",
    "switchyard.tracking.tracker:Tracker._log_dataset",  # in the middle of the step record_run
    "record_run",
    "switchyard.tracking.tracker:Tracker.register",  # in MLflow, not yet in ZenML
    "register_model",
    "promote_model",
)
DEPLOYING = (
    "resolve_version",
    "package_service",
    "bento.building.smoke:smoke_test",  # tried, not yet switched to
    "deploy_service",
    "record_deployment",
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Place(SETTINGS, run=commands.run) as place:
        made = Site(place)
        yield made
        made.leave()


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(DECIDING, id="deciding"),
        pytest.param(TRAINING, id="training"),
        pytest.param(("deployment_due", *DEPLOYING, "end_retraining"), id="deploying"),
    ],
)
def test_a_retraining_killed_in_each_step_is_done_once(site: Site, steps: tuple[str, ...]) -> None:
    site.go_back("served")

    for step in steps:
        site.killed(step, *MONITORING)
        site.give_patience()
        assert site.version_that_answers() in ("1", "2")
    done = site.place.run(*MONITORING, allowed=(0, 1))

    assert done.code == 0, done.out
    (record,) = site.retrainings
    assert (record.version, record.promoted, record.deployed) == (2, True, True)
    assert record.finished
    site.assert_agreement(2, of=2)
    site.assert_all_kept()


def test_a_deployment_killed_in_each_step_is_done(site: Site) -> None:
    site.go_back("trained")

    for step in DEPLOYING:
        site.killed(step, "--pipeline", "deployment")
    site.place.run("--pipeline", "deployment")

    site.assert_agreement(1, of=1)


def test_a_roll_back_killed_in_each_step_goes_back_once(site: Site) -> None:
    site.go_back("renewed")
    command = ("--pipeline", "deployment", "--rollback")

    # Not after its last step, when all is done: once more would be to go back again.
    for step in (
        "bento.building.smoke:smoke_test",
        "go_back",
        "record_deployment",
        "steps.deployment:set_champion",
    ):
        site.killed(step, *command)
        assert site.version_that_answers() in ("1", "2")
    site.place.run(*command)

    site.assert_agreement(1, of=2)


def test_a_roll_back_by_the_guard_killed_in_each_step_is_done_once(site: Site) -> None:
    site.go_back("renewed")
    guarding = (*MONITORING, "--set", "retraining.enabled=false")

    for step in ("guard_deployment", "take_back", "record_deployment", "end_rollback"):
        site.killed(step, *guarding)
        assert site.version_that_answers() in ("1", "2")
    site.place.run(*guarding, allowed=(0, 1))

    (record,) = Rollbacks(site.place.records).all()
    assert (record.version, record.to) == ("2", "1")
    assert record.finished
    site.assert_agreement(1, of=2)
    site.assert_all_kept()


def test_an_inference_killed_in_each_step_scores_each_row_once(site: Site) -> None:
    site.go_back("trained")
    source, output = site.place.folder / "urls.csv", site.place.folder / "scored" / "scored.csv"
    output.parent.mkdir()
    rows = 5_000
    lines = [f"{at},http://host{at}.example/path/{at}" for at in range(rows)]
    source.write_text("\n".join(["id,url", *lines, ""]))
    command = ("--pipeline", "inference", "--input", str(source), "--output", str(output))
    sharded = (*command, "--shards", "2", "--set", "inference.chunk_rows=1000")

    for step in ("plan_inference", "score_shard", "switchyard.inference.joining:join"):
        site.killed(step, *sharded)
    site.killed("join_parts", *sharded)
    site.place.run(*sharded)

    assert arrow_csv.read_csv(output).column("id").to_pylist() == list(range(rows))
    assert [path.name for path in output.parent.iterdir()] == ["scored.csv"]


def test_ctrl_c_in_a_retraining_is_answered_and_finished_steps_are_kept(site: Site) -> None:
    site.go_back("served")
    at = "zenml.steps.base_step:BaseStep.call_entrypoint evaluate_candidates"

    stopped = site.signalled(at, *MONITORING, how="SIGINT")

    assert stopped.code == 130, stopped.err
    assert stopped.err.strip().splitlines()[-1].startswith("stopped; the same command goes on")
    assert "Traceback" not in stopped.err
    done = site.place.run(*MONITORING)
    assert "Tune fast" not in done.err
    assert len(site.retrainings) == 1
    site.assert_agreement(2, of=2)
