"""Some windows a month, with the loop and without: verdict, decision, retraining, challenge.

Each window is scored before anything is learnt from it. Dates are those of the lists that name a
URL phishing, so that labels are known when their window has ended, or so many windows later. The
data tell months only: within a month rows come in an order of chance. What decides is the project's
own: `check_window`, `retraining.deciding.decide`, the stable split, `promotion.deciding.decide`,
with the settings of configs/phishing.yaml.
"""

from __future__ import annotations

import itertools
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
class Told:
    """How both models did in a window, on domains that were known to neither before it.

    name: its month.
    """

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
        """Judge a window, take in the labels that are known, retrain if it is called for."""
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
        """Its feedback comes after so many more windows as `lag` says."""
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


def replay(
    traffic: Traffic, windows: int, share: float = 1.0, lag: int = 0
) -> tuple[list[Told], Loop]:
    """The figures of every window, and the loop as it stands at the end.

    windows: so many a month. share: of the rows of a window whose true label comes to be known;
    lag: so many windows later.
    """
    frozen = learn(traffic.history, 1)
    known = set(traffic.history["group"])
    loop = Loop(frozen, traffic.history, lag)
    told = []
    for window, at in (part for month in traffic.windows for part in parted(month, windows)):
        champion = loop.champion
        with_loop, without = champion.scores(window.rows), frozen.scores(window.rows)
        new = ~window.rows["group"].isin(known | champion.seen).to_numpy()
        labels = window.rows["label"].to_numpy()
        verdict, event = loop.end(window, at, with_loop, share)
        told.append(
            Told(
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


def parted(month: Window, windows: int) -> Iterator[tuple[Window, Span]]:
    """A month's rows and time, in so many equal parts."""
    since, until = span(month.name)
    length = (until - since) / windows
    cuts = np.linspace(0, len(month.rows), windows + 1).astype(int)
    for part, (first, end) in enumerate(itertools.pairwise(cuts.tolist())):
        rows = month.rows.iloc[first:end].reset_index(drop=True)
        at = Span(since + part * length, since + (part + 1) * length)
        yield Window(month.name, rows), at


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
        case.labels,
    )
    facts = Facts(case.name, case.labels.positive, until)
    return check_window(
        Span(since, until), rows, None, model.reference, case.monitoring, facts
    ).verdict


def figures(told: list[Told], loop: Loop, since: str = "2022-01") -> dict[str, float]:
    """What the months from `since` on come to."""
    late = [each for each in told if each.name >= since]

    def mean(name: str) -> float:
        return float(np.mean([getattr(each, name) for each in late]))

    return {
        "recall_with": mean("recall_with"),
        "recall_without": mean("recall_without"),
        "recall_gain": mean("recall_with") - mean("recall_without"),
        "accuracy_with": mean("accuracy_with"),
        "accuracy_without": mean("accuracy_without"),
        "drifted_share": float(np.mean([each.status == "drifted" for each in told])),
        "retrainings": float(loop.retrainings),
        "promotions": float(loop.promoted),
    }


def _lately(rows: pd.DataFrame, keep: int | None) -> pd.DataFrame:
    """The rows that a retraining takes, as the cleaning of data finds them."""
    told = rows["first_seen"].astype(object)
    seen = pa.array(told, pa.string(), from_pandas=True).dictionary_encode()
    return rows.iloc[seen_lately(seen, rows["label"].to_numpy(), keep)].reset_index(drop=True)


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


def _print(window: Told) -> None:
    recall = " / ".join(f"{value:.3f}" for value in (window.recall_with, window.recall_without))
    accuracy = " / ".join(
        f"{value:.3f}" for value in (window.accuracy_with, window.accuracy_without)
    )
    print(
        f"  {window.name}  v{window.version:<3} rows {window.rows:>6,}  recall {recall}"
        f"  accuracy {accuracy}  {window.status:<8} {window.event}",
        flush=True,
    )
