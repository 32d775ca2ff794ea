"""Open the place that ZenML works in: quiet, offline, with the local stack at hand."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.errors import PlatformError

if TYPE_CHECKING:
    from zenml.client import Client
    from zenml.models import StackResponse

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / "stacks" / "local.yaml"


def set_environment(*, verbose: bool) -> None:
    """Set ZenML's and MLflow's switches; before their import, because both read them there."""
    defaults = {
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_ENABLE_RICH_TRACEBACK": "false",
        "ZENML_REPOSITORY_PATH": str(ROOT),
        # Parameters of a dynamic pipeline's steps are kept as such, of any size.
        "ZENML_PARAMETER_SIZE_THRESHOLD": "-1",
        "ZENML_LOGGING_VERBOSITY": "INFO" if verbose else "CRITICAL",
        "MLFLOW_LOGGING_LEVEL": "INFO" if verbose else "ERROR",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def open_workspace(*, verbose: bool = False) -> list[str]:
    """Initialise the repository and register the local stack where they are missing.

    Returns one sentence a change. A stack that a person has set stays the active one.
    """
    from zenml.client import Client
    from zenml.utils import io_utils, source_utils

    from stacks.adapting import adapt
    from stacks.apply import apply

    adapt()
    if not verbose:
        _keep_logs_off_the_terminal()
    source_utils.set_custom_source_root(str(ROOT))
    repository = Path(os.environ["ZENML_REPOSITORY_PATH"])
    first = not Path(io_utils.get_global_config_directory(), "config.yaml").exists()
    fresh = not Client.is_repository_directory(repository)
    try:
        if fresh:
            Client.initialize(repository)
        client = Client()
        client.zen_store  # noqa: B018  opens it
    except (OSError, RuntimeError) as error:
        raise PlatformError(
            f"ZenML's store cannot be opened: {error}; if `zenml login --local` started a server "
            "that is gone by now, `zenml logout --local` goes back to the store itself"
        ) from error
    if first:
        _greet_offline(client)
    changes = []
    local = client.list_stacks(name="local").items
    if not local or _lacks_some(local[0]):
        changes = apply(LOCAL, prune=False)  # what a person added stays
        fresh = fresh or not local
    if fresh and client.active_stack_model.name == "default":
        client.activate_stack("local")
        changes.append("stack 'local' set; `zenml stack set NAME` takes another")
    return changes


def _lacks_some(stack: StackResponse) -> bool:
    """Whether the file has kinds of components that the stack was registered without."""
    from stacks.files import read

    return any(not stack.components.get(kind) for kind in read(LOCAL).components)


def _greet_offline(client: Client) -> None:
    """Set up a new ZenML installation: no analytics, no survey before the dashboard opens.

    Without a network, analytics would let every command wait for seconds. One that a person has set
    up already is left as it is.
    """
    from zenml.config.global_config import GlobalConfiguration

    GlobalConfiguration().analytics_opt_in = False
    client.update_user(
        client.active_user.id,
        updated_email_opt_in=False,
        updated_metadata={"finished_onboarding_survey": True, "awareness_channels": ["other"]},
    )


def _keep_logs_off_the_terminal() -> None:
    """Leave log records to ZenML's store: the terminal shows progress in its own way."""
    from zenml.logger import ZenMLConsoleHandler

    for handler in logging.getLogger().handlers:
        if isinstance(handler, ZenMLConsoleHandler):
            handler.setLevel(logging.CRITICAL)
