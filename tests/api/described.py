"""The app with all its routes, and what it says of itself: made once for all tests, as both take longer than most tests."""

from __future__ import annotations

import functools
from typing import Any

from fastapi import FastAPI

from api.http.app import make_app


@functools.cache
def routed_app() -> FastAPI:
    """The app without an installation; a test places its own in it."""
    return make_app(None)


@functools.cache
def described() -> dict[str, Any]:
    """The OpenAPI document; whoever takes it changes nothing in it."""
    return routed_app().openapi()
