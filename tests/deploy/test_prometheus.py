"""Alerts and the dashboard: they ask for series that there are, and fire when they should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.manifests import PLATFORM, ROOT, Overlay, containers, named

PROMETHEUS = PLATFORM / "prometheus"
RULES = PROMETHEUS / "rules.yaml"

EXPORTED = """
import sys
from datetime import UTC, datetime, timedelta
import prometheus_client
from bento.metrics import Metrics
from switchyard.monitoring.exporting import Exposition
from switchyard.monitoring.prometheus import registry_of
from switchyard.monitoring.results import ColumnDrift, Performance, Quality, Verdict
from switchyard.packages.manifest import Predicted

Metrics("phishing", "3", Predicted(name="grade", lowest=0, highest=1))
since = datetime(2026, 9, 7, tzinfo=UTC)
shares = {"column": 0.1}
verdict = Verdict(
    name="phishing", since=since, until=since + timedelta(days=1), created=since, rows=9,
    status="drifted", positive_share=0.5, mean_score=0.5,
    columns={"column": ColumnDrift(distance=0.2, threshold=0.1, drifted=True)},
    quality=Quality(missing_share=shares, unknown_share=shares, outside_share=shares),
    performance=Performance(rows=9, metrics={"accuracy": 0.9}),
)
families = [
    *prometheus_client.REGISTRY.collect(),
    *registry_of([verdict]).collect(),
    *Exposition(lambda: []).collect(),
]
for family in families:
    ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
    for end in ends.get(family.type, [""]):
        print(family.name + end)
"""


@pytest.fixture(scope="session")
def exported() -> set[str]:
    """The names of all series that services and monitoring export."""
    # A process of its own: the client knows one registry, and a name is registered once.
    asked = subprocess.run(
        [sys.executable, "-c", EXPORTED], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return {name for name in asked.stdout.split() if name.startswith("switchyard_")}


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own judge; skips without it."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    return found


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PROMETHEUS / "dashboard.json").read_text())
    return found


def expressions() -> list[str]:
    """The dashboard's, with its variables filled in."""
    found = [
        target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ())
    ]
    return [each.replace("$__rate_interval", "5m").replace("$service", ".*") for each in found]


def test_alerts_and_dashboard_ask_for_series_that_are_exported(exported: set[str]) -> None:
    assert len(exported) > 20
    asked = set(
        re.findall(r"switchyard_\w+", "\n".join([*expressions(), *(r["expr"] for r in rules())]))
    )
    assert asked - exported == set()
    assert "switchyard_requests_total" in asked


def test_the_dashboard_shows_every_series_but_those_of_the_exporter_itself(
    exported: set[str],
) -> None:
    shown = set(re.findall(r"switchyard_\w+", "\n".join(expressions())))
    left_out = {
        "switchyard_predicted_values_sum",
        "switchyard_predicted_values_count",
        "switchyard_monitoring_columns",
        "switchyard_monitoring_enough_rows",
        "switchyard_monitoring_damaged_files",
        "switchyard_monitoring_lost_performance",
        "switchyard_monitoring_window_start_seconds",
        "switchyard_monitoring_read_timestamp_seconds",
    }
    assert exported - shown == left_out


def test_the_dashboard_is_whole() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, at["y"]) for x in range(at["x"], at["x"] + at["w"])}
        assert not places & cells, panel["title"]
        places |= cells
        if panel["type"] != "row":
            assert panel["targets"]
            assert panel["datasource"]["uid"] == "${source}"


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "action"}
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def test_promtool_accepts_rules_and_the_dashboards_expressions(
    promtool: str, tmp_path: Path
) -> None:
    recorded = [
        {"record": f"dashboard:{place}", "expr": each} for place, each in enumerate(expressions())
    ]
    shown = tmp_path / "dashboard.yaml"
    shown.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}))
    for file in (RULES, shown):
        judged = subprocess.run(
            [promtool, "check", "rules", file], capture_output=True, text=True, check=False
        )
        assert judged.returncode == 0, judged.stderr


def test_alerts_fire_when_they_should(promtool: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_bytes(RULES.read_bytes())
    tests = tmp_path / "alerts.yaml"
    tests.write_bytes((Path(__file__).parent / "alerts.yaml").read_bytes())
    judged = subprocess.run(
        [promtool, "test", "rules", tests], capture_output=True, text=True, check=False
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_every_alert_is_tried() -> None:
    tried = (Path(__file__).parent / "alerts.yaml").read_text()
    assert [rule["alert"] for rule in rules() if rule["alert"] not in tried] == []


def test_what_prometheus_looks_for_is_what_pods_have(overlay: Overlay) -> None:
    jobs = {
        job["job_name"]: job
        for job in yaml.safe_load((PROMETHEUS / "scrape.yaml").read_text())["scrape_configs"]
    }
    asked = jobs["switchyard-monitoring"]["relabel_configs"][0]["regex"]
    exporter = next(each for each in overlay.workloads() if named(each) == asked)
    assert [port["name"] for each in containers(exporter) for port in each["ports"]] == ["http"]
    homes = [job["kubernetes_sd_configs"][0]["namespaces"]["names"] for job in jobs.values()]
    assert homes == [["switchyard-serving"], ["switchyard"]]
    bound = {
        each["metadata"]["namespace"]
        for each in overlay.kind("RoleBinding")
        if named(each) == "switchyard-prometheus"
    }
    assert bound == {"switchyard", "switchyard-serving"}
