"""What every part of the configuration is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]


class Section(BaseModel):
    """Base of every part of the configuration: frozen, strict, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a section from plain values, as YAML or a step's parameters give them.

        Through JSON, because only there does a strict model take a list for a tuple.
        """
        return cls.model_validate_json(json.dumps(values, default=str))

    def plain(self, include: set[str] | None = None) -> dict[str, Any]:
        """Return the section, or some of its keys, as JSON values, the inverse of `of`."""
        return self.model_dump(mode="json", include=include)
