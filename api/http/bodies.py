"""What a body may say: nothing where the route reads none, and in JSON each key once and numbers that are numbers.

What the route does not read is 422 with its keys, so that what it asks for is not taken for done. Of a key that stands twice
one value would be forgotten; NaN, infinity and a number beyond a double are no JSON, nor are bytes that are no UTF-8.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection, Request

from api.http.problems import refused
from api.http.unreadable import DEPTH_MAX, why_unreadable


async def refuse_wrong_body(connection: HTTPConnection) -> None:
    """422 where a body says what the route does not read, or says it twice; ``{}`` and ``null`` ask for nothing and pass."""
    route = connection.scope.get("route")
    if not isinstance(connection, Request) or not isinstance(route, APIRoute):
        return
    if route.body_field is not None:
        read_json(await connection.body())
    elif not takes_body(route):
        _refuse_unread(await connection.body())


def takes_body(route: APIRoute) -> bool:
    """Whether a route reads a body: as values of its own, or, by what its documentation says, as it comes."""
    return route.body_field is not None or "requestBody" in (route.openapi_extra or {})


def read_json(body: bytes) -> Any:
    """The value of a body, None where it is empty; 422 with the key that stands twice, or what else can't be read."""
    if not body:
        return None
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_number, parse_float=_number)
        twice = _twice_in(value, "body")
    except (ValueError, RecursionError) as error:
        raise refused({"body": str(why_unreadable(error))}) from error
    if twice is not None:
        raise refused({twice: "this key stands twice, and nothing was done"})
    return value


class _Repeating(dict[str, Any]):
    """An object with a key that stands in it twice."""

    twice: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    marked = _Repeating(made)
    marked.twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # add says nothing
    return marked


def _twice_in(value: Any, where: str, depth: int = 1) -> str | None:
    """The first key that stands twice, with its way from the top."""
    if not isinstance(value, dict | list):
        return None
    if depth > DEPTH_MAX:
        raise RecursionError
    if isinstance(value, _Repeating):
        return f"{where}.{value.twice}"
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return next(filter(None, (_twice_in(one, f"{where}.{name}", depth + 1) for name, one in inner)), None)


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        _refuse_number(text[:20])
    return number


def _refuse_number(text: str) -> NoReturn:
    raise refused({"body": f"{text} is no number in JSON"})


def _refuse_unread(body: bytes) -> None:
    """422 with what a body says that nobody reads, by its keys where it has some."""
    if not body.strip():
        return
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        told = ["body"]
    else:
        told = [f"body.{key}" for key in sorted(said)] if isinstance(said, dict) else [] if said is None else ["body"]
    if told:
        raise refused(dict.fromkeys(told, "this takes no body, and nothing was done"))
