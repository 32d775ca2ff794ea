"""Words tell as far as they stand in domains of one class."""

from __future__ import annotations

from switchyard.data.tellings import telling_words


def test_words_are_ranked_for_each_class() -> None:
    urls = [f"a{i}.com/login/x" for i in range(20)] + [f"b{i}.com/news/x" for i in range(20)]
    labels = [1] * 20 + [0] * 20
    bad, good = telling_words(urls, labels, [url.split("/")[0] for url in urls])
    assert [each.word for each in bad] == ["login"]
    assert [each.word for each in good] == ["news"]
    assert (bad[0].positive, bad[0].negative) == (20, 0)
    assert bad[0].log_odds > 0 > good[0].log_odds


def test_one_large_site_counts_once() -> None:
    urls = [f"a.com/login/{i}" for i in range(50)] + [f"b{i}.com/news" for i in range(50)]
    labels = [1] * 50 + [0] * 50
    bad, _ = telling_words(urls, labels, [url.split("/")[0] for url in urls])
    assert bad == []
