"""The loop from its beginning to its end, with real processes, in a few minutes.

    uv run benchmarks/demo.py [--data-dir DIR] [--picture FILE]

Trains on early rows, deploys, replays later traffic to the service in windows of seconds, with
feedback; drift is seen, a model is trained again, promoted and swapped in while requests go on; a
bad version is deployed by mistake and taken back. All of it lies in a temporary folder that is
removed in the end. Exit code 0 only when each act happened.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from benchmarks.loop_parts.callers import Caller, send
from benchmarks.loop_parts.place import Place
from benchmarks.loop_parts.scenes import Scenes, make_scenes
from switchyard.errors import GateRefused, SwitchyardError
from switchyard.monitoring.results import Verdict
from switchyard.replay.traffic import Window

ROOT = Path(__file__).resolve().parents[1]
WINDOW = timedelta(seconds=15)
LAG_S, FLUSH_S = 4.0, 0.5
MONTHS_A_WINDOW = 5
SETTINGS = {
    "candidates": [{"name": "fast", "estimator": "hashed-ngrams"}],
    "tuning": {"jobs": 1},
    "evaluation": {"max_false_positive_rate": 0.03, "bootstrap": 100},
    # Recall at 1 % false positives of a few thousand rows is uncertain by more than the usual .03.
    "promotion": {
        "metric": "recall_at_1pct_fpr",
        "floors": {"accuracy": 0.8, "roc_auc": 0.9},
        "max_loss": 0.1,
    },
    "serving": {"capture": {"flush_s": FLUSH_S}},
    "monitoring": {"window_h": WINDOW / timedelta(hours=1), "lag_s": LAG_S, "max_windows": 60},
}


@dataclass
class Story:
    """Tells what happens, and keeps what the picture shows."""

    place: Place
    scenes: Scenes
    console: Console
    began: float = field(default_factory=time.monotonic)
    names: list[str] = field(default_factory=list)
    served: list[float] = field(default_factory=list)
    rows: list[Window] = field(default_factory=list)
    events: list[tuple[int, str]] = field(default_factory=list)
    said: str = ""

    def tell(self, text: str, style: str = "") -> None:
        """One line, with the time since the beginning."""
        clock = f"{time.monotonic() - self.began:5.0f} s  "
        self.console.print(clock + text, style=style, highlight=False)

    def require(self, happened: bool, text: str) -> None:
        """Tell what happened; GateRefused when it did not."""
        if not happened:
            raise GateRefused(f"this did not happen: {text}\n{self.said[-3000:]}")
        self.tell(f"[green]✓[/green] {text}")

    def replay(self, months: Sequence[Window]) -> str:
        """Send months of traffic within one window; return the version that answered last."""
        _await_window()
        version = ""
        for month in months:
            answers = send(self.place.url, month.rows)
            self.names.append(month.name)
            self.served.append(answers.accuracy(month.rows))
            self.rows.append(month)
            version = max(answers.versions)
        accuracy = sum(self.served[-len(months) :]) / len(months)
        span = " to ".join(dict.fromkeys((months[0].name, months[-1].name)))
        sent = sum(len(month.rows) for month in months)
        self.tell(f"traffic of {span}: {sent:,} requests, accuracy {accuracy:.3f}, v{version}")
        return version

    def monitor(self) -> Verdict:
        """Wait until the window is complete, run the pipeline, return the newest window judged."""
        _await_end()
        # 1: a window is worrying, or a challenger was refused
        self.said = self.place.run("--pipeline", "monitoring", allowed=(0, 1)).out
        told = [each for each in self.place.records.verdicts() if each.status != "too-few-rows"]
        if not told:
            raise GateRefused("monitoring has judged no window")
        self.tell(f"monitoring: {told[-1].status}; {'; '.join(told[-1].reasons[:2])}"[:150])
        return told[-1]


def main(argv: Sequence[str] | None = None) -> int:
    """Play all acts; the exit codes are those of run.py."""
    options = arguments(argv)
    console = Console()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Place(SETTINGS) as place:
            scenes = make_scenes(options.data_dir)
            story = Story(place, scenes, console)
            if scenes.synthetic:
                story.tell("SYNTHETIC SAMPLE: these figures say nothing about phishing", "yellow")
            play(story)
            draw(story, options.picture)
            story.tell(f"the picture is '{options.picture}'; all else is cleaned up")
    except KeyboardInterrupt:
        console.print("stopped and cleaned up")
        return 130
    except SwitchyardError as error:
        console.print(f"[red]{type(error).__name__}:[/red] {error}", highlight=False)
        return error.exit_code
    return 0


def play(story: Story) -> None:
    """The acts, one after the other."""
    begin(story)
    as_before(story)
    rest = drift_and_retraining(story)
    rest = after_it(story, rest)
    mistake_and_rollback(story, rest)


def begin(story: Story) -> None:
    """Train on the early rows and deploy."""
    early = story.place.folder / "early.parquet"
    story.scenes.training.to_parquet(early, index=False)
    story.tell(f"train on {len(story.scenes.training):,} rows known until mid 2021")
    story.place.run("--pipeline", "training", "--data", str(early))
    story.place.run("--pipeline", "deployment")
    story.require(story.place.first_package.is_dir(), f"version 1 answers at {story.place.url}")


def as_before(story: Story) -> None:
    """Traffic like the training rows raises no alarm."""
    story.replay(story.scenes.as_before)
    story.require(story.monitor().status == "quiet", "traffic as in training: no drift")


def drift_and_retraining(story: Story) -> list[Window]:
    """Later months: drift, then a retraining that is promoted and swapped in."""
    months = list(story.scenes.later[6:])
    with Caller(story.place.url) as caller:
        for turn in range(4):
            now, months = months[:MONTHS_A_WINDOW], months[MONTHS_A_WINDOW:]
            story.replay(now)
            verdict = story.monitor()
            if turn == 0:
                story.require(verdict.status == "drifted", "the first later window has drifted")
                story.events.append((len(story.names) - len(now), "drift"))
            if caller.versions[-1] != "1":
                break
    story.require(caller.versions[:2] == ["1", caller.versions[-1]], "retrained and promoted")
    told = f"hot swap: version {' → '.join(caller.versions)}, {caller.answers:,} answers, none lost"
    story.require(not caller.failures, told)
    story.events.append((len(story.names), "new version"))
    return months


def after_it(story: Story, months: list[Window]) -> list[Window]:
    """The new version on the months that follow."""
    now, months = months[:MONTHS_A_WINDOW], months[MONTHS_A_WINDOW:]
    version = story.replay(now)
    story.require(version != "1", f"version {version} answers what comes next")
    return months


def mistake_and_rollback(story: Story, months: list[Window]) -> None:
    """A file whose labels are swapped passes every gate: only live feedback tells."""
    rows = story.scenes.training
    swapped = rows.assign(label=rows["label"].map({"benign": "phishing", "phishing": "benign"}))
    path = story.place.folder / "swapped.parquet"
    swapped.to_parquet(path, index=False)
    story.tell("somebody trains on a file whose labels are swapped, and deploys")
    good = send(story.place.url, months[0].rows).versions
    story.place.run("--pipeline", "training", "--data", str(path))
    story.place.run("--pipeline", "deployment")
    bad = story.replay(months[:2])
    story.require({bad} != good, f"version {bad} answers, and it is wrong")
    story.events.append((len(story.names) - 2, "bad version"))
    with Caller(story.place.url) as caller:
        story.monitor()
    back = story.replay(months[2:4])
    story.require({back} == good, f"rolled back by itself: version {back} answers again")
    story.require(not caller.failures, f"{caller.answers:,} answers meanwhile, none lost")
    story.events.append((len(story.names) - 2, "rolled back"))
    agreed = "the champion is" not in story.place.run("status").out
    story.require(agreed, "the alias champion agrees with what is deployed")


def draw(story: Story, target: Path) -> None:
    """Accuracy batch by batch, as it was answered and as version 1 would have."""
    from benchmarks.loop_parts.drawing import draw_story
    from switchyard.packages.loading import load

    first = load(story.place.first_package)
    frozen = [
        float(
            (
                (first.estimator.predict_proba(month.rows["url"])[:, 1] >= first.threshold)
                == month.rows["label"].to_numpy()
            ).mean()
        )
        for month in story.rows
    ]
    draw_story(story.names, story.served, frozen, story.events, target)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options; real data where they are."""
    folder = Path(os.environ.get("SWITCHYARD_DATA_DIR", ROOT.parent / "shared" / "data"))
    found = folder if (folder / "urls.parquet").is_file() else None
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data-dir", type=Path, default=found, help="the folder of urls.parquet; else a sample"
    )
    parser.add_argument("--sample", action="store_true", help="the sample, whatever data there are")
    parser.add_argument(
        "--picture", type=Path, default=Path("outputs/demo.png"), help="where the picture goes"
    )
    options = parser.parse_args(argv)
    if options.sample:
        options.data_dir = None
    return options


def _await_window() -> None:
    """Wait for the beginning of a window, so that what is sent lies within one."""
    time.sleep(
        (WINDOW - (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) % WINDOW).total_seconds()
    )


def _await_end() -> None:
    """Wait until the window of now is complete."""
    _await_window()
    time.sleep(LAG_S + 0.5)


if __name__ == "__main__":
    raise SystemExit(main())
