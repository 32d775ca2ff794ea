"""What a person sees while stages go by."""

from __future__ import annotations

import io
import logging

import pytest
from rich.console import Console

from switchyard.console import display
from switchyard.progress import logger, stage


def shown(*, terminal: bool, quiet: bool = False, fails: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    with display(console, quiet=quiet):
        try:
            with stage("Fit fast") as report:
                report(1, 3, "fold 1")
                if fails:
                    raise ValueError("no")
        except ValueError:
            pass
    return out.getvalue()


def test_a_pipe_gets_a_line_a_stage() -> None:
    text = shown(terminal=False)

    assert text.startswith("done")
    assert "Fit fast" in text
    assert "\x1b" not in text


def test_a_failed_stage_is_not_called_done() -> None:
    assert shown(terminal=False, fails=True).startswith("stopped")


def test_a_terminal_gets_bars() -> None:
    assert "Fit fast" in shown(terminal=True)


def test_quiet_shows_nothing() -> None:
    assert shown(terminal=True, quiet=True) == ""


def test_the_display_leaves_the_logger_as_it_was() -> None:
    before = (list(logger.handlers), logger.level)
    shown(terminal=False)

    assert (list(logger.handlers), logger.level) == before


def test_stages_are_plain_log_records_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), stage("Load the data") as report:
        report(2, 5, "urls.csv")

    messages = [record.getMessage() for record in caplog.records]
    assert messages[0] == "Load the data"
    assert messages[1] == "Load the data: urls.csv"
    assert messages[2].startswith("Load the data: done, ")
