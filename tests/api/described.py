"""The app with all its routes, and what it says of itself: made once for all tests, as both take longer than most tests."""

from __future__ import annotations

import functools
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.http.app import make_app


@functools.cache
def routed_app() -> FastAPI:
    """The app without an installation; a test places its own in it."""
    return make_app(None)


def described_routes() -> list[tuple[str, str]]:
    """Method and path of each route of the OpenAPI document, without making it: that is for a test, not for every worker."""
    return [
        (method, str(found.path))
        for found in iter_route_contexts(routed_app().routes)
        if isinstance(found.original_route, APIRoute) and found.original_route.include_in_schema
        if found.include_in_schema
        for method in sorted(found.methods or ())
    ]


@functools.cache
def described() -> dict[str, Any]:
    """The OpenAPI document; whoever takes it changes nothing in it."""
    return routed_app().openapi()
