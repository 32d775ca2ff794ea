"""A retraining takes the data that the champion was trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.configuration.model import Candidate, Data, Sample, Source, UseCase
from switchyard.errors import PlatformError
from switchyard.retraining.bases import base_of, on_base, write_base
from tests.labels import PHISHING

CASE = UseCase(
    name="phishing",
    title="Phishing",
    serve="fast",
    labels=PHISHING,
    candidates=(Candidate(name="fast", estimator="hashed-ngrams"),),
)


def trained_on(data: Data, seed: int = 42) -> UseCase:
    return CASE.model_copy(update={"data": data, "seed": seed})


def test_sources_come_back_wherever_the_next_run_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sources = (Source(location="own.csv"), Source(location="s3://bucket/feed.csv"))
    folder = write_base(base_of(trained_on(Data(sources=sources))), tmp_path)

    found = on_base(CASE, folder).data.sources

    assert [each.location for each in found] == [str(tmp_path / "own.csv"), "s3://bucket/feed.csv"]


def test_the_sample_is_generated_again_as_it_was(tmp_path: Path) -> None:
    folder = write_base(base_of(trained_on(Data(sample=Sample(rows=700)), seed=7)), tmp_path)

    found = on_base(CASE, folder)

    assert (found.data.sample.rows, found.seed) == (700, 7)


def test_feedback_and_the_cache_are_of_each_run(tmp_path: Path) -> None:
    feedback = (Source(location="old.parquet"),)
    base = base_of(trained_on(Data(feedback=feedback, cache_dir="/there")))
    here = trained_on(Data(cache_dir="/here"))

    found = on_base(here, write_base(base, tmp_path)).data

    assert (found.feedback, found.cache_dir) == ((), "/here")


def test_a_champion_without_a_record_is_retrained_by_the_configuration() -> None:
    assert on_base(CASE, None) is CASE


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    folder = write_base({"data": {}}, tmp_path)

    with pytest.raises(PlatformError, match="say it by --data"):
        on_base(CASE, folder)
