"""Slices part the rows as they should and measure each part alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from switchyard.evaluation.slices import measure_slices, slice_columns

FRAME = pd.DataFrame(
    {
        "url": [
            "example.com",
            "10.0.0.1/a",
            "a.b.co.uk/login?x=1",
            "example.com/" + "p" * 200,
            "localhost",
            "xn--e1afmkfd.xn--p1ai/x",
        ],
        "label": np.array([0, 1, 1, 1, 0, 1], np.int8),
        "source": ["tranco", "feed", "feed", "feed", "tranco", "feed"],
        "first_seen": [None, "2021-06", "2021-07", "2022-01", None, None],
        "scheme": ["none", "http", "https", "http", "none", "none"],
    }
)


def test_every_family_is_told_for_every_row() -> None:
    columns = slice_columns(FRAME)

    assert {name: columns[name].astype(str).tolist() for name in columns} == {
        "address": ["bare domain", "with a path", "with a path", "with a path", "bare domain",
                    "with a path"],
        "source": ["tranco", "feed", "feed", "feed", "tranco", "feed"],
        "year": ["undated", "2021", "2021", "2022", "undated", "undated"],
        "length": ["1–20", "1–20", "1–20", "over 160", "1–20", "21–40"],
        "top-level domain": ["com", "IP address", "uk", "com", "localhost", "xn--p1ai"],
        "scheme as given": ["none", "http", "https", "http", "none", "none"],
    }  # fmt: skip


def test_rare_top_level_domains_are_one_slice() -> None:
    endings = slice_columns(FRAME, top=1)["top-level domain"].astype(str).tolist()

    assert endings == ["com", "other", "other", "com", "other", "other"]


def test_a_slice_has_the_figures_of_its_rows_alone() -> None:
    score = [0.9, 0.9, 0.2, 0.8, 0.1, 0.7]

    slices = measure_slices(FRAME["label"], score, 0.5, slice_columns(FRAME), 1)
    bare = next(one for one in slices if one.name == "bare domain")
    paths = next(one for one in slices if one.name == "with a path")

    assert (bare.rows, bare.positives, bare.accuracy, bare.false_positive_rate) == (2, 0, 0.5, 0.5)
    assert bare.recall is None
    assert bare.roc_auc is None
    assert (paths.rows, paths.recall, paths.false_positive_rate) == (4, 0.75, None)


def test_both_classes_give_an_area() -> None:
    columns = pd.DataFrame({"kind": ["a", "a", "b"]})

    first, second = measure_slices([0, 1, 1], [0.1, 0.9, 0.5], 0.5, columns, 1)

    assert first.roc_auc == pytest.approx(1.0)
    assert second.roc_auc is None


def test_small_slices_are_left_out() -> None:
    columns = pd.DataFrame({"kind": ["a", "a", "b"]})

    assert [s.name for s in measure_slices([0, 1, 1], [0.1, 0.9, 0.5], 0.5, columns, 2)] == ["a"]


def test_length_bands_stay_in_order() -> None:
    columns = slice_columns(FRAME)
    slices = measure_slices(FRAME["label"], [0.5] * 6, 0.5, columns, 1)

    lengths = [one.name for one in slices if one.family == "length"]
    assert lengths == ["1–20", "21–40", "over 160"]
