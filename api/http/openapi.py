"""The OpenAPI document, as the app tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from api.http.problems import ProblemDocument

SECURITY = {
    "key": {"type": "http", "scheme": "bearer", "description": "an API key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "fettle_session", "description": "the console's login"},
}
OPEN = ("/livez", "/readyz", "/metrics", "/api/v1/login")


def document_of(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The app's document, with what the framework does not know: our errors' shape, and how one shows who one is."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        document = described()
        components = document.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        if "ProblemDocument" in schemas:
            return document
        schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        components["securitySchemes"] = SECURITY
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["security"] = [] if path in OPEN else [{name: []} for name in SECURITY]
        return document

    return openapi
