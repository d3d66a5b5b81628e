"""JSON of foreign devices: what is odd in one place loses only that place.

A key said twice with different values, an integer beyond 64 bit, NaN (also as C prints it: ``nan``, ``-inf``) or a number
beyond a double stand as :class:`Odd` where they are. Only what is no JSON at all, no UTF-8, too large or too deep is refused.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from ingest.wire.dead_letter import PAYLOAD_BYTES_MAX, RefusalReason, Refused
from ingest.wire.nesting import depth_of

FOREIGN_DEPTH_MAX = 32
_INTEGER_CHARACTERS_MAX = 20
_BITS = 64
_WORDS_MAX = 64
_NO_NUMBER = re.compile(r"[-+]?(?:nan|inf(?:inity)?)(?=[\s,}\]]|$)", re.IGNORECASE)
"""What C prints for a number that is none."""


@dataclass(frozen=True, slots=True)
class Odd:
    """Stands where something can't be taken as it is."""

    sentence: str
    is_duplicate: bool = False


def read_json(payload: bytes) -> Any:
    """The value of a payload, :class:`Odd` in it where something is odd; raises :class:`Refused`."""
    text = read_text(payload)
    if payload.count(b"{") + payload.count(b"[") > FOREIGN_DEPTH_MAX and depth_of(payload) > FOREIGN_DEPTH_MAX:
        raise Refused(RefusalReason.TOO_DEEP, f"more than {FOREIGN_DEPTH_MAX} levels")
    for _ in range(_WORDS_MAX):
        try:
            return _DECODER.decode(text)
        except json.JSONDecodeError as error:
            word = _NO_NUMBER.match(text, error.pos)
            if word is None:
                detail = "the payload is empty" if not text.strip() else f"{error.msg} at character {error.pos}"
                raise Refused(RefusalReason.NOT_JSON, detail) from error
            text = f"{text[: word.start()]}NaN{text[word.end() :]}"
    raise Refused(RefusalReason.NOT_JSON, f"more than {_WORDS_MAX} times nan or inf")


def read_object(payload: bytes) -> dict[str, Any]:
    """As :func:`read_json`, and the value is an object."""
    value = read_json(payload)
    if not isinstance(value, dict):
        raise Refused(RefusalReason.SCHEMA, "the payload must be a JSON object")
    return value


def read_text(payload: bytes) -> str:
    """A payload as text; raises :class:`Refused`."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise Refused(RefusalReason.TOO_LARGE, f"{len(payload)} bytes are more than {PAYLOAD_BYTES_MAX}")
    try:
        return payload.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Refused(RefusalReason.NOT_UTF8, f"byte {error.start} is no UTF-8") from error


def _integer(text: str) -> int | Odd:
    """An integer of at most 64 bit."""
    if len(text) > _INTEGER_CHARACTERS_MAX or int(text).bit_length() > _BITS:
        return Odd("an integer is beyond 64 bit")
    return int(text)


def _number(text: str) -> float | Odd:
    """A number that fits a double."""
    number = float(text)
    return number if math.isfinite(number) else Odd(f"{text[:20]} is beyond the range of a double")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; what stands under a key twice, with different values, is odd."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        made[key] = value if key not in made or made[key] == value else Odd("it is said twice", is_duplicate=True)
    return made


_DECODER = json.JSONDecoder(
    parse_int=_integer,
    parse_float=_number,
    parse_constant=lambda word: Odd(f"{word} is no number"),
    object_pairs_hook=_object,
)
