"""What an image does without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PRUNE = ROOT / "bento" / "building" / "container" / "prune.py"


def test_only_what_a_service_never_reads_goes(tmp_path: Path) -> None:
    kept = ["numpy/core.py", "numpy/testing/__init__.py", "pyarrow/libarrow.so.2500", "a/tests.py"]
    gone = [
        "numpy/linalg/tests/test_linalg.py",
        "numpy/lib.pyi",
        "numpy/__pycache__/core.cpython-311.pyc",
        "pyarrow/include/arrow/api.h",
        "pyarrow/libarrow_flight.so.2500",
        "scipy/tests/data/tests/x",
    ]
    for name in (*kept, *gone):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    subprocess.run([sys.executable, str(PRUNE), str(tmp_path)], check=True)

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(kept)
