"""How good the models are. Phishing: three protocols, pasted addresses, bare domains; tables: R².

    uv run benchmarks/quality.py [--use-case phishing|student|wine] [--data-dir DIR] [--json]

Hyper-parameters were chosen on validation folds of training rows; the test rows are scored once.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks import protocols, tables

ESTIMATORS = {"reference": "stem-logistic", "fast": "hashed-ngrams", "accurate": "stacked"}
PROTOCOLS = ("p1", "p2", "p3", "p3_shuffled")
FIGURES = ("accuracy", "auc", "recall_at_1pct_fpr", "ece")
SALT = "switchyard-1"
JPCERT_RECALL = 0.95
"""The recall on dated phishing that the threshold is chosen for, on validation rows."""


def main() -> int:
    options = arguments()
    began = time.perf_counter()
    results: dict[str, float] = {}
    if options.use_case in ("all", "phishing"):
        results |= phishing(options)
    for name in tables.FILES:
        if options.use_case in ("all", name):
            results |= tables.figures(name, options.data_dir)
    print(f"{time.perf_counter() - began:.0f} s")
    if options.json:
        print(json.dumps({name: round(value, 6) for name, value in results.items()}))
    return 0


def phishing(options: argparse.Namespace) -> dict[str, float]:
    """The figures of the models of URLs."""
    corpus, many = load(options.data_dir, options.rows)
    frames = dict.fromkeys(PROTOCOLS, corpus) | {"p2": protocols.distinct(corpus)}
    tasks = [
        (tier, protocol, number)
        for tier in options.tiers
        for protocol in options.protocols
        for number, _ in enumerate(protocols.cuts(frames[protocol], protocol))
    ]
    done = Parallel(n_jobs=options.jobs)(
        delayed(run)(frames[protocol], tier, protocol, number) for tier, protocol, number in tasks
    )
    results: dict[str, float] = {}
    print(f"{'tier':<10} {'protocol':<8} " + " ".join(f"{name:>18}" for name in FIGURES))
    for tier in options.tiers:
        for protocol in options.protocols:
            held = [
                figures
                for (which, how, _), figures in zip(tasks, done, strict=True)
                if (which, how) == (tier, protocol)
            ]
            mean = {name: float(np.mean([one[name] for one in held])) for name in FIGURES}
            results |= {f"phishing.{tier}.{protocol}.{name}": mean[name] for name in FIGURES}
            print(f"{tier:<10} {protocol:<8} " + " ".join(f"{mean[name]:18.4f}" for name in mean))
    results["phishing.paste_flips"] = max((one.get("flips", 0.0) for one in done), default=0.0)
    print(f"decisions that pasting flips: {results['phishing.paste_flips']:.0f}")
    if many is not None:
        results |= bare_domains(many, options.champion)
    return results


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--use-case", choices=["all", "phishing", *tables.FILES], default="all")
    parser.add_argument("--data-dir", type=Path, help="folder with the real data; else a sample")
    parser.add_argument("--rows", type=int, default=20_000, help="size of the sample")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--tiers", nargs="+", choices=ESTIMATORS, default=list(ESTIMATORS))
    parser.add_argument("--protocols", nargs="+", choices=PROTOCOLS, default=list(PROTOCOLS))
    parser.add_argument("--champion", choices=ESTIMATORS, default="fast")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    return parser.parse_args()


def load(data_dir: Path | None, rows: int) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The corpus of the protocols, and the one of several sources (None for the sample)."""
    if data_dir is None:
        from switchyard.samples.urls import generate

        print(f"SYNTHETIC SAMPLE of {rows} rows: these figures say nothing about real phishing")
        sample = generate(rows, protocols.SEED)
        return protocols.labelled(sample["url"], sample["label"]), None
    single = pd.read_csv(data_dir / "phishing_site_urls.csv.gz")
    several = pd.read_parquet(data_dir / "urls.parquet")
    many = protocols.labelled(several["url"], several["label"])
    many["source"] = several["source"].to_numpy()
    return protocols.labelled(single["URL"], single["Label"]), many


def build(tier: str) -> Any:
    from switchyard.candidates.catalogue import build as build_candidate
    from switchyard.configuration.model import Candidate

    return build_candidate(Candidate(name=tier, estimator=ESTIMATORS[tier]), protocols.SEED)


def learn(tier: str, urls: Any, labels: Any, groups: Any) -> Any:
    """The tier's estimator, fitted; the stacked one is told the groups when there are any."""
    model = build(tier)
    if tier == "accurate" and groups is not None:
        return model.fit(urls, labels, groups=groups)
    return model.fit(urls, labels)


def run(frame: pd.DataFrame, tier: str, protocol: str, number: int) -> dict[str, float]:
    """The figures of one tier on one split; `flips` too, for our tiers on the random split."""
    cut = list(protocols.cuts(frame, protocol))[number]
    urls, labels = frame["url"].to_numpy(object), frame["label"].to_numpy()
    model = learn(tier, urls[cut.train], labels[cut.train], cut.groups)
    positive = model.predict_proba(urls[cut.test])[:, 1]
    figures = protocols.measure(labels[cut.test], positive)
    if protocol == "p1" and tier != "reference":
        decided = positive >= 0.5
        variants = zip(*(protocols.pasted(url) for url in urls[cut.test]), strict=True)
        figures["flips"] = float(
            sum(((model.predict_proba(each)[:, 1] >= 0.5) != decided).sum() for each in variants)
        )
    return figures


def bare_domains(many: pd.DataFrame, tier: str) -> dict[str, float]:
    """False positives on bare good domains at a recall on dated phishing, domains never seen.

    A quarter of the domains is the holdout and a tenth of the others validation, which picks the
    threshold; the model learns from what remains.
    """
    rows = protocols.distinct(many)
    holdout = protocols.share_of(rows["group"], SALT) < protocols.TEST_SHARE
    validation = ~holdout & (protocols.share_of(rows["group"], f"{SALT}/validation") < 0.1)
    train = rows[~holdout & ~validation]
    model = learn(tier, train["url"].to_numpy(object), train["label"].to_numpy(), train["group"])

    def scores(part: pd.Series, source: str) -> Any:
        chosen = rows.loc[part & (rows["source"] == source), "url"].to_numpy(object)
        return model.predict_proba(chosen)[:, 1]

    part = pd.Series(validation)
    threshold = float(np.quantile(scores(part, "jpcert"), 1.0 - JPCERT_RECALL))
    part = pd.Series(holdout)
    recall = float(np.mean(scores(part, "jpcert") >= threshold))
    false_positives = float(np.mean(scores(part, "tranco") >= threshold))
    print(
        f"several sources, champion {tier}, threshold {threshold:.3f} from validation domains: "
        f"{false_positives:.4f} of unseen Tranco domains called phishing at recall {recall:.4f} "
        "on unseen JPCERT domains"
    )
    return {"phishing.tranco_fpr": false_positives, "phishing.jpcert_recall": recall}


if __name__ == "__main__":
    raise SystemExit(main())
