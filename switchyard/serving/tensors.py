"""Tensors of the Open Inference Protocol, version 2, in JSON and in its binary extension."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from switchyard.serving.instances import unfit
from switchyard.serving.problems import Problem

_LENGTH = struct.Struct("<I")
_NUMBERS = {"FP64": "<f8", "FP32": "<f4"}

Size = Annotated[int, Field(ge=0, lt=2**40)]
Parameters = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object"}),
]


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class InputTensor(_Document):
    """A tensor of a request; data is missing when it follows in binary."""

    name: Annotated[str, Field(max_length=200)]
    shape: Annotated[list[Size], Field(min_length=1, max_length=2)]
    datatype: Annotated[str, Field(max_length=16)]
    parameters: Parameters | None = None
    data: Annotated[list[str | list[str]], Field(fail_fast=True)] | str | None = None


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


class OutputTensor(BaseModel):
    """A tensor of an answer."""

    name: str
    shape: list[int]
    datatype: Literal["FP64", "BYTES"]
    parameters: dict[str, Any] | None = None
    data: list[Any] | None = None


def parse(body: bytes, json_length: int | None) -> tuple[InferRequest, list[list[str]]]:
    """A request and the strings of each of its inputs.

    json_length: of the JSON part when binary data follow it. Problem 400 or 422.
    """
    cut = len(body) if json_length is None else json_length
    if cut > len(body):
        raise Problem(400, "Inference-Header-Content-Length is longer than the body")
    try:
        request = InferRequest.model_validate_json(body[:cut])
    except ValidationError as error:
        raise unfit(error) from None
    columns, rest = [], body[cut:]
    for at, tensor in enumerate(request.inputs):
        if tensor.datatype != "BYTES":
            raise _wrong(at, "datatype", "the datatype must be BYTES")
        size = (tensor.parameters or {}).get("binary_data_size")
        if size is None:
            strings = _listed(tensor.data, at)
        elif not isinstance(size, int) or not 0 <= size <= len(rest):
            raise _wrong(at, "parameters.binary_data_size", "the body has fewer bytes")
        else:
            strings, rest = _unpacked(rest[:size], at), rest[size:]
        rows = int(np.prod(tensor.shape, dtype=object))
        if rows != len(strings) or tensor.shape[1:] not in ([], [1]):
            raise _wrong(
                at, "shape", f"there are {len(strings)} elements, so it must be [{len(strings)}]"
            )
        columns.append(strings)
    if rest:
        raise Problem(400, f"{len(rest)} bytes follow that no input claims")
    return request, columns


def _listed(data: list[str | list[str]] | str | None, at: int) -> list[str]:
    if data is None:
        raise _wrong(at, "data", "there are neither data nor binary_data_size")
    items = [data] if isinstance(data, str) else data
    return [item for each in items for item in (each if isinstance(each, list) else [each])]


def _unpacked(data: bytes, at: int) -> list[str]:
    strings, place = [], 0
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
