"""Files of this machine are scored by steps that only reach a store, and the result comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from switchyard.errors import RequestError
from switchyard.inference.results import Outcome
from switchyard.inference.sending import Sending
from tests.inference.conftest import URLS


def rows(count: int) -> pd.DataFrame:
    return pd.DataFrame({"url": [f"example{at}.com/{at}" for at in range(count)]})


def table(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_goes_and_its_result_comes(
    infer: Callable[..., Outcome], tmp_path: Path, ending: str
) -> None:
    source, output, here = tmp_path / "in.csv", tmp_path / f"out.{ending}", tmp_path / f"h.{ending}"
    pd.DataFrame({"url": [*URLS, *rows(50)["url"]]}).to_csv(source, index=False)
    infer(source, here)

    sending = Sending.of(f"memory://{tmp_path.name}", str(source), str(output))
    assert sending.source.startswith("memory://")
    outcome = sending.fetched(infer(sending.source, sending.output))

    assert output.read_bytes() == here.read_bytes()
    assert outcome.output == str(output)
    rejects = [table(Path(outcome.rejects)), table(tmp_path / f"h.rejects.{ending}")]
    assert rejects[0].drop(columns="source").equals(rejects[1].drop(columns="source"))
    assert fsspec.filesystem("memory").find(f"/{tmp_path.name}") == []


def test_a_folder_goes_to_a_folder(infer: Callable[..., Outcome], tmp_path: Path) -> None:
    source = tmp_path / "in"
    for name in ("a.csv", "deeper/b.csv"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        rows(20).to_csv(source / name, index=False)

    sending = Sending.of(f"memory://{tmp_path.name}", f"{source}/", f"{tmp_path}/out/")
    sending.fetched(infer(sending.source, sending.output, shards=2))

    assert len(pd.read_parquet(tmp_path / "out")) == 40


def test_the_same_work_has_the_same_place(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    rows(3).to_csv(source, index=False)
    given = (f"memory://{tmp_path.name}", str(source), str(tmp_path / "out.csv"))
    first = Sending.of(*given)

    assert Sending.of(*given) == first
    rows(4).to_csv(source, index=False)
    assert Sending.of(*given).source != first.source


def test_places_that_all_reach_stay(tmp_path: Path) -> None:
    sending = Sending.of("memory://store", "s3://bucket/in/", "s3://bucket/out.parquet")
    assert (sending.source, sending.output) == ("s3://bucket/in/", "s3://bucket/out.parquet")


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is not there"):
        Sending.of("memory://store", str(tmp_path / "no.csv"), str(tmp_path / "out.csv"))
