"""Errors as RFC 9457 problem documents: one shape for everything that goes wrong over HTTP.

``{"type", "title", "status", "detail", "instance"}`` and, where it helps, members of its own: ``errors`` for values that
were refused, ``ticket_id`` for the ticket that stands in the way. No document holds a traceback or a secret.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()


class ProblemDocument(BaseModel):
    """What every error answers."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str


class Problem(Exception):  # noqa: N818  (the standard's own word)
    """An error with its status, a sentence for people, and members for programs."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.members = members


def not_found(noun: str, name: str) -> Problem:
    """404 for a thing that does not exist."""
    return Problem(404, f"There is no {noun} {name!r}.")


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDocument, "description": description, "content": {MEDIA_TYPE: {}}}
    for status, description in (
        (401, "Nobody is logged in"),
        (403, "The role does not allow it"),
        (404, "It does not exist"),
        (422, "A value is wrong"),
    )
}
"""What any route may answer; part of the OpenAPI document."""


def respond(
    request: Request, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: object
) -> JSONResponse:
    """The problem document as a response."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(
        {**body, "instance": request.url.path, **members},
        status_code=status,
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Answer every kind of error with a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(Exception, _on_crash)


async def _on_problem(request: Request, error: Exception) -> Response:
    """Ours."""
    assert isinstance(error, Problem)  # noqa: S101  (what install registered)
    return respond(request, error.status, error.detail, headers=error.headers, **error.members)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """The framework's: unknown path, wrong method, body too large, ..."""
    assert isinstance(error, HTTPException)  # noqa: S101
    details = {404: f"Nothing is at {request.url.path}.", 405: f"{request.method} is not possible here."}
    detail = details.get(error.status_code, str(error.detail))
    return respond(request, error.status_code, detail, headers=error.headers)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    """Values that do not fit the route."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [
        {"where": ".".join(str(part) for part in item["loc"]), "what": item["msg"].removeprefix("Value error, ")}
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['where']}: {item['what']}" for item in errors[:3]) or "A value is wrong."
    return respond(request, 422, detail, errors=errors)


async def _on_crash(request: Request, error: Exception) -> Response:
    """A fault of ours: logged with its cause, told without it."""
    log.error("request_failed", path=request.url.path, method=request.method, exc_info=error)
    return respond(request, 500, "Something went wrong on our side; it is in the log.")
