"""Pages are whole, escaped, described and the same every time."""

from __future__ import annotations

import re

import numpy as np
from matplotlib.figure import Figure

from switchyard import pages


def drawn() -> Figure:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="black", label="line")
    axes.legend()
    return figure


def test_a_page_is_a_document_with_its_banner() -> None:
    html = pages.page("A & B", "<p>body</p>", banner="synthetic <sample>")
    assert html.startswith("<!doctype html>")
    assert "<title>A &amp; B</title>" in html
    assert "synthetic &lt;sample&gt;" in html
    assert "<p>body</p>" in html


def test_a_page_without_banner_has_none() -> None:
    assert 'class="banner"' not in pages.page("A", "")


def test_a_table_is_escaped_and_its_numbers_are_readable() -> None:
    rows = [("<b>", 1234567, 0.12346, None), ("c", np.int64(5), np.float32(0.5), 1.0)]
    html = pages.table(["name", "n", "share", "gap"], rows, "a < b")
    assert "&lt;b&gt;" in html
    assert "a &lt; b" in html
    assert '<td class="number">1,234,567</td>' in html
    assert '<td class="number">0.1235</td>' in html
    assert '<td class="number">–</td>' in html
    assert html.count('class="number"') == 9


def test_truth_values_are_words() -> None:
    assert pages.shown(True) == "True"


def test_a_picture_is_described_and_takes_the_colours_of_the_page() -> None:
    html = pages.picture(drawn(), 'a "line" & more', "caption <1>")
    assert 'role="img" aria-label="a &quot;line&quot; &amp; more"' in html
    assert "<title>a &quot;line&quot; &amp; more</title>" in html
    assert "caption &lt;1&gt;" in html
    assert "#000000" not in html
    assert "currentColor" in html


def test_a_picture_is_the_same_every_time() -> None:
    assert pages.picture(drawn(), "line") == pages.picture(drawn(), "line")


def test_pictures_on_one_page_share_no_names() -> None:
    one, two = (
        set(re.findall(r' id="([^"]+)"', pages.picture(drawn(), alt))) for alt in ("one", "two")
    )
    assert not one & two
