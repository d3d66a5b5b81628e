"""What the app says of itself, made once for all tests that walk through its routes."""

from __future__ import annotations

import functools
from typing import Any

from api.http.app import make_app


@functools.cache
def described() -> dict[str, Any]:
    """The OpenAPI document; whoever takes it changes nothing in it."""
    return make_app(None).openapi()
