"""One candidate learns: tuned on folds, fitted on all training rows, its rule chosen on others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.candidates.catalogue import check_task
from switchyard.candidates.fitting import fit
from switchyard.candidates.folds import make_folds, sample_rows
from switchyard.candidates.results import TuningResult
from switchyard.candidates.tuning import tune
from switchyard.configuration.model import Candidate, Definition, Evaluation, Tuning
from switchyard.configuration.tasks import TASKS
from switchyard.evaluation.conformal import BandRule, choose_band
from switchyard.evaluation.intervals import values_of
from switchyard.evaluation.metrics import Decided
from switchyard.evaluation.residuals import Residuals
from switchyard.evaluation.thresholds import Threshold, choose_threshold
from switchyard.progress import Report, stage
from switchyard.tables.coding import sizes_of
from switchyard.tasks.rows import Inputs, on_tables, rows_of
from switchyard.tasks.scores import Floats, scores_of

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Learnt:
    """A fitted candidate. validation: its metrics on the validation rows."""

    model: BaseEstimator
    tuned: TuningResult
    rule: Threshold | BandRule
    validation: dict[str, float]

    def plain(self) -> dict[str, Any]:
        """All but the model, as JSON values; the rule as 'threshold' or as 'band'."""
        kind = "threshold" if isinstance(self.rule, Threshold) else "band"
        return {
            "tuning": asdict(self.tuned),
            kind: self.rule.model_dump(mode="json"),
            "validation": self.validation,
        }


@dataclass(frozen=True)
class Learner:
    """Everything that the candidates of a run have in common.

    train, validation: sides of a cleaned frame; inputs: as of `switchyard.tasks.rows`; rule: the
    false-positive rate or the coverage to keep to.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    inputs: Inputs
    definition: Definition
    tuning: Tuning
    rule: Evaluation
    seed: int

    def learn(self, candidate: Candidate) -> Learnt:
        """Tune and fit it, and choose its rule. Errors as of `tune`, `fit` and `choose_band`."""
        check_task(candidate, self.definition.task)
        rows, y, groups = self._rows, self.train["label"].to_numpy(), self.train["group"]
        with stage(f"Tune {candidate.name}") as report:
            tuned = tune(
                candidate,
                rows,
                y,
                groups,
                self.tuning,
                self.seed,
                report,
                sizes=self._sizes,
                numbers=self._numbers,
            )
        with stage(f"Fit {candidate.name}"):
            model = fit(candidate, tuned.parameters, rows, y, groups, self.seed, self._sizes)
        truth = self.validation["label"].to_numpy()
        found = self._scores(model, rows_of(self.validation, self.inputs))
        if self._numbers:
            with stage(f"How sure {candidate.name} is") as report:
                band = self._band(candidate, tuned, truth, found, report)
            residuals = Residuals(truth, found, band.half_width)
            return Learnt(model, tuned, band, values_of(residuals))
        rate = self.rule.max_false_positive_rate
        unit = "domain" if self._sizes is None else "group"
        threshold = choose_threshold(truth, found, rate, self.validation["group"], unit=unit)
        return Learnt(model, tuned, threshold, values_of(Decided(truth, found, threshold.value)))

    def _band(
        self,
        candidate: Candidate,
        tuned: TuningResult,
        truth: Any,
        found: Floats,
        report: Report,
    ) -> BandRule:
        """By rows that their model had not seen: those of the folds, and the validation rows."""
        labels, groups = self.train["label"].to_numpy(), self.train["group"].to_numpy()
        taken = sample_rows(self._rows, groups, self.tuning.max_rows)
        rows, y, keys = self._rows[taken], labels[taken], groups[taken]
        predicted = np.full(len(y), np.nan)
        folds = make_folds(y, keys, self.tuning.folds, self.seed, numbers=True)
        for done, (seen, unseen) in enumerate(folds):
            report(done, len(folds), "")
            model = fit(
                candidate,
                tuned.parameters,
                rows[seen],
                y[seen],
                keys[seen],
                self.seed,
                self._sizes,
            )
            predicted[unseen] = self._scores(model, rows[unseen])
        return choose_band(
            np.concatenate([y, truth]),
            np.concatenate([predicted, found]),
            self.rule.coverage,
        )

    def _scores(self, model: BaseEstimator, rows: Any) -> Floats:
        return scores_of(
            model,
            rows,
            numbers=self._numbers,
            bounds=self.definition.target,
        )

    @property
    def _rows(self) -> Any:
        return rows_of(self.train, self.inputs)

    @property
    def _numbers(self) -> bool:
        return TASKS[self.definition.task].numbers

    @property
    def _sizes(self) -> tuple[int, ...] | None:
        return sizes_of(self.inputs) if on_tables(self.inputs) else None
