"""The report is one page that says what it must, and fetches nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd

from switchyard.configuration.model import Candidate, Labels, Split, UseCase
from switchyard.configuration.model import Evaluation as Settings
from switchyard.data.cards import DataCard
from switchyard.data.notices import SYNTHETIC
from switchyard.evaluation.judging import evaluate
from switchyard.evaluation.reports import OPTIMISTIC, report_html
from switchyard.evaluation.results import Evaluation
from switchyard.evaluation.tellings import Telling, Token
from switchyard.evaluation.thresholds import choose_threshold

CASE = UseCase(
    name="demo",
    title="Demo <URLs>",
    serve="fast",
    labels=Labels(positive="phishing", negative="benign"),
    candidates=(
        Candidate(name="fast", estimator="hashed-ngrams"),
        Candidate(name="other", estimator="stacked"),
    ),
)
TELLING = Telling(
    method="by hand",
    positive=(Token(token="login", weight=2.0, urls=9),),
    negative=(Token(token="wiki", weight=-1.5, urls=8),),
    sampled=100,
)
TUNING: dict[str, Any] = {
    "candidate": "fast",
    "estimator": "hashed-ngrams",
    "metric": "roc_auc",
    "parameters": {"bits": 20},
    "mean": 0.98,
    "std": 0.01,
    "seconds": 3.2,
    "table": [{"parameters": {"bits": b}, "mean": 0.9, "std": 0.1} for b in (18, 20)],
}


def card(synthetic: bool = False) -> DataCard:
    return DataCard(
        digest="0" * 64, synthetic=synthetic, rows=4_000, groups=12, read=4_100, rejected=100,
        classes={"phishing": 1, "benign": 2}, sources={"feed": {"phishing": 1, "benign": 2}},
        years={}, months=None, duplicates=0, contradictions=0, deduplicated=True, rejects={},
        origins=(),
    )  # fmt: skip


def evaluation(rows: int = 2_000) -> Evaluation:
    generator = np.random.default_rng(1)
    y = np.arange(rows) % 2
    scores = {
        name: 1 / (1 + np.exp(-(generator.normal(size=rows) + lift * (y - 0.5))))
        for name, lift in (("fast", 3.0), ("other", 1.0))
    }
    scores["fast"][:100] = 0.5 + (scores["fast"][:100] - 0.5) * -1  # a slice that is bad
    thresholds = {name: choose_threshold(y, score, 0.05) for name, score in scores.items()}
    columns = pd.DataFrame({"source": np.where(np.arange(rows) < 100, "<weak>", "strong")})
    return evaluate(
        y, scores, thresholds, "fast", columns, Settings(bootstrap=10), 0, telling=TELLING
    )


class Addresses(HTMLParser):
    """Collects what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href")]


def test_the_page_says_what_it_must() -> None:
    html = report_html(evaluation(), CASE, card(), [TUNING])

    for said in ("Demo &lt;URLs&gt;", "fast", "other", "ROC-AUC", "Calibration error", "login",
                 "wiki", "bits=18", "is not measured", "Registered domains"):  # fmt: skip
        assert said in html, said
    assert html.count("<svg") == 5


def test_nothing_is_fetched_and_nothing_runs() -> None:
    parser = Addresses()
    parser.feed(report_html(evaluation(), CASE, card(), [TUNING]))

    assert [address for address in parser.found if not address.startswith("#")] == []
    assert "script" not in parser.tags


def test_the_page_is_small() -> None:
    assert len(report_html(evaluation(20_000), CASE, card(), [TUNING])) < 1_500_000


def test_only_a_synthetic_sample_has_its_banner() -> None:
    assert SYNTHETIC in report_html(evaluation(), CASE, card(synthetic=True), [])
    assert SYNTHETIC not in report_html(evaluation(), CASE, card(), [])


def test_only_the_random_split_is_called_optimistic() -> None:
    random = CASE.model_copy(update={"split": Split(protocol="random")})

    assert OPTIMISTIC in report_html(evaluation(), random, card(), [])
    assert OPTIMISTIC not in report_html(evaluation(), CASE, card(), [])


def test_the_worst_slice_is_highlighted_and_names_are_escaped() -> None:
    html = report_html(evaluation(), CASE, card(), [])

    marked = re.findall(r"<tr style=[^>]*--warn[^>]*>.*?</tr>", html)
    assert len(marked) == 1
    assert "&lt;weak&gt;" in marked[0]
    assert "<weak>" not in html


def test_the_best_figure_of_a_row_is_bold() -> None:
    html = report_html(evaluation(), CASE, card(), [])
    line = next(row for row in html.split("<tr>") if ">ROC-AUC</th>" in row and "<strong>" in row)

    best = max(j.metrics["roc_auc"].value or 0 for j in evaluation().candidates)
    assert f"<strong>{best:.4f}</strong>" in line


def test_a_failed_floor_is_told() -> None:
    floors = CASE.promotion.model_copy(update={"floors": {"accuracy": 0.999}})
    html = report_html(evaluation(), CASE.model_copy(update={"promotion": floors}), card(), [])

    assert "is not at least 0.999" in html
    assert "<td>NO</td>" in html
