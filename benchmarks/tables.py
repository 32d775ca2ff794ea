"""How good the models of tables are: one random split, repeated cross-validation, intervals.

Which candidate is taken, with which parameters, is decided on the training rows of the random
split; its figure on the other fifth is read once. Cross-validation then fits that candidate anew on
each part, with those parameters. `quality.py` prints what this module finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, RepeatedKFold, train_test_split

from switchyard.candidates.available import available
from switchyard.candidates.fitting import fit
from switchyard.candidates.tuning import tune
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import Candidate, Source, UseCase
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.evaluation.conformal import choose_band
from switchyard.tables.coding import learn_inputs, rows_of, sizes_of
from switchyard.tables.samples import generate_table

ROOT = Path(__file__).resolve().parent.parent
FILES = {"student": "StudentsPerformance.csv", "wine": "winequality-red.csv"}
REFERENCE = "linear"
SEED = 42
TEST_SHARE = 0.2
FOLDS, REPEATS = 5, 5
SAMPLE_ROWS = 1_000


@dataclass(frozen=True)
class Rows:
    """Coded rows, what is to be predicted, and the sizes of the inputs."""

    X: Any
    y: Any
    sizes: tuple[int, ...]

    def part(self, chosen: Any) -> Rows:
        return Rows(self.X[chosen], self.y[chosen], self.sizes)


Chosen = tuple[Candidate, Mapping[str, Any]]
"""A candidate and its parameters."""


def figures(name: str, data_dir: Path | None) -> dict[str, float]:
    """The figures of one use case by the names that `--json` prints."""
    return {"student": student, "wine": wine}[name](data_dir)


def student(data_dir: Path | None) -> dict[str, float]:
    case, rows = read("student", data_dir, distinct=False)
    train, test = halves(rows)
    chosen = best(case, train)
    r2 = score(chosen, train, test)
    cv = cross_validated(chosen, rows)
    covered = coverage(chosen, rows, case.evaluation.coverage)
    print(
        f"student: {chosen[0].name} is taken; R² {r2:.4f} on the random fifth, {cv.mean():.4f} ± "
        f"{cv.std():.4f} cross-validated; intervals that say {case.evaluation.coverage:.2f} hold "
        f"{covered:.4f}"
    )
    gap = abs(covered - case.evaluation.coverage)
    return {
        "student.r2": r2,
        "student.cv_r2": float(cv.mean()),
        "student.interval_coverage_gap": gap,
    }


def wine(data_dir: Path | None) -> dict[str, float]:
    case, rows = read("wine", data_dir, distinct=False)
    linear_model = next(each for each in case.candidates if each.name == REFERENCE)
    train, test = halves(rows)
    linear = score((linear_model, {}), train, test)
    case, once = read("wine", data_dir, distinct=True)
    train, test = halves(once)
    chosen = best(case, train)
    with_repeats, without = cross_validated(chosen, rows), cross_validated(chosen, once)
    print(
        f"wine: {REFERENCE} R² {linear:.4f} on the random fifth; {chosen[0].name} is taken: "
        f"{without.mean():.4f} ± {without.std():.4f} cross-validated on distinct rows, "
        f"{with_repeats.mean():.4f} with the {len(rows.y) - len(once.y)} repeated ones, which "
        "stand on both sides of a cut: that lead is leakage"
    )
    return {"wine.linear_r2": linear, "wine.best_cv_r2_dedup": float(without.mean())}


def read(name: str, data_dir: Path | None, *, distinct: bool) -> tuple[UseCase, Rows]:
    """The use case with the candidates that can be trained here, and its rows."""
    case, notes = available(resolve(ROOT / "configs" / f"{name}.yaml", {}).use_case)
    for note in notes:
        print(note)
    changed: dict[str, Any] = {"drop_duplicates": distinct}
    if data_dir is not None:
        changed["sources"] = (Source(location=str(data_dir / FILES[name])),)
    data = case.data.model_copy(update=changed)
    if data_dir is None:
        print(f"GENERATED SAMPLE: these figures say nothing about {case.title.lower()}")
        raw = generate_table(SAMPLE_ROWS, case.definition, SEED)
    else:
        raw = load(data, case.definition, SEED).raw
    frame = clean_rows(raw, data, case.definition).frame
    assert case.table is not None  # both are tables
    inputs = learn_inputs(frame, case.table)
    return case, Rows(rows_of(frame, inputs), frame["label"].to_numpy(), sizes_of(inputs))


def halves(rows: Rows) -> tuple[Rows, Rows]:
    """The rows to learn from, and the random fifth."""
    train, test = train_test_split(np.arange(len(rows.y)), test_size=TEST_SHARE, random_state=SEED)
    return rows.part(train), rows.part(test)


def best(case: UseCase, train: Rows) -> Chosen:
    """The candidate that does best in the folds of its tuning."""
    found = []
    for candidate in case.candidates:
        result = tune(
            candidate, train.X, train.y, None, case.tuning, SEED, sizes=train.sizes, numbers=True
        )
        found.append((candidate, result))
        print(
            f"  {candidate.name:<20} {result.metric} {result.mean:.4f} ± {result.std:.4f} in "
            f"{result.seconds:5.1f} s  {dict(result.parameters)}",
            flush=True,
        )
    candidate, result = max(found, key=lambda each: each[1].mean)
    return candidate, result.parameters


def learnt(chosen: Chosen, rows: Rows) -> Any:
    return fit(chosen[0], chosen[1], rows.X, rows.y, None, SEED, rows.sizes)


def score(chosen: Chosen, train: Rows, test: Rows) -> float:
    return float(r2_score(test.y, learnt(chosen, train).predict(test.X)))


def cross_validated(chosen: Chosen, rows: Rows) -> Any:
    """R² of each fold of each repetition."""
    cuts = RepeatedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=SEED)
    return np.array(
        [score(chosen, rows.part(train), rows.part(test)) for train, test in cuts.split(rows.X)]
    )


def coverage(chosen: Chosen, rows: Rows, stated: float) -> float:
    """The share of unseen rows within intervals that were chosen on folds of the others."""
    cuts = RepeatedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=SEED)
    held = []
    for train, test in cuts.split(rows.X):
        known, unseen = rows.part(train), rows.part(test)
        predicted = np.empty(len(known.y))
        for inner, left in KFold(FOLDS, shuffle=True, random_state=SEED).split(known.X):
            predicted[left] = learnt(chosen, known.part(inner)).predict(known.X[left])
        half = choose_band(known.y, predicted, stated).half_width
        errors = np.abs(learnt(chosen, known).predict(unseen.X) - unseen.y)
        held.append(float(np.mean(errors <= half)))
    return float(np.mean(held))
