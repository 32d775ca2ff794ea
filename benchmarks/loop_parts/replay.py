"""Month by month with the loop and without: verdict, decision, retraining, challenge.

Each month is scored before anything is learnt from it. Labels of a month are known when the next
one has ended. What decides is the project's own: `check_window`, `retraining.deciding.decide`, the
stable split, `promotion.deciding.decide`, with the settings of configs/phishing.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.loop_parts.corpus import SEED, use_case
from benchmarks.loop_parts.learning import Learnt, learn
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

RATE = 0.01


@dataclass(frozen=True)
class Month:
    """How both models did in a month, on domains that were known to neither before it."""

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
    keep_months: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    waiting: list[tuple[Window, pd.DataFrame]] = field(default_factory=list)
    fed: list[tuple[str, pd.DataFrame]] = field(default_factory=list)
    last_started: datetime | None = None
    learnt_from: int = 0
    versions: int = 1
    retrainings: int = 0
    promoted: int = 0

    def end_month(self, window: Window, scores: Any, share: float) -> tuple[Verdict, str]:
        """Judge the month, take in the labels of the one before, retrain if it is called for."""
        since, until = span(window.name)
        verdict = judge(window, scores, self.champion, since, until)
        self.verdicts.append(verdict)
        self._take_in(window, share)
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

    def _take_in(self, window: Window, share: float) -> None:
        """Feedback on the month before is here now; that on this one comes later."""
        self.fed += [(held.name, rows) for held, rows in self.waiting]
        told = window.rows.sample(frac=share, random_state=SEED) if share < 1 else window.rows
        self.waiting = [(window, told)]

    def _retrain(self) -> str:
        """Train on all that is known; the challenger must pass the gates."""
        policy = use_case().retraining
        self.retrainings += 1
        self.versions += 1
        self.learnt_from = sum(len(rows) for _, rows in self.fed)
        newest = {verdict.since for verdict in self.verdicts[-policy.of_windows :]}
        parts = [self.known.assign(recent=False)]
        parts += [rows.assign(recent=span(name)[0] in newest) for name, rows in self.fed]
        rows = pd.concat(parts, ignore_index=True).drop_duplicates("url", ignore_index=True)
        if self.keep_months:
            rows = _lately(rows, self.keep_months)
        challenger = learn(rows, self.versions)
        decision = self._challenge(challenger)
        if not decision.promoted:
            return f"refused: {', '.join(g.name for g in decision.gates if not g.passed)}"
        self.champion = challenger
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
            confidence=case.evaluation.confidence,
            min_slice_rows=case.evaluation.min_slice_rows,
            recent=holdout["recent"].to_numpy(bool),
        )


def replay(traffic: Traffic, share: float = 1.0, keep_months: int = 0) -> tuple[list[Month], Loop]:
    """Every month's figures, and the loop as it stands at the end.

    share: of the rows of a month whose true label comes to be known. keep_months: phishing that is
    older is left out when a model is trained again; 0 keeps all.
    """
    frozen = learn(traffic.history, 1)
    known = set(traffic.history["group"])
    loop = Loop(frozen, traffic.history, keep_months)
    told = []
    for window in traffic.windows:
        champion = loop.champion
        with_loop, without = champion.scores(window.rows), frozen.scores(window.rows)
        new = ~window.rows["group"].isin(known | champion.seen).to_numpy()
        labels = window.rows["label"].to_numpy()
        verdict, event = loop.end_month(window, with_loop, share)
        told.append(
            Month(
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


def figures(told: list[Month], loop: Loop, since: str = "2022-01") -> dict[str, float]:
    """What the months from `since` on come to."""
    late = [month for month in told if month.name >= since]

    def mean(name: str) -> float:
        return float(np.mean([getattr(month, name) for month in late]))

    return {
        "recall_with": mean("recall_with"),
        "recall_without": mean("recall_without"),
        "recall_gain": mean("recall_with") - mean("recall_without"),
        "accuracy_with": mean("accuracy_with"),
        "accuracy_without": mean("accuracy_without"),
        "drifted_share": float(np.mean([month.status == "drifted" for month in told])),
        "retrainings": float(loop.retrainings),
        "promotions": float(loop.promoted),
    }


def _lately(rows: pd.DataFrame, months: int) -> pd.DataFrame:
    """The rows without phishing that is older than so many months before the newest."""
    newest = pd.Period(rows["first_seen"].dropna().max(), freq="M")
    old = (rows["first_seen"] <= str(newest - months)) & (rows["label"] == 1)
    return rows[~old.to_numpy(bool)].reset_index(drop=True)


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


def _print(month: Month) -> None:
    told = " / ".join
    recall = told(f"{value:.3f}" for value in (month.recall_with, month.recall_without))
    accuracy = told(f"{value:.3f}" for value in (month.accuracy_with, month.accuracy_without))
    print(
        f"  {month.name}  v{month.version:<3} rows {month.rows:>6,}  recall {recall}"
        f"  accuracy {accuracy}  {month.status:<8} {month.event}",
        flush=True,
    )
