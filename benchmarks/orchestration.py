"""What the pipeline costs beside its work: the same core functions, with and without ZenML.

Both sides run in one process each, warm: libraries imported, kernels compiled, the store made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from switchyard.configuration.model import UseCase

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "configs" / "phishing.yaml"
WARM_UP = ("data.sample.rows=2000", "tuning.max_rows=1000", "evaluation.bootstrap=5")


def orchestration_ratio(data: Path | None) -> dict[str, float]:
    """Seconds of the pipeline and of the plain script on `data`, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        plain = _child("plain", data, Path(folder))
        piped = _child("pipeline", data, Path(folder))
    return {"plain_s": plain, "pipeline_s": piped, "orchestration_ratio": piped / plain}


def cached_rerun(data: Path | None, runs: int = 3) -> dict[str, float]:
    """Wall seconds of a run.py whose every cacheable step is cached: the median, imports included.

    Also the seconds that imports alone take in such a process.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(Path(folder))
        command = [sys.executable, str(ROOT / "run.py"), "--pipeline", "training", "--quiet"]
        command += ["--set", f"output_dir={folder}/outputs"]
        command += ["--data", str(data)] if data else []
        imports = [sys.executable, "-c", "import pipelines.running, mlflow, zenml.zen_stores"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        walls = [_wall(command, environment) for _ in range(runs)]
        importing = [_wall(imports, environment) for _ in range(runs)]
    return {"cached_rerun_s": sorted(walls)[runs // 2], "imports_s": sorted(importing)[runs // 2]}


def _wall(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _environment(folder: Path) -> dict[str, str]:
    # Bytecode of our own modules is kept, as on any machine that does not forbid it.
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {
        "ZENML_CONFIG_PATH": str(folder / "zenml"),
        "ZENML_REPOSITORY_PATH": str(folder),
    }


def _child(side: str, data: Path | None, folder: Path) -> float:
    command = [sys.executable, __file__, side, str(folder), *([str(data)] if data else [])]
    done = subprocess.run(
        command, env=_environment(folder), cwd=ROOT, check=True, capture_output=True, text=True
    )
    seconds: float = json.loads(done.stdout.splitlines()[-1])["seconds"]
    return seconds


def _main() -> None:
    side, folder, *data = sys.argv[1:]
    run = {"plain": _plain, "pipeline": _pipeline}[side]
    overrides = [(("data", "sources"), [{"location": data[0]}], "--data")] if data else []
    output = f"output_dir={folder}/outputs"
    run(_use_case([*WARM_UP, output], []), Path(folder))
    began = time.perf_counter()
    run(_use_case([output], overrides), Path(folder))
    print(json.dumps({"seconds": time.perf_counter() - began}))


def _use_case(assignments: list[str], overrides: list[Any]) -> UseCase:
    from switchyard.configuration.layers import resolve

    return resolve(CONFIG, {}, assignments, overrides).use_case


def _pipeline(use_case: UseCase, folder: Path) -> None:
    del folder
    from stacks.workspace import open_workspace, set_environment

    set_environment(verbose=False)
    open_workspace()
    from pipelines.running import run_training
    from pipelines.starting import Manner

    run_training(use_case, Manner(quiet=True), cache=False)


def _plain(case: UseCase, folder: Path) -> None:
    """What the steps do, in one function."""
    from switchyard.candidates.learning import Learner
    from switchyard.configuration.tasks import TASKS
    from switchyard.data.cards import data_card
    from switchyard.data.exploration import exploration_html
    from switchyard.data.loading import load
    from switchyard.data.preparing import clean_rows
    from switchyard.data.schema import validate
    from switchyard.evaluation.holdout import judge
    from switchyard.evaluation.reports import report_html
    from switchyard.evaluation.selection import select
    from switchyard.packages.building import build_package
    from switchyard.progress import stage
    from switchyard.split import split
    from switchyard.tasks.rows import learn_inputs

    what = case.definition
    loaded = load(case.data, what, case.seed)
    cleaned = clean_rows(loaded.raw, case.data, what)
    frame = validate(cleaned.frame, what)
    card = data_card(cleaned, loaded.provenance, what)
    exploration_html(frame, card)
    parts = split(frame, case.split, case.seed, numbers=TASKS[what.task].numbers)
    train, validation, holdout = (
        frame.iloc[rows].reset_index(drop=True)
        for rows in (parts.train, parts.validation, parts.holdout)
    )
    inputs = learn_inputs(train, what, case.data)
    learner = Learner(
        train=train,
        validation=validation,
        inputs=inputs,
        definition=what,
        tuning=case.tuning,
        rule=case.evaluation,
        seed=case.seed,
    )
    learnt = {each.name: learner.learn(each) for each in case.candidates}
    results = {name: each.plain() for name, each in learnt.items()}
    models = {name: each.model for name, each in learnt.items()}
    served = select(case, results)
    with stage("Judge the candidates on the holdout") as report:
        evaluation = judge(holdout, models, results, served, inputs, case, report)
    report_html(evaluation, case, card, [each["tuning"] for each in results.values()])
    build_package(folder / "package", models[served], case, inputs, evaluation, card)


if __name__ == "__main__":
    _main()
