"""Reads typed fields out of a parsed JSON object; a field of another type is refused as ``schema``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.strict_json import Parsed, is_boot, is_seq
from ingest.wire.timestamp import clamp_ms, parse_ms

TEXT_CHARACTERS_MAX = 256


class Fields:
    """One JSON object on its way to a value; ``place`` names it in complaints."""

    def __init__(self, parsed: Parsed, values: Mapping[str, Any], place: str = "") -> None:
        self._parsed = parsed
        self._values = values
        self._place = place

    def refuse(self, detail: str, reason: RefusalReason = RefusalReason.SCHEMA) -> Refused:
        """A refusal that names the place."""
        return self._parsed.refuse(f"{self._place}{detail}", reason)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, *, limit: int = TEXT_CHARACTERS_MAX) -> str | None:
        """Text of at most ``limit`` characters, or ``None`` where absent."""
        if key not in self._values:
            return None
        value = self._values[key]
        if not isinstance(value, str):
            raise self.refuse(f"{key} must be text")
        if len(value) > limit:
            raise self.refuse(f"{key} is longer than {limit} characters")
        return value

    def needed_text(self, key: str) -> str:
        """Text that must be there and not empty."""
        value = self.text(key)
        if not value:
            raise self.refuse(f"{key} must be there as text")
        return value

    def whole(self, key: str) -> int | None:
        """A whole number from 0 on, or ``None`` where absent."""
        if key not in self._values:
            return None
        value = self._values[key]
        if not is_seq(value):
            raise self.refuse(f"{key} must be a whole number from 0 to 2^63 - 2")
        return int(value)

    def needed_flag(self, key: str) -> bool:
        """True or false under a key that must be there."""
        value = self._values.get(key)
        if not isinstance(value, bool):
            raise self.refuse(f"{key} must be true or false")
        return value

    def number(self, key: str) -> float | None:
        """A finite number, or ``None`` where absent."""
        if key not in self._values:
            return None
        value = self._values[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.refuse(f"{key} must be a finite number")
        return float(value)

    def time_ms(self, key: str = "ts") -> int | None:
        """RFC 3339 text or integer milliseconds within the years 1 to 9999, or ``None`` where absent."""
        if key not in self._values:
            return None
        value = self._values[key]
        if type(value) is int:
            return clamp_ms(value)
        if not isinstance(value, str):
            raise self.refuse(f"{key} must be RFC 3339 text or integer milliseconds")
        try:
            return parse_ms(value)
        except ValueError as error:
            raise self.refuse(f"{key}: {error}") from error

    def mapping(self, key: str) -> Mapping[str, Any]:
        """An object, empty where absent."""
        value = self._values.get(key, {})
        if not isinstance(value, dict):
            raise self.refuse(f"{key} must be an object")
        return value

    def texts(self, key: str, *, limit: int) -> tuple[str, ...]:
        """A list of at most ``limit`` texts, empty where absent."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.refuse(f"{key} must be a list of text")
        if len(value) > limit or any(len(item) > TEXT_CHARACTERS_MAX for item in value):
            raise self.refuse(f"{key} holds too much")
        return tuple(value)

    def identity(self) -> tuple[str | None, int | None]:
        """Boot and seq: both or neither."""
        if "boot" not in self._values and "seq" not in self._values:
            return None, None
        boot, seq = self._values.get("boot"), self._values.get("seq")
        if not is_boot(boot):
            raise self.refuse("boot must be 1 to 32 characters A-Z a-z 0-9, and stand beside seq")
        if not is_seq(seq):
            raise self.refuse("seq must be a whole number from 0 on, and stand beside boot")
        return boot, seq

    def claimed_id(self) -> str | None:
        """The ``appliance_id`` that the payload repeats; it is compared with the topic once the rest is sound."""
        return self.text("appliance_id")

    def unknown(self, known: frozenset[str]) -> int:
        """How many keys are none of ours; they are ignored and counted."""
        return len(self._values.keys() - known)
