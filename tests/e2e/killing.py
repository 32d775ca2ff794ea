"""A place that is put back to how it was, so that it can be killed in again and again."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa

from benchmarks.loop_parts.place import ROOT, Finished, Place
from stacks.deployers.local.deployments import Deployments
from stacks.deployers.local.options import Options
from switchyard.capture import reading
from switchyard.configuration.layers import resolve
from switchyard.explanations.explaining import explain
from switchyard.retraining.archives import KEY, archive, captured_in
from switchyard.retraining.records import Retrained, Retrainings
from switchyard.samples.urls import generate
from switchyard.serving.predictor import Predictor
from switchyard.serving.releases import Deployment
from switchyard.urls.problems import problems
from tests.labels import PHISHING
from tests.prepared import commands

KILLER = Path(__file__).with_name("killer")
STEP = "zenml.steps.base_step:BaseStep.call_entrypoint"
WINDOW_S, LAG_S = 10.0, 1.5
NAME = "phishing"
SETTINGS: dict[str, Any] = {
    "candidates": [
        {"name": "fast", "estimator": "hashed-ngrams", "parameters": {"bits": 14}},
    ],
    "tuning": {"jobs": 1, "max_rows": 400},
    "evaluation": {"max_false_positive_rate": 0.03, "bootstrap": 20},
    "serving": {"capture": {"flush_s": 0.2}},
    "monitoring": {
        "window_h": timedelta(seconds=WINDOW_S) / timedelta(hours=1),
        "lag_s": LAG_S,
        "max_windows": 10_000,
        "min_rows": 200,
    },
    # Few rows, so that a journey is short: what is promoted is not what is asked here.
    "promotion": {
        "metric": "roc_auc",
        "floors": {"accuracy": 0.6},
        "min_recent_rows": 40,
        "max_loss": 0.3,
        "max_slice_drop": 1.0,
    },
    "retraining": {"min_labelled": 100},
}
DRAFTS = (".building-*", "*.draft*", "*.tmp", "*.part", "*.partial", ".*.parts", ".state.json")


START = f"""
from stacks.deployers.local.deployments import Deployments
from stacks.deployers.local.options import Options
Deployments(Options()).start({NAME!r})
"""

Rows = Counter[tuple[str, int]]
"""How often each row is there, by its request and its place therein."""


class Site:
    """A place with a trained model, a service, and traffic that the model does not know.

    Moments of it are kept by name, each made when it is first gone back to.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.case = resolve(place.config, {}, (), ()).use_case
        self.asked: Rows = Counter()
        self.told: Rows = Counter()
        self._kept = Path(tempfile.mkdtemp(prefix="switchyard-kept-"))
        self._rows: dict[str, tuple[Rows, Rows]] = {}
        self._makers: dict[str, Callable[[], None]] = {
            "trained": self._train,
            "served": self._serve,
            "renewed": self._renew,
        }

    def go_back(self, moment: str) -> None:
        """Let the place be as it was then: 'trained', 'served' or 'renewed'; its service runs."""
        if moment not in self._rows:
            self._makers[moment]()
            self.end()
            shutil.copytree(self.place.folder, self._kept / moment, symlinks=True)
            self._rows[moment] = (self.asked.copy(), self.told.copy())
        self.end()
        shutil.rmtree(self.place.folder)
        # To the same path: ZenML and MLflow note whole ones.
        shutil.copytree(self._kept / moment, self.place.folder, symlinks=True)
        self.asked, self.told = (rows.copy() for rows in self._rows[moment])
        if self.deployment is not None:
            subprocess.run(
                [sys.executable, "-c", START],
                env=self.place.environment() | {"PYTHONPATH": str(ROOT)},
                check=True,
                timeout=600,
            )

    def _train(self) -> None:
        rows = generate(2400, 7, PHISHING)[["url", "label"]]
        data = self.place.folder / "early.parquet"
        rows.to_parquet(data, index=False)
        self.place.run("--pipeline", "training", "--data", str(data))
        compile_kernels(next(self.place.folder.glob("zenml/**/package/manifest.json")).parent)

    def _serve(self) -> None:
        self.go_back("trained")
        self.place.run("--pipeline", "deployment")
        await_window()
        self.ask(unknown_rows())
        await_window()
        time.sleep(LAG_S)

    def _renew(self) -> None:
        """A second version, of swapped labels, is the champion and serves: feedback tells."""
        self.go_back("served")
        rows = pd.read_parquet(self.place.folder / "early.parquet")
        swapped = {"benign": "phishing", "phishing": "benign"}
        data = self.place.folder / "swapped.parquet"
        rows.assign(label=rows["label"].map(swapped)).to_parquet(data, index=False)
        self.place.run("--pipeline", "training", "--data", str(data), allowed=(0, 1))
        self.found("mlflow", "update registered_model_aliases set version = 2")
        self.place.run("--pipeline", "deployment")
        self.ask(answerable(rows).head(150))

    def ask(self, rows: pd.DataFrame) -> None:
        """Ask about rows, fifty a request, and tell the truth about each."""
        told = []
        for at in range(0, len(rows), 50):
            part = rows.iloc[at : at + 50]
            answer = self._predict(part["url"].tolist())
            told += [
                {"request_id": answer["request_id"], "instance": place, "label": label}
                for place, label in enumerate(part["label"])
            ]
        with httpx.Client(base_url=self.place.url, trust_env=False, timeout=30) as client:

            def tell(feedback: dict[str, Any]) -> None:
                client.post("/feedback", json=feedback).raise_for_status()

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(tell, told))
        self.told.update((each["request_id"], each["instance"]) for each in told)

    def version_that_answers(self) -> str:
        """Ask one thing; it counts among what is captured."""
        return str(self._predict(["paypa1-login.example/verify"])["model_version"])

    def _predict(self, urls: list[str]) -> Any:
        body = {"instances": [{"url": url} for url in urls]}
        answer = httpx.post(f"{self.place.url}/predict", json=body, trust_env=False, timeout=30)
        found = answer.raise_for_status().json()
        self.asked.update((found["request_id"], place) for place in range(len(urls)))
        return found

    def signalled(self, at: str, *arguments: str, how: str = "SIGKILL") -> Finished:
        """run.py whose process group gets a signal at a place; see `killer/sitecustomize.py`."""
        process = commands.start(
            [sys.executable, str(ROOT / "run.py"), *arguments, "--config", str(self.place.config)],
            self.place.environment() | {"SIGNAL_AT": f"{how} {at}", "PYTHONPATH": str(KILLER)},
            self.place.folder,
            stdout=subprocess.PIPE,
            new_session=True,
        )
        out, err = process.communicate(timeout=300)
        return Finished(process.wait(), out, err)

    def killed(self, at: str, *arguments: str) -> None:
        """run.py that is killed at a place; at: a step, or module:function."""
        done = self.signalled(at if ":" in at else f"{STEP} {at}", *arguments)
        assert done.code == -signal.SIGKILL, f"{at}: {done.code}\n{done.out}\n{done.err}"

    def found(self, database: str, query: str) -> list[Any]:
        """The first column of what is found in 'mlflow' or 'zenml'.

        Without their clients, which keep connections to files that are put back here.
        """
        (path,) = self.place.folder.glob(f"zenml/local_stores/*/{database}.db")
        with closing(sqlite3.connect(path)) as connection, connection:
            return [row[0] for row in connection.execute(query)]

    @property
    def deployment(self) -> Deployment | None:
        """What serves."""
        return Deployments(Options(state_dir=str(self.place.state))).current(NAME)

    @property
    def retrainings(self) -> list[Retrained]:
        """What is noted of retrainings."""
        return Retrainings(self.place.records).all()

    def give_patience(self) -> None:
        """Let a retraining that was cut off be tried as often as if it had been so once."""
        for record in self.retrainings:
            if record.finished is None:
                Retrainings(self.place.records).put(record.model_copy(update={"attempts": 1}))

    def assert_agreement(self, champion: int, *, of: int) -> None:
        """Alias, deployment and what answers are one version, of so many; nothing is half done."""
        numbers = list(range(1, of + 1))
        aliases = "select version from registered_model_aliases where alias = 'champion'"
        assert self.found("mlflow", aliases) == [champion]
        assert sorted(self.found("mlflow", "select version from model_versions")) == numbers
        assert sorted(self.found("zenml", "select number from model_version")) == numbers
        deployment = self.deployment
        assert deployment is not None
        assert deployment.healthy
        assert deployment.release.model_version == str(champion)
        assert self.version_that_answers() == str(champion)
        assert self.found("mlflow", "select name from runs where status = 'RUNNING'") == []
        assert self.left_over == []

    @property
    def left_over(self) -> list[str]:
        """Files and folders that look like what was being written."""
        folder = self.place.folder
        found = {path for pattern in DRAFTS for path in folder.rglob(pattern)}
        return sorted(str(path.relative_to(folder)) for path in found)

    def assert_all_kept(self) -> None:
        """Each row that was asked about is in the prediction store once; likewise its label."""
        store = captured_in(self.case)
        deadline = time.monotonic() + 30
        while (kept := rows_of(reading.predictions(store))) != self.asked:
            assert time.monotonic() < deadline, (kept - self.asked, self.asked - kept)
            time.sleep(0.2)
        assert rows_of(reading.feedback(store)) == self.told
        assert rows_of(archive(self.place.records)) == self.told

    def end(self) -> None:
        """End the service as a shutdown of the machine does: what should run stays noted."""
        if not self.place.state.exists():
            return
        deployment = self.deployment
        if deployment is None or deployment.pid is None:
            return
        os.kill(deployment.pid, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while Path(f"/proc/{deployment.pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    def leave(self) -> None:
        """Remove what was kept."""
        self.end()
        shutil.rmtree(self._kept, ignore_errors=True)


def compile_kernels(package: Path) -> None:
    """Compile here what each Bento would have to compile for itself: that takes half a minute."""
    predictor = Predictor.open(package, "1")
    predictor.score_one("http://a.example/b")
    explain(predictor.model.estimator, ["http://a.example/b"])


def rows_of(table: Any) -> Rows:
    """The rows of a table."""
    return Counter(zip(*(table[name].to_pylist() for name in KEY), strict=True))


def unknown_rows() -> pd.DataFrame:
    """Traffic of which a model knows nothing: harmless pages that look like phishing."""
    usual = answerable(generate(600, 11, PHISHING)[["url", "label"]])
    phishing = usual[usual["label"] == "phishing"].head(180)
    new = [f"https://www.invoice{at}.com/view/{at * 7919 % 997}" for at in range(200)]
    benign = pd.DataFrame({"url": new, "label": "benign"})
    return pd.concat([phishing, benign]).sample(frac=1.0, random_state=1)


def answerable(rows: pd.DataFrame) -> pd.DataFrame:
    """Those that a service does not refuse."""
    return rows[[each is None for each in problems(pa.array(rows["url"]), 2_048).to_pylist()]]


def await_window() -> None:
    """Sleep until a window begins."""
    time.sleep(WINDOW_S - time.time() % WINDOW_S)
