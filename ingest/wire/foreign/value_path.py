"""Value templates of Home Assistant, read only where they are plain paths: ``{{ value_json.a['b'][0] }}``, ``{{ value }}``.

A template is a program; none is ever run. What is more than a path (but for a last ``| float``, ``| int`` or
``| is_defined``, which change no number that is there) is not understood, and its value is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

TEMPLATE_CHARACTERS_MAX = 300
_TEMPLATE = re.compile(
    r"\s*\{\{-?\s*value(?P<json>_json)?(?P<path>(?:\.[A-Za-z_]\w*|\[\s*(?:'[^'\\\[\]]*'|\"[^\"\\\[\]]*\"|\d{1,4})\s*\])*)"
    r"\s*(?:\|\s*(?:float|int|is_defined)(?:\(\s*(?:0|0\.0)?\s*\))?\s*)?-?\}\}\s*",
    re.ASCII,
)
_STEP = re.compile(
    r"\.(?P<name>\w+)|\[\s*(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<number>\d+))\s*\]", re.ASCII
)

Path = tuple[str | int, ...]


def path_of(template: str) -> Path | None:
    """The steps from the payload's JSON value, ``()`` for the whole payload as text; ``None``: more than a path.

    >>> path_of("{{ value_json['ENERGY'].Power }}")
    ('ENERGY', 'Power')
    >>> path_of("{{ value }}")
    ()
    >>> path_of("{{ value_json.a * 2 }}") is None
    True
    """
    match = _TEMPLATE.fullmatch(template) if len(template) <= TEMPLATE_CHARACTERS_MAX else None
    if match is None or bool(match["json"]) != bool(match["path"]):
        return None
    return tuple(_step(step) for step in _STEP.finditer(match["path"]))


def _step(step: re.Match[str]) -> str | int:
    """One step of a path: a name, or a place in a list."""
    if step["number"] is not None:
        return int(step["number"])
    return next(name for name in step.group("name", "single", "double") if name is not None)


def walk(value: object, path: Sequence[str | int]) -> object:
    """What stands at a path of a JSON value; ``None`` where nothing does."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
