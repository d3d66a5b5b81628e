"""Errors as RFC 9457 problem documents: one shape for everything that goes wrong over HTTP.

``{"type", "title", "status", "detail", "instance"}`` and, where it helps, members of its own: ``errors`` for values that
were refused, ``ticket_id`` for the ticket that stands in the way. No document holds a traceback or a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.websockets import WebSocket

from alerts.errors import (
    BusyError,
    ConflictError,
    DeskError,
    InvalidError,
    RefusedError,
    StaleViewError,
    UnavailableError,
    UnknownError,
)
from api.http.unreadable import why_unreadable
from api.settings.masking import without_secrets
from ingest.books.file import BooksError

MEDIA_TYPE = "application/problem+json"
CLIENT_CLOSED_REQUEST = 499
"""What servers log where the other side hung up; no standard has a status for it."""

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


def refused(what: Mapping[str, str]) -> Problem:
    """422 for values by where they stand (`body.title`, `query.limit`), and what is wrong with each; the first is the sentence."""
    first, why = next(iter(what.items()))
    errors = [{"where": where, "what": reason} for where, reason in what.items()]
    return Problem(422, f"{first.removeprefix('query.').removeprefix('path.')}: {why}.", errors=errors)


def not_found(noun: str, name: str) -> Problem:
    """404 for a thing that does not exist."""
    return Problem(404, f"There is no {noun} {name!r}.")


def _documented(statuses: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Problem documents of some statuses, for the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {status: {"description": description, "content": content} for status, description in statuses.items()}


RESPONSES = _documented(
    {
        401: "Nobody is logged in",
        403: "The role or the consent does not allow it",
        404: "It does not exist",
        422: "A value is wrong",
    }
)
"""What any route may answer."""
CONFLICT = _documented({409: "Not possible in the present state; nothing was changed"})
BUSY = _documented({429: "Too many ask for it at this moment; Retry-After says when it makes sense again"})
STALE = _documented({412: "It has changed since it was read"})


def respond(
    request: HTTPConnection, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: object
) -> JSONResponse:
    """The problem document as a response."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    body = {"type": "about:blank", "title": title, "status": status, "detail": without_secrets(detail)}
    return JSONResponse(
        {**body, "instance": request.url.path, **members},
        status_code=status,
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Answer every kind of error with a problem document."""
    app.add_exception_handler(Problem, _on_problem)  # type: ignore[arg-type]  # a denied WebSocket has no response
    app.add_exception_handler(DeskError, _on_desk_error)
    app.add_exception_handler(BooksError, _on_books_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(ClientDisconnect, _on_gone)
    app.add_exception_handler(Exception, _on_crash)


async def _on_problem(request: Request, error: Exception) -> Response | None:
    """Ours; a WebSocket is denied with the same document before it opens."""
    assert isinstance(error, Problem)  # noqa: S101  (what install registered)
    if isinstance(request, WebSocket):
        await _deny(request, error)
        return None
    return respond(request, error.status, error.detail, headers=error.headers, **error.members)


async def _deny(socket: WebSocket, error: Problem) -> None:
    """Answer the upgrade with the problem, or close where the server can't."""
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(respond(socket, error.status, error.detail))
    else:
        await socket.close(code=1008, reason=error.detail[:120])


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """The framework's: unknown path, wrong method, body too large, a body that it can't read, ..."""
    assert isinstance(error, HTTPException)  # noqa: S101
    why = why_unreadable(error.__cause__) if error.status_code == 400 else None
    if why is not None:
        return respond(request, 422, f"body: {why}.", errors=[{"where": "body", "what": why}])
    details = {404: f"Nothing is at {request.url.path}.", 405: f"{request.method} is not possible here."}
    detail = details.get(error.status_code, str(error.detail))
    return respond(request, error.status_code, detail, headers=error.headers)


DESK_STATUS: tuple[tuple[type[DeskError], int], ...] = (
    (UnknownError, 404),
    (InvalidError, 422),
    (StaleViewError, 412),
    (ConflictError, 409),
    (RefusedError, 403),
    (BusyError, 429),
    (UnavailableError, 503),
    (DeskError, 500),
)
"""What each error of the desk is over HTTP; the first that fits."""


async def _on_desk_error(request: Request, error: Exception) -> Response:
    """The desk's: its sentence, and what a program needs to go on."""
    status = next(status for kind, status in DESK_STATUS if isinstance(error, kind))
    if status == 500:
        return await _on_crash(request, error)
    members = {
        name: getattr(error, name)
        for name in ("ticket_id", "number", "legal", "reason", "tries_left", "current")
        if hasattr(error, name)
    }
    wait_s = getattr(error, "retry_after_s", 5 if status == 503 else None)
    headers = None if wait_s is None else {"retry-after": str(wait_s)}
    return respond(request, status, str(error), headers=headers, **members)


async def _on_books_error(request: Request, error: Exception) -> Response:
    """The books can't be read now."""
    return respond(request, 503, str(error), headers={"retry-after": "5"})


async def _on_validation_error(request: Request, error: Exception) -> Response:
    """Values that do not fit the route."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [_told(item, error) for item in error.errors()]
    detail = "; ".join(f"{item['where']}: {item['what']}" for item in errors[:3]) or "A value is wrong."
    return respond(request, 422, detail, errors=errors)


def _told(item: Mapping[str, Any], error: RequestValidationError) -> dict[str, str]:
    """Where a value is wrong, and what is."""
    why = why_unreadable(error.__cause__) if item["type"] == "json_invalid" else None
    if why is not None:
        return {"where": "body", "what": why}
    return {"where": ".".join(str(part) for part in item["loc"]), "what": item["msg"].removeprefix("Value error, ")}


async def _on_gone(_request: Request, _error: Exception) -> Response:
    """Who asked went away before the body was whole: nothing was done and nobody reads this answer."""
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _on_crash(request: Request, error: Exception) -> Response:
    """A fault of ours: logged with its cause, told without it."""
    log.error("request_failed", path=request.url.path, method=request.method, exc_info=error)
    return respond(request, 500, "Something went wrong on our side; it is in the log.")
