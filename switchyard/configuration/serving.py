"""The service: where it listens, what it accepts, what it keeps."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from switchyard.configuration.sections import Section, Share


class Limits(Section):
    """What one request may ask for; beyond it the answer is 413, 422 or 408."""

    max_body_mb: float = Field(default=10.0, gt=0, description="Body of a request, unpacked.")
    max_job_mb: float = Field(default=1_000.0, gt=0, description="Upload of a batch job.")
    max_job_rows: int = Field(
        default=20_000_000, ge=1, description="Rows of a batch job: small files can hold many."
    )
    max_instances: int = Field(default=10_000, ge=1, description="Instances of /predict.")
    max_explained: int = Field(default=100, ge=1, description="Instances of /explain.")
    body_timeout_s: float = Field(default=10.0, gt=0, description="For a body to arrive whole.")
    max_wait_ms: float = Field(
        default=100.0, gt=0, description="Work queued for longer is refused with 503."
    )


class Capture(Section):
    """The prediction store: what is kept of each prediction, where, and for how long."""

    enabled: bool = True
    store: str = Field(
        default="", description="Folder or object-store URL; empty: below state_dir."
    )
    sample: Share = Field(default=1.0, description="Share of the requests that is kept.")
    redact: tuple[Literal["query", "userinfo", "path", "digits"], ...] = Field(
        default=(), description="Parts of a URL that are masked before it is kept."
    )
    drop: tuple[str, ...] = Field(default=(), description="Inputs that are not kept at all.")
    retention_days: float = Field(default=90.0, gt=0, description="Older rows are deleted.")
    flush_s: float = Field(default=30.0, gt=0, description="Rows reach the store after so long.")
    max_spool_mb: float = Field(
        default=512.0, gt=0, description="Kept on disk while the store fails; then 503."
    )
    handover_s: float = Field(
        default=10.0,
        ge=0,
        description="A service that ends brings its rows to the store in so long; others wait.",
    )


class Jobs(Section):
    """Asynchronous batches: where they queue and where their files lie."""

    queue: str = Field(
        default="",
        description="sqlite:///file, redis://… or postgresql://…; empty: SQLite below state_dir.",
    )
    store: str = Field(
        default="", description="Folder or object-store URL of inputs and results; as capture's."
    )
    max_queued: int = Field(default=1_000, ge=1, description="More are refused with 503.")
    retention_days: float = Field(default=7.0, gt=0, description="Results are deleted after it.")
    lease_s: float = Field(
        default=15.0, gt=0, description="A job whose worker is silent for so long is taken over."
    )


class Serving(Section):
    """The service: where it listens, what it accepts, what it keeps."""

    host: str = Field(default="127.0.0.1", description="0.0.0.0 to answer other machines.")
    port: int = Field(default=3000, ge=1, le=65_535)
    workers: int = Field(default=1, ge=1, description="Processes that answer.")
    state_dir: str = Field(
        default="~/.local/share/switchyard", description="Deployments, captured rows and jobs."
    )
    cors_origins: tuple[str, ...] = Field(
        default=(), description="Web origins whose pages may call the API; none by default."
    )
    require_api_key: bool = Field(
        default=False,
        description="Refuse to start without keys in SWITCHYARD_API_KEYS or its _FILE.",
    )
    limits: Limits = Limits()
    capture: Capture = Capture()
    jobs: Jobs = Jobs()
