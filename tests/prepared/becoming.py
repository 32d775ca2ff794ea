"""How a child of the prepared process becomes a command that might have been started afresh."""

from __future__ import annotations

import importlib
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from tests.prepared.wire import Request


def become(request: Request, streams: Sequence[int], made: Mapping[str, str]) -> None:
    """Be the script that was asked for; ends, and raises, as that does.

    made: what imports have added to the environment, as they would here.
    """
    _separate(request, streams)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update({**request.environment, **made})
    time.tzset()
    tempfile.tempdir = None
    _reseed()
    script = Path(request.argv[0])
    sys.argv = list(request.argv)
    sys.orig_argv = [sys.executable, *request.argv]
    sys.path[0] = str(script.resolve().parent)
    _heed_python_path(request.environment.get("PYTHONPATH", ""))
    main = ModuleType("__main__")
    main.__file__ = str(script)
    sys.modules["__main__"] = main
    code = compile(script.read_bytes(), str(script), "exec", dont_inherit=True)
    exec(code, main.__dict__)


def _separate(request: Request, streams: Sequence[int]) -> None:
    """Have streams, session, limits and signals of one's own, and nothing of the server's."""
    if request.new_session:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(len(streams), os.sysconf("SC_OPEN_MAX"))
    for name, soft in request.limits.items():
        kind = getattr(resource, name)
        resource.setrlimit(kind, (soft, resource.getrlimit(kind)[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _reseed() -> None:
    """What draws at random must not draw the same in each child; `random` itself sees to that."""
    import numpy as np

    random.seed()
    np.random.seed()


def _heed_python_path(folders: str) -> None:
    """Look for modules there, and load what Python loads from there by itself."""
    if not folders:
        return
    sys.path[1:1] = folders.split(os.pathsep)
    sys.modules.pop("sitecustomize", None)
    importlib.invalidate_caches()
    try:
        importlib.import_module("sitecustomize")
    except ModuleNotFoundError as error:
        if error.name != "sitecustomize":
            raise
