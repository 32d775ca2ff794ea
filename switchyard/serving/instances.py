"""Instances as requests carry them: types made from the manifest's inputs, and strict parsing."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, NotRequired

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from typing_extensions import TypedDict

from switchyard.packages.manifest import AnyInput, Category, Input, Number
from switchyard.serving.problems import Fault, Problem
from switchyard.serving.samples import columns_of
from switchyard.tables.casting import listed

_TOLD = 1_000
"""Telling more faults than that would take longer than to answer."""

_ENUMERATED = 100
"""More categories than that are looked up with the rows: each fault would list them all."""

_WORD = 1_000
"""Characters of a category."""


class InstanceParser:
    """Reads `{"instances": [{…}, …]}` into columns.

    inputs: those of a manifest; most: how many instances a request may hold.
    """

    def __init__(self, inputs: Mapping[str, AnyInput], most: int) -> None:
        self.names = tuple(inputs)
        self.inputs = inputs
        self._optional = any(getattr(each, "missing", False) for each in inputs.values())
        self.most = most
        row: Any = instance_type(inputs)
        instances = Annotated[list[row], Field(min_length=1, max_length=most)]
        request_type = _strict("Instances", {"instances": instances})
        self._adapter: TypeAdapter[Any] = TypeAdapter(request_type)

    def json_schema(self) -> dict[str, Any]:
        """The JSON schema of a body."""
        return self._adapter.json_schema(ref_template="#/components/schemas/{model}")

    def columns(self, body: bytes) -> dict[str, list[Any]]:
        """The columns of a body. Problem 400 when it is no JSON, 422 when it is not as declared."""
        try:
            instances = self._adapter.validate_json(body)["instances"]
        except ValidationError as error:
            raise unfit(error, self.inputs) from None
        if self._may_repeat_keys(body, instances):
            refuse_repeated_keys(body, self.names)
        if self._optional:
            return columns_of(instances, self.names)
        if len(instances) == 1:
            return {name: [value] for name, value in instances[0].items()}
        return {name: [instance[name] for instance in instances] for name in self.names}

    def _may_repeat_keys(self, body: bytes, instances: list[dict[str, Any]]) -> bool:
        """Whether a key could stand twice in an object; the parser would take the last of them.

        There are as many keys as were read when each is followed by its colon at once and as many
        quotes are followed by colons. Anything else is looked at more closely.
        """
        keys = sum(map(len, instances)) if self._optional else len(instances) * len(self.names)
        expected = 1 + keys
        return (
            body.count(b'":') != expected
            or b'" ' in body
            or b'"\n' in body
            or b'"\t' in body
            or b'"\r' in body
        )


def instance_type(inputs: Mapping[str, AnyInput]) -> Any:
    """A strict TypedDict of one instance; what may be missing may be null or left out."""
    fields: dict[str, Any] = {}
    for name, declared in inputs.items():
        kind = _field_type(declared)
        if getattr(declared, "missing", False):
            kind = NotRequired[kind | None]
        fields[name] = kind
    return _strict("Instance", fields)


def _field_type(declared: AnyInput) -> Any:
    if isinstance(declared, Input):
        return Annotated[str, Field(min_length=1, max_length=declared.max_length)]
    if isinstance(declared, Number):
        return Annotated[float, Field(allow_inf_nan=False)]
    assert isinstance(declared, Category)
    if not declared.other and 0 < len(declared.values) <= _ENUMERATED:
        return Annotated[Literal[declared.values], BeforeValidator(_trimmed)]
    return Annotated[str, Field(min_length=1, max_length=_WORD), AfterValidator(_trimmed)]


def _trimmed(value: Any) -> Any:
    """A category without the blanks around it, as it is read everywhere else."""
    return value.strip() if type(value) is str else value


def _strict(name: str, fields: Mapping[str, Any]) -> Any:
    """A TypedDict made of `fields` that takes no other keys and converts nothing."""
    make: Any = TypedDict
    made = make(name, dict(fields))
    made.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    return made


def unfit(error: ValidationError, inputs: Mapping[str, AnyInput] | None = None) -> Problem:
    """The problem that a failed validation stands for; it repeats nothing of the input.

    inputs: those that are declared; their names are told as they are.
    """
    if error.error_count() > _TOLD:
        return Problem(422, f"there are {error.error_count():,} faults, too many to tell them")
    declared = inputs or {}
    faults: list[Fault] = []
    for found in error.errors(include_url=False, include_input=False, include_context=False):
        if found["type"] == "json_invalid":
            return Problem(
                400, f"the body is not JSON: {found['msg'].removeprefix('Invalid JSON: ')}"
            )
        where = ".".join(str(part) if part in declared else plain(part) for part in found["loc"])
        message = found["msg"]
        if found["type"] == "literal_error" and found["loc"][-1] in declared:
            category = declared[str(found["loc"][-1])]
            message = f"is none of {listed(getattr(category, 'values', ()))}"
        faults.append({"where": where, "message": message})
    first = faults[0]
    place = f"'{first['where']}': " if first["where"] else ""
    return Problem(422, f"{place}{first['message']}", faults)


def plain(part: str | int) -> str:
    """A key as it may be repeated in an answer: an unknown one is the caller's own text."""
    return re.sub(r"[^\w.-]", "?", str(part), flags=re.ASCII)[:40]


def refuse_repeated_keys(body: bytes, declared: Collection[str] = ()) -> None:
    """Problem 400 when an object of the JSON text names a key twice; declared: known names."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            said = twice if twice in declared else plain(twice)
            raise Problem(400, f"the key '{said}' stands twice in one object")
        return dict(pairs)

    try:
        json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body is not JSON: {type(error).__name__}") from None
