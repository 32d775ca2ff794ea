"""A process that waits for a service folder to finish: `python -P waiting.py ASSEMBLING`.

Importing takes it longer than its work. Until it is told which folder, it imports what others have
made; then that folder's own sources, and no others, do what ASSEMBLING says. The order is a line of
JSON on standard input, `{"folder": …, "version": …}`, and what follows it is ASSEMBLING's. Without
one it ends.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

LIBRARIES = (
    "_bentoml_sdk",
    "bentoml.bentos",
    "fastapi",
    "huey",
    "numba",
    "pyarrow.compute",
    "skops.io",
    "uvicorn.protocols.http.httptools_impl",
)
"""What every service imports, in this environment."""

LEAN = Path(__file__).resolve().parents[1] / "lean.py"


def main(assembling: Path) -> int:
    """Wait, finish the folder, return the exit code."""
    gc.disable()  # what it makes it needs to its end, which is soon
    loaded(LEAN).keep_lean()
    for name in LIBRARIES:
        with suppress(ImportError):  # whether that matters the service will say
            importlib.import_module(name)
    order = sys.stdin.readline()
    if not order:
        return 0
    told = json.loads(order)
    os.chdir(told["folder"])
    sys.path.insert(0, told["folder"])
    sys.dont_write_bytecode = True  # the folder's is made otherwise (`releases.py`)
    lines = (line.rstrip("\n") for line in sys.stdin)
    return int(loaded(assembling).main(Path(told["folder"]), told["version"], lines))


def loaded(path: Path) -> ModuleType:
    """The module of a file, which belongs to no package."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stderr.flush()
    # To clear away thousands of modules takes half a second, which a build waits for.
    os._exit(code)
