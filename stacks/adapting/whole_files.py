"""ZenML's configuration files, written whole.

ZenML writes them in place each time a client is opened: of two runs that start at once one would
read what the other has only begun to write.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from switchyard.stores import written_locally


def write_whole() -> None:
    """Let ZenML put each YAML file in its place by renaming, in this process."""
    from zenml.utils import yaml_utils

    if yaml_utils.write_yaml is not _write_yaml:
        yaml_utils.write_yaml = _write_yaml


def _write_yaml(file_path: str, contents: Any, sort_keys: bool = True) -> None:
    """As ZenML's function of that name, which takes folders and remote places alike."""
    import yaml
    from zenml.utils import io_utils

    text = yaml.dump(contents, sort_keys=sort_keys)
    if io_utils.is_remote(file_path):
        io_utils.write_file_contents_as_string(file_path, text)
        return
    target = Path(file_path).resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}.draft")
    with written_locally(target, draft) as stream:
        stream.write(text.encode())
        if target.exists():
            draft.chmod(target.stat().st_mode)
