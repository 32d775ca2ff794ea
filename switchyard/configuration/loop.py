"""The parts of the configuration that close the loop: batches, drift, retraining, roll-back."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from switchyard.configuration.sections import Section, Share


class Inference(Section):
    """How files are scored by `--pipeline inference`."""

    shards: int = Field(default=1, ge=1, le=1_000, description="Steps that share the work.")
    chunk_rows: int = Field(
        default=200_000, ge=1_000, description="Rows that are scored, written and resumed together."
    )


class Alerts(Section):
    """Who is told, besides the log. Passwords come from the environment, never from here."""

    webhook: str = Field(default="", description="URL that gets a JSON document by POST.")
    smtp: str = Field(
        default="",
        description="smtp://user@host:587 (STARTTLS) or smtps://…; password: "
        "SWITCHYARD_SMTP_PASSWORD.",
    )
    email_from: str = Field(default="switchyard@localhost", description="Sender of e-mails.")
    email_to: tuple[str, ...] = Field(default=(), description="Receivers of e-mails.")


class Monitoring(Section):
    """How windows of captured requests are compared with what the model was trained on."""

    store: str = Field(
        default="", description="Folder or object-store URL of results; empty: below state_dir."
    )
    window_h: float = Field(default=24.0, gt=0, description="Length of a window, in hours.")
    lag_s: float = Field(
        default=120.0,
        ge=0,
        description="A window is complete so long after its end, or serving.capture.flush_s twice.",
    )
    max_windows: int = Field(
        default=31, ge=1, description="Complete windows that one run catches up with."
    )
    min_rows: int = Field(default=500, ge=1, description="Fewer in a window tell nothing of drift.")
    column_threshold: float = Field(
        default=0.1,
        gt=0,
        lt=0.83,
        description="Jensen-Shannon distance from which a column has drifted; what chance adds to "
        "it in a small window is allowed for.",
    )
    drifted_share: Share = Field(
        default=0.3, description="A window has drifted when so large a share of columns has."
    )
    min_labelled: int = Field(
        default=100, ge=1, description="Fewer labels in a window tell nothing of performance."
    )
    floors: dict[str, float] = Field(
        default={"accuracy": 0.75}, description="Real performance that a window must reach."
    )
    max_missing_share: Share = Field(
        default=0.05, description="More missing values than in training by so much is drift."
    )
    max_rows: int = Field(
        default=1_000_000,
        ge=1_000,
        description="Rows of a window that are compared; of more a sample is drawn.",
    )
    keep_reports: int = Field(
        default=31,
        ge=1,
        description="Windows whose report for people is kept, the newest ones: of older ones the "
        "HTML page and the report in Evidently's workspace are deleted. Verdicts stay.",
    )
    alerts: Alerts = Alerts()


class Retraining(Section):
    """When drift or lost performance starts a retraining."""

    enabled: bool = True
    drifted_windows: int = Field(default=2, ge=1, description="So many drifted windows …")
    of_windows: int = Field(default=3, ge=1, description="… of so many recent ones retrain.")
    cooldown_h: float = Field(
        default=24.0, ge=0, description="After a retraining none starts for so long."
    )
    min_labelled: int = Field(
        default=200, ge=1, description="New labelled rows that a retraining needs."
    )
    keep_months: int | None = Field(
        default=None,
        ge=1,
        description="A retraining leaves out what was first seen so many months before the newest "
        "rows; none: as data.keep_months.",
    )
    deploy: bool = Field(default=True, description="Deploy a challenger that was promoted.")

    @model_validator(mode="after")
    def _some_of_as_many(self) -> Self:
        if self.drifted_windows > self.of_windows:
            raise ValueError(
                f"drifted_windows {self.drifted_windows} of of_windows {self.of_windows} can never "
                "be; lower the first or raise the second"
            )
        return self


class Guard(Section):
    """When a new version is rolled back by itself, by what it does to live requests."""

    enabled: bool = True
    watch_h: float = Field(default=24.0, gt=0, description="Watched so long after a deployment.")
    min_requests: int = Field(default=100, ge=1, description="Fewer tell nothing.")
    max_error_share: Share = Field(default=0.01, description="Share of answers 500 and above.")
    max_p99_ms: float = Field(
        default=500.0,
        gt=0,
        description="Time to answer, 99th percentile; what is beyond 5,000 is not told apart.",
    )
    max_restarts: int = Field(default=5, ge=0, description="Crashes of its workers.")
    max_down_s: float = Field(
        default=60.0, ge=0, description="A version that does not answer for so long is taken back."
    )
    min_labelled: int = Field(default=50, ge=1, description="Fewer labels tell nothing.")
    max_accuracy_drop: Share = Field(
        default=0.05, description="Below the accuracy of the version before by more than this."
    )
    max_error_growth: float = Field(
        default=0.1,
        ge=0,
        description="Of predicted numbers: mean absolute error above that of the version before "
        "by more than this share of it.",
    )
