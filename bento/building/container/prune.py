"""Remove from an environment what a service never reads: `python prune.py SITE_PACKAGES`.

Tests, headers and static libraries of the packages, Arrow's Flight: 75 MB of 630. And all bytecode,
75 MB more, of which a warm-up writes again what is used.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

FOLDERS = ("**/tests", "pyarrow/include", "pyarrow/src", "numpy/_core/include")
FILES = (
    "**/*.a",
    "**/*.pxd",
    "**/*.pyc",
    "**/*.pyi",
    "pyarrow/libarrow_flight*",
    "pyarrow/_flight*",
)


def prune(packages: Path) -> None:
    """Delete FOLDERS and FILES below `packages`."""
    for pattern in FOLDERS:
        for folder in list(packages.glob(pattern)):
            if folder.is_dir():
                shutil.rmtree(folder)
    for pattern in FILES:
        for file in list(packages.glob(pattern)):
            file.unlink()


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
