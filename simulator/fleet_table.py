"""Fleet table: a table of a fleet file that knows where it stands, and the kinds of values in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from simulator.distribution import Distribution, read_distribution
from simulator.wear import LAWS

POSSIBLE = {
    "_per_year": (0, 1e5), "_per_day": (0, 1e4), "_per_week": (0, 1e6), "_w_k": (0, 1e4), "_kj_k": (0, 1e6),
    "_l_min": (0, 1e3), "_mm_s": (0, 1e3), "_days": (-4000, 4000), "_uses": (0, 1e6), "_pct": (0, 100),
    "_share": (0, 1), "_rpm": (0, 2e4), "_bar": (0, 20), "_kg": (0, 1e3), "_min": (0, 1e4), "_mm": (0, 1e4),
    "_dh": (0, 100), "_hz": (0, 1e3), "_ma": (0, 1e5), "_kw": (0, 100), "_w": (0, 2e4), "_v": (0, 500), "_a": (0, 100),
    "_h": (0, 1e5), "_l": (0, 2000), "_s": (0, 2e6), "_k": (-200, 200), "_c": (-60, 400),
}  # fmt: skip
"""What a quantity of that unit can be, by the end of its name."""
SIGNED = frozenset({"mains_offset_v", "clock_offset_s", "clock_drift_s_per_day"})
Value = TypeVar("Value")


class FleetFileError(ValueError):
    """A fleet file that can't be used; its message names the file, the key and what to write instead."""


class Table:
    """A TOML table that knows where it stands; what is read is struck off, what is left over is refused."""

    def __init__(self, place: str, key: str, values: Mapping[str, Any]) -> None:
        self.place, self.key, self.values, self.left = place, key, values, set(values)

    def fail(self, key: str, why: str) -> FleetFileError:
        """The refusal of one key."""
        dotted = f"{self.key}.{key}" if self.key else key
        return FleetFileError(f"{self.place}: {dotted} {why}.")

    def take(self, key: str, read: Callable[[Any], Value]) -> Value:
        """The value of a key, read."""
        if key not in self.values:
            raise self.fail(key, self._missing(key))
        self.left.discard(key)
        try:
            return read(self.values[key])
        except ValueError as error:
            raise self.fail(key, str(error)) from error

    def table(self, key: str) -> Table:
        """The table under a key."""
        values = self.take(key, as_table)
        return Table(self.place, f"{self.key}.{key}" if self.key else key, values)

    def tables(self, key: str) -> dict[str, Table]:
        """All tables under a key, at least one."""
        parent = self.table(key)
        if not parent.values:
            raise self.fail(key, "is empty; write at least one")
        return {name: parent.table(name) for name in parent.values}

    def some(self, key: str, shares: Iterable[float]) -> None:
        """Refuse tables of which none has a share."""
        if not sum(shares) > 0:
            raise self.fail(key, "have no share among them; give at least one a share above 0")

    def spread(self, name: str) -> Distribution:
        """A distribution within what its unit makes possible."""
        return self.take(name, lambda value: _possible(name, read_distribution(value)))

    def spreads(self, names: tuple[str, ...]) -> dict[str, Distribution]:
        """Exactly these distributions."""
        spreads = {name: self.spread(name) for name in names}
        self.end()
        return spreads

    def one_of(self, *keys: str) -> str:
        """The one of these keys that is there."""
        found = [key for key in keys if key in self.values]
        if not found:
            raise self.fail(keys[0], f"is missing; write one of {', '.join(keys)}")
        if len(found) > 1:
            raise self.fail(found[1], f"stands beside {found[0]}; write only one of them")
        return found[0]

    def end(self) -> None:
        """Refuse what nobody has read."""
        for key in sorted(self.left):
            raise self.fail(key, "is unknown; leave it out, or see simulator/fleets/household.toml for every key")

    def _missing(self, key: str) -> str:
        short = [name for name in self.left if key.startswith(f"{name}_")]
        if short:
            return f"is missing, {short[0]} has no unit; write {key}"
        return "is missing; see simulator/fleets/household.toml for every key"


def _possible(name: str, spread: Distribution) -> Distribution:
    """Refuse what the unit at the end of the name makes impossible."""
    low, high = next((limits for unit, limits in POSSIBLE.items() if name.endswith(unit)), (-math.inf, math.inf))
    if name in SIGNED:
        low = -high
    if spread.low < low or spread.high > high:
        told = f"goes from {spread.low:g} to {spread.high:g}, which is impossible"
        raise ValueError(f"{told}; write numbers from {low:g} to {high:g}")
    return spread


def as_table(value: Any) -> Mapping[str, Any]:
    """A table."""
    if isinstance(value, dict):
        return value
    raise ValueError(f"is {value!r}; write a table")


def as_number(value: Any) -> float:
    """A finite number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise ValueError(f"is {value!r}; write a number")


def as_positive(value: Any) -> float:
    """A number above 0."""
    if as_number(value) <= 0:
        raise ValueError(f"is {value!r}; write a number above 0")
    return float(value)


def as_rate(value: Any) -> float:
    """A number of 0 or more."""
    if as_number(value) < 0:
        raise ValueError(f"is {value!r}; write 0 or more")
    return float(value)


def within(low: float, high: float) -> Callable[[Any], float]:
    """Reads a number of that range."""

    def read(value: Any) -> float:
        if not low <= as_number(value) <= high:
            raise ValueError(f"is {value!r}, which is impossible; write a number from {low:g} to {high:g}")
        return float(value)

    return read


def as_share(value: Any) -> float:
    """A share from 0 to 1."""
    if not 0 <= as_number(value) <= 1:
        raise ValueError(f"is {value!r}; write a share from 0 to 1")
    return float(value)


def as_word(value: Any) -> str:
    """A name."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"is {value!r}; write a name")
    return value


def as_flag(value: Any) -> bool:
    """True or false."""
    if value is True or value is False:
        return bool(value)
    raise ValueError(f"is {value!r}; write true or false")


def as_words(value: Any) -> tuple[str, ...]:
    """A list of names."""
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
        raise ValueError(f"is {value!r}; write a list of names")
    return tuple(value)


def as_law(value: Any) -> str:
    """A law of wear."""
    if value not in LAWS:
        raise ValueError(f"is {value!r}; write one of {', '.join(LAWS)}")
    return str(value)


def as_hours(value: Any) -> tuple[float, ...]:
    """24 weights."""
    numbers = tuple(as_number(one) for one in value) if isinstance(value, list) else ()
    if len(numbers) != 24 or min(numbers) < 0 or sum(numbers) <= 0:
        raise ValueError("needs 24 weights of 0 or more, one per hour")
    return numbers
