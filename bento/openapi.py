"""The document of the API: our routes, made from the model's own schema, and BentoML's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bento.runtime import Runtime

_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_INFRASTRUCTURE: dict[str, tuple[str, dict[str, str]]] = {
    "/livez": ("Whether the process lives.", {"200": "It does."}),
    "/readyz": (
        "Whether the model is loaded.",
        {"200": "It is.", "503": "Not yet."},
    ),
    "/metrics": ("Series for Prometheus.", {"200": "All series as text."}),
}


def document(runtime: Runtime) -> dict[str, Any]:
    """The OpenAPI document of a service."""
    from bento.api import make_api

    found: dict[str, Any] = make_api(runtime).openapi()
    settings = runtime.settings
    _enumerate(found, {"model": settings.name, "version": settings.model_version})
    for path, (summary, answers) in _INFRASTRUCTURE.items():
        responses = {
            status: {"description": text, "content": _TEXT} for status, text in answers.items()
        }
        found["paths"][path] = {
            "get": {
                "tags": ["Infrastructure"],
                "summary": summary,
                "operationId": path.strip("/"),
                "responses": responses,
            }
        }
    found["components"] = {
        **found.get("components", {}),
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        },
    }
    if runtime.keys.wanted:
        found["security"] = [{"bearer": []}, {"key": []}]
    return found


def _enumerate(document: dict[str, Any], known: dict[str, str]) -> None:
    """Say which values there are of the path's parameters in `known`."""
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in known and parameter["in"] == "path":
                    parameter["schema"] = {"type": "string", "enum": [known[parameter["name"]]]}
