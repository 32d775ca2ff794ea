"""Packages of models of tables: a regression and a classification, trained in a moment."""

from __future__ import annotations

from pathlib import Path

from sklearn.pipeline import Pipeline

from switchyard.candidates.fitting import fit
from switchyard.configuration.model import Candidate, Data, Definition, Labels
from switchyard.configuration.tables import Column, Table, Target
from switchyard.data.preparing import clean_rows
from switchyard.evaluation.conformal import choose_band
from switchyard.evaluation.intervals import Interval
from switchyard.packages import manifest
from switchyard.packages.writing import write
from switchyard.tables.coding import learn_inputs, rows_of, sizes_of
from switchyard.tables.encoding import TableEncoder
from switchyard.tables.linear import LinearClassifier
from switchyard.tables.samples import generate_table
from switchyard.tasks.scores import scores_of

INPUTS = (
    Column(
        name="parental level of education", type="category", values=("college", "none", "school")
    ),
    Column(name="lunch/label", type="category", values=("free", "standard"), unknown="other"),
    Column(name="reading", minimum=0, maximum=100, unit="points"),
    Column(name="label", minimum=-1, maximum=1, missing="allow"),
)
"""Names with blanks and a slash, one of ours, an 'other', and a value that may be missing."""

REGRESSION = Definition(
    task="regression",
    table=Table(inputs=INPUTS),
    target=Target(column="math", minimum=0, maximum=100, unit="points"),
)
CLASSIFICATION = Definition(
    task="table-classification",
    labels=Labels(
        positive="passed", negative="failed", positive_words=("passed",), negative_words=("failed",)
    ),
    table=Table(inputs=INPUTS),
    target=Target(column="result"),
)
INSTANCE = {
    "parental level of education": "college",
    "lunch/label": "free",
    "reading": 72,
    "label": None,
}


def package_of(folder: Path, what: Definition = REGRESSION, estimator: str = "ridge") -> Path:
    """The folder of the package of a model trained on a generated sample of 600 rows."""
    frame = clean_rows(generate_table(600, what, 3), Data(), what).frame
    assert what.table is not None
    assert what.target is not None
    inputs = learn_inputs(frame, what.table)
    rows, y = rows_of(frame, inputs), frame["label"].to_numpy()
    details = {
        "candidate": estimator,
        "task": what.task,
        "inputs": inputs,
        "data": manifest.Origin(digest="d" * 64, synthetic=True, rows=600, sources=("sample",)),
    }
    if what.task == "regression":
        model = fit(
            Candidate(name=estimator, estimator=estimator), {}, rows, y, None, 3, sizes_of(inputs)
        )
        band = choose_band(y, scores_of(model, rows, numbers=True, bounds=what.target), 0.9)
        details |= {
            "name": "scores",
            "predicted": manifest.Predicted(
                name=what.target.column,
                lowest=float(y.min()),
                highest=float(y.max()),
                minimum=what.target.minimum,
                maximum=what.target.maximum,
                unit=what.target.unit,
            ),
            "band": manifest.Band(coverage=band.coverage, half_width=band.half_width),
            "metrics": {"r2": Interval(value=0.8, low=0.7, high=0.9)},
        }
    else:
        model = Pipeline(
            [("encode", TableEncoder(sizes_of(inputs))), ("model", LinearClassifier())]
        )
        model.fit(rows, y)
        details |= {
            "name": "results",
            "labels": manifest.Labels(positive="passed", negative="failed"),
            "threshold": 0.4,
            "metrics": {"accuracy": Interval(value=0.9, low=0.8, high=0.95)},
        }
    return write(
        folder / what.task, model, manifest.Details.model_validate(details), "# Card\n"
    ).folder
