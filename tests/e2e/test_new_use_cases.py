"""From a file that nobody has prepared to a service that answers: `run.py new` and two pipelines.

Three of them side by side, each file odd in its own way.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
import yaml

from benchmarks.loop_parts.place import ROOT, Finished
from tests.prepared import commands
from tests.services import PATIENCE_S

pytestmark = pytest.mark.slow

ROWS = 400
SMALL = ("tuning.folds=2", "tuning.trials=2", "tuning.jobs=1", "evaluation.bootstrap=20")


@dataclass(frozen=True)
class Odd:
    """A file to begin with. make: writes it and returns it; options: what `new` needs besides.

    inputs: the columns that a service must ask for; left: those that it must not.
    """

    target: str
    make: Callable[[Path], Path]
    inputs: set[str]
    left: set[str]
    options: tuple[str, ...] = ()
    labels: tuple[str, str] | None = None


def tavern(folder: Path) -> Path:
    """Semicolons, decimal points, names of signs, gaps, a constant, a key; words as classes, of
    which the rarer one is to be found."""
    random = np.random.default_rng(1)
    acid, price = random.normal(6, 1.2, ROWS).round(2), random.integers(4, 40, ROWS)
    house = random.choice(['Zum "Anker"', "O'Hara; & Söhne", "🍷-Bar"], ROWS)
    good = (
        1.5 * (acid - 6) + 0.08 * (price - 22) + (house == "🍷-Bar") + random.normal(0, 0.5, ROWS)
    )
    frame = pd.DataFrame(
        {
            "Gast-Nr.": [f"G{at:05}" for at in range(ROWS)],
            '🍷 Säure "g/l"': np.where(random.random(ROWS) < 0.1, np.nan, acid),
            "Preis (€)": price,
            "wessen Haus?": house,
            "Land": "AT",
            "Taugt's?": np.where(good > 1, "ja", "nein"),
        }
    )
    path = folder / "Gäste & Weine.csv"
    frame.to_csv(path, sep=";", index=False)
    return path


def rents(folder: Path) -> Path:
    """Tabs, from a program that wrote Latin-1; a street a row is rare; what is missing is `NA`."""
    random = np.random.default_rng(2)
    size = random.integers(20, 180, ROWS)
    district = random.choice(["Währing", "Döbling", "Liesing"], ROWS)
    lift = random.choice(["with", "without", "NA"], ROWS)
    rent = 12.5 * size + 200 * (district == "Döbling") + random.normal(0, 90, ROWS)
    frame = pd.DataFrame(
        {
            "Größe m²": size,
            "Bezirk": district,
            "Lift: ja/nein": lift,
            "Straße": [f"Gasse {at * 7 % 397} / Tür {at}" for at in range(ROWS)],
            "Miete": rent.round(1),
        }
    )
    path = folder / "mieten.tsv"
    path.write_bytes(frame.to_csv(sep="\t", index=False).encode("latin-1"))
    return path


def sales(folder: Path) -> Path:
    """No header, dates, codes with leading noughts, and a number that is known only afterwards."""
    random = np.random.default_rng(3)
    area, code = random.integers(30, 300, ROWS), random.choice(["00501", "10115", "80331"], ROWS)
    price = 2000 * area + 90_000 * (code == "80331") + random.normal(0, 30_000, ROWS)
    frame = pd.DataFrame(
        {
            "sold on": [f"20{10 + at % 12}-{1 + at % 12:02}-17" for at in range(ROWS)],
            "area": area,
            "zip code": code,
            "price": price.round(-2),
        }
    )
    path = folder / "sales.csv"
    frame.to_csv(path, index=False, header=False)
    return path


ODD = {
    "tavern": Odd(
        "Taugt's?",
        tavern,
        {'🍷 Säure "g/l"', "Preis (€)", "wessen Haus?"},
        {"Gast-Nr.", "Land"},
        labels=("ja", "nein"),
    ),
    "rents": Odd("Miete", rents, {"Größe m²", "Bezirk", "Lift: ja/nein"}, {"Straße"}),
    "sales": Odd(
        "price",
        sales,
        {"area", "zip code"},
        {"sold on"},
        ("--columns", "sold on,area,zip code,price"),
    ),
}


class Bench:
    """A folder with files, use cases, and all that their runs leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "home").mkdir()
        (folder / "configs").mkdir()
        # Above the ports of these, so that nobody else's service is met.
        neighbour = {"name": "neighbour", "serving": {"port": three_free_ports() - 1}}
        (folder / "configs" / "neighbour.yaml").write_text(yaml.safe_dump(neighbour))

    def config(self, name: str) -> Path:
        return self.folder / "configs" / f"{name}.yaml"

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> Finished:
        """run.py to its end; fails with what it said unless its code is allowed."""
        command = [sys.executable, str(ROOT / "run.py"), *arguments]
        environment = os.environ | {
            "HOME": str(self.folder / "home"),
            "ZENML_CONFIG_PATH": str(self.folder / "zenml"),
            "ZENML_REPOSITORY_PATH": str(self.folder),
            "BENTOML_HOME": str(self.folder / "bentoml"),
            "COLUMNS": "160",
        }
        done = commands.run(command, environment, self.folder)
        assert done.returncode in allowed, f"{arguments}: {done.stdout}\n{done.stderr[-4000:]}"
        return Finished(done.returncode, done.stdout, done.stderr)

    def new(self, name: str, file: Path, allowed: tuple[int, ...] = (0,)) -> Finished:
        odd = ODD[name]
        return self.run(
            *("new", name, "--data", str(file), "--target", odd.target, *odd.options),
            *("--output", str(self.config(name))),
            allowed=allowed,
        )

    def pipeline(self, pipeline: str, name: str) -> Finished:
        settings = (
            [*SMALL, f"output_dir={self.folder / 'outputs'}"] if pipeline == "training" else []
        )
        assigned = [part for setting in settings for part in ("--set", setting)]
        return self.run("--pipeline", pipeline, "--config", str(self.config(name)), *assigned)


def three_free_ports() -> int:
    """The first of three neighbours on which nobody listens, below those that systems hand out."""
    for first in range(20_000 + os.getpid() % 5_000, 32_000, 3):
        try:
            for port in range(first, first + 3):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise AssertionError("no three free ports")


@pytest.fixture
def bench() -> Iterator[Bench]:
    # Short, and not below pytest's: a socket's path may have a hundred signs.
    with tempfile.TemporaryDirectory(prefix="switchyard-new-") as folder:
        made = Bench(Path(folder))
        yield made
        for name in ODD:
            if made.config(name).exists():
                made.run("stop", "--config", str(made.config(name)), allowed=(0, 2))


def test_three_odd_files_become_three_services_side_by_side(bench: Bench) -> None:
    files = {name: odd.make(bench.folder) for name, odd in ODD.items()}

    refused = bench.new("rents", files["rents"], allowed=(2,))
    assert "is not UTF-8" in refused.err
    assert not bench.config("rents").exists()
    files["rents"] = converted(refused.err, files["rents"])

    bodies: dict[str, dict[str, Any]] = {}
    ports = set()
    for name, odd in ODD.items():
        bench.new(name, files[name])
        bench.pipeline("training", name)
        deployed = bench.pipeline("deployment", name)
        port = yaml.safe_load(bench.config(name).read_text("utf-8"))["serving"]["port"]
        ports.add(port)
        assert f"version 1 answers at http://127.0.0.1:{port}" in deployed.out
        assert "SYNTHETIC" not in deployed.out
        bodies[name] = tried(deployed.out)
        described = httpx.get(f"http://127.0.0.1:{port}/model", trust_env=False).json()
        assert set(described["inputs"]) == odd.inputs
        assert odd.left.isdisjoint(described["inputs"])
        answers_make_sense(odd, port, described, bodies[name])

    assert len(ports) == 3
    status = bench.run("status").out
    for name, port in zip(ODD, sorted(ports), strict=True):
        assert f"{name} " in status
        assert f"http://127.0.0.1:{port}" in status
    assert status.count("healthy") == 3

    for name, port in zip(ODD, sorted(ports), strict=True):
        bench.run("stop", "--config", str(bench.config(name)))
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False)
        left = [other for other in sorted(ports) if other > port]
        for other in left:
            httpx.get(f"http://127.0.0.1:{other}/readyz", trust_env=False).raise_for_status()


def converted(told: str, file: Path) -> Path:
    """The file as the refusal says that it is to be made."""
    command = told[told.index("iconv") :].split(" FILE")[0].split()
    new = file.with_name("utf-8.tsv")
    with new.open("wb") as out:
        subprocess.run([*command, str(file)], stdout=out, check=True)
    return new


def tried(told: str) -> dict[str, Any]:
    """What the command answers that a deployment says may be tried."""
    command = next(line for line in told.splitlines() if line.startswith("try"))
    asked = subprocess.run(
        command.removeprefix("try").strip(), shell=True, capture_output=True, check=True
    )
    found: dict[str, Any] = json.loads(asked.stdout)
    return found


def answers_make_sense(
    odd: Odd, port: int, described: dict[str, Any], body: dict[str, Any]
) -> None:
    """Of the example that was tried, and of those that the model's description gives."""
    (first,) = body["predictions"]
    answer = httpx.post(
        f"http://127.0.0.1:{port}/predict",
        json={"instances": described["examples"]},
        timeout=PATIENCE_S,
        trust_env=False,
    )
    predictions = [first, *answer.raise_for_status().json()["predictions"]]
    if odd.labels:
        assert described["labels"] == {"positive": odd.labels[0], "negative": odd.labels[1]}
        assert {each["label"] for each in predictions} <= set(odd.labels)
        assert all(0 <= each["score"] <= 1 for each in predictions)
    else:
        assert described["target"]["name"] == odd.target
        assert all(each["low"] <= each["value"] <= each["high"] for each in predictions)
