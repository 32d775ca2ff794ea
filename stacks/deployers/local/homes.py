"""Where the state of each deployment lies, found again by the use case's name."""

from __future__ import annotations

import os
from pathlib import Path

from stacks.deployers.local.states import FILE

ELSEWHERE = ".deployments"
"""Links to deployments whose use case keeps its state in another folder."""


class Homes:
    """The deployments known below one state folder."""

    def __init__(self, state_dir: str) -> None:
        self._root = absolute(state_dir)

    def of(self, name: str) -> Path:
        """The folder of a deployment, whether it is there or not."""
        link = self._root / ELSEWHERE / name
        return link.resolve() if link.is_symlink() else home(self._root, name)

    def remember(self, name: str, folder: Path) -> None:
        """Let `of` find `folder` from now on."""
        link = self._root / ELSEWHERE / name
        if folder == home(self._root, name):
            link.unlink(missing_ok=True)
            return
        link.parent.mkdir(parents=True, exist_ok=True)
        beside = link.with_name(f".{name}-{os.getpid()}")
        beside.unlink(missing_ok=True)
        beside.symlink_to(folder)
        beside.replace(link)

    def names(self) -> list[str]:
        """All use cases that were deployed, sorted."""
        here = {path.parents[1].name for path in self._root.glob(f"*/deployment/{FILE}")}
        linked = {path.name for path in self._root.glob(f"{ELSEWHERE}/*") if path.is_symlink()}
        return sorted(
            name for name in here | linked if not name.startswith(".") and self._known(name)
        )

    def _known(self, name: str) -> bool:
        return (self.of(name) / FILE).exists()


def home(state_dir: Path, name: str) -> Path:
    """The folder of a deployment below a state folder."""
    return state_dir / name / "deployment"


def absolute(state_dir: str) -> Path:
    """The same folder, wherever this process goes."""
    return Path(state_dir).expanduser().absolute()
