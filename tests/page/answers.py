"""What the stand-in API answers: the contract's shapes around a model of a few words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

BASE = -1.0
WEIGHTS = {"login": 2.5, "verify": 2.0, "paypa1": 1.5, "secure": 0.9, "wikipedia": -3.0, "org": -1}
CARD = """# Phishing URLs: model `fast`

> **Synthetic sample.** This model learnt from generated rows.

## Data

- rows: 20,000
- see [the site](https://evil.example/) and <script>alert(1)</script>

## Decision

| metric | value | interval |
|---|---:|---|
| ROC AUC | 0.9876 | a \\| b |

```python
model = load(Path("<b>folder</b>"))
```
"""


@dataclass
class Answer:
    """One response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def json(body: object, status: int = 200, **headers: str) -> Answer:
        return Answer(
            status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
        )

    @staticmethod
    def problem(
        status: int,
        title: str,
        detail: str,
        errors: list[Json] | None = None,
        retry_after: int | None = None,
    ) -> Answer:
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        kind = {"Content-Type": "application/problem+json"}
        whole = json.dumps({**body, "errors": errors or []}).encode()
        wait = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return Answer(status, whole, {**kind, **wait})


def model(inputs: Json) -> Json:
    """An answer of /model."""
    return {
        "name": "phishing",
        "title": "Phishing URLs",
        "version": "3",
        "task": "text-classification",
        "inputs": inputs,
        "labels": {"positive": "phishing", "negative": "benign"},
        "threshold": 0.41,
        "synthetic": True,
        "notice": "Synthetic sample: this model learnt from generated rows.",
        "limits": {
            "max_body_mb": 10.0, "max_job_mb": 1.0, "max_instances": 200, "max_explained": 20,
            "body_timeout_s": 10.0, "max_wait_ms": 100.0,
        },
        "manifest": {"candidate": "fast", "data": {"digest": "d" * 64, "sources": ["sample"]}},
        "card": CARD,
    }  # fmt: skip


def explained(instance: Json) -> Json:
    """One entry of /explain: a weight for each word of a URL, or for each field."""
    contributions = []
    text = None
    if set(instance) == {"url"}:
        text = instance["url"].removeprefix("https://")
        for at, found in enumerate(re.finditer(r"[^\W_]+", text)):
            amount = WEIGHTS.get(found[0], 0.3 / (at + 1) * (-1) ** at)
            place = {"start": found.start(), "end": found.end()}
            contributions.append(
                {"feature": found[0], "value": None, "contribution": amount, **place}
            )
        digits = sum(letter.isdigit() for letter in text)
        if digits:
            contributions.append(
                {"feature": "digits", "value": digits, "contribution": 0.1, "start": None,
                 "end": None}
            )  # fmt: skip
    else:
        for name, value in instance.items():
            amount = 0.1 * value if isinstance(value, int | float) else -0.5
            contributions.append(
                {"feature": name, "value": value, "contribution": amount, "start": None,
                 "end": None}
            )  # fmt: skip
    contributions.sort(key=lambda one: -abs(one["contribution"]))
    margin = BASE + sum(one["contribution"] for one in contributions)
    score = 1 / (1 + math.exp(-margin))
    label = "phishing" if score >= 0.41 else "benign"
    return {
        "label": label, "score": score, "margin": margin, "base": BASE, "text": text,
        "contributions": contributions,
    }  # fmt: skip
