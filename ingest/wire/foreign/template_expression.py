"""Expressions of value templates → functions of the names' values: a reader by recursive descent, as Jinja's grammar has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ingest.wire.foreign.template_values import (
    COMPARISONS,
    FILTERS,
    FUNCTIONS,
    METHODS,
    TESTS,
    UNDEFINED,
    TemplateError,
    at,
    is_in,
    reckon,
    text_of,
)

Expression = Callable[[Mapping[str, Any]], Any]
_Argument = tuple[str, Expression]
_DEPTH_MAX = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>==|!=|<=|>=|//|\*\*|[-+*/%~<>()\[\].,|=]))",
    re.ASCII | re.DOTALL,
)
_CONSTANTS: Mapping[str, Any] = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_KEYWORDS = frozenset({"if", "else", "and", "or", "not", "in", "is"})


class NotRead(ValueError):  # noqa: N818 - a template that takes an engine is no error of ours
    """A template that is more than the forms that are read here, in a few words."""


def read_expression(text: str) -> Expression:
    """The function that an expression is; raises :class:`NotRead`."""
    reader = _Reader(text)
    made = reader.ternary()
    reader.expect_end()
    return made


def read_assignment(text: str) -> tuple[str, Expression]:
    """Name and value of ``{% set name = value %}``; raises :class:`NotRead`."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise NotRead("a set that gives no name a value")
    return name.strip(), read_expression(value)


class _Reader:
    """Reads one expression. Used once."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def ternary(self) -> Expression:
        """``a if b else c``."""
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise NotRead("it is nested too deep")
        then = self._any_of()
        while self._take("if"):
            condition = self._any_of()
            other = self.ternary() if self._take("else") else _constant(UNDEFINED)
            then = _choosing(condition, then, other)
        self._depth -= 1
        return then

    def expect_end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._tokens):
            raise NotRead(f"{self._tokens[self._at][1][:20]!r} is not read here")

    def _any_of(self) -> Expression:
        left = self._all_of()
        while self._take("or"):
            left = _or(left, self._all_of())
        return left

    def _all_of(self) -> Expression:
        left = self._negated()
        while self._take("and"):
            left = _and(left, self._negated())
        return left

    def _negated(self) -> Expression:
        if self._take("not"):
            inner = self._negated()
            return lambda names: not inner(names)
        return self._compared()

    def _compared(self) -> Expression:
        left = self._sum()
        while True:
            sign = self._peek()
            if sign in COMPARISONS:
                self._at += 1
                left = _comparing(sign, left, self._sum())
            elif self._take("in"):
                left = _inside(left, self._sum())
            elif sign == "not" and self._peek(1) == "in":
                self._at += 2
                inside = _inside(left, self._sum())
                left = _not(inside)
            else:
                return left

    def _sum(self) -> Expression:
        left = self._joined()
        while (sign := self._peek()) in ("+", "-"):
            self._at += 1
            left = _reckoning(sign, left, self._joined())
        return left

    def _joined(self) -> Expression:
        left = self._product()
        while self._take("~"):
            left = _joining(left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._power()
        while (sign := self._peek()) in ("*", "/", "//", "%"):
            self._at += 1
            left = _reckoning(sign, left, self._power())
        return left

    def _power(self) -> Expression:
        left = self._signed()
        while self._take("**"):
            left = _reckoning("**", left, self._signed())
        return left

    def _signed(self, *, is_filtered: bool = True) -> Expression:
        if (sign := self._peek()) in ("-", "+"):
            self._at += 1
            made = _reckoning(sign, _constant(0), self._signed(is_filtered=False))
        else:
            made = self._postfix(self._primary())
        return self._filtered(made) if is_filtered else made

    def _primary(self) -> Expression:
        kind, text = self._next()
        if kind == "number":
            return _constant(float(text) if set(text) & set(".eE") else int(text))
        if kind == "text":
            return _constant(_ESCAPE.sub(r"\1", text[1:-1]))
        if kind == "name" and text not in _KEYWORDS:
            return self._named(text)
        if text == "(":
            made = self.ternary()
            self._expect(")")
            return made
        if text == "[":
            items = self._items("]")
            return lambda names: [item(names) for _, item in items]
        raise NotRead(f"{text[:20]!r} is not read here")

    def _named(self, name: str) -> Expression:
        """A constant, a function, or a name of the payload."""
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        if self._take("("):
            if name not in FUNCTIONS:
                raise NotRead(f"{name[:40]}() is not read here")
            return _calling(FUNCTIONS[name], self._items(")"))
        return _naming(name)

    def _postfix(self, made: Expression) -> Expression:
        """Paths and methods behind a value."""
        while True:
            if self._take("."):
                kind, name = self._next()
                if kind not in ("name", "number"):
                    raise NotRead(f"{name[:20]!r} is not read here")
                if kind == "name" and self._take("("):
                    if name not in METHODS:
                        raise NotRead(f".{name[:40]}() is not read here")
                    made = _calling(METHODS[name], [("", made), *self._items(")")])
                else:
                    made = _stepping(made, _constant(int(name) if name.isdigit() else name))
            elif self._take("["):
                key = self.ternary()
                self._expect("]")
                made = _stepping(made, key)
            else:
                return made

    def _filtered(self, made: Expression) -> Expression:
        """Filters and tests behind a value."""
        while True:
            if self._take("|"):
                _, name = self._next()
                if name not in FILTERS:
                    raise NotRead(f"the filter {name[:40]} is not read here")
                arguments = self._items(")") if self._take("(") else []
                made = _calling(FILTERS[name], [("", made), *arguments])
            elif self._take("is"):
                made = self._tested(made)
            else:
                return made

    def _tested(self, made: Expression) -> Expression:
        """``is [not] NAME``."""
        is_negated = self._take("not")
        _, name = self._next()
        name = name.lower() if name in _CONSTANTS else name
        if name not in TESTS:
            raise NotRead(f"the test {name[:40]} is not read here")
        arguments = self._items(")") if self._take("(") else []
        tested = _calling(TESTS[name], [("", made), *arguments])
        return _not(tested) if is_negated else tested

    def _items(self, end: str) -> list[_Argument]:
        """Arguments or items: by position, or by name."""
        items: list[_Argument] = []
        while not self._take(end):
            if items:
                self._expect(",")
                if self._take(end):
                    break
            name = self._peek() if self._peek(1) == "=" else ""
            self._at += 2 if name else 0
            items.append((name, self.ternary()))
        return items

    def _peek(self, ahead: int = 0) -> str:
        place = self._at + ahead
        if place >= len(self._tokens) or self._tokens[place][0] == "text":
            return ""
        return self._tokens[place][1]

    def _take(self, text: str) -> bool:
        is_there = self._peek() == text
        self._at += is_there
        return is_there

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise NotRead(f"a {text!r} is missing")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise NotRead("something is missing at its end")
        self._at += 1
        return self._tokens[self._at - 1]


def _tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) of all that an expression is made of."""
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotRead(f"{text[place : place + 10].strip()!r} is not read here")
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        place = match.end()
    return tokens


def _constant(value: Any) -> Expression:
    return lambda _names: value


def _naming(name: str) -> Expression:
    return lambda names: names[name]


def _choosing(condition: Expression, then: Expression, other: Expression) -> Expression:
    return lambda names: then(names) if condition(names) else other(names)


def _or(left: Expression, right: Expression) -> Expression:
    return lambda names: left(names) or right(names)


def _and(left: Expression, right: Expression) -> Expression:
    return lambda names: left(names) and right(names)


def _not(made: Expression) -> Expression:
    return lambda names: not made(names)


def _comparing(sign: str, left: Expression, right: Expression) -> Expression:
    return lambda names: COMPARISONS[sign](left(names), right(names))


def _inside(left: Expression, right: Expression) -> Expression:
    return lambda names: is_in(left(names), right(names))


def _reckoning(sign: str, left: Expression, right: Expression) -> Expression:
    return lambda names: reckon(sign, left(names), right(names))


def _joining(left: Expression, right: Expression) -> Expression:
    return lambda names: text_of(left(names)) + text_of(right(names))


def _stepping(made: Expression, key: Expression) -> Expression:
    return lambda names: at(made(names), key(names))


def _calling(what: Callable[..., Any], arguments: list[_Argument]) -> Expression:
    by_place = [argument for name, argument in arguments if not name]
    by_name = {name: argument for name, argument in arguments if name}

    def call(names: Mapping[str, Any]) -> Any:
        try:
            return what(
                *(argument(names) for argument in by_place),
                **{name: argument(names) for name, argument in by_name.items()},
            )
        except TypeError as error:
            raise TemplateError("a filter with other arguments than it takes") from error

    return call
