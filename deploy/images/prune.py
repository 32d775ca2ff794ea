"""Remove from an environment what nothing here reads: `python prune.py ENVIRONMENT`.

Tests, headers and static libraries of the packages, widgets for notebooks, Arrow's Flight,
the asynchronous twin of Kubernetes' client: a quarter of a gigabyte.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

FOLDERS = (
    *(f"{name}/**/tests" for name in ("gevent", "matplotlib", "numba", "numpy", "pandas")),
    *(f"{name}/**/tests" for name in ("pyarrow", "scipy", "sklearn", "statsmodels")),
    "jupyterlab_plotly",
    "kubernetes/aio",
    "numpy/_core/include",
    "pyarrow/include",
    "pyarrow/src",
)
FILES = ("**/*.a", "**/*.pxd", "**/*.pyi", "pyarrow/_flight*", "pyarrow/libarrow_flight*")


def prune(packages: Path) -> None:
    """Delete FOLDERS and FILES below `packages`."""
    for pattern in FOLDERS:
        for folder in list(packages.glob(pattern)):
            shutil.rmtree(folder, ignore_errors=True)
    for pattern in FILES:
        for file in list(packages.glob(pattern)):
            file.unlink()


if __name__ == "__main__":
    for found in Path(sys.argv[1]).glob("lib/python*/site-packages"):
        prune(found)
