"""Tensors of the Open Inference Protocol, version 2, in JSON and in its binary extension."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from switchyard.configuration.tables import MOST_COLUMNS
from switchyard.serving.instances import unfit
from switchyard.serving.problems import Problem

_LENGTH = struct.Struct("<I")
_NUMBERS = {
    "FP64": "<f8",
    "FP32": "<f4",
    **{f"INT{bits}": f"<i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": f"<u{bits // 8}" for bits in (8, 16, 32, 64)},
}
_KINDS = {"FP64": ("a number", tuple(_NUMBERS)), "BYTES": ("text", ("BYTES",))}

Column: TypeAlias = list[str] | list[float | None]

Size = Annotated[int, Field(ge=0, lt=2**40)]
Parameters = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object"}),
]


_Numbers: TypeAlias = Annotated[
    list[str | float | list[str | float | None] | None], Field(fail_fast=True)
]
_TableData: TypeAlias = _Numbers | str | float | None


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class InputTensor(_Document):
    """A tensor of a request; data is missing when it follows in binary."""

    name: Annotated[str, Field(max_length=200)]
    shape: Annotated[list[Size], Field(min_length=1, max_length=2)]
    datatype: Annotated[str, Field(max_length=16)]
    parameters: Parameters | None = None
    data: Annotated[list[str | list[str]], Field(fail_fast=True)] | str | None = None


class TableTensor(InputTensor):
    """As `InputTensor`, with numbers too; null and NaN stand for a number that is missing."""

    data: _TableData = None  # type: ignore[assignment]


class WantedTensor(_Document):
    """An output that a request asks for."""

    name: Annotated[str, Field(max_length=200)]
    parameters: Parameters | None = None


class InferRequest(_Document):
    """The JSON part of a request."""

    id: Annotated[str | None, Field(max_length=200)] = None
    parameters: Parameters | None = None
    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=100)]
    outputs: Annotated[list[WantedTensor] | None, Field(max_length=100)] = None


class TableInferRequest(InferRequest):
    """The JSON part of a request for a model of a table."""

    inputs: Annotated[list[TableTensor], Field(min_length=1, max_length=MOST_COLUMNS)]  # type: ignore[assignment]


class OutputTensor(BaseModel):
    """A tensor of an answer."""

    name: str
    shape: list[int]
    datatype: Literal["FP64", "BYTES"]
    parameters: dict[str, Any] | None = None
    data: list[Any] | None = None


def parse(
    body: bytes,
    json_length: int | None,
    datatypes: Mapping[str, str],
    body_type: type[InferRequest],
) -> tuple[InferRequest, list[Column]]:
    """A request and the elements of each of its inputs.

    json_length: of the JSON part when binary data follow it; datatypes: of the declared inputs,
    BYTES for text and FP64 for what may be numbers of any kind; body_type: `TableInferRequest` for
    models of tables. Problem 400 or 422.
    """
    cut = len(body) if json_length is None else json_length
    if cut > len(body):
        raise Problem(400, "Inference-Header-Content-Length is longer than the body")
    try:
        request = body_type.model_validate_json(body[:cut])
    except ValidationError as error:
        raise unfit(error) from None
    columns: list[Column] = []
    rest = body[cut:]
    for at, tensor in enumerate(request.inputs):
        what, taken = _KINDS[datatypes.get(tensor.name, "BYTES")]
        if tensor.datatype not in taken:
            raise _wrong(
                at, "datatype", f"the datatype must be {' or '.join(taken)}: this input is {what}"
            )
        size = (tensor.parameters or {}).get("binary_data_size")
        if size is None:
            column = _listed(tensor, at)
        elif not isinstance(size, int) or not 0 <= size <= len(rest):
            raise _wrong(at, "parameters.binary_data_size", "the body has fewer bytes")
        else:
            column, rest = _unpacked(rest[:size], tensor.datatype, at), rest[size:]
        rows = int(np.prod(tensor.shape, dtype=object))
        if rows != len(column) or tensor.shape[1:] not in ([], [1]):
            raise _wrong(
                at, "shape", f"there are {len(column)} elements, so it must be [{len(column)}]"
            )
        columns.append(column)
    if rest:
        raise Problem(400, f"{len(rest)} bytes follow that no input claims")
    return request, columns


def _listed(tensor: InputTensor, at: int) -> Column:
    data: Any = tensor.data
    if data is None:
        raise _wrong(at, "data", "there are neither data nor binary_data_size")
    items = data if isinstance(data, list) else [data]
    found = [item for each in items for item in (each if isinstance(each, list) else [each])]
    is_text = tensor.datatype == "BYTES"
    kinds = {type(item) for item in found}
    if not kinds <= ({str} if is_text else {int, float, type(None)}):
        raise _wrong(at, "data", f"the elements must be {'text' if is_text else 'numbers'}")
    return found


def _unpacked(data: bytes, datatype: str, at: int) -> Column:
    if datatype != "BYTES":
        kind = np.dtype(_NUMBERS[datatype])
        if len(data) % kind.itemsize:
            raise _wrong(at, "data", f"binary {datatype} are {kind.itemsize} bytes each")
        numbers: list[float | None] = np.frombuffer(data, kind).tolist()
        return numbers
    strings: list[str] = []
    place = 0
    try:
        while place < len(data):
            (length,) = _LENGTH.unpack_from(data, place)
            place += 4 + length
            if place > len(data):
                raise _wrong(at, "data", "a string is longer than the tensor")
            strings.append(data[place - length : place].decode())
    except (struct.error, UnicodeDecodeError):
        raise _wrong(at, "data", "binary BYTES are a 4-byte length and UTF-8 text each") from None
    return strings


def packed(values: Sequence[Any], datatype: str) -> bytes:
    """The elements as the binary extension has them."""
    if datatype == "BYTES":
        texts = [value.encode() for value in values]
        return b"".join(_LENGTH.pack(len(text)) + text for text in texts)
    return np.asarray(values, _NUMBERS[datatype]).tobytes()


def _wrong(at: int, key: str, message: str) -> Problem:
    where = f"inputs.{at}.{key}"
    return Problem(422, f"'{where}': {message}", [{"where": where, "message": message}])
