"""Artifacts come back as they were, and equal content has equal hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from switchyard.models.fast import HashedNgramClassifier

pytestmark = pytest.mark.usefixtures("zenml_store")

FRAME = pd.DataFrame(
    {
        "url": pd.Series(["a.example/x", "b.example/ü", "c.example"], dtype="str"),
        "label": np.array([0, 1, 1], dtype="int8"),
        "source": pd.Categorical(["one", "two", "one"]),
        "first_seen": pd.Series(["2020-01", None, "2021-02"], dtype="str"),
    }
)


def stored(materializer: type[Any], folder: Path, data: Any) -> Any:
    """The materializer after it has saved `data` below `folder` of the artifact store."""
    from zenml.client import Client

    uri = Path(Client().active_stack.artifact_store.path) / folder.name / materializer.__name__
    uri.mkdir(parents=True)
    kept = materializer(str(uri))
    kept.save(data)
    return kept


def test_a_frame_comes_back_equal(tmp_path: Path) -> None:
    from steps.materializers import FrameMaterializer

    kept = stored(FrameMaterializer, tmp_path, FRAME)

    pd.testing.assert_frame_equal(kept.load(pd.DataFrame), FRAME)
    assert kept.extract_metadata(FRAME)["rows"] == 3


def test_equal_frames_have_equal_hashes_and_others_have_not(tmp_path: Path) -> None:
    from steps.materializers import FrameMaterializer

    def hash_of(name: str, frame: pd.DataFrame) -> str:
        kept = stored(FrameMaterializer, tmp_path / name, frame)
        return str(kept.compute_content_hash(frame))

    assert hash_of("one", FRAME) == hash_of("two", FRAME.copy())
    assert hash_of("three", FRAME.head(2)) != hash_of("four", FRAME)


def test_an_estimator_comes_back_with_the_same_answers(tmp_path: Path) -> None:
    from steps.materializers import EstimatorMaterializer

    urls = ["pay-login.example/verify", "news.example/today"] * 30
    model = HashedNgramClassifier(bits=12).fit(urls, [1, 0] * 30)

    kept = stored(EstimatorMaterializer, tmp_path, model)

    found = kept.load(type(model)).predict_proba(urls)
    np.testing.assert_array_equal(found, model.predict_proba(urls))


def test_a_package_folder_is_moved_and_comes_back_whole(tmp_path: Path) -> None:
    from steps.materializers import FolderMaterializer

    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "card.md").write_text("# Card", encoding="utf-8")

    kept = stored(FolderMaterializer, tmp_path, folder)

    assert not folder.exists()
    assert (kept.load(Path) / "card.md").read_text(encoding="utf-8") == "# Card"
    assert kept.extract_metadata(folder) == {"card.md": 6}
