"""Errors that a person can act on: each names the thing, its value and the fix.

Their `exit_code` is what the command line returns.
"""


class SwitchyardError(Exception):
    """Base of every expected failure. Exit code 3."""

    exit_code = 3


class GateRefused(SwitchyardError):  # noqa: N818  a refusal is a result, not an error of the program
    """A gate (metrics, drift, promotion) said no. Exit code 1."""

    exit_code = 1


class RequestError(SwitchyardError):
    """The request was wrong: configuration, arguments or data. Exit code 2."""

    exit_code = 2


class DataError(RequestError):
    """The data cannot be used as they are. Exit code 2."""


class PlatformError(SwitchyardError):
    """Something underneath failed: disk, network, store, cluster. Exit code 3."""

    exit_code = 3


def innermost(error: BaseException) -> str:
    """The cause at the bottom of an error, which is what a person can act on."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(error) or type(error).__name__
