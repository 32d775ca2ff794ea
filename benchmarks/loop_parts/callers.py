"""Those who ask a service: replayed traffic with its labels, and one who asks without a pause."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
import pandas as pd

INSTANCES = 50
WORDS = ("benign", "phishing")
ASKED = {"url": "paypa1-login.example/verify"}


@dataclass(frozen=True)
class Answers:
    """What a service said of some rows: 0 or 1 for each, and by which versions."""

    decided: list[int]
    versions: set[str]

    def accuracy(self, rows: pd.DataFrame) -> float:
        """The share of right answers."""
        return float((rows["label"].to_numpy() == self.decided).mean())


def send(url: str, rows: pd.DataFrame) -> Answers:
    """Ask about every row, then give every true label as feedback."""
    urls, labels = rows["url"].tolist(), rows["label"].tolist()
    decided: list[int] = []
    versions: set[str] = set()
    told: list[dict[str, Any]] = []
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        for at in range(0, len(urls), INSTANCES):
            part = urls[at : at + INSTANCES]
            answer = client.post("/predict", json={"instances": [{"url": each} for each in part]})
            answer.raise_for_status()
            body = answer.json()
            versions.add(body["model_version"])
            decided += [WORDS.index(each["label"]) for each in body["predictions"]]
            told += [
                {"request_id": body["request_id"], "instance": place, "label": WORDS[label]}
                for place, label in enumerate(labels[at : at + INSTANCES])
            ]

        def tell(feedback: dict[str, Any]) -> None:
            client.post("/feedback", json=feedback).raise_for_status()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(tell, told))
    return Answers(decided, versions)


@dataclass
class Caller:
    """Asks the same thing all the time; notes which versions answered, and what went wrong.

    pause_s: between an answer and the next question.
    """

    url: str
    instance: Mapping[str, Any] = field(default_factory=lambda: ASKED)
    pause_s: float = 0.05
    versions: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    answers: int = 0

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def await_version(self, version: str, within_s: float = 30.0) -> None:
        """Wait until this version answers; it may not for so long: then nothing is waited for."""
        deadline = time.monotonic() + within_s
        while self.versions[-1:] != [version] and time.monotonic() < deadline:
            time.sleep(0.05)

    def _ask(self) -> None:
        body = {"instances": [self.instance]}
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as client:
            while not self._ended.wait(self.pause_s):
                try:
                    answer = client.post("/predict", json=body)
                    answer.raise_for_status()
                except httpx.HTTPError as error:
                    self.failures.append(f"{type(error).__name__}: {error}")
                    continue
                self.answers += 1
                version = answer.json()["model_version"]
                if not self.versions or self.versions[-1] != version:
                    self.versions.append(version)
