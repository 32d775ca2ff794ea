"""What Kubernetes costs: until a version serves, a pod beyond its work, images, scaling out.

    uv run benchmarks/kubernetes.py [--only PART …] [--runs N] [--json]

On the cluster of kubectl's context, with deploy/platform in it and its servers forwarded
(docs/kubernetes.md, steps 1 to 4). SWITCHYARD_REGISTRY and SWITCHYARD_SERVING_IMAGE name the
images, as there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.kubernetes_parts.clients import plain_client
from benchmarks.kubernetes_parts.overhead import of_pod
from benchmarks.kubernetes_parts.platform import Platform, until
from benchmarks.kubernetes_parts.pressure import pressure
from stacks.registries.client import Registry
from stacks.registries.references import Reference
from switchyard.errors import PlatformError, SwitchyardError

GOALS = {"deploy_store_s": 20.0, "step_overhead_s": 8.0}
SETTINGS = {
    "candidates": [{"name": "fast", "estimator": "hashed-ngrams"}],
    "tuning": {"jobs": 1},
    "evaluation": {"bootstrap": 100},
    "resources": {"pipeline": {"cpu": "100m"}, "steps": {"train_candidate": {"cpu": "100m"}}},
}
DEPLOYER = {
    "service_type": "NodePort",
    "resources": {"cpu": "200m", "memory": "300Mi"},
    "autoscaling": {"max": 3, "scale_in_after_s": 10},
}
VARIABLES = ("SWITCHYARD_REGISTRY", "SWITCHYARD_IMAGE_BASE", "SWITCHYARD_SERVING_IMAGE")

Figures = dict[str, float]


@dataclass(frozen=True)
class Bench:
    """A platform with two versions of a model. runs: how often each thing is measured."""

    platform: Platform
    runs: int


def main() -> int:
    options = arguments()
    figures: Figures = {}
    try:
        images = {name: os.environ[name] for name in VARIABLES if name in os.environ}
        if "SWITCHYARD_SERVING_IMAGE" not in images:
            raise PlatformError(
                "SWITCHYARD_SERVING_IMAGE is not set; export what `uv run run.py image build "
                "serving --quiet` prints"
            )
        with contextlib.closing(Platform(SETTINGS, DEPLOYER, images)) as platform:
            platform.enter()
            for rows in (20_000, 19_000):  # of the same rows the second would be the first again
                _train(platform, rows)
            platform.pipeline("deployment", "--version", "1")
            for name in options.only:
                figures |= PARTS[name](Bench(platform, options.runs))
            platform.run("stop", "--config", str(platform.config))
    except SwitchyardError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    show(figures)
    if options.json:
        print(json.dumps({key: round(value, 2) for key, value in figures.items()}))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=f"{[*PARTS]}"
    )
    parser.add_argument("--runs", type=int, default=3, help="the median of so many is told")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    return parser.parse_args()


def overhead(bench: Bench) -> Figures:
    """Of the pod of one candidate: from its making to its end, less what the step itself did.

    Of runs after the first two, which read the image from the disk.
    """
    platform = bench.platform
    before = {pod["metadata"]["uid"] for pod in platform.run_pods("training", "train_")}
    for at in range(bench.runs):
        _train(platform, 18_000 - 1_000 * at)
    pods = platform.run_pods("training", "train_")
    found = [of_pod(platform, pod) for pod in pods if pod["metadata"]["uid"] not in before]
    return {f"step_{key}": statistics.median(each[key] for each in found) for key in found[0]}


def by_store(bench: Bench) -> Figures:
    """From the command to a new version that answers; pods fetch the Bento from the store."""
    return {"deploy_store_s": _deployed(bench)}


def by_image(bench: Bench) -> Figures:
    """The same when the Bento is a layer of an image, and by the store for comparison.

    Both from this machine, for pods need not reach the registry by the name that it has for the
    node; of Bentos that have been built already.
    """
    platform, registry = bench.platform, os.environ.get("SWITCHYARD_REGISTRY", "")
    platform.environment["NUMBA_CPU_NAME"] = "generic"  # docs/deployer-kubernetes.md
    image = {"model_from": "image", "repository": f"{registry}/benchmarks"}
    found = {}
    for key, changed in (("deploy_image_s", image), ("deploy_store_from_here_s", {})):
        platform.write_stack(DEPLOYER | changed, name="services-in-pods")
        platform.take_stack("services-in-pods")
        for version in ("1", "2"):
            platform.pipeline("deployment", "--version", version)
        found[key] = _deployed(bench)
    platform.write_stack(DEPLOYER)
    platform.take_stack()
    return found


def scale_out(bench: Bench) -> Figures:
    """From the first request of too many until a second pod takes some."""
    platform, took = bench.platform, []
    for _ in range(bench.runs):
        until("one pod", lambda: len(platform.serving()) == 1, 600)
        with pressure(platform.url) as answered:
            began = time.monotonic()
            until("a second pod", lambda: len(platform.serving()) > 1)
            took.append(time.monotonic() - began)
        if answered.failures:
            raise PlatformError(f"requests failed meanwhile: {answered.failures[:3]}")
    return {"scale_out_s": statistics.median(took)}


def images(bench: Bench) -> Figures:
    """Compressed, as a node pulls them: the image of services, and that of steps."""
    serving = os.environ["SWITCHYARD_SERVING_IMAGE"]
    steps = bench.platform.run_pods("training")[0]["spec"]["containers"][0]["image"]
    return {"image_mb": _megabytes(serving), "steps_image_mb": _megabytes(steps)}


PARTS: dict[str, Callable[[Bench], Figures]] = {
    "overhead": overhead,
    "store": by_store,
    "image": by_image,
    "scale": scale_out,
    "images": images,
}


def _train(platform: Platform, rows: int) -> None:
    """Train on so many rows; whether the model is promoted does not matter."""
    changed = ("--no-cache", "--set", f"data.sample.rows={rows}")
    platform.pipeline("training", *changed, allowed=(0, 1))


def _deployed(bench: Bench) -> float:
    """The median of the seconds until the version that was not there answers, through the Service.

    It is clients that tell: the command goes on until no pod of the version before is left. To ask
    takes next to nothing of what is measured.
    """
    took, url = [], f"{bench.platform.url}/model"
    with plain_client(10) as client:
        for _ in range(bench.runs):
            version = "2" if _version(client, url) == "1" else "1"
            began = time.monotonic()
            process = bench.platform.started("deployment", "--version", version)
            while _version(client, url) != version:
                if process.poll():
                    said = process.communicate()[1]
                    raise PlatformError(f"the deployment failed: {said[-2000:]}")
                time.sleep(0.1)
            took.append(time.monotonic() - began)
            process.communicate(timeout=600)
    return statistics.median(took)


def _version(client: httpx.Client, url: str) -> str:
    """Which version answers; '' when none does."""
    try:
        return str(client.get(url).raise_for_status().json()["version"])
    except httpx.HTTPError:
        return ""


def _megabytes(image: str) -> float:
    reference = Reference.of(image)
    found = Registry(reference.host, reference.name).manifest(reference.version)
    if found is None:
        raise PlatformError(f"the registry has no image '{image}'")
    return float(sum(layer["size"] for layer in found[0]["layers"]) / 1e6)


def show(figures: Figures) -> None:
    """Print what was measured, and the goals."""
    table = Table("figure", "value", "goal")
    for key, value in figures.items():
        table.add_row(key, f"{value:,.1f}", f"at most {GOALS[key]:g}" if key in GOALS else "")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
