"""The sample is the same for a seed, of both kinds, many domains and several years."""

from __future__ import annotations

import hashlib
import time

import pandas as pd
import pytest

from switchyard.configuration.model import Data, Labels
from switchyard.data.cleaning import clean
from switchyard.data.reading import RawFrame
from switchyard.samples import url_words as words
from switchyard.samples.urls import generate
from tests.labels import PHISHING


def test_the_same_seed_makes_the_same_rows() -> None:
    pd.testing.assert_frame_equal(generate(500, 3), generate(500, 3))


def test_another_seed_makes_others() -> None:
    assert not generate(500, 3).equals(generate(500, 4))


@pytest.mark.parametrize("rows", [100, 1000])
def test_a_small_sample_is_fit_for_training(rows: int) -> None:
    sample = generate(rows, 1)
    assert len(sample) == rows
    counts = clean(RawFrame.of(sample), Data(), PHISHING).counts
    assert counts["rows"] > 0.95 * rows


def test_a_sample_has_what_cleaning_is_for() -> None:
    cleaned = clean(RawFrame.of(generate(5000, 1)), Data(), PHISHING)
    assert all(cleaned.counts[name] for name in ("rejected", "duplicates", "contradictions"))
    share = cleaned.frame["label"].mean()
    assert 0.4 < share < 0.6
    assert cleaned.frame["group"].nunique() > 1500
    assert cleaned.frame["first_seen"].str[:4].nunique() == 6


def test_a_sample_says_what_it_is() -> None:
    assert set(generate(100, 1)["source"]) == {"synthetic sample"}


def test_labels_are_those_of_the_use_case() -> None:
    labels = Labels(positive="trap", negative="fine")
    assert set(generate(100, 1, labels)["label"]) == {"trap", "fine"}


def test_phishing_changes_over_the_years() -> None:
    sample = generate(6000, 1, PHISHING)
    bad = sample[sample["label"] == "phishing"]
    old, new = (bad[bad["first_seen"].str.startswith(year)]["url"] for year in ("2019", "2024"))
    assert old.str.contains("wp-").mean() > 1.5 * new.str.contains("wp-").mean()


def test_the_task_is_neither_trivial_nor_hopeless() -> None:
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier

    from switchyard.split import fold_of

    frame = clean(RawFrame.of(generate(8000, 1)), Data(), PHISHING).frame
    fold = fold_of(frame["group"], 4, "test")
    train, held = frame[fold > 0], frame[fold == 0]
    texts = HashingVectorizer(analyzer="char", ngram_range=(2, 4))
    model = SGDClassifier(loss="log_loss", alpha=1e-5, random_state=0)
    model.fit(texts.transform(train["url"]), train["label"])
    assert 0.88 < model.score(texts.transform(held["url"]), held["label"]) < 0.98


def test_the_usual_sample_is_what_it_always_was() -> None:
    text = generate(3_000, 3, PHISHING).to_csv()
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "18c00d3c74eab2ce72dd1d832b2e97ab4f58cc263a2021bffef48442b09a975e"


def test_a_changing_sample_brings_ways_that_earlier_rows_do_not_show() -> None:
    sample = generate(6_000, 1, PHISHING, changing=True)
    bad = sample[sample["label"] == "phishing"]
    early = bad["first_seen"] <= "2021-06"
    for era in words.ERAS:
        named = bad["url"].str.contains("|".join(era.brands))
        assert not named[early].any()
        assert named[~early].mean() > 0.05


def test_good_rows_of_a_changing_sample_stay_as_they_are() -> None:
    sample = generate(6_000, 1, PHISHING, changing=True)
    good = sample[sample["label"] == "benign"]
    brands = [brand for era in words.ERAS for brand in era.brands]
    # One in a hundred rows repeats another, some of these with the wrong label.
    assert good["url"].str.contains("|".join(brands)).mean() < 0.005


def test_the_usual_sample_takes_a_moment() -> None:
    start = time.process_time()
    generate(20_000, 42)
    assert time.process_time() - start < 2
