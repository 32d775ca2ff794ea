"""What a cached step depends on beside its inputs and parameters: the core and its libraries.

ZenML's cache key knows a step's own source, which here is a few lines; the work is in the core.
Each function digests the packages that a kind of step calls.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from zenml.config.cache_policy import CachePolicy

CORE = Path(__file__).resolve().parents[1] / "switchyard"
REFERENCE = tuple(f"monitoring/{name}.py" for name in ("inputs", "references", "words"))
DEFINITIONS = tuple(f"configuration/{name}.py" for name in ("names", "tables", "tasks"))
RULES = tuple(
    f"evaluation/{name}.py"
    for name in ("conformal", "intervals", "metrics", "ranking", "residuals", "thresholds")
)
LIBRARIES = (
    "lightgbm",
    "nltk",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "skops",
    "tldextract",
)


@cache
def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for name in LIBRARIES:
        digest.update(f"{name}={version(name)};".encode())
    for part in parts:
        root = CORE / part
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            digest.update(path.relative_to(CORE).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def data_code() -> str:
    """Digest of what loads and cleans."""
    return _digest("data", "tables", "urls", "pages.py", *DEFINITIONS)


def split_code() -> str:
    """Digest of what splits."""
    return _digest("split.py", "tables/coding.py", "tasks", *DEFINITIONS)


def training_code() -> str:
    """Digest of what tunes and fits."""
    return _digest(
        *("candidates", "models", "tables", "tasks", "text", "urls", *RULES, *DEFINITIONS)
    )


def evaluation_code() -> str:
    """Digest of what scores, measures and reports."""
    return _digest(
        "evaluation", "models", "tables", "tasks", "text", "urls", "pages.py", *DEFINITIONS
    )


def package_code() -> str:
    """Digest of what packages."""
    return _digest("packages", "tables", "tasks", *DEFINITIONS)


def registry_code() -> str:
    """Digest of what records and registers."""
    return _digest(
        *("tracking.py", "trials.py", "promotion", "retraining/bases.py", *REFERENCE),
        *("tables", "tasks", "urls", *DEFINITIONS),
    )


DATA = CachePolicy(cache_func="steps.caching.data_code")
SPLIT = CachePolicy(cache_func="steps.caching.split_code")
TRAINING = CachePolicy(cache_func="steps.caching.training_code")
EVALUATION = CachePolicy(cache_func="steps.caching.evaluation_code")
PACKAGE = CachePolicy(cache_func="steps.caching.package_code")
REGISTRY = CachePolicy(cache_func="steps.caching.registry_code")
