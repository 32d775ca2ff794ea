"""The kinds of files that rows come in and results go out as."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["json", "csv", "ndjson", "parquet"]

KINDS: tuple[Kind, ...] = get_args(Kind)

MEDIA_TYPES: dict[Kind, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
