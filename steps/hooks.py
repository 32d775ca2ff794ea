"""What is kept of a step that ended, well or not, where the dashboard shows it."""

from __future__ import annotations

import logging
import resource
import sys

from zenml import log_metadata

from switchyard.errors import SwitchyardError

logger = logging.getLogger(__name__)


def record_success() -> None:
    """Note the peak of the process's resident memory so far, in megabytes (10⁶ bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    log_metadata({"peak_memory_mb": round(peak / 1e6)})


def record_failure(error: BaseException) -> None:
    """Note why the step failed and which exit code that means; the log gets the sentence too."""
    code = error.exit_code if isinstance(error, SwitchyardError) else 3
    logger.error("%s: %s", type(error).__name__, error)
    log_metadata({"failure": str(error) or type(error).__name__, "exit_code": code})
