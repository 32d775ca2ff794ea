"""The code knows no use case: only configs/ names them."""

from __future__ import annotations

import re
import subprocess

import yaml

from pipelines.arguments import parse
from tests.conftest import ROOT

CODE = ("switchyard", "steps", "pipelines", "bento", "stacks", "run.py")


def names() -> list[str]:
    """What the use cases that are shipped are called."""
    files = sorted((ROOT / "configs").glob("*.yaml"))
    return [yaml.safe_load(file.read_text(encoding="utf-8"))["name"] for file in files]


def tracked() -> list[str]:
    """The files of the code, without those that are no text."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *CODE]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not found:  # no repository, as in an unpacked archive
        parts = [ROOT / part for part in CODE]
        paths = [path for part in parts for path in (part, *part.rglob("*")) if path.is_file()]
        found = "\n".join(str(path.relative_to(ROOT)) for path in paths)
    kinds = (".py", ".js", ".css", ".html", ".yaml", ".yml", ".md", ".json", ".txt", ".toml")
    return [line for line in found.splitlines() if line.endswith(kinds)]


def test_no_file_of_the_code_names_a_use_case() -> None:
    assert len(names()) >= 3
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, names()))})s?\b", re.IGNORECASE)
    files = [file for file in tracked() if (ROOT / file).is_file()]
    assert len(files) > 200
    named = [
        f"{file}:{number}: {line.strip()[:80]}"
        for file in files
        for number, line in enumerate((ROOT / file).read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert named == []


def test_a_pointer_in_configs_says_which_is_taken_without_being_asked() -> None:
    named = (ROOT / "configs" / "default").read_text().strip()
    assert parse(["--pipeline", "training"]).config == ROOT / "configs" / named
    assert (ROOT / "configs" / named).is_file()
