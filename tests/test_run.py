"""The command line: exit codes, and Ctrl-C whatever a library makes of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

import run
from switchyard.errors import GateRefused, PlatformError, RequestError


def ends_with(error: BaseException, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    def execute(arguments: object) -> int:
        raise error

    monkeypatch.setattr(run, "execute", execute)
    return run.main(["--pipeline", "training", *flags])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GateRefused("not better"), 1),
        (RequestError("wrong key"), 2),
        (PlatformError("disk full"), 3),
        (ValueError("a defect"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--verbose"]])
def test_each_end_has_its_exit_code(
    error: BaseException, code: int, flags: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ends_with(error, monkeypatch, *flags) == code


def test_a_traceback_is_shown_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends_with(RequestError("wrong key"), monkeypatch)
    plain = capsys.readouterr().err
    ends_with(RequestError("wrong key"), monkeypatch, "--verbose")
    verbose = capsys.readouterr().err

    assert plain == "RequestError: wrong key\n"
    assert "Traceback" in verbose


def test_ctrl_c_counts_even_where_a_library_raises_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def execute(arguments: object) -> int:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt as stop:
            raise RuntimeError("a callback was interrupted") from stop
        return 0

    monkeypatch.setattr(run, "execute", execute)

    assert run.main(["--pipeline", "training"]) == 130


def test_saying_nothing_is_a_wrong_request(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run.main([])

    assert caught.value.code == 2
    assert "--pipeline training" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pipeline", "training", "--version", "2"], "belong to --pipeline deployment"),
        (["--pipeline", "training", "--rollback"], "belong to --pipeline deployment"),
        (["--pipeline", "deployment", "--version", "2", "--rollback"], "either --version or"),
        (["--pipeline", "deployment", "--version", "two"], "invalid int value: 'two'"),
        (["--pipeline", "deployment", "--data", "urls.csv"], "--data belongs to --pipeline tr"),
        (["--pipeline", "training", "status"], "either 'status' or --pipeline training"),
        (["stack"], "ACTION"),
        (["restart"], "invalid choice: 'restart'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run.main(arguments)

    assert caught.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "done"),
    [
        (["status"], "show_status"),
        (["stop"], "stop_service"),
        (["stop", "--config", "configs/phishing.yaml", "--set", "seed=1"], "stop_service"),
        (["logs", "--lines", "5"], "show_logs"),
        (["stack", "apply", "stacks/local.yaml", "--dry-run", "--quiet"], "manage_stack"),
        (["--pipeline", "training"], "run_pipeline"),
        (["--pipeline", "deployment", "--version", "2"], "run_pipeline"),
        (["--pipeline", "deployment", "--rollback", "--quiet"], "run_pipeline"),
    ],
)
def test_each_command_does_its_own(
    arguments: list[str], done: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[str] = []

    def doing(name: str) -> Callable[..., int]:
        def do(*_: object) -> int:
            did.append(name)
            return 0

        return do

    for name in ("show_status", "stop_service", "show_logs", "manage_stack", "run_pipeline"):
        monkeypatch.setattr(run, name, doing(name))

    assert run.main(arguments) == 0
    assert did == [done]


def test_the_schema_and_the_configuration_can_be_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run.main(["--schema"]) == 0
    assert '"additionalProperties": false' in capsys.readouterr().out
    assert run.main(["--print-config", "--data", "urls.csv"]) == 0
    assert "location: urls.csv" in capsys.readouterr().out
