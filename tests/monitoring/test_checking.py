from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from switchyard.configuration.loop import Monitoring
from switchyard.monitoring.checking import Facts, check_window
from switchyard.monitoring.inputs import UNKNOWN_WORDS
from switchyard.monitoring.references import SCORE, TRUTH, Reference
from switchyard.monitoring.results import Verdict
from tests.monitoring.conftest import FACTS, FEW, WINDOW, new_kind, scores, table, urls, usual

pytestmark = pytest.mark.timeout(120)


def verdict(
    rows: pa.Table,
    reference: Reference | None,
    *,
    labelled: Any = None,
    monitoring: Monitoring = FEW,
    facts: Facts = FACTS,
) -> Verdict:
    return check_window(WINDOW, rows, labelled, reference, monitoring, facts).verdict


def test_a_window_like_training_is_quiet(reference: Reference) -> None:
    found = verdict(usual(1000, 11), reference)
    assert (found.status, found.reasons) == ("quiet", ())
    assert found.reference_version == "3"
    assert found.drifted_share == 0.0
    assert {SCORE, UNKNOWN_WORDS, "url_length"} < set(found.columns)


def test_urls_of_a_new_kind_are_drift(reference: Reference) -> None:
    texts = urls(500, 12) + new_kind(500, 13)
    found = verdict(table(texts, scores([False] * 500 + [True] * 500, 1).tolist()), reference)
    assert found.status == "drifted"
    assert found.drifted_share >= 0.3
    assert "input columns drifted" in found.reasons[0]
    assert found.columns[UNKNOWN_WORDS].drifted


@pytest.mark.parametrize("bad", [0.0, 0.05, 0.9, 1.0])
def test_another_balance_of_the_classes_is_no_drift(reference: Reference, bad: float) -> None:
    found = verdict(usual(1200, 14, bad=bad), reference)
    assert found.status == "quiet", found.reasons
    assert found.positive_share == pytest.approx(bad)
    assert found.reference_positive_share == 0.5


def test_drift_of_the_rarer_class_is_not_thinned_out(reference: Reference) -> None:
    texts = urls(3000, 15) + new_kind(200, 16)
    flags = [False] * 3000 + [True] * 200
    found = verdict(table(texts, scores(flags, 2).tolist()), reference)
    assert found.status == "drifted"
    assert found.compared == 400


def test_a_less_sure_model_is_drift_and_a_surer_one_is_not(reference: Reference) -> None:
    texts = urls(500, 17, phishing=True) + urls(500, 18)
    flags = [True] * 500 + [False] * 500
    unsure = verdict(table(texts, scores(flags, 3, sure=0.7).tolist()), reference)
    sure = verdict(table(texts, scores(flags, 3, sure=0.96).tolist()), reference)
    assert unsure.status == "drifted"
    assert "less sure" in unsure.reasons[0]
    assert sure.status == "quiet"


def test_too_few_rows_are_a_result_of_their_own(reference: Reference) -> None:
    found = verdict(table(new_kind(199, 19), [0.9] * 199), reference)
    assert found.status == "too-few-rows"
    assert found.columns == {}
    assert "199 rows, 200 are needed" in found.reasons


@pytest.mark.parametrize("rows", [0, 1])
def test_a_window_of_one_row_or_none_is_told_as_such(reference: Reference, rows: int) -> None:
    found = verdict(usual(rows, 20), None)
    assert (found.status, found.rows) == ("too-few-rows", rows)


def test_missing_urls_are_drift_though_the_reference_misses_none(reference: Reference) -> None:
    rows = usual(1000, 21)
    holes = [None if place % 5 == 0 else text for place, text in enumerate(rows["url"].to_pylist())]
    found = verdict(table(holes, rows["score"].to_pylist()), reference)
    assert found.status == "drifted"
    assert found.quality.missing_share["url"] == pytest.approx(0.2, abs=0.03)
    assert "url is missing or unreadable" in found.quality.problems[0]


@pytest.mark.parametrize(("share", "status"), [(0.02, "quiet"), (0.1, "drifted")])
def test_missing_scores_are_drift_though_the_reference_misses_none(
    reference: Reference, share: float, status: str
) -> None:
    rows = usual(1000, 32)
    every = round(1 / share)
    given = [
        None if place % every == 0 else score
        for place, score in enumerate(rows["score"].to_pylist())
    ]
    found = verdict(table(rows["url"].to_pylist(), given), reference)
    assert found.status == status, found.reasons
    assert found.quality.missing_share[SCORE] == pytest.approx(share)
    assert bool(found.quality.problems) is (status == "drifted")


def test_missing_urls_of_the_rarer_decision_alone_are_drift(reference: Reference) -> None:
    rows = usual(4000, 33, bad=0.1)
    texts = [
        None if score >= 0.5 else text
        for text, score in zip(rows["url"].to_pylist(), rows["score"].to_pylist(), strict=True)
    ]
    found = verdict(table(texts, rows["score"].to_pylist()), reference)
    assert found.status == "drifted"
    assert "url is missing" in found.quality.problems[0]


@pytest.mark.parametrize("url", [True, False])
@pytest.mark.parametrize("score", [True, False])
def test_one_row_is_judged_where_one_is_enough(
    reference: Reference, url: bool, score: bool
) -> None:
    """One usual row is within chance; one that misses something is not."""
    rows = table([urls(1, 39)[0] if url else None], [0.05 if score else None])
    found = verdict(rows, reference, monitoring=Monitoring(min_rows=1))
    assert found.rows == 1
    assert found.status == ("quiet" if url and score else "drifted"), found.reasons


@pytest.mark.parametrize("phishing", [True, False])
def test_a_window_of_one_class_is_seen_to_drift(reference: Reference, phishing: bool) -> None:
    given = scores([phishing] * 600, 34).tolist()
    found = verdict(table(new_kind(600, 35), given), reference)
    assert found.status == "drifted"
    assert found.positive_share == float(phishing)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("bad", [0.0, 0.4, 1.0])
def test_a_reference_of_one_class_can_be_compared_with(
    reference: Reference, kept: bool, bad: float
) -> None:
    chosen = (reference.columns[TRUTH] > 0) == kept
    columns = {name: values[chosen] for name, values in reference.columns.items()}
    found = verdict(usual(600, 36, bad=bad), replace(reference, columns=columns))
    if bad == float(kept):
        assert found.status == "quiet", found.reasons
    assert found.columns


def test_urls_that_are_all_new_are_no_drift_as_long_as_they_are_written_alike(
    reference: Reference,
) -> None:
    """That nobody has asked for a URL before says nothing of how it is written."""
    known = {*urls(1500, 1, phishing=True), *urls(1500, 2), *urls(1500, 3, phishing=True)}
    known |= set(urls(1500, 4))
    rows = usual(3000, 37)
    fresh = [place for place, text in enumerate(rows["url"].to_pylist()) if text not in known]
    found = verdict(rows.take(fresh), reference)
    assert 1000 < found.rows < 3000
    assert found.status == "quiet", found.reasons


def test_unreadable_urls_count_as_missing(reference: Reference) -> None:
    rows = usual(1000, 22)
    texts = [
        "\x00" if place % 5 == 0 else text for place, text in enumerate(rows["url"].to_pylist())
    ]
    assert verdict(table(texts, rows["score"].to_pylist()), reference).quality.problems


def test_a_window_without_any_url_is_drift(reference: Reference) -> None:
    rows = usual(600, 23)
    found = verdict(table([None] * 600, rows["score"].to_pylist()), reference)
    assert found.status == "drifted"
    assert set(found.columns) == {SCORE}


def test_a_window_without_any_score_is_drift(reference: Reference) -> None:
    found = verdict(table(urls(600, 24), [None] * 600), reference)
    assert found.status == "drifted"
    assert found.quality.missing_share[SCORE] == 1.0
    assert found.positive_share is None


def test_a_window_of_one_value_alone_is_drift(reference: Reference) -> None:
    found = verdict(table(["new.example/x"] * 500, [0.99] * 500), reference)
    assert found.status == "drifted"


def test_dropped_urls_leave_the_scores(reference: Reference) -> None:
    rows = usual(1000, 25)
    empty = table([None] * 1000, rows["score"].to_pylist())
    found = verdict(
        empty, reference, facts=Facts("phishing", "phishing", FACTS.created, dropped=("url",))
    )
    assert found.status == "quiet"
    assert set(found.columns) == {SCORE}
    assert "not kept" in found.reasons[0]


def test_masked_urls_are_not_compared(reference: Reference) -> None:
    facts = Facts("phishing", "phishing", FACTS.created, redacted=("path", "query"))
    found = verdict(
        table(["a.example/*"] * 1000, usual(1000, 26)["score"].to_pylist()), reference, facts=facts
    )
    assert found.status == "quiet"
    assert set(found.columns) == {SCORE}
    assert "masked" in found.reasons[0]


def test_rows_of_other_versions_are_left_out_and_told_of(reference: Reference) -> None:
    other = table(new_kind(400, 27), [0.5] * 400, version="2")
    found = verdict(pa.concat_tables([usual(1000, 28), other]), reference)
    assert found.status == "quiet"
    assert found.model_versions == {"3": 1000, "2": 400}
    assert "400 of version 2" in found.reasons[0]


def test_with_the_reference_of_another_version_scores_are_not_compared(
    reference: Reference,
) -> None:
    rows = usual(1000, 29, version="4")
    found = verdict(rows, reference)
    assert SCORE not in found.columns
    assert "version 4 has no reference" in found.reasons[0]


def test_damaged_files_are_counted_and_told_of(reference: Reference) -> None:
    facts = Facts("phishing", "phishing", FACTS.created, damaged=("'x.parquet' cannot be read",))
    found = verdict(usual(1000, 30), reference, facts=facts)
    assert found.quality.damaged_files == 1
    assert "x.parquet" in found.reasons[0]
    assert found.status == "quiet"


def test_the_same_window_gives_the_same_verdict(reference: Reference) -> None:
    rows = usual(1500, 31)
    assert verdict(rows, reference) == verdict(rows, reference)
