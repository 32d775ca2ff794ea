"""What a cached step depends on beside its inputs and parameters: the core and its libraries.

ZenML's cache key knows a step's own source, which here is a few lines; the work is in the core.
Each function digests the modules that a kind of step calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from zenml.config.cache_policy import CachePolicy

CORE = Path(__file__).resolve().parents[1] / "switchyard"
LIBRARIES = (
    "catboost",
    "lightgbm",
    "nltk",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "skops",
    "tldextract",
    "xgboost-cpu",
)
"""Those that are not installed have no say."""

_DEFINITIONS = (
    *(f"configuration/{name}.py" for name in ("names", "tables", "tasks")),
    "packages/manifest.py",
    "tasks",
)
_FEATURES = ("models", "tables", "text", "urls")
_RULES = tuple(
    f"evaluation/{name}.py"
    for name in (
        *("conformal", "intervals", "kernel", "metrics", "ranking", "residuals"),
        "thresholds",
    )
)

PARTS: Mapping[str, tuple[str, ...]] = {
    "data": ("data", "samples", "tables", "urls", "pages.py", *_DEFINITIONS),
    "split": ("split.py", "tables/coding.py", *_DEFINITIONS),
    "training": ("candidates", *_FEATURES, *_RULES, *_DEFINITIONS),
    "evaluation": ("evaluation", "pages.py", "promotion/gates.py", *_FEATURES, *_DEFINITIONS),
    "package": ("packages", "tables/coding.py", *_DEFINITIONS),
    "registry": (
        *("tracking", "trials.py", "promotion", "retraining/bases.py", "packages", "urls"),
        *(f"monitoring/{name}.py" for name in ("inputs", "packaging", "references", "tables")),
        *("monitoring/words.py", "tables", *_DEFINITIONS),
    ),
}
"""Kind of step → modules and rooms of the core."""


@cache
def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            digest.update(f"{name}={version(name)};".encode())
    for part in parts:
        root = CORE / part
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            digest.update(path.relative_to(CORE).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def data_code() -> str:
    """Digest of what loads and cleans."""
    return _digest(*PARTS["data"])


def split_code() -> str:
    """Digest of what splits."""
    return _digest(*PARTS["split"])


def training_code() -> str:
    """Digest of what tunes and fits."""
    return _digest(*PARTS["training"])


def evaluation_code() -> str:
    """Digest of what scores, measures and reports."""
    return _digest(*PARTS["evaluation"])


def package_code() -> str:
    """Digest of what packages."""
    return _digest(*PARTS["package"])


def registry_code() -> str:
    """Digest of what records and registers."""
    return _digest(*PARTS["registry"])


DATA = CachePolicy(cache_func="steps.caching.data_code")
SPLIT = CachePolicy(cache_func="steps.caching.split_code")
TRAINING = CachePolicy(cache_func="steps.caching.training_code")
EVALUATION = CachePolicy(cache_func="steps.caching.evaluation_code")
PACKAGE = CachePolicy(cache_func="steps.caching.package_code")
REGISTRY = CachePolicy(cache_func="steps.caching.registry_code")
