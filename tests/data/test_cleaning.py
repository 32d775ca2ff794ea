"""Cleaning keeps one canonical row a URL, and says what it left out and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from switchyard.configuration.model import Data, Labels, Source
from switchyard.data.cleaning import Cleaned, clean
from switchyard.data.reading import RawFrame, read
from switchyard.data.schema import validate
from switchyard.data.sources import fetch
from switchyard.errors import DataError
from tests.labels import PHISHING

LENIENT = Data(max_reject_share=0.5)


def raw(*extra: tuple[Any, ...], each: int = 30) -> RawFrame:
    """`each` plain rows a class, and rows (url, label, first_seen) before them."""
    plain = [(f"bad{i}.com/login", "bad", None) for i in range(each)]
    plain += [(f"good{i}.com", "good", None) for i in range(each)]
    rows = [*((*row, None)[:3] for row in extra), *plain]
    return RawFrame.of(pd.DataFrame(rows, columns=["url", "label", "first_seen"]))


def first(cleaned: Cleaned) -> dict[str, Any]:
    return dict(cleaned.frame.iloc[0])


def reasons(cleaned: Cleaned) -> list[str]:
    return cleaned.rejects["reason"].tolist()


def test_a_row_is_canonical_with_scheme_and_group() -> None:
    cleaned = clean(raw(("HTTPS://www.Shop.Example.co.uk/A/", "bad", "2020-01")), Data(), PHISHING)
    assert first(cleaned) == {
        "url": "shop.example.co.uk/A",
        "label": 1,
        "source": "frame",
        "first_seen": "2020-01",
        "scheme": "https",
        "group": "example.co.uk",
    }


def test_a_cleaned_frame_fits_the_schema() -> None:
    frame = clean(raw(), Data(), PHISHING).frame
    assert validate(frame) is frame


def test_of_duplicates_the_earliest_row_stays() -> None:
    rows = [
        ("a.com/x", "bad"),
        ("http://a.com/x", "bad", "2021-05"),
        ("https://www.a.com/x/", "bad", "2020-03"),
        ("a.com/x", "bad", "2020-03"),
    ]
    cleaned = clean(raw(*rows), Data(), PHISHING)
    found = cleaned.frame[cleaned.frame["url"] == "a.com/x"]
    assert found[["first_seen", "scheme"]].values.tolist() == [["2020-03", "https"]]
    assert cleaned.counts["duplicates"] == 3


def test_a_url_with_both_labels_goes() -> None:
    cleaned = clean(raw(("a.com", "bad"), ("http://a.com/", "good")), Data(), PHISHING)
    assert "a.com" not in set(cleaned.frame["url"])
    assert cleaned.counts["contradictions"] == 2


@pytest.fixture
def few_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row of a class is enough to leave out older ones."""
    monkeypatch.setattr("switchyard.data.ages.LEAST", 1)


@pytest.mark.usefixtures("few_suffice")
def test_what_was_first_seen_too_long_ago_is_left_out_and_counted() -> None:
    months = ["2019-12", "2022-12", "2023-01", "2023-11", "2023-12", "2023-12", None]
    rows = [(f"dated{i}.com", "bad", month) for i, month in enumerate(months)]
    cleaned = clean(raw(*rows), Data(keep_months=12), PHISHING)
    kept = cleaned.frame[cleaned.frame["url"].str.startswith("dated")]
    assert kept["url"].str[5].tolist() == ["2", "3", "4", "5", "6"]
    assert cleaned.counts["outdated"] == 2
    assert cleaned.counts["rows"] == len(cleaned.frame) == 65


def test_the_newest_rows_of_a_class_stay_however_old_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("switchyard.data.ages.LEAST", 3)
    old = [(f"dated{i}.com", "bad", f"20{10 + i}-06") for i in range(5)]
    new = [(f"today{i}.com", "bad", "2026-06") for i in range(2)]
    cleaned = clean(raw(*old, *new), Data(keep_months=12), PHISHING)
    kept = set(cleaned.frame["url"]) - set(clean(raw(), Data(), PHISHING).frame["url"])
    assert kept == {"dated4.com", "today0.com", "today1.com"}


@pytest.mark.usefixtures("few_suffice")
@pytest.mark.parametrize("before", ["bad", "good"])
def test_a_row_that_is_left_out_takes_no_new_one_of_its_url_along(before: str) -> None:
    rows = [("again.com", before, "2019-01"), ("again.com", "bad", "2023-12")]
    rows += [(f"other{i}.com", "good", "2023-12") for i in range(3)]
    cleaned = clean(raw(*rows), Data(keep_months=12), PHISHING)
    found = cleaned.frame[cleaned.frame["url"] == "again.com"]
    assert found[["label", "first_seen"]].values.tolist() == [[1, "2023-12"]]


@pytest.mark.usefixtures("few_suffice")
def test_one_wrong_date_does_not_make_all_others_old() -> None:
    rows = [(f"dated{i}.com", "bad", "2023-06") for i in range(5)]
    cleaned = clean(raw(*rows, ("typo.com", "bad", "2093-06")), Data(keep_months=12), PHISHING)
    assert cleaned.counts["outdated"] == 0


def test_without_dates_nothing_is_too_old() -> None:
    assert clean(raw(), Data(keep_months=1), PHISHING).counts["outdated"] == 0


def test_the_reference_protocol_keeps_every_row_and_counts() -> None:
    rows = [("a.com", "bad"), ("a.com", "good"), ("b.com", "bad"), ("b.com", "bad")]
    cleaned = clean(raw(*rows), Data(drop_duplicates=False), PHISHING)
    assert len(cleaned.frame) == 64
    assert (cleaned.counts["duplicates"], cleaned.counts["contradictions"]) == (1, 2)


@pytest.mark.parametrize("label", ["BAD", " bad ", "1", "Phishing", "malware"])
def test_known_words_are_taken_in_any_case(label: str) -> None:
    assert first(clean(raw(("a.com", label)), Data(), PHISHING))["label"] == 1


def test_the_names_of_the_classes_are_words_too() -> None:
    labels = Labels(positive="trap", positive_words=("bad",), negative_words=("good",))
    assert first(clean(raw(("a.com", "trap")), Data(), labels))["label"] == 1


@pytest.mark.parametrize(
    ("url", "label", "reason"),
    [
        ("", "bad", "empty"),
        ("hello", "bad", "no host"),
        ("a\x00b.com", "bad", "not text: control characters"),
        ("a.com/" + "x" * 10_000_000, "bad", "longer than 8,192 characters"),
        ("a.com", "perhaps", "unknown label 'perhaps'"),
        ("a.com", "", "no label"),
        ("a.com", None, "no label"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(url: str, label: str | None, reason: str) -> None:
    cleaned = clean(raw((url, label)), LENIENT, PHISHING)
    assert reasons(cleaned) == [reason]
    reject = dict(cleaned.rejects.iloc[0])
    assert (reject["row"], reject["source"]) == (1, "frame")
    assert reject["url"] == url[:200]
    assert len(cleaned.frame) == 60


def test_too_many_rejects_stop_the_run() -> None:
    with pytest.raises(
        DataError, match=r"10 of 70 rows are rejected \(14\.3%.*no host: 10"
    ) as told:
        clean(raw(*[("junk", "bad")] * 10), Data(), PHISHING)
    assert "max_reject_share" in str(told.value)


def test_unknown_words_are_named_with_their_counts() -> None:
    rows = [(f"a{i}.com", "spam") for i in range(40)]
    with pytest.raises(DataError, match=r"unknown label 'spam': 40.*positive_words"):
        clean(raw(*rows), Data(), PHISHING)


def test_one_class_is_not_enough() -> None:
    rows = pd.DataFrame({"url": [f"a{i}.com" for i in range(50)], "label": "bad"})
    with pytest.raises(DataError, match="one class only: 50 'phishing', 0 'benign'"):
        clean(RawFrame.of(rows), Data(), PHISHING)


def test_one_row_is_not_enough() -> None:
    with pytest.raises(DataError, match="one class only: 1 'phishing'"):
        clean(RawFrame.of(pd.DataFrame({"url": ["a.com"], "label": ["bad"]})), Data(), PHISHING)


def test_a_few_rows_are_not_enough() -> None:
    with pytest.raises(DataError, match=r"19 'phishing', 19 'benign'.*at least 20"):
        clean(raw(each=19), Data(), PHISHING)


def test_no_rows_are_not_enough() -> None:
    with pytest.raises(DataError, match="no rows"):
        clean(RawFrame.of(pd.DataFrame({"url": ["a"], "label": ["b"]}).head(0)), Data(), PHISHING)


def test_rows_in_many_chunks_come_out_in_one() -> None:
    part = raw(each=10)
    cleaned = clean(RawFrame.join([part, raw(each=20), part]), Data(), PHISHING)
    assert len(cleaned.frame) == 40
    assert cleaned.counts["duplicates"] == 40


@pytest.mark.data
def test_the_real_corpus_is_cleaned(real_data: Path) -> None:
    source = Source(location=str(real_data / "phishing_site_urls.csv.gz"))
    cleaned = clean(read(fetch(source, Data()), source, Data(), PHISHING), Data(), PHISHING)
    assert sum(cleaned.counts[name] for name in ("rejected", "duplicates", "contradictions")) == (
        162_065 - len(cleaned.frame)
    )
    assert cleaned.counts["rejected"] < 100
