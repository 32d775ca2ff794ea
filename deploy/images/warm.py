"""Compile all kernels by using them: `python warm.py`, in the folder of the sources.

Every process would do it anew where nothing can be written.
"""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path

from switchyard.candidates.fitting import fit
from switchyard.compiling import CORE, ROOMS
from switchyard.configuration.model import Candidate, Data, Labels
from switchyard.data.cleaning import clean
from switchyard.data.reading import RawFrame
from switchyard.evaluation.intervals import Interval
from switchyard.packages import manifest
from switchyard.packages.writing import write
from switchyard.samples.urls import generate
from switchyard.serving.answers import answerer_of
from switchyard.serving.predictor import Predictor
from switchyard.serving.reasons import explained
from switchyard.serving.samples import columns_of
from switchyard.tasks.scores import scores_of

ROWS = 2_000
ESTIMATORS = ("hashed-ngrams", "stacked", "stem-naive-bayes")
LABELS = Labels(positive="phishing", negative="benign")


def warm(folder: Path) -> None:
    """Load every module with kernels, and train, package, open, ask and explain small models."""
    for room in ROOMS:
        for path in sorted((CORE / room).glob("*.py")):
            import_module(f"switchyard.{room}.{path.stem}")
    rows = clean(RawFrame.of(generate(ROWS, 3)), Data(), LABELS).frame
    labels = rows["label"].to_numpy()
    for name in ESTIMATORS:
        candidate = Candidate(name=name, estimator=name)
        model = fit(candidate, {}, rows["url"], labels, rows["group"], 3)
        scores_of(model, rows["url"], numbers=False)
        details = manifest.Details(
            name="phishing",
            candidate=name,
            task="text-classification",
            inputs={"url": manifest.Input(type="string", max_length=8192)},
            labels=manifest.Labels(positive="phishing", negative="benign"),
            threshold=0.5,
            metrics={"accuracy": Interval(value=0.9, low=0.8, high=0.95)},
            data=manifest.Origin(digest="0" * 64, synthetic=True, rows=ROWS, sources=("sample",)),
        )
        written = write(folder / name, model, details, "# None\n").folder
        ask(Predictor.open(written, "1"), rows["url"].head(20).tolist())


def ask(predictor: Predictor, urls: list[str]) -> None:
    """Predict one by one and together, and explain one."""
    answerer = answerer_of(predictor, len(urls))
    names = answerer.parser.names
    instances = [{"url": url} for url in urls]
    for some in (instances[:1], instances):
        answerer.predictions(columns_of(some, names))
    explained(predictor, columns_of(instances[:1], names))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        warm(Path(made))
