"""Bodies of requests: a key that we don't know is refused by its name, so that a slip of the pen is not taken for done.

Numbers are JSON's own: neither text (``"1_0"``) nor ``true`` is one, and 2.0 is 2; a truth is ``true`` or ``false``; a day is
a text such as ``2026-11-30``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STRICT = frozenset({"int", "float", "bool"})


def _exact(schema: Any) -> Any:
    """A schema in which nothing of :data:`_STRICT` is made of something else."""
    if isinstance(schema, list | tuple):
        return type(schema)(_exact(one) for one in schema)
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    made = {name: one if name in {"metadata", "default"} else _exact(one) for name, one in schema.items()}
    if isinstance(kind, str) and kind in _STRICT:
        made["strict"] = True
    first = _FIRST.get(kind) if isinstance(kind, str) else None
    if first is None:
        return made
    return {"type": "function-before", "function": {"type": "no-info", "function": first}, "schema": made}


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 2.0 is 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _day(value: Any) -> Any:
    """A day as text, and no count of seconds."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError(f"{value!r} is no day such as 2026-11-30")
    if isinstance(value, int | float):
        raise ValueError("a day is a text such as 2026-11-30")  # noqa: TRY004  (only this becomes a 422)
    return value


_FIRST: dict[str, Callable[[Any], Any]] = {"int": _whole, "date": _day}


class Request(BaseModel):
    """A body."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> Any:
        """As the model says, with numbers, truths and days taken at their word."""
        return _exact(handler(source))
