"""Fields of an object that are somebody else's: taken out of a manifest, so that they stay so."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

_PIECE = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<chosen>[^\]]*=[^\]]*)\]|\[(?P<index>\d+)\]")
Step = str | int | dict[str, Any]


def steps(path: str) -> list[Step]:
    """The way to a field as the API names it: `.spec.containers[name="x"].image`.

    A key, a place in a list, or the keys by which an item of a list is known.
    """
    found: list[Step] = []
    for piece in _PIECE.finditer(path):
        if piece["key"] is not None:
            found.append(piece["key"])
        elif piece["index"] is not None:
            found.append(int(piece["index"]))
        else:
            pairs = (pair.split("=", 1) for pair in piece["chosen"].split(","))
            found.append({key: json.loads(value) for key, value in pairs})
    return found


def without(manifest: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The manifest without the fields at these paths; what they leave empty goes, too."""
    left = copy.deepcopy(manifest)
    for path in paths:
        _remove(left, steps(path))
    return left


def _remove(held: Any, way: Sequence[Step]) -> None:
    place, rest = _place(held, way)
    if place is None:
        return
    if rest:
        _remove(held[place], rest)
    if not rest or held[place] in ({}, []):
        del held[place]


def _place(held: Any, way: Sequence[Step]) -> tuple[Any, Sequence[Step]]:
    """Where the first step leads in a mapping or a list, and the rest of the way; None: nowhere.

    A key may have dots in it, as those of labels have: its steps are joined as long as they fit.
    """
    if isinstance(held, dict):
        for length in range(len(way), 0, -1):
            names = [step for step in way[:length] if isinstance(step, str)]
            if len(names) == length and ".".join(names) in held:
                return ".".join(names), way[length:]
    elif isinstance(held, list) and way:
        step = way[0]
        for number, item in enumerate(held):
            if number == step or (isinstance(step, dict) and _fits(item, step)):
                return number, way[1:]
    return None, ()


def _fits(item: Any, keys: dict[str, Any]) -> bool:
    return isinstance(item, dict) and all(item.get(key) == keys[key] for key in keys)
