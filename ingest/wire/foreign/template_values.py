"""What the closed forms of Home Assistant's templates do with values: filters, tests, methods, functions, operators.

Each does what Jinja and Home Assistant do; none runs anything that a template brings along.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from ingest.wire.foreign.odd_json import Odd

TEXT_CHARACTERS_MAX = 4_096


class _Undefined:
    """What is not there."""

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False


UNDEFINED = _Undefined()


class TemplateError(ValueError):
    """A template that can't be worked out for this payload, in a sentence."""


_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*", re.ASCII)
_FLOAT = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*", re.ASCII)
_WORDS: Mapping[str, bool] = {"true": True, "yes": True, "on": True, "enable": True, "1": True, "false": False, "no": False, "off": False, "disable": False, "0": False}  # fmt: skip


def as_float(value: Any, default: Any = UNDEFINED) -> Any:
    """A number; the default where it is none."""
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str) and _FLOAT.fullmatch(value):
        return float(value)
    if default is UNDEFINED:
        raise TemplateError(f"{said(value)} is no number")
    return default


def as_int(value: Any, default: Any = UNDEFINED, base: Any = 10) -> Any:
    """A whole number, cut and not rounded; the default where it is none."""
    if isinstance(value, str) and isinstance(base, int) and base in (2, 8, 10, 16):
        try:
            if _INTEGER.fullmatch(value) or base != 10:
                return int(value[:64], base)
        except ValueError:
            pass
    number = as_float(value, None)
    if number is None or not math.isfinite(number):
        if default is UNDEFINED:
            raise TemplateError(f"{said(value)} is no number")
        return default
    return int(number)


def as_round(value: Any, precision: Any = 0, method: Any = "common", default: Any = UNDEFINED) -> Any:
    """A number with so many digits behind the point."""
    number = as_float(value, default)
    if not isinstance(number, float) or not isinstance(precision, int) or abs(precision) > 20:
        return number
    if method in ("ceil", "floor"):
        cut = math.ceil if method == "ceil" else math.floor
        return cut(number * 10**precision) / 10**precision
    if method == "half":
        return round(number * 2) / 2
    return round(number, precision) if precision else round(number)


def as_bool(value: Any, default: Any = UNDEFINED) -> Any:
    """Yes or no."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    found = _WORDS.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None and default is UNDEFINED:
        raise TemplateError(f"{said(value)} is neither true nor false")
    return default if found is None else found


def text_of(value: Any) -> str:
    """A value as a template writes it."""
    if value is UNDEFINED:
        return ""
    if isinstance(value, Odd):
        raise TemplateError(value.sentence)
    return str(value)[:TEXT_CHARACTERS_MAX]


def said(value: Any) -> str:
    """A value in a sentence."""
    return "what is not there" if value is UNDEFINED else repr(value)[:40]


def at(value: Any, key: Any) -> Any:
    """What stands under a name or at a place."""
    if isinstance(value, Odd):
        raise TemplateError(value.sentence)
    if isinstance(value, Mapping) and isinstance(key, str):
        return value.get(key, UNDEFINED)
    if isinstance(value, list | str) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if -len(value) <= key < len(value) else UNDEFINED
    return UNDEFINED


def _default(value: Any, default_value: Any = "", boolean: Any = False) -> Any:
    return default_value if value is UNDEFINED or (boolean and not value) else value


def _is_defined(value: Any) -> Any:
    if value is UNDEFINED:
        raise TemplateError("what is not there")
    return value


def _size(value: Any) -> int:
    if not isinstance(value, str | list | Mapping):
        raise TemplateError(f"{said(value)} has no length")
    return len(value)


def _choice(condition: Any, then: Any = True, other: Any = False, none: Any = UNDEFINED) -> Any:
    return none if condition is None and none is not UNDEFINED else then if condition else other


def _replaced(value: Any, old: Any, new: Any) -> str:
    return text_of(value).replace(text_of(old), text_of(new), 1_000)[:TEXT_CHARACTERS_MAX]


def _split(value: Any, between: Any = None) -> list[str]:
    return text_of(value).split(None if between is None else text_of(between) or None)[:64]


def _extreme(pick: Callable[[Any], Any]) -> Callable[..., Any]:
    def take(*values: Any) -> Any:
        items = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        if not items or not all(isinstance(item, int | float) for item in items):
            raise TemplateError("no numbers to choose from")
        return pick(items)

    return take


def _number(value: Any) -> float | int:
    if not isinstance(value, int | float):
        raise TemplateError(f"{said(value)} is no number")
    return value


def is_in(value: Any, among: Any) -> bool:
    """Whether a value is among others."""
    if isinstance(among, str):
        return text_of(value) in among
    if isinstance(among, list | Mapping):
        return value in among
    raise TemplateError(f"nothing can be in {said(among)}")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "float": as_float, "int": as_int, "round": as_round, "bool": as_bool, "default": _default, "d": _default,
    "is_defined": _is_defined, "abs": lambda value: abs(_number(value)), "lower": lambda value: text_of(value).lower(),
    "upper": lambda value: text_of(value).upper(), "trim": lambda value: text_of(value).strip(), "string": text_of,
    "title": lambda value: text_of(value).title(), "capitalize": lambda value: text_of(value).capitalize(),
    "replace": _replaced, "length": _size, "count": _size, "first": lambda value: at(value, 0),
    "last": lambda value: at(value, -1), "iif": _choice, "multiply": lambda value, by: as_float(value) * _number(by),
    "add": lambda value, by: as_float(value) + _number(by), "min": _extreme(min), "max": _extreme(max),
    "sum": _extreme(sum), "split": _split,
    "is_number": lambda value: as_float(value, None) is not None,
}  # fmt: skip
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "float": as_float, "int": as_int, "bool": as_bool, "iif": _choice, "min": _extreme(min), "max": _extreme(max),
    "is_number": FILTERS["is_number"],
}  # fmt: skip
METHODS: Mapping[str, Callable[..., Any]] = {
    "lower": FILTERS["lower"], "upper": FILTERS["upper"], "replace": _replaced, "split": _split,
    "strip": lambda value, these=None: text_of(value).strip(None if these is None else text_of(these)),
    "startswith": lambda value, start: text_of(value).startswith(text_of(start)),
    "endswith": lambda value, end: text_of(value).endswith(text_of(end)),
    "get": lambda value, key, other=None: other if at(value, key) is UNDEFINED else at(value, key),
}  # fmt: skip
TESTS: Mapping[str, Callable[..., bool]] = {
    "defined": lambda value: value is not UNDEFINED, "undefined": lambda value: value is UNDEFINED,
    "none": lambda value: value is None, "number": lambda value: isinstance(value, int | float),
    "string": lambda value: isinstance(value, str), "mapping": lambda value: isinstance(value, Mapping),
    "boolean": lambda value: isinstance(value, bool), "true": lambda value: value is True,
    "false": lambda value: value is False, "sequence": lambda value: isinstance(value, str | list),
    "even": lambda value: _number(value) % 2 == 0, "odd": lambda value: _number(value) % 2 == 1,
    "eq": operator.eq, "equalto": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge,
    "lt": operator.lt, "le": operator.le, "in": is_in,
}  # fmt: skip
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def reckon(sign: str, left: Any, right: Any) -> Any:
    """Two numbers by a sign; two texts may be put behind each other."""
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return (left + right)[:TEXT_CHARACTERS_MAX]
    a, b = _number(left), _number(right)
    if sign == "**":
        return float(a) ** float(b)
    if sign in ("/", "//", "%") and b == 0:
        raise TemplateError("a division by zero")
    made = {
        "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
        "%": operator.mod,
    }[sign](a, b)  # fmt: skip
    return made if isinstance(made, float) or abs(made) < 2**128 else float(made)
