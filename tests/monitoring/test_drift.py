from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from switchyard.monitoring.drift import chance, compare, distance, workspace_files
from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.reports import add_to_workspace


def normal(rows: int, seed: int, middle: float = 0.0) -> Any:
    return np.random.default_rng(seed).normal(middle, 1, rows).astype(np.float32)


def test_equal_samples_are_no_distance_apart() -> None:
    values = normal(1000, 1)
    assert distance(values, values) == 0.0


def test_samples_without_a_common_value_are_as_far_apart_as_can_be() -> None:
    assert distance(np.zeros(50), np.ones(70)) == pytest.approx(np.sqrt(np.log(2)))


def test_one_huge_value_does_not_hide_a_change() -> None:
    changed = normal(2000, 2, middle=1.0)
    outlier = np.append(changed, np.float32(1e6))
    assert distance(normal(2000, 3), outlier) == pytest.approx(
        distance(normal(2000, 3), changed), abs=0.01
    )


@pytest.mark.parametrize("rows", [200, 1000, 20_000])
def test_chance_explains_the_distance_of_equal_populations(rows: int) -> None:
    reference = normal(5000, 4)
    apart = [distance(reference, normal(rows, seed)) for seed in range(100, 160)]
    allowed = chance(reference, normal(rows, 5))
    assert np.mean(np.array(apart) > allowed) <= 0.1
    assert np.median(apart) > 0.5 * allowed


def test_a_column_that_one_side_has_no_values_of_is_left_out() -> None:
    empty = np.full(10, np.nan, np.float32)
    found = compare({"a": normal(10, 1), "b": normal(10, 1)}, {"a": normal(10, 2), "b": empty}, 0.1)
    assert set(found.columns) == {"a"}


def test_missing_values_do_not_count_as_distance() -> None:
    holes = normal(1000, 6)
    holes[::2] = np.nan
    assert not compare({"a": normal(1000, 7)}, {"a": holes}, 0.1).columns["a"].drifted


@pytest.mark.slow
def test_evidently_shows_the_numbers_that_were_judged_and_keeps_a_history(tmp_path: Path) -> None:
    moments = [datetime(2026, 9, day, tzinfo=UTC) for day in (7, 8)]
    sides = {"url_length": normal(800, 8), "score": normal(800, 9)}
    later = {"url_length": normal(600, 10, middle=1.0), "score": normal(600, 11)}
    made = [compare(sides, later, 0.1, title="phishing", moment=moment) for moment in moments]

    for comparison in made:
        add_to_workspace(MonitoringStore(str(tmp_path)), "phishing", comparison)

    shown = {each["config"]["column"]: each["value"] for each in made[0].document()["metrics"]}
    assert shown == pytest.approx(
        {name: each.distance for name, each in made[0].columns.items()}, abs=1e-5
    )
    assert made[0].columns["url_length"].drifted
    assert "url_length" in made[0].html()
    from evidently.ui.workspace import Workspace

    opened = Workspace(str(tmp_path / "evidently"))
    projects = opened.list_projects()
    assert [project.name for project in projects] == ["phishing"]
    assert len(opened.list_runs(projects[0].id)) == 2


def test_names_and_categories_cannot_write_into_a_report() -> None:
    name, word = "<script>alert(1)</script>", "</script><img src=x onerror=alert(2)>"
    places = {name: np.array([0.0, 1.0] * 100, np.float32), "a & b": normal(200, 1)}
    found = compare(places, places, 0.1, categories={name: (word, "plain")})

    page = found.html()

    assert name not in page
    assert word not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    shown = {each["config"]["column"] for each in found.document()["metrics"]}
    assert shown == {"&lt;script&gt;alert(1)&lt;/script&gt;", "a &amp; b"}


def test_panels_ask_for_columns_by_the_names_that_reports_have() -> None:
    side = {"a<b": normal(200, 1)}
    made = compare(side, side, 0.1, moment=datetime(2026, 9, 7, tzinfo=UTC), panels={"P": ["a<b"]})
    files = workspace_files("phishing", made).values()
    assert any(b"a&lt;b" in each for each in files)
    assert not any(b"a<b" in each for each in files)
