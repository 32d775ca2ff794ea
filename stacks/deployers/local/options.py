"""What a stack file may say about services on this machine."""

from __future__ import annotations

from pydantic import BaseModel, Field

STATE_DIR = "~/.local/share/switchyard"


class Options(BaseModel):
    """The configuration of the flavour 'switchyard-local'."""

    state_dir: str = Field(
        default=STATE_DIR, description="Where deployments are looked for by their name."
    )
    port_search: bool = Field(
        default=True, description="Take one of the next 20 ports when serving.port is taken."
    )
    ready_timeout_s: float = Field(default=60.0, gt=0, description="For a service to be ready.")
    drain_s: float = Field(
        default=60.0, ge=0, description="For requests in flight when a service is replaced."
    )
    busy_timeout_s: float = Field(
        default=120.0, ge=0, description="To wait for another deployment of the same use case."
    )
