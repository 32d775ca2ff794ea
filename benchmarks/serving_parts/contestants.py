"""Our service, started in its two ways, and its peers: all serve one package."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from benchmarks.serving_parts.materials import ROOT
from benchmarks.serving_parts.servers import HOST, Server

WORKER, BENTOML_SERVE = "ours-worker", "ours-bentoml-serve"
FASTAPI_ASYNC, FASTAPI_DEF = "fastapi-async", "fastapi-def"
RAW, BENTOML_API, MLFLOW = "raw-asgi", "bentoml-api", "mlflow"
OURS = (WORKER, BENTOML_SERVE)
PEERS = (FASTAPI_ASYNC, FASTAPI_DEF, RAW, BENTOML_API, MLFLOW)

_PROGRAMS = "benchmarks.serving_peers"
_QUIET = {"BENTOML_DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
_SCRIPTS = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))


def contestant(name: str, package: Path, service: Path, scratch: Path) -> Server:
    """The server of this name. scratch: a folder of its own for what it keeps."""
    if name == WORKER:
        return worker(service, scratch)
    if name == BENTOML_SERVE:
        return bentoml_serve(service, scratch)
    environment = {**_QUIET, "PYTHONPATH": str(ROOT), "BENCHMARK_PACKAGE": str(package)}
    if name == BENTOML_API:
        command = _bentoml(f"{_PROGRAMS}.bentoml_app:Plain")
        environment["BENTOML_HOME"] = str(scratch / "bentoml")
        return Server(name, command, ROOT, environment)
    if name == MLFLOW:
        saved = save_for_mlflow(package, scratch / "mlflow")
        command = (sys.executable, "-m", "mlflow", "models", "serve", "-m", str(saved))
        command += ("--host", HOST, "--port", "{port}", "--env-manager", "local", "--workers", "1")
        environment["PATH"] = _SCRIPTS
        return Server(name, command, scratch, environment, "/invocations", body=_records)
    maker = {
        FASTAPI_ASYNC: "fastapi_app:make_async",
        FASTAPI_DEF: "fastapi_app:make_threaded",
        RAW: "raw_app:make",
    }[name]
    command = (sys.executable, "-m", "uvicorn", f"{_PROGRAMS}.{maker}", "--factory")
    command += ("--host", HOST, "--port", "{port}", "--loop", "uvloop", "--http", "httptools")
    command += ("--workers", "1", "--no-access-log", "--log-level", "warning")
    return Server(name, command, ROOT, environment)


def worker(service: Path, scratch: Path, *, capture: bool = True, name: str = WORKER) -> Server:
    """Our service as `run.py --pipeline deployment` starts it."""
    command = (sys.executable, "-m", "bento.worker", "--fd", "{fd}")
    environment = _ours(service, scratch, capture=capture)
    return Server(name, command, service, environment, ready="/readyz")


def bentoml_serve(service: Path, scratch: Path) -> Server:
    """Our service as BentoML starts it."""
    environment = _ours(service, scratch, capture=True)
    return Server(
        BENTOML_SERVE, _bentoml("bento.service:svc"), service, environment, ready="/readyz"
    )


def _bentoml(target: str) -> tuple[str, ...]:
    command = (sys.executable, "-m", "bentoml", "serve", target)
    return (*command, "--host", HOST, "--port", "{port}")


def _ours(service: Path, scratch: Path, *, capture: bool) -> Mapping[str, str]:
    return {
        **_QUIET,
        "PYTHONPATH": str(service),
        "BENTOML_HOME": str(scratch / "bentoml"),
        "SWITCHYARD__SERVING__STATE_DIR": str(scratch / "state"),
        "SWITCHYARD__SERVING__CAPTURE__ENABLED": str(capture).lower(),
    }


def _records(urls: Sequence[str]) -> bytes:
    return orjson.dumps({"dataframe_records": [{"url": url} for url in urls]})


def save_for_mlflow(package: Path, target: Path) -> Path:
    """Save the package as an MLflow model from code, without pickle; returns `target`."""
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    os.environ["MLFLOW_UV_AUTO_DETECT"] = "false"
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the model has no example of an input
        mlflow.pyfunc.save_model(
            target,
            python_model=str(ROOT / "benchmarks" / "serving_peers" / "mlflow_model.py"),
            artifacts={"package": str(package)},
            signature=ModelSignature(inputs=Schema([ColSpec("string", "url")])),
            pip_requirements=[],
        )
    return target
