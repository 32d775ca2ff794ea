"""The card says what the model is, first of all when it is of no use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from switchyard.configuration.model import Evaluation as Settings
from switchyard.evaluation.judging import evaluate
from switchyard.evaluation.thresholds import choose_threshold
from switchyard.packages.cards import model_card
from switchyard.packages.manifest import Details, Input, Labels, Origin


def card(synthetic: bool = False, optimistic: bool = False) -> str:
    y = np.arange(400) % 2
    score = np.clip(y * 0.5 + np.linspace(0, 0.5, 400), 0, 1)
    threshold = choose_threshold(y, score, 0.05)
    columns = pd.DataFrame({"source": np.where(np.arange(400) < 200, "a|b", "c")})
    evaluation = evaluate(
        y, {"fast": score}, {"fast": threshold}, "fast", columns, Settings(bootstrap=10), 0
    )
    details = Details(
        name="demo",
        candidate="fast",
        task="text-classification",
        inputs={"url": Input(type="string", max_length=99)},
        labels=Labels(positive="phishing", negative="benign"),
        threshold=threshold.value,
        metrics=evaluation.candidate("fast").metrics,
        data=Origin(digest="abc", synthetic=synthetic, rows=60, sources=("sample",)),
    )
    return model_card(details, evaluation, "Demo", optimistic=optimistic)


def test_a_synthetic_sample_is_told_before_anything_else() -> None:
    assert card(synthetic=True).splitlines()[2].startswith("> **Synthetic sample.**")
    assert "Synthetic" not in card()


def test_the_optimistic_protocol_is_told() -> None:
    assert "Optimistic protocol" in card(optimistic=True)
    assert "No registered domain" in card()


def test_figures_slices_threshold_and_loading_are_there() -> None:
    text = card()

    for said in ("| ROC-AUC |", "source: a\\|b", "lowest score with at most 5 %", "load(Path("):
        assert said in text, said


def test_equal_models_have_equal_cards() -> None:
    assert card() == card()
