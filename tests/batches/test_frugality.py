"""What scoring does without: memory that grows with the file, and pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from switchyard.batches.kinds import KINDS, Kind
from tests.conftest import Packages

ROOT = Path(__file__).resolve().parents[2]

STUB = """
import resource, sys, time
from types import SimpleNamespace
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
from switchyard.batches.scoring import score_file
from switchyard.packages.manifest import Input
from switchyard.serving.predictor import Scored

class Stub:
    version = "1"
    labels = SimpleNamespace(positive="phishing", negative="benign")
    manifest = SimpleNamespace(inputs={"url": Input(type="string", max_length=99)}, labels=labels)
    def score(self, columns):
        n = len(columns["url"])
        return Scored(np.full(n, 0.5), np.full(n, True), pa.nulls(n, pa.large_string()))

kind, rows, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
"""
PEAK = f"""{STUB}
with open(folder + "/in", "rb") as source, open(folder + "/out", "wb") as target:
    print(score_file(source, kind, target, kind, Stub()).rows)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
WRITE = f"""{STUB}
line = {{"csv": "{{0}},http://host{{0}}.example.com/path\\n",
         "ndjson": '{{{{"id":{{0}},"url":"http://host{{0}}.example.com/path"}}}}\\n'}}
if kind == "parquet":
    ids = [str(at) for at in range(rows)]
    table = pa.table({{"id": ids, "url": ["http://host.example.com/path/" + at for at in ids]}})
    pq.write_table(table, folder + "/in", use_dictionary=False)
else:
    with open(folder + "/in", "w") as target:
        target.write("id,url\\n" if kind == "csv" else "")
        target.writelines(line[kind].format(at) for at in range(rows))
"""
WITHOUT_PANDAS = """
import io, sys
from bento.lean import keep_out
keep_out("pandas")
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from switchyard.batches.scoring import score_file
from switchyard.serving.predictor import Predictor

predictor = Predictor.open(Path(sys.argv[1]), "7")
sink = io.BytesIO()
at = pa.array([1], pa.timestamp("ns"))
pq.write_table(pa.table({"url": ["a.com"], "at": at, "tags": [["a"]]}), sink)
files = {
    "csv": b"url\\na.com\\n", "ndjson": b'{"url":"a.com","n":1}', "parquet": sink.getvalue(),
    "json": b'{"instances":[{"url":"a.com"}]}',
}
for kind, content in files.items():
    for target in files:
        score_file(io.BytesIO(content), kind, io.BytesIO(), target, predictor)
print("done", "pandas" in sys.modules)
"""


def run(code: str, *arguments: object) -> list[str]:
    words = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "json"])
def test_memory_does_not_grow_with_the_file(kind: Kind, tmp_path: Path) -> None:
    peaks = []
    for rows in (200_000, 800_000):
        run(WRITE, kind, rows, tmp_path)
        counted, peak = run(PEAK, kind, rows, tmp_path)
        assert int(counted) == rows
        peaks.append(int(peak))

    grown_kb = (tmp_path / "in").stat().st_size * 3 / 4 / 1024
    assert peaks[1] - peaks[0] < grown_kb / 3


@pytest.mark.slow
def test_every_kind_becomes_every_other_without_pandas(packages: Packages) -> None:
    assert run(WITHOUT_PANDAS, packages.of()) == ["done", "False"]
