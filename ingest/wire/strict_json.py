"""JSON as the contract takes it: what common parsers let through is refused.

Refused as ``not_json``: NaN and Infinity, nothing at all, a byte order mark, a lone surrogate, trailing bytes. As
``too_deep``: more than 8 levels. As ``schema``: a duplicate key, NUL, an integer beyond 64 bit, a number beyond the
range of a double. Reading never recurses deeper than 64 levels, whatever the payload.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from ingest.wire.dead_letter import DEPTH_MAX, PAYLOAD_BYTES_MAX, UNREADABLE, Identity, RefusalReason, Refused
from ingest.wire.nesting import depth_of, fault_of

INTEGER_MIN = -(2**63)
INTEGER_MAX = 2**64 - 1
SEQ_MAX = 2**63 - 2
"""One less than the largest signed 64-bit integer, so that the next seq still is one."""

_DEPTH_READ = 64
_INTEGER_CHARACTERS_MAX = 20
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_BOOT = re.compile(r"[A-Za-z0-9]{1,32}")
_NOT_JSON = "is no JSON"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A payload that is JSON: its value and who says it."""

    value: Any
    identity: Identity

    def refuse(self, detail: str, reason: RefusalReason = RefusalReason.SCHEMA) -> Refused:
        """A refusal of this message."""
        return Refused(reason, detail, self.identity)


class _Hooks:
    """Collects what the standard parser lets through."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self.pairs: list[tuple[str, Any]] = []

    def note(self, fault: str) -> None:
        """Keep the first fault."""
        self.fault = self.fault or fault

    def integer(self, text: str) -> int:
        """An integer of at most 64 bit."""
        if len(text) > _INTEGER_CHARACTERS_MAX or not INTEGER_MIN <= int(text) <= INTEGER_MAX:
            self.note("an integer is beyond 64 bit")
            return -1  # no seq either: the message must not be laid to another's number
        return int(text)

    def number(self, text: str) -> float:
        """A number that fits a double."""
        number = float(text)
        if math.isinf(number):
            self.note(f"the number {text[:20]} is beyond the range of a double")
        return number

    def constant(self, text: str) -> Any:
        """NaN and Infinity are no JSON."""
        raise Refused(RefusalReason.NOT_JSON, f"{text} {_NOT_JSON}")

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object without duplicate keys; the outermost comes last."""
        self.pairs = pairs
        made = dict(pairs)
        if len(made) != len(pairs):
            names = [name for name, _ in pairs]
            self.note(f"duplicate key {next(name for name in names if names.count(name) > 1)[:64]!r}")
        return made


def parse(payload: bytes) -> Parsed:
    """The JSON value of a payload; raises :class:`Refused` with the first reason that holds."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise Refused(RefusalReason.TOO_LARGE, f"{len(payload)} bytes are more than {PAYLOAD_BYTES_MAX}")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(RefusalReason.NOT_UTF8, f"byte {error.start} is no UTF-8") from error
    depth = depth_of(payload) if payload.count(b"{") + payload.count(b"[") > DEPTH_MAX else 0
    hooks = _Hooks()
    if depth > _DEPTH_READ:
        fault = fault_of(payload)
        if fault is not None:
            raise Refused(RefusalReason.NOT_JSON, fault)
        value: Any = None
    else:
        value = _load(text, hooks)
    if "\\u" in text:
        _check_escapes(text, hooks)
    identity = _identity(value, hooks.pairs) if depth <= _DEPTH_READ else UNREADABLE
    if depth > DEPTH_MAX:
        raise Refused(RefusalReason.TOO_DEEP, f"{depth} levels are more than {DEPTH_MAX}", identity)
    if hooks.fault is not None:
        raise Refused(RefusalReason.SCHEMA, hooks.fault, identity)
    return Parsed(value, identity)


def parse_object(payload: bytes) -> Parsed:
    """As :func:`parse`, and the value is an object."""
    parsed = parse(payload)
    if not isinstance(parsed.value, dict):
        raise parsed.refuse("the payload must be a JSON object")
    return parsed


def is_boot(value: object) -> bool:
    """Whether this can be a boot."""
    return isinstance(value, str) and _BOOT.fullmatch(value) is not None


def is_seq(value: object) -> bool:
    """Whether this can be a seq."""
    return type(value) is int and 0 <= value <= SEQ_MAX


def _load(text: str, hooks: _Hooks) -> Any:
    """Parse with the standard library under our hooks."""
    try:
        return json.loads(
            text,
            parse_int=hooks.integer,
            parse_float=hooks.number,
            parse_constant=hooks.constant,
            object_pairs_hook=hooks.object,
        )
    except json.JSONDecodeError as error:
        if text.startswith("\ufeff"):
            raise Refused(RefusalReason.NOT_JSON, f"a byte order mark {_NOT_JSON}") from error
        detail = "the payload is empty" if not text.strip() else f"{error.msg} at character {error.pos}"
        raise Refused(RefusalReason.NOT_JSON, detail) from error


def _check_escapes(text: str, hooks: _Hooks) -> None:
    """Surrogates come in pairs (else no JSON), and no escape writes NUL."""
    high_end = -1
    for match in _ESCAPE.finditer(text):
        code = int(match[1], 16) if match[1] else -1
        follows = match.start() == high_end
        is_low = 0xDC00 <= code <= 0xDFFF
        if follows != is_low:
            break
        high_end = match.end() if 0xD800 <= code <= 0xDBFF else -1
        if code == 0:
            hooks.note("a text holds NUL")
    else:
        if high_end == -1:
            return
    raise Refused(RefusalReason.NOT_JSON, f"a lone surrogate {_NOT_JSON}")


def _identity(value: Any, pairs: list[tuple[str, Any]]) -> Identity:
    """Boot and seq of the outermost object, where they are there once and well formed."""
    if not isinstance(value, dict):
        return UNREADABLE
    names = [name for name, _ in pairs]
    boots, seqs = names.count("boot"), names.count("seq")
    if boots == seqs == 0:
        return Identity()
    if boots == seqs == 1 and is_boot(value["boot"]) and is_seq(value["seq"]):
        return Identity(value["boot"], value["seq"])
    return UNREADABLE
