"""What a person reads when monitoring has ended, and the exit code."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from pipelines import inference_summaries
from pipelines.monitoring_summaries import Watched, summarise
from switchyard.guarding.judging import GuardVerdict
from switchyard.guarding.records import Rollback
from switchyard.inference.results import Counts, Outcome
from switchyard.retraining.deciding import RetrainingDecision
from switchyard.retraining.planning import Plan
from switchyard.retraining.records import Retrained
from tests.retraining.test_bases import CASE
from tests.retraining.test_deciding import lost, window

NOW = datetime(2024, 5, 2, tzinfo=UTC)
NO = Plan(decision=RetrainingDecision(retrain=False, reasons=("cool-down until tomorrow",)))
YES = Plan(decision=RetrainingDecision(retrain=True, reasons=("2 of the last 3 drifted",)))
ROLLBACK = Rollback(version="2", to="1", reasons=("errors",), deployed=NOW, started=NOW)


def retrained(**changes: Any) -> Retrained:
    facts: dict[str, Any] = {
        "name": "x",
        "started": NOW,
        "reasons": (),
        "labelled": 9,
        "feedback": {},
        "version": 3,
        "outcome": "The champion is kept: no gain.",
    }
    return Retrained(**facts | changes)


def watched(**changes: Any) -> Watched:
    facts: dict[str, Any] = {"guard": None, "verdicts": [], "plan": NO}
    return Watched(**facts | changes)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (watched(), 0),
        (watched(verdicts=[window(1, "quiet"), window(2, "too-few-rows")]), 0),
        (watched(verdicts=[window(1, provisional=True)]), 0),
        (watched(verdicts=[window(1)]), 1),
        (watched(verdicts=[lost(1)]), 1),
        (watched(verdicts=[window(1)], plan=YES, retrained=retrained(promoted=True)), 0),
        (watched(verdicts=[window(1)], plan=YES, retrained=retrained()), 1),
        (watched(rollback=ROLLBACK), 1),
        (watched(guard=GuardVerdict(roll_back=False, failed=("errors", "nowhere to go"))), 1),
    ],
    ids=[
        *("nothing", "quiet", "open-window", "drift", "lost-performance", "mended", "refused"),
        *("rolled-back", "nowhere-to-go"),
    ],
)
def test_the_exit_code_says_whether_something_is_wrong(found: Watched, code: int) -> None:
    assert found.exit_code == code


def shown(found: Watched, **options: Any) -> list[str]:
    file = io.StringIO()
    summarise(found, Console(file=file, width=200), **options)
    return [line.strip() for line in file.getvalue().splitlines() if line.strip()]


def test_the_outcome_is_the_last_line() -> None:
    lines = shown(watched(verdicts=[window(1)]))

    assert lines[-1] == (
        "1 windows checked, 1 of them worrying; no retraining: cool-down until tomorrow"
    )
    assert any("2024-01-02 00:00" in line and "drifted" in line for line in lines)


def test_what_was_done_is_told() -> None:
    done = retrained(promoted=True, deployed=True)
    off = retrained(promoted=True, not_deployed="version 2 serves (retraining.deploy is off)")

    refused = ROLLBACK.model_copy(update={"outcome": "other scores"})

    assert shown(watched(rollback=ROLLBACK))[-1] == "rolled back from version 2 to 1"
    assert shown(watched(rollback=refused))[-1] == "version 2 is not taken back: other scores"
    assert shown(watched(retrained=done))[-1] == "retrained: version 3 is the champion, deployed"
    assert shown(watched(retrained=off))[-1] == (
        "retrained: version 3 is the champion, not deployed: version 2 serves "
        "(retraining.deploy is off)"
    )
    assert shown(watched(retrained=retrained()))[-1].endswith("The champion is kept: no gain.")


def test_a_dry_run_says_what_would_be_done_and_why() -> None:
    guard = GuardVerdict(roll_back=True, failed=("20 of 100 answers are errors",))

    lines = shown(watched(guard=guard, plan=YES), dry_run=True)

    assert lines[-1] == "dry run: monitoring would roll back and retrain"
    assert "20 of 100 answers are errors" in lines
    assert "2 of the last 3 drifted" in lines


@pytest.mark.parametrize("name", ["flow [/min]", "pressure [kPa]", "[red]x"])
def test_names_of_columns_are_told_as_they_are(name: str) -> None:
    made = window(1).model_copy(update={"reasons": (f"{name} is missing",)})
    console = Console(file=io.StringIO(), width=250)

    summarise(watched(verdicts=[made]), console)

    assert f"{name} is missing" in console.file.getvalue()  # type: ignore[attr-defined]


def test_notes_of_scored_files_are_told_as_they_are() -> None:
    note = "no column 'flow [/min]' in [kPa].csv"
    outcome = Outcome(Counts(rows=1, positive=1), 1, "out", "", "3", (note,))
    work = {"scored_rows": 1.0, "scored_seconds": 1.0, "scored_kept_chunks": 0.0}
    console = Console(file=io.StringIO(), width=250)

    inference_summaries.summarise(outcome, work, CASE, console)

    assert note in console.file.getvalue()  # type: ignore[attr-defined]
