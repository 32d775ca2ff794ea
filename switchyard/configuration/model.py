"""The one configuration object: a frozen, strict description of a use case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from switchyard.configuration.loop import Guard, Inference, Monitoring, Retraining
from switchyard.configuration.resources import Resources
from switchyard.configuration.sections import Name, Section, Share
from switchyard.configuration.serving import Serving
from switchyard.configuration.tables import Table, Target, check_columns
from switchyard.configuration.tasks import TASKS, TaskName, with_defaults

Scalar = bool | int | float | str | None

Layout = Literal[
    "auto",
    "table",
    "phishtank-csv",
    "phishtank-json",
    "openphish",
    "urlhaus",
    "tranco",
]


class Source(Section):
    """One place that rows come from."""

    location: str = Field(
        description="A path, an http(s) URL (needs sha256) or an object-store URL (s3://…)."
    )
    sha256: str | None = Field(
        default=None,
        pattern=r"^([0-9a-f]{64}|unpinned)$",
        description="Digest that a download must have; 'unpinned' for a feed that changes.",
    )
    layout: Layout = Field(default="auto", description="How the file is laid out.")
    name: str | None = Field(
        default=None, description="What to call this source in reports; the file name if absent."
    )
    columns: tuple[str, ...] = Field(
        default=(), description="The columns in order, of a table without a header line."
    )
    constants: dict[str, str] = Field(
        default={}, description="Columns that the file lacks, with the one value that they have."
    )


class Columns(Section):
    """Which column of a table is what: the first name that the file has is taken."""

    url: tuple[str, ...] = ("url", "URL", "Url")
    label: tuple[str, ...] = ("label", "Label", "type", "status")
    source: tuple[str, ...] = ("source",)
    first_seen: tuple[str, ...] = ("first_seen", "date")


class Labels(Section):
    """The two classes, and the words that the sources use for them (compared in lower case)."""

    positive: Name = "positive"
    negative: Name = "negative"
    positive_words: tuple[str, ...] = ("positive", "bad", "true", "yes", "1")
    negative_words: tuple[str, ...] = ("negative", "good", "false", "no", "0")


class Sample(Section):
    """The generated sample that stands in when no source is given."""

    rows: int = Field(default=20_000, ge=100, description="Rows to generate.")


class Data(Section):
    """Where the rows come from and what is refused."""

    sources: tuple[Source, ...] = ()
    feedback: tuple[Source, ...] = Field(
        default=(),
        description="Captured rows with their true labels, which join the sources or the sample; "
        "monitoring fills it.",
    )
    columns: Columns = Columns()
    sample: Sample = Sample()
    cache_dir: str = Field(
        default="~/.cache/switchyard", description="Where downloads are kept and verified."
    )
    max_url_length: int = Field(default=8_192, ge=16, description="Longer rows are rejected.")
    max_reject_share: Share = Field(
        default=0.05, description="The run fails when more than this share of rows is rejected."
    )
    drop_duplicates: bool = Field(
        default=True, description="Keep one row a canonical URL; the reference protocol keeps all."
    )
    keep_months: int | None = Field(
        default=None,
        ge=1,
        description="Rows first seen so many months before the newest, or earlier, are left out; "
        "undated rows stay.",
    )


class Split(Section):
    """Which rows are held out, and by which key rows stay together."""

    protocol: Literal["grouped", "random"] = Field(
        default="grouped",
        description="'grouped': by a stable hash of the registered domain; "
        "'random': the reference protocol, optimistic.",
    )
    holdout: Annotated[float, Field(gt=0.0, lt=0.9)] = 0.25
    validation: Annotated[float, Field(gt=0.0, lt=0.5)] = Field(
        default=0.1, description="Share of the remaining rows kept for choosing and thresholds."
    )
    salt: str = Field(
        default="switchyard-1", description="Changing it draws another frozen holdout."
    )


class Candidate(Section):
    """One model to try: an estimator of the catalogue, fixed parameters and a grid to search."""

    name: Name
    estimator: Name
    parameters: dict[str, Scalar] = Field(default={})
    search: dict[str, Annotated[tuple[Scalar, ...], Field(min_length=1)]] = Field(default={})
    optional: bool = Field(
        default=False, description="Left out, with a note, where its library is not installed."
    )


class Tuning(Section):
    """How candidates are tuned: cross-validated by the split's group key."""

    folds: int = Field(default=3, ge=2, le=20)
    metric: str = Field(default="roc_auc", description="What the best parameters maximise.")
    search: Literal["grid", "random"] = Field(
        default="grid", description="Every point of a candidate's grid, or a draw of points."
    )
    trials: int = Field(default=20, ge=1, description="So many points are drawn at random.")
    max_rows: int = Field(
        default=50_000, ge=100, description="Tune on a fixed sample of at most so many rows."
    )
    jobs: int = Field(default=2, ge=1, description="Processes that fit folds side by side.")


class Evaluation(Section):
    """How the models are judged on the holdout."""

    max_false_positive_rate: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(
        default=0.01, description="The decision threshold keeps to this rate on validation rows."
    )
    bootstrap: int = Field(default=200, ge=0, description="Resamples behind each interval.")
    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    min_slice_rows: int = Field(default=50, ge=1, description="Smaller slices are not reported.")
    coverage: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=0.9, description="Share of true numbers that intervals of predictions hold."
    )


class Promotion(Section):
    """When a challenger takes the champion's place."""

    metric: str = Field(
        default="recall_at_1pct_fpr", description="What the challenger must improve."
    )
    margin: float = Field(
        default=0.002,
        ge=0.0,
        description="The interval's lower end must exceed this gain; on recent rows, after drift, "
        "the gain itself must. Of errors in the target's unit it is a share of the champion's.",
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=0.95,
        description="Of the intervals of gain and loss: at 0.9 chance lets one tie of twenty pass.",
    )
    floors: dict[str, float] = Field(
        default={"roc_auc": 0.85, "accuracy": 0.75}, description="Nothing below is registered."
    )
    max_slice_drop: Share = Field(
        default=0.03,
        description="No slice may lose more accuracy than this; of a regression, nor may its mean "
        "absolute error grow by a greater share.",
    )
    min_recent_rows: int = Field(
        default=100,
        ge=1,
        description="With so many recent feedback rows held out, the gain is measured on them.",
    )
    max_loss: Share = Field(
        default=0.03,
        description="All other rows may lose so much, and on recent ones the interval must rule "
        "out a greater loss; a share as with the margin.",
    )
    max_latency_us: float = Field(default=5_000.0, gt=0, description="Median for one instance.")
    max_size_mb: float = Field(default=50.0, gt=0, description="Size of the model package.")


class Definition(Section):
    """What is predicted from what; labels: of classifications, table and target: of tables."""

    task: TaskName = "text-classification"
    labels: Labels = Labels()
    table: Table | None = None
    target: Target | None = None


class UseCase(Section):
    """Everything that tells one use case from another."""

    name: Name
    title: str
    task: TaskName = "text-classification"
    seed: int = Field(default=42, ge=0, lt=2**32)
    serve: Name = Field(
        description="The candidate to serve, or 'best': on validation rows, of tables in the folds."
    )
    data: Data = Data()
    labels: Labels = Labels()
    table: Table | None = Field(default=None, description="The inputs, of a task on tables.")
    target: Target | None = Field(default=None, description="What a task on tables predicts.")
    split: Split = Split()
    candidates: tuple[Candidate, ...] = Field(min_length=1)
    tuning: Tuning = Tuning()
    evaluation: Evaluation = Evaluation()
    promotion: Promotion = Promotion()
    serving: Serving = Serving()
    inference: Inference = Inference()
    monitoring: Monitoring = Monitoring()
    retraining: Retraining = Retraining()
    guard: Guard = Guard()
    resources: Resources = Resources()
    output_dir: str = Field(default="outputs", description="Where reports for people are written.")

    @property
    def definition(self) -> Definition:
        """What is predicted from what."""
        return Definition(task=self.task, labels=self.labels, table=self.table, target=self.target)

    def for_judging(self) -> UseCase:
        """Return what judging, packaging and registering depend on; the rest at its defaults.

        Steps that get this are not run again because a folder or the number of processes changed.
        """
        kept = Data(
            max_url_length=self.data.max_url_length, drop_duplicates=self.data.drop_duplicates
        )
        defaults = {
            "tuning": Tuning(),
            "serving": Serving(),
            "inference": Inference(),
            "monitoring": Monitoring(),
            "retraining": Retraining(),
            "guard": Guard(),
            "resources": Resources(),
            "output_dir": "outputs",
        }
        return self.model_copy(update={"data": kept, **defaults})

    @model_validator(mode="after")
    def _candidates_are_named_once(self) -> UseCase:
        names = [candidate.name for candidate in self.candidates]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"candidates named twice: {', '.join(twice)}; give each its own name")
        if self.serve != "best" and self.serve not in names:
            raise ValueError(
                f"serve: '{self.serve}' is not a candidate; "
                f"choose one of {', '.join(names)} or 'best'"
            )
        return self

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a use case from plain values; what they leave open is as its task has it."""
        return super().of(with_defaults(values))

    @model_validator(mode="after")
    def _has_what_its_task_needs(self) -> UseCase:
        kind = TASKS[self.task]
        for name, given in (("table", self.table), ("target", self.target)):
            if kind.on_tables and given is None:
                raise ValueError(f"task '{self.task}' needs the section '{name}'")
            if not kind.on_tables and given is not None:
                raise ValueError(f"task '{self.task}' has no section '{name}'; remove it")
        if self.table is not None and self.target is not None:
            check_columns(self.table, self.target)
        return self
