"""`/`: the page for people, and its files."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGE = Path(__file__).resolve().parents[1] / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; require-trusted-types-for 'script'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}


def router() -> APIRouter:
    """The page at `/`, and the API's document for people at `/docs`."""
    routes = APIRouter()

    @routes.get("/", include_in_schema=False)
    async def index() -> Response:
        return FileResponse(PAGE / "index.html", headers=_HEADERS)

    @routes.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        # Swagger UI styles its elements inline. BentoML's own page loads scripts of others.
        headers = {**_HEADERS, "Content-Security-Policy": DOCS_POLICY}
        return FileResponse(PAGE / "docs.html", headers=headers)

    return routes


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response


def files() -> Mount:
    """What the page is made of."""
    return Mount("/page", _Files(directory=PAGE))
