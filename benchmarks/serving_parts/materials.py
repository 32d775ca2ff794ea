"""What is served and what is asked: a package, URLs, and folders that a service starts from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
MANY = "urls.parquet"
ROWS = 100_000


def rows(data_dir: Path | None) -> pd.DataFrame:
    """Labelled rows: a sample of the real ones, else the generator's, with url, label, group."""
    import pandas as pd

    from switchyard.configuration.model import Data, Labels
    from switchyard.data.cleaning import clean
    from switchyard.data.reading import RawFrame
    from switchyard.samples.urls import generate

    if data_dir is None:
        frame = generate(20_000, 42)
    else:
        frame = pd.read_parquet(data_dir / MANY)
        frame = frame.sample(min(ROWS, len(frame)), random_state=42)
    return clean(RawFrame.of(frame), Data(), Labels()).frame


def train(folder: Path, frame: pd.DataFrame, *, synthetic: bool) -> Path:
    """A package of the fast tier, trained on `frame`, as `folder`; returns it."""
    from switchyard.candidates.fitting import fit
    from switchyard.configuration.model import Candidate
    from switchyard.evaluation.intervals import Interval
    from switchyard.packages import manifest
    from switchyard.packages.writing import write

    candidate = Candidate(name="fast", estimator="hashed-ngrams")
    labels = frame["label"].to_numpy()
    model = fit(candidate, {}, frame["url"], labels, frame["group"], 42)
    details = manifest.Details(
        name="phishing",
        candidate=candidate.name,
        task="text-classification",
        inputs={"url": manifest.Input(type="string", max_length=8192)},
        labels=manifest.Labels(positive="phishing", negative="benign"),
        threshold=0.5,
        metrics={"accuracy": Interval(value=0.5, low=0.0, high=1.0)},
        data=manifest.Origin(
            digest="0" * 64, synthetic=synthetic, rows=len(frame), sources=("benchmark",)
        ),
    )
    return write(folder, model, details, "# Made for a benchmark; not evaluated\n").folder


def texts(frame: pd.DataFrame, count: int) -> list[str]:
    """URLs to ask about, drawn from the rows."""
    drawn: list[str] = frame["url"].sample(count, replace=True, random_state=7).tolist()
    return drawn


def released(package: Path, scratch: Path) -> Path:
    """The service folder of a release of the package, built below `scratch` as it is for a stack.

    PlatformError when a part cannot be built.
    """
    from bento.building.releases import build_release
    from switchyard.configuration.layers import resolve

    use_case = resolve(ROOT / "configs" / "phishing.yaml", {}, [], []).use_case
    os.environ["BENTOML_HOME"] = str(scratch / "bentoml")
    return Path(build_release(1, package, use_case, scratch / "staged").folder)


def batches(urls: Sequence[str], size: int, count: int) -> list[list[str]]:
    """`count` lists of `size` URLs each, taken from `urls` in turn."""
    return [[urls[(at * size + i) % len(urls)] for i in range(size)] for at in range(count)]
