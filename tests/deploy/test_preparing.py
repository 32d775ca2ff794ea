"""What prepare.sh writes, and what it leaves alone."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.manifests import PLATFORM

DIGEST = "sha256:" + "1f" * 32


def prepare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = folder / "prepare.sh"
    script.write_bytes((PLATFORM / "overlays" / "local" / "prepare.sh").read_bytes())
    return subprocess.run(["bash", script, *arguments], capture_output=True, text=True, check=False)


def test_secrets_are_random_private_and_kept(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        assert prepare(folder, "registry:5000/steps:1").returncode == 0
    files = sorted((one / "prepared").glob("*.env"))
    first = {file.name: file.read_text() for file in files}
    assert len(first) == 4
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text() != (other / "prepared" / file.name).read_text()

    prepare(one, "registry:5000/steps:2")
    assert {file.name: file.read_text() for file in files} == first
    described = yaml.safe_load((one / "prepared" / "kustomization.yaml").read_text())
    assert described["images"][0]["newTag"] == "2"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("registry:5000/a/steps:abc", {"newName": "registry:5000/a/steps", "newTag": "abc"}),
        (f"ghcr.io/a/steps@{DIGEST}", {"newName": "ghcr.io/a/steps", "digest": DIGEST}),
    ],
)
def test_an_image_has_a_tag_or_a_digest(
    tmp_path: Path, image: str, expected: dict[str, str]
) -> None:
    assert prepare(tmp_path, image).returncode == 0
    described = yaml.safe_load((tmp_path / "prepared" / "kustomization.yaml").read_text())
    assert described["images"] == [{"name": "switchyard/platform", **expected}]


@pytest.mark.parametrize("image", ["steps", "registry:5000/steps", ""])
def test_an_image_without_either_is_refused(tmp_path: Path, image: str) -> None:
    done = prepare(tmp_path, image)
    assert done.returncode == 2
    assert "neither a tag nor a digest" in done.stderr
    assert not (tmp_path / "prepared").exists()
