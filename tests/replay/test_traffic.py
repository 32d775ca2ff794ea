"""Traffic by date: each row once, in its time, and domains of undated rows in one month only."""

from __future__ import annotations

import pandas as pd
import pytest

from switchyard.errors import DataError, RequestError
from switchyard.replay.traffic import Traffic, by_month, months, shuffled


def rows(dates: list[str | None], benign: int = 400) -> pd.DataFrame:
    """Dated phishing, and undated benign rows, two of each domain."""
    bad = [(f"bad{at}.example/x", 1, date, f"bad{at}.example") for at, date in enumerate(dates)]
    good = [
        (f"good{at // 2}.example/{at}", 0, None, f"good{at // 2}.example") for at in range(benign)
    ]
    return pd.DataFrame([*bad, *good], columns=["url", "label", "first_seen", "group"])


@pytest.fixture
def traffic() -> Traffic:
    dates = ["2020-01", "2021-06", None, "2021-07", "2021-07", "2021-08", "2021-09"]
    return by_month(rows(dates), "2021-06", "2021-08")


def test_dated_rows_come_in_their_month(traffic: Traffic) -> None:
    assert [window.name for window in traffic.windows] == ["2021-07", "2021-08"]
    for window in traffic.windows:
        dated = window.rows[window.rows["label"] == 1]
        assert set(dated["first_seen"]) == {window.name}
    assert [int(window.rows["label"].sum()) for window in traffic.windows] == [2, 1]


def test_what_is_older_or_undated_and_positive_is_known_from_the_beginning(
    traffic: Traffic,
) -> None:
    known = traffic.history[traffic.history["label"] == 1]
    assert set(known["first_seen"].dropna()) == {"2020-01", "2021-06"}
    assert known["first_seen"].isna().sum() == 1


def test_what_came_after_the_last_month_never_comes(traffic: Traffic) -> None:
    parts = [traffic.history, *(window.rows for window in traffic.windows)]
    assert "2021-09" not in set(pd.concat(parts)["first_seen"])


def test_undated_benign_rows_come_once_and_a_domain_in_one_place(traffic: Traffic) -> None:
    parts = [traffic.history, *(window.rows for window in traffic.windows)]
    benign = [part[part["label"] == 0] for part in parts]
    assert sum(len(part) for part in benign) == 400
    groups = [set(part["group"]) for part in benign]
    assert len(set.union(*groups)) == sum(len(each) for each in groups)
    assert 0.4 < len(benign[0]) / 400 < 0.6


def test_the_same_rows_give_the_same_traffic() -> None:
    frame = rows(["2021-06", "2021-07"])
    first, second = (by_month(frame, "2021-06", "2021-07") for _ in range(2))
    pd.testing.assert_frame_equal(first.windows[0].rows, second.windows[0].rows)


def test_a_month_without_phishing_is_named() -> None:
    with pytest.raises(DataError, match="month 2021-08"):
        by_month(rows(["2021-06", "2021-07"]), "2021-06", "2021-08")


@pytest.mark.parametrize(("first", "last"), [("2021-6", "2021-08"), ("2021-08", "2021-08")])
def test_a_stretch_that_is_none_is_refused(first: str, last: str) -> None:
    with pytest.raises(RequestError, match=first):
        months(first, last)


def test_months_go_over_the_turn_of_the_year() -> None:
    assert months("2021-11", "2022-02") == ["2021-11", "2021-12", "2022-01", "2022-02"]


def test_shuffled_windows_hold_every_row_once() -> None:
    frame = rows(["2021-06"], 99)
    windows = shuffled(frame, 7, seed=1)
    assert sorted(len(window.rows) for window in windows) == [14] * 5 + [15] * 2
    assert sorted(pd.concat([window.rows for window in windows])["url"]) == sorted(frame["url"])
