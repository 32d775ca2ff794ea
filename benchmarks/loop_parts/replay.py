"""Half a month at a time, with the loop and without: verdict, decision, retraining, challenge.

Each half is scored before anything is learnt from it. Dates are those of the lists that name a URL
phishing, so that labels are known when their half has ended, or so many halves later. The data tell
months only: of a month's rows, one half in an order of chance comes first. What decides is the
project's own: `check_window`, `retraining.deciding.decide`, the stable split,
`promotion.deciding.decide`, with the settings of configs/phishing.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.loop_parts.corpus import SEED, use_case
from benchmarks.loop_parts.learning import Learnt, learn
from switchyard.data.ages import seen_lately
from switchyard.evaluation.metrics import recall_at_fpr
from switchyard.evaluation.slices import slice_columns
from switchyard.monitoring.checking import Facts, check_window
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.windows import Window as Span
from switchyard.promotion.deciding import decide as challenge
from switchyard.promotion.records import Contender, Decision
from switchyard.replay.captured import captured, span
from switchyard.replay.traffic import Traffic, Window
from switchyard.retraining.deciding import decide
from switchyard.retraining.planning import recent_since

RATE = 0.01


@dataclass(frozen=True)
class Half:
    """How both models did in half a month, on domains that were known to neither before it."""

    name: str
    rows: int
    phishing: int
    recall_with: float
    recall_without: float
    accuracy_with: float
    accuracy_without: float
    version: int
    status: str
    event: str


@dataclass
class Loop:
    """The loop's side: the champion, what is known, and when a retraining was begun."""

    champion: Learnt
    known: pd.DataFrame
    lag: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    waiting: list[tuple[datetime, pd.DataFrame]] = field(default_factory=list)
    fed: list[tuple[datetime, pd.DataFrame]] = field(default_factory=list)
    last_started: datetime | None = None
    learnt: datetime | None = None
    learnt_from: int = 0
    versions: int = 1
    retrainings: int = 0
    promoted: int = 0

    def end(self, window: Window, at: Span, scores: Any, share: float) -> tuple[Verdict, str]:
        """Judge a half, take in the labels of the one before, retrain if it is called for."""
        verdict = judge(window, scores, self.champion, at.since, at.until)
        self.verdicts.append(verdict)
        self._take_in(window, at.since, share)
        until = at.until
        decision = decide(
            self.verdicts,
            use_case().retraining,
            now=until,
            last_started=self.last_started,
            running=False,
            new_labelled=sum(len(rows) for _, rows in self.fed) - self.learnt_from,
        )
        if not decision.retrain:
            return verdict, ""
        self.last_started = until
        return verdict, self._retrain()

    def _take_in(self, window: Window, since: datetime, share: float) -> None:
        """Its feedback comes after so many more halves as `lag` says."""
        told = window.rows.sample(frac=share, random_state=SEED) if share < 1 else window.rows
        self.waiting.append((since, told))
        if len(self.waiting) > self.lag:
            self.fed.append(self.waiting.pop(0))

    def _retrain(self) -> str:
        """Train on all that is known; the challenger must pass the gates."""
        policy = use_case().retraining
        self.retrainings += 1
        self.versions += 1
        self.learnt_from = sum(len(rows) for _, rows in self.fed)
        since = recent_since(self.verdicts, policy, self.learnt)
        parts = [self.known.assign(recent=False)]
        parts += [rows.assign(recent=since is not None and at >= since) for at, rows in self.fed]
        rows = pd.concat(parts, ignore_index=True).drop_duplicates("url", ignore_index=True)
        challenger = learn(_lately(rows, policy.keep_months), self.versions)
        decision = self._challenge(challenger)
        if not decision.promoted:
            return f"refused: {', '.join(g.name for g in decision.gates if not g.passed)}"
        self.champion, self.learnt = challenger, self.last_started
        self.promoted += 1
        return f"version {challenger.version}"

    def _challenge(self, challenger: Learnt) -> Decision:
        case, holdout = use_case(), challenger.holdout
        return challenge(
            _contender(challenger, holdout),
            _contender(self.champion, holdout),
            holdout["label"].to_numpy(),
            slice_columns(holdout),
            latency_us=10.0,  # neither is what this measures
            size_mb=4.0,
            promotion=case.promotion,
            seed=case.seed,
            groups=holdout["group"],
            resamples=case.evaluation.bootstrap,
            confidence=case.promotion.confidence,
            min_slice_rows=case.evaluation.min_slice_rows,
            recent=holdout["recent"].to_numpy(bool),
        )


def replay(traffic: Traffic, share: float = 1.0, lag: int = 0) -> tuple[list[Half], Loop]:
    """The figures of every half month, and the loop as it stands at the end.

    share: of the rows of a half whose true label comes to be known; lag: so many halves later.
    """
    frozen = learn(traffic.history, 1)
    known = set(traffic.history["group"])
    loop = Loop(frozen, traffic.history, lag)
    told = []
    for window, at in (half for month in traffic.windows for half in halves(month)):
        champion = loop.champion
        with_loop, without = champion.scores(window.rows), frozen.scores(window.rows)
        new = ~window.rows["group"].isin(known | champion.seen).to_numpy()
        labels = window.rows["label"].to_numpy()
        verdict, event = loop.end(window, at, with_loop, share)
        told.append(
            Half(
                name=window.name,
                rows=int(new.sum()),
                phishing=int(labels[new].sum()),
                recall_with=recall_at_fpr(labels[new], with_loop[new], RATE),
                recall_without=recall_at_fpr(labels[new], without[new], RATE),
                accuracy_with=_accuracy(labels, with_loop, champion.threshold, new),
                accuracy_without=_accuracy(labels, without, frozen.threshold, new),
                version=champion.version,
                status=verdict.status,
                event=event,
            )
        )
        _print(told[-1])
    return told, loop


def halves(month: Window) -> Iterator[tuple[Window, Span]]:
    """Both halves of a month's rows and time."""
    since, until = span(month.name)
    middle = since + (until - since) / 2
    cut = len(month.rows) // 2
    for rows, at in (
        (month.rows.iloc[:cut], Span(since, middle)),
        (month.rows.iloc[cut:], Span(middle, until)),
    ):
        yield Window(month.name, rows.reset_index(drop=True)), at


def judge(window: Window, scores: Any, model: Learnt, since: datetime, until: datetime) -> Verdict:
    """The verdict on a window that this model has answered; no labels are known yet."""
    case = use_case()
    rows = captured(
        window.rows,
        scores,
        model.threshold,
        str(model.version),
        since,
        until,
        (case.labels.negative, case.labels.positive),
    )
    facts = Facts(case.name, case.labels.positive, until)
    return check_window(
        Span(since, until), rows, None, model.reference, case.monitoring, facts
    ).verdict


def figures(told: list[Half], loop: Loop, since: str = "2022-01") -> dict[str, float]:
    """What the months from `since` on come to."""
    late = [half for half in told if half.name >= since]

    def mean(name: str) -> float:
        return float(np.mean([getattr(half, name) for half in late]))

    return {
        "recall_with": mean("recall_with"),
        "recall_without": mean("recall_without"),
        "recall_gain": mean("recall_with") - mean("recall_without"),
        "accuracy_with": mean("accuracy_with"),
        "accuracy_without": mean("accuracy_without"),
        "drifted_share": float(np.mean([half.status == "drifted" for half in told])),
        "retrainings": float(loop.retrainings),
        "promotions": float(loop.promoted),
    }


def _lately(rows: pd.DataFrame, keep: int | None) -> pd.DataFrame:
    """The rows that a retraining takes, as the cleaning of data finds them."""
    told = rows["first_seen"].astype(object)
    seen = pa.array(told, pa.string(), from_pandas=True).dictionary_encode()
    return rows.iloc[seen_lately(seen, keep)].reset_index(drop=True)


def _accuracy(labels: Any, scores: Any, threshold: float, rows: Any) -> float:
    return float(np.mean((scores[rows] >= threshold) == labels[rows]))


def _contender(learnt: Learnt, holdout: pd.DataFrame) -> Contender:
    return Contender(
        name="fast",
        content_sha256=str(learnt.version),
        scores=learnt.scores(holdout),
        threshold=learnt.threshold,
        version=learnt.version,
    )


def _print(half: Half) -> None:
    told = " / ".join
    recall = told(f"{value:.3f}" for value in (half.recall_with, half.recall_without))
    accuracy = told(f"{value:.3f}" for value in (half.accuracy_with, half.accuracy_without))
    print(
        f"  {half.name}  v{half.version:<3} rows {half.rows:>6,}  recall {recall}"
        f"  accuracy {accuracy}  {half.status:<8} {half.event}",
        flush=True,
    )
