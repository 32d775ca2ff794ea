"""Estimators come back equal, with equal bytes, and nothing strange is built."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from switchyard.errors import PlatformError
from switchyard.packages import storage
from switchyard.packages.storage import dumps, loads
from tests.conftest import Packages

ROOT = Path(__file__).resolve().parents[2]
URLS = [f"a{n}.com/{'login' if n % 2 else 'wiki'}" for n in range(60)]
LABELS = [n % 2 for n in range(60)]


def fitted() -> Pipeline:
    grams = HashingVectorizer(analyzer="char", n_features=512)
    steps = [("grams", grams), ("model", LogisticRegression())]
    return Pipeline(steps).fit(URLS, LABELS)


def rewritten(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    change(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, part in parts.items():
            target.writestr(name, part)
    return buffer.getvalue()


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    def remove(parts: dict[str, bytes]) -> None:
        del parts[name]

    return remove


def with_schema(content: bytes, change: Callable[[Any], None]) -> bytes:
    def edit(parts: dict[str, bytes]) -> None:
        schema = json.loads(parts["schema.json"])
        change(schema)
        parts["schema.json"] = json.dumps(schema).encode()

    return rewritten(content, edit)


def test_what_comes_back_predicts_the_same() -> None:
    model = fitted()

    np.testing.assert_array_equal(
        loads(dumps(model)).predict_proba(URLS), model.predict_proba(URLS)
    )


def test_equal_models_have_equal_bytes_also_when_loaded_and_saved_again() -> None:
    first = dumps(fitted())

    assert dumps(fitted()) == first
    assert dumps(loads(first)) == first


def test_another_process_writes_the_same_bytes() -> None:
    code = (
        "import hashlib\n"
        "from sklearn.feature_extraction.text import HashingVectorizer\n"
        "from switchyard.packages.storage import dumps\n"
        "model = HashingVectorizer(stop_words={'a', 'b', 'c', 'd'})\n"
        "print(hashlib.sha256(dumps(model)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, cwd=ROOT,
            check=True, capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip

    assert len(digests) == 1


def test_a_million_weights_stay_below_five_megabytes() -> None:
    model = fitted()
    weights = np.random.default_rng(0).normal(size=2**20).astype(np.float32)
    model.steps[1][1].coef_ = weights[None, :]

    assert len(dumps(model)) < 5_000_000


class Foreign(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator that is not in the list."""


def test_a_type_outside_the_list_is_named() -> None:
    model = Pipeline([("model", Foreign())])

    for refused in (lambda: loads(skops.io.dumps(model)), lambda: dumps(model)):
        with pytest.raises(PlatformError, match=r"Foreign, which is not trusted.*trusted\.py"):
            refused()


@pytest.mark.parametrize("kind", ["os.system", "builtins.eval", "subprocess.Popen"])
def test_a_schema_that_asks_for_a_function_is_refused(kind: str) -> None:
    module, name = kind.rsplit(".", 1)

    def plant(schema: Any) -> None:
        schema["content"]["content"]["verbose"] = {
            "__class__": name, "__module__": module, "__loader__": "FunctionNode",
        }  # fmt: skip

    with pytest.raises(PlatformError, match=f"{kind}, which is not trusted"):
        loads(with_schema(dumps(fitted()), plant))


def test_a_trusted_type_by_an_untrusted_way_is_refused() -> None:
    def plant(schema: Any) -> None:
        schema["content"]["content"]["verbose"] = {
            "__class__": "Pipeline", "__module__": "sklearn.pipeline", "__loader__": "MethodNode",
            "content": {"func": "fit", "obj": json.loads(json.dumps(schema["content"]))},
        }  # fmt: skip

    with pytest.raises(PlatformError, match="Pipeline by MethodNode"):
        loads(with_schema(dumps(fitted()), plant))


@pytest.mark.parametrize("name", ["../evil.npy", "/etc/evil", "a\\b.npy", "C:evil"])
def test_parts_with_paths_are_refused(name: str) -> None:
    content = rewritten(dumps(fitted()), lambda parts: parts.update({name: b"x"}))

    with pytest.raises(PlatformError, match="holds a part named"):
        loads(content)


def test_a_bomb_is_refused_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "MAX_UNPACKED", 1_000_000)
    content = rewritten(dumps(fitted()), lambda parts: parts.update({"big.npy": b"0" * 2_000_000}))

    with pytest.raises(PlatformError, match="unpacked it would be"):
        loads(content)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut"])
def test_junk_is_no_skops_file(content: bytes) -> None:
    with pytest.raises(PlatformError, match="not a whole skops file"):
        loads(content)


def test_a_missing_schema_and_a_missing_array_are_told() -> None:
    content = dumps(fitted())
    array = next(n for n in zipfile.ZipFile(io.BytesIO(content)).namelist() if "npy" in n)

    with pytest.raises(PlatformError, match="not a whole skops file"):
        loads(rewritten(content, without("schema.json")))
    with pytest.raises(PlatformError, match="cannot be loaded"):
        loads(rewritten(content, without(array)))


def test_what_cannot_be_saved_is_named() -> None:
    model = LogisticRegression()
    model.callback = open

    with pytest.raises(PlatformError, match=r"LogisticRegression .*open"):
        dumps(model)


LIGHT = """
import sys
from pathlib import Path
from switchyard.packages.loading import load
model = load(Path(sys.argv[1])).estimator
print(sorted(name for name in sys.argv[2:] if name in sys.modules))
from switchyard.packages.storage import dumps, loads
again = loads(dumps(model))
urls = ["a.com/x", "b.org"]
assert (again.predict_proba(urls) == model.predict_proba(urls)).all()
"""


@pytest.mark.parametrize(
    ("estimator", "imported"), [("hashed-ngrams", []), ("char-svm", ["sklearn.linear_model"])]
)
def test_reading_a_model_imports_what_it_has_parts_of(
    packages: Packages, estimator: str, imported: list[str]
) -> None:
    heavy = ["sklearn.ensemble", "sklearn.linear_model"]
    found = subprocess.run(
        [sys.executable, "-c", LIGHT, str(packages.of(estimator)), *heavy],
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(imported) <= set(ast.literal_eval(found.stdout))
    assert imported or found.stdout.strip() == "[]"
