"""Who reads ZenML's configuration while another writes it never sees half of it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from stacks.adapting.whole_files import write_whole

CONTENTS = {f"key-{number}": "value" * 20 for number in range(500)}


def test_a_file_that_is_written_again_is_never_seen_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zenml.utils import yaml_utils

    monkeypatch.setattr(yaml_utils, "write_yaml", yaml_utils.write_yaml)  # puts it back
    write_whole()
    file = tmp_path / "config.yaml"
    yaml_utils.write_yaml(str(file), CONTENTS)
    file.chmod(0o600)
    sizes = {file.stat().st_size}
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            sizes.add(len(file.read_bytes()))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(30):
        yaml_utils.write_yaml(str(file), CONTENTS)
    ended.set()
    reader.join()

    assert len(sizes) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
    assert yaml_utils.read_yaml(str(file)) == CONTENTS
