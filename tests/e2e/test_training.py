"""From nothing to a registered champion, and what later runs make of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from switchyard.samples.urls import generate
from tests.e2e.conftest import SMALL, Store

pytestmark = pytest.mark.slow


def changed(*settings: str) -> tuple[str, ...]:
    """The small settings with some of them given anew."""
    return (*SMALL, *settings)


def test_the_first_run_ends_with_a_champion_and_a_report(bare: Store) -> None:
    done = bare.train()

    assert done.code == 0, done.err
    assert "synthetic sample" in done.out
    assert "Promoted: there was no champion" in done.out
    assert bare.registry() == ([1], 1)
    pages = sorted(path.name for path in bare.folder.glob("outputs/phishing/*/*"))
    assert pages == ["data_card.md", "decision.md", "exploration.html", "report.html"]
    report = next(bare.folder.glob("outputs/phishing/*/report.html")).read_text()
    assert "SYNTHETIC" in report.upper()


def test_a_second_run_is_cached_and_keeps_the_champion(trained: Store) -> None:
    done = trained.train()

    assert done.code == 0, done.err
    assert "8 steps, 7 of them cached" in done.out
    assert "version 1 is the champion itself" in done.out
    assert trained.registry() == ([1], 1)


def test_training_the_same_again_gives_the_same_version(trained: Store) -> None:
    done = trained.train("--no-cache")

    assert done.code == 0, done.err
    assert "8 steps, 0 of them cached" in done.out
    assert trained.registry() == ([1], 1)


def test_only_what_depends_on_a_changed_value_runs_again(trained: Store) -> None:
    done = trained.train(settings=changed("evaluation.min_slice_rows=40"))

    assert done.code == 0, done.err
    assert "8 steps, 3 of them cached" in done.out, done.out


def test_another_folder_for_reports_runs_nothing_again(trained: Store) -> None:
    trained.train()
    done = trained.train(settings=changed("data.cache_dir=elsewhere"))

    assert "of them cached" in done.out
    assert "8 steps, 6 of them cached" in done.out, "loading alone depends on data.cache_dir"


def test_a_worse_challenger_is_registered_and_refused(trained: Store) -> None:
    worse = "candidates=[{name: fast, estimator: hashed-ngrams, parameters: {bits: 8, epochs: 1}}]"

    done = trained.train(settings=changed(worse, "promotion.floors={}"))

    assert done.code == 1
    assert "The champion is kept" in done.out
    assert trained.registry()[1] == 1


def test_below_its_floors_nothing_is_registered_and_the_report_says_so(store: Store) -> None:
    done = store.train(settings=changed("promotion.floors={accuracy: 0.9999}"))

    assert done.code == 1
    assert "below its floors, nothing is registered" in done.err
    assert "fast ← served" in done.out
    assert "Traceback" not in done.err
    assert store.registry() == ([], None)
    assert list(store.folder.glob("outputs/phishing/*/report.html"))


def test_real_data_take_over_from_the_sample_and_never_give_way_to_it(
    trained: Store, tmp_path: Path
) -> None:
    path = write(generate(1500, 7), tmp_path / "urls.csv")

    first = trained.train("--data", str(path))
    champion = trained.registry()[1]
    back = trained.train("--no-cache", settings=changed("seed=5"))

    assert first.code == 0, first.out
    assert champion is not None
    assert champion > 1
    assert back.code == 1
    assert "synthetic sample, the champion from real data" in " ".join(back.out.split())
    assert trained.registry()[1] == champion


def test_a_changed_file_is_loaded_again(trained: Store, tmp_path: Path) -> None:
    path = write(generate(1500, 8), tmp_path / "urls.csv")
    trained.train("--data", str(path))
    same = trained.train("--data", str(path))
    write(generate(1500, 9), path)

    done = trained.train("--data", str(path))

    assert "8 steps, 7 of them cached" in same.out
    assert "8 steps, 0 of them cached" in done.out


def test_zenml_shows_a_version_of_the_same_number(trained: Store) -> None:
    import json
    import subprocess
    import sys

    code = (
        "import json; from zenml.client import Client\n"
        "versions = Client().list_model_versions('phishing', size=50).items\n"
        "print(json.dumps([v.number for v in versions]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=trained.environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout.splitlines()[-1]) == trained.registry()[0]


def write(frame: pd.DataFrame, path: Path) -> Path:
    frame.drop(columns=["source"]).to_csv(path, index=False)
    return path
