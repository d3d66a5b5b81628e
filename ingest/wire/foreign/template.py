"""Value templates of Home Assistant, read in their closed, common forms; no template engine, and nothing is ever run.

Understood are ``value`` and ``value_json`` with paths, constants, arithmetic, comparisons, ``and or not in is``, ``a if b
else c``, the filters, tests and methods of template_values.py, ``{% if %}`` and ``{% set %}``. Whatever else a template
holds (loops, macros, states of other entities, the clock) is told by :class:`NotRead`, and its value is left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ingest.wire.foreign.odd_json import read_json
from ingest.wire.foreign.template_expression import Expression, NotRead, read_assignment, read_expression
from ingest.wire.foreign.template_values import UNDEFINED, TemplateError, text_of

TEMPLATE_CHARACTERS_MAX = 2_000
_DEPTH_MAX = 16
_PIECE = re.compile(r"\{\{([-+]?)(.*?)([-+]?)\}\}|\{%([-+]?)(.*?)([-+]?)%\}|\{#.*?#\}", re.DOTALL)
_COMPILED_MAX = 4_096


class Scope(dict[str, Any]):
    """What a template's names stand for: the payload as text, and as JSON once it is asked for."""

    def __init__(self, text: str) -> None:
        super().__init__(value=text)

    def __missing__(self, name: str) -> Any:
        """``value_json``, read once; raises :class:`ingest.wire.dead_letter.Refused` where the payload is no JSON."""
        if name == "value_json":
            self[name] = read_json(self["value"].encode("utf-8", "surrogatepass"))
            return self[name]
        return UNDEFINED


class _Names(dict[str, Any]):
    """Names that a template sets, in front of the payload's."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope

    def __missing__(self, name: str) -> Any:
        return self._scope[name]


class Template:
    """One template, ready to be worked out for payloads."""

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self._parts = parts

    def of(self, scope: Scope) -> Any:
        """The value for a payload, as it is where the template is one expression, else as text; raises TemplateError."""
        own = _Names(scope)
        try:
            said = [value for value in _run(self._parts, own) if not (isinstance(value, str) and not value.strip())]
            if len(said) == 1:
                return said[0].strip() if isinstance(said[0], str) else said[0]
            return "".join(text_of(value) for value in said).strip() if said else UNDEFINED
        except OverflowError as error:
            raise TemplateError("a number beyond any") from error
        except (TypeError, ZeroDivisionError, RecursionError) as error:
            raise TemplateError(str(error)[:80]) from error


@lru_cache(_COMPILED_MAX)
def compiled(text: str) -> Template:
    """A template; raises :class:`NotRead` for one that takes an engine.

    >>> compiled("{{ (value|float/1000)|round(3) }}").of(Scope("123456"))
    123.456
    >>> compiled("{{ 'ON' if value_json.x == 1 else 'OFF' }}").of(Scope('{"x": 1}'))
    'ON'
    """
    if len(text) > TEMPLATE_CHARACTERS_MAX:
        raise NotRead(f"it has more than {TEMPLATE_CHARACTERS_MAX} characters")
    pieces = _pieces(text)
    try:
        parts, rest = _block(pieces, 0, until=(), depth=0)
    except RecursionError as error:
        raise NotRead("it is nested too deep") from error
    if rest != len(pieces):
        raise NotRead("a statement ends that did not begin")
    return Template(parts)


def _pieces(text: str) -> list[tuple[str, str]]:
    """(kind, content): text, expressions and statements."""
    pieces: list[tuple[str, str]] = []
    start, is_trimmed = 0, False
    for match in _PIECE.finditer(text):
        plain = text[start : match.start()]
        plain = plain.lstrip() if is_trimmed else plain
        plain = plain.rstrip() if "-" in (match[1], match[4]) else plain
        if plain:
            pieces.append(("text", plain))
        if match[2] is not None:
            pieces.append(("expression", match[2]))
        elif match[5] is not None:
            pieces.append(("statement", match[5].strip()))
        start, is_trimmed = match.end(), "-" in (match[3], match[6])
    tail = text[start:]
    tail = tail.lstrip() if is_trimmed else tail
    if "{{" in tail or "{%" in tail:
        raise NotRead("a bracket is not closed")
    return [*pieces, ("text", tail)] if tail else pieces


def _block(
    pieces: list[tuple[str, str]], at: int, *, until: tuple[str, ...], depth: int
) -> tuple[tuple[Any, ...], int]:
    """The parts up to a statement of ``until``, and where that stands."""
    if depth > _DEPTH_MAX:
        raise NotRead("it is nested too deep")
    parts: list[Any] = []
    while at < len(pieces):
        kind, content = pieces[at]
        word, _, rest = content.partition(" ") if kind == "statement" else ("", "", "")
        if kind == "statement" and word in until:
            return tuple(parts), at
        at += 1
        if kind == "text":
            parts.append(content)
        elif kind == "expression":
            parts.append(read_expression(content))
        elif word == "if":
            branch, at = _branches(pieces, at, rest, depth)
            parts.append(branch)
        elif word == "set":
            parts.append(("set", read_assignment(rest)))
        else:
            raise NotRead(f"{{% {word[:20]} %}} is not read here")
    if until:
        raise NotRead("an if has no end")
    return tuple(parts), at


def _branches(
    pieces: list[tuple[str, str]], at: int, condition: str, depth: int
) -> tuple[tuple[str, list[tuple[Expression | None, tuple[Any, ...]]]], int]:
    """All branches of an if, and where it has ended."""
    branches: list[tuple[Expression | None, tuple[Any, ...]]] = []
    test: Expression | None = read_expression(condition)
    while True:
        parts, at = _block(pieces, at, until=("elif", "else", "endif"), depth=depth + 1)
        branches.append((test, parts))
        word, _, rest = pieces[at][1].partition(" ")
        at += 1
        if word == "endif":
            return ("if", branches), at
        test = read_expression(rest) if word == "elif" else None


def _run(parts: tuple[Any, ...], scope: _Names) -> list[Any]:
    """What the parts say, one after another."""
    made: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            made.append(part)
        elif not isinstance(part, tuple):
            made.append(part(scope))
        elif part[0] == "set":
            name, expression = part[1]
            scope[name] = expression(scope)
        else:
            chosen = next((body for test, body in part[1] if test is None or test(scope)), ())
            made += _run(chosen, scope)
    return made


__all__ = ["NotRead", "Scope", "Template", "TemplateError", "compiled"]
