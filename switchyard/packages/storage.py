"""A fitted estimator as bytes and back: skops, byte for byte the same for the same estimator.

skops names parts after memory addresses and stamps them with the time; here they are named after
their content and carry no time, so that equal models have equal digests.
"""

from __future__ import annotations

import hashlib
import io
import json
import warnings
import zipfile
from typing import Any

from switchyard.errors import PlatformError
from switchyard.packages.light import SPECIAL_NODES, skops_for
from switchyard.packages.trusted import TRUSTED_NODES, TRUSTED_TYPES

SCHEMA = "schema.json"
MAX_UNPACKED = 2 * 1024**3
"""No model needs more; a file that claims to is refused before it is unpacked."""

_LEVEL = 6


def dumps(estimator: Any) -> bytes:
    """The estimator as a compressed skops file.

    PlatformError names a part that cannot be saved, or that `loads` would refuse.
    """
    skops_io = skops_for(SPECIAL_NODES)
    from skops.io.exceptions import UnsupportedTypeException

    try:
        written = skops_io.dumps(estimator)
    except (UnsupportedTypeException, TypeError, ValueError, RecursionError) as error:
        raise PlatformError(
            f"{type(estimator).__name__} cannot be saved: {error}; "
            "keep its fitted state in arrays, numbers and text"
        ) from error
    content = _canonical(written)
    _check(content, type(estimator).__name__)
    return content


def loads(content: bytes, name: str = "model.skops") -> Any:
    """The estimator of such a file; PlatformError for a damaged one or one with other types.

    What is trusted is the list in our code, never one that comes with the file. The parts of the
    file are checked twice: here, name by name, and by skops.
    """
    skops_io = skops_for(_check(content, name))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared by the manifest
            return skops_io.loads(content, trusted=sorted(TRUSTED_TYPES))
    except Exception as error:
        raise PlatformError(f"{name} cannot be loaded: {error}; package the model anew") from error


def _canonical(written: bytes) -> bytes:
    """The same file with parts named by content, ids dropped, and neither order nor time left."""
    with zipfile.ZipFile(io.BytesIO(written)) as source:
        parts = {name: source.read(name) for name in source.namelist() if name != SCHEMA}
        schema = json.loads(source.read(SCHEMA))
    names = {
        name: f"{hashlib.sha256(part).hexdigest()[:32]}{name[name.rindex('.') :]}"
        for name, part in parts.items()
    }
    renamed = {names[name]: part for name, part in parts.items()}
    renamed[SCHEMA] = json.dumps(_renamed(schema, names), separators=(",", ":")).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as target:
        for name in sorted(renamed):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, renamed[name])
    return buffer.getvalue()


def _renamed(node: Any, names: dict[str, str]) -> Any:
    """A part of the schema without ids and with the new names of files; sets in order."""
    if isinstance(node, list):
        return [_renamed(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    loader = node.get("__loader__")
    if loader is None:
        return {key: _renamed(value, names) for key, value in node.items()}
    kept = {key: _renamed(value, names) for key, value in node.items() if key != "__id__"}
    if isinstance(kept.get("file"), str):
        kept["file"] = names[kept["file"]]
    if loader == "SetNode":
        kept["content"] = sorted(kept["content"], key=json.dumps)
    return kept


def _check(content: bytes, name: str) -> frozenset[str]:
    """The kinds of nodes of a whole, modest zip whose schema asks for trusted types.

    PlatformError when it is anything else.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as source:
            entries = source.infolist()
            for entry in entries:
                plain = entry.filename
                if "/" in plain or "\\" in plain or ".." in plain or ":" in plain or not plain:
                    raise PlatformError(f"{name} is refused: it holds a part named {plain!r}")
            size = sum(entry.file_size for entry in entries)
            if size > MAX_UNPACKED:
                raise PlatformError(f"{name} is refused: unpacked it would be {size:,} bytes")
            if len({entry.filename for entry in entries}) != len(entries):
                raise PlatformError(f"{name} is refused: two of its parts have one name")
            schema = json.loads(source.read(SCHEMA))
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
        raise PlatformError(
            f"{name} is not a whole skops file: {error}; package the model anew"
        ) from error
    strange: set[str] = set()
    nodes = _find_strange(schema, strange)
    if strange or not isinstance(schema, dict):
        listed = ", ".join(sorted(strange)) or "no object"
        raise PlatformError(
            f"{name} is refused: it holds {listed}, which is not trusted; "
            "if that is your own estimator, add it to switchyard/packages/trusted.py"
        )
    return nodes


def _find_strange(root: Any, strange: set[str]) -> frozenset[str]:
    """Add to `strange` what is not trusted; return the kinds of nodes that there are."""
    nodes: set[str] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            waiting.extend(node.values())
            if "__loader__" in node or "__class__" in node:
                kind = f"{node.get('__module__')}.{node.get('__class__')}"
                nodes.add(str(node.get("__loader__")))
                if kind not in TRUSTED_TYPES:
                    strange.add(kind)
                elif node.get("__loader__") not in TRUSTED_NODES:
                    strange.add(f"{kind} by {node.get('__loader__')}")
    return frozenset(nodes)
