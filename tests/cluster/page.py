#!/usr/bin/env python3
"""The commands of docs/kubernetes.md, as a shell's script: `page.py STEP … [--but TEXT …]`.

What a step says for several kinds of cluster is taken of kind's and minikube's. The shell stops at
the first command that fails, and ends what it has left in the background.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kubernetes.md"
BEGIN = """set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
"""
PATIENCE_S = 3
"""So long a person looks at what has been started in the background."""

_STEP = re.compile(r"## (\d)\. ")
_OTHERS = "**A managed cluster**"


def commands(page: str, step: int) -> Iterator[str]:
    """The lines of a step that are to be typed, as they stand."""
    inside = False
    for line in page.splitlines():
        if line.startswith("## "):
            found = _STEP.match(line)
            inside = found is not None and int(found[1]) == step
        elif line.startswith(_OTHERS):
            inside = False
        elif inside and line.startswith("    "):
            yield line[4:]


def script(page: str, steps: Sequence[int], left_out: Sequence[str]) -> Iterator[str]:
    """What the shell is given; each line is shown before it is run."""
    yield BEGIN
    for step in steps:
        typed = [
            line for line in commands(page, step) if not any(text in line for text in left_out)
        ]
        if not typed:
            raise SystemExit(f"{PAGE}: step {step} has no commands")
        yield "set -v"
        for line in typed:
            yield line
            if line.endswith("&"):
                yield f"sleep {PATIENCE_S}"
        yield "set +v"


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("steps", nargs="+", type=int, metavar="STEP")
    parser.add_argument("--but", nargs="+", default=[], metavar="TEXT", help="no lines with these")
    options = parser.parse_args()
    lines = script(PAGE.read_text(encoding="utf-8"), options.steps, options.but)
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
