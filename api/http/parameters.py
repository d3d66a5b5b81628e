"""What parameters a request may have: those of its route, each said once where it is no list, a number where one is asked for.

A misspelt filter would be answered with everything, and of a filter that stands twice one would be forgotten; so both are
422 with the name. What frameworks take for a number besides (``1_0``, ``+5``, `` 5``, ``5.0``) is none here, nor is a count
of seconds a day, or ``yes`` a truth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, get_args, get_origin

from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.requests import HTTPConnection

from api.http.problems import refused

if TYPE_CHECKING:
    from fastapi._compat.v2 import ModelField
    from fastapi.dependencies.models import Dependant

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TRUTH = re.compile(r"true|false", re.IGNORECASE)  # also as Python writes them
_FORMS: dict[type, tuple[re.Pattern[str], str]] = {
    int: (_WHOLE_NUMBER, "is no whole number such as 3"),
    date: (_DAY, "is no day such as 2026-11-30"),
    bool: (_TRUTH, "is neither true nor false"),
}


def refuse_wrong_parameters(connection: HTTPConnection) -> None:
    """422 with the names of query parameters that the route does not have, or not twice, or not of this form."""
    route = connection.scope.get("route")
    if not isinstance(route, APIRoute | APIWebSocketRoute):
        return
    told = connection.query_params
    fields = {field.alias: field for field in _fields(route.dependant, lambda one: one.query_params)}
    unknown = sorted(set(told) - fields.keys())
    if unknown:
        names = ", ".join(sorted(fields)) or "none"
        raise refused({f"query.{name}": f"this is no parameter here; possible: {names}" for name in unknown})
    for name in told:
        types = set(_types(fields[name].field_info.annotation))
        values = told.getlist(name)
        if len(values) > 1 and list not in types:
            raise refused({f"query.{name}": f"it stands {len(values)} times, and this takes one"})
        for value in values:
            _check_form(f"query.{name}", value, types)
    for field in _fields(route.dependant, lambda one: one.path_params):
        value = connection.path_params.get(field.alias, "")
        _check_form(f"path.{field.alias}", value, set(_types(field.field_info.annotation)))


def _check_form(where: str, value: str, types: set[Any]) -> None:
    """422 for a text that is no number, day or truth, where one is asked for."""
    for kind, (form, what) in _FORMS.items():
        if kind in types and not form.fullmatch(value):
            raise refused({where: f"{value!r} {what}"})


def _types(annotation: Any) -> Iterator[Any]:
    """Every type that an annotation is made of."""
    yield get_origin(annotation) or annotation
    for inner in get_args(annotation):
        yield from _types(inner)


def _fields(dependant: Dependant, which: Callable[[Dependant], list[ModelField]]) -> Iterator[ModelField]:
    """Parameters of a route and of all that it depends on."""
    yield from which(dependant)
    for other in dependant.dependencies:
        yield from _fields(other, which)
