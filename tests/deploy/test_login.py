"""The login before pages that have none: it is where the Ingresses say, and may be left out."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.deploy.manifests import Manifest, Overlay, built, named

ASKED = "nginx.ingress.kubernetes.io/auth-url"
SIGN_IN = "nginx.ingress.kubernetes.io/auth-signin"


@pytest.fixture(scope="module")
def production(platform: Path) -> Overlay:
    return Overlay.of("production", built(platform / "overlays" / "production"))


def noted(overlay: Overlay, ingress: str) -> dict[str, str]:
    found = next(each for each in overlay.kind("Ingress") if named(each) == ingress)
    given: dict[str, str] = found["metadata"]["annotations"]
    return given


def settings(overlay: Overlay) -> dict[str, str]:
    found = [
        each["data"]
        for each in overlay.kind("ConfigMap")
        if named(each).startswith("oauth2-proxy-")
    ]
    given: dict[str, str] = found[0]
    return given


def hosts(overlay: Overlay) -> dict[str, Manifest]:
    """The rules of all Ingresses by their host, each of which has a certificate."""
    found = {}
    for each in overlay.kind("Ingress"):
        certified = {host for tls in each["spec"]["tls"] for host in tls["hosts"]}
        for rule in each["spec"]["rules"]:
            assert rule["host"] in certified
            found[rule["host"]] = rule
    return found


def test_pages_without_a_login_of_their_own_ask_for_one(production: Overlay) -> None:
    assert {ASKED, SIGN_IN} <= noted(production, "pages").keys()
    behind = {
        path["backend"]["service"]["name"]
        for each in production.kind("Ingress")
        if ASKED in each["metadata"]["annotations"]
        for rule in each["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert behind == {"mlflow", "evidently"}


def test_who_is_asked_is_a_service_and_logs_in_at_a_host_that_there_is(
    production: Overlay,
) -> None:
    asked = urlsplit(noted(production, "pages")[ASKED])
    services = {
        f"{named(each)}.{each['metadata']['namespace']}.svc.cluster.local": each
        for each in production.kind("Service")
    }
    assert asked.hostname in services
    ports = services[asked.hostname]["spec"]["ports"]
    assert [port["port"] for port in ports] == [asked.port]

    login = urlsplit(noted(production, "pages")[SIGN_IN])
    assert login.hostname in hosts(production)
    [path] = hosts(production)[login.hostname]["http"]["paths"]
    assert path["backend"]["service"]["name"] == asked.hostname.partition(".")[0]
    assert settings(production)["OAUTH2_PROXY_REDIRECT_URL"] == (
        f"https://{login.hostname}/oauth2/callback"
    )


def test_a_login_holds_for_all_pages_and_leads_back_to_them(production: Overlay) -> None:
    for name in ("OAUTH2_PROXY_COOKIE_DOMAINS", "OAUTH2_PROXY_WHITELIST_DOMAINS"):
        domain = settings(production)[name]
        assert domain.startswith(".")
        assert all(host.endswith(domain) for host in hosts(production)), name


def test_who_has_a_login_already_leaves_ours_out(platform: Path, tmp_path: Path) -> None:
    copy = tmp_path / "platform"
    shutil.copytree(platform, copy)
    file = copy / "overlays" / "production" / "kustomization.yaml"
    described = yaml.safe_load(file.read_text())
    assert described.pop("components") == ["../../components/oidc"]
    file.write_text(yaml.safe_dump(described))

    without = Overlay.of("production", built(file.parent))
    assert "oauth2-proxy" not in {named(each) for each in without.all}
    assert "switchyard-oidc" not in without.text
    assert {ASKED, SIGN_IN} <= noted(without, "pages").keys()
