"""The reference recipe's preprocessing, ours against the plain NLTK loop, on the same URLs.

    uv run benchmarks/preprocessing.py [--data-dir DIR] [--json]

Prints both times and their ratio; refuses to if the features differ.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CORPUS = "phishing_site_urls.csv.gz"


def preprocess_speedup(urls: Sequence[str]) -> dict[str, float]:
    """Seconds of each way and their ratio, `preprocess_speedup`; AssertionError if features differ.

    The loop runs once, ours three times with its memory of stems emptied (the median counts).
    """
    import switchyard.text.stems as stems
    from switchyard.text.counts import StemCounts

    StemCounts().fit(["compiled before the clock starts"])
    began = time.perf_counter()
    names, expected = plain_nltk(urls)
    plain = time.perf_counter() - began

    ours = []
    for _ in range(3):
        stems.remembered.cache_clear()
        counts = StemCounts()
        began = time.perf_counter()
        found = counts.fit_transform(urls)
        ours.append(time.perf_counter() - began)
    assert counts.get_feature_names_out().tolist() == names, "the vocabularies differ"
    assert found.shape == expected.shape, "the shapes differ"
    assert found.dtype == expected.dtype, "the types differ"
    assert (found != expected).nnz == 0, "the counts differ"
    seconds = sorted(ours)[1]
    return {
        "preprocess_rows": float(len(urls)),
        "preprocess_terms": float(len(names)),
        "preprocess_plain_s": plain,
        "preprocess_s": seconds,
        "preprocess_speedup": plain / seconds,
    }


def plain_nltk(urls: Sequence[str]) -> tuple[list[str], Any]:
    """The recipe as it is written: NLTK's tokenizer and stemmer in a loop, then CountVectorizer."""
    from nltk.stem.snowball import SnowballStemmer
    from nltk.tokenize import RegexpTokenizer
    from sklearn.feature_extraction.text import CountVectorizer

    tokenizer = RegexpTokenizer(r"[A-Za-z]+")
    stemmer = SnowballStemmer("english")
    texts = []
    for url in urls:
        texts.append(" ".join([stemmer.stem(word) for word in tokenizer.tokenize(url)]))  # noqa: PERF401
    vectorizer = CountVectorizer()
    features = vectorizer.fit_transform(texts)
    return vectorizer.get_feature_names_out().tolist(), features


def load_urls(folder: Path | None) -> tuple[list[str], str]:
    """URLs and what to call them: the real corpus in the folder, else the generated sample."""
    if folder is not None:
        import pandas as pd

        return pd.read_csv(folder / CORPUS)["URL"].tolist(), CORPUS
    from switchyard.samples.urls import generate

    return generate(rows=20_000, seed=42)["url"].tolist(), "generated sample"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help=f"the folder that holds {CORPUS}")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    arguments = parser.parse_args()
    urls, name = load_urls(arguments.data_dir)
    figures = preprocess_speedup(urls)
    print(f"{len(urls):,} URLs, {name}; {figures['preprocess_terms']:,.0f} stems, same features")
    print(f"  plain NLTK loop + CountVectorizer  {figures['preprocess_plain_s']:8.2f} s")
    print(f"  StemCounts                         {figures['preprocess_s']:8.2f} s")
    print(f"  speed-up                           {figures['preprocess_speedup']:8.1f} ×")
    if arguments.json:
        print(json.dumps({key: round(value, 4) for key, value in figures.items()}))


if __name__ == "__main__":
    main()
