"""The document of the API, held against the service by a judge that knows nothing of us."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services import Service

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


def test_every_route_is_in_the_document(service: Service) -> None:
    paths = service.get("/docs.json").json()["paths"]

    assert {"/predict", "/explain", "/feedback", "/jobs", "/jobs/{id}", "/model"} <= set(paths)
    assert {"/livez", "/readyz", "/metrics", "/v2/models/{model}/infer"} <= set(paths)
    assert paths["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]


def judged(service: Service, examples: int, folder: Path) -> tuple[int, str]:
    """Cases that were tried and what the judge said; fails unless nothing was found."""
    command = shutil.which("schemathesis")
    assert command is not None
    done = subprocess.run(
        [
            *(command, "--config-file", str(CONFIGURATION), "run", f"{service.url}/docs.json"),
            *("--checks", "all", "--max-examples", str(examples)),
            *("--generation-database", "none", "--no-color"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-6000:]
    found = re.search(r"([\d,]+) generated", told)
    assert found is not None, told[-2000:]
    return int(found[1].replace(",", "")), told


@pytest.mark.slow
def test_ten_thousand_requests_find_nothing(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service(jobs={"max_queued": 1_000_000}).start()

    # At least 12 cases each; some runs follow few links from answer to answer, others make half as
    # many cases again of them.
    cases, _ = judged(service, 900, tmp_path)

    assert cases >= 10_000
    assert service.predict("a.com").status_code == 200
    assert "traceback" not in service.log
