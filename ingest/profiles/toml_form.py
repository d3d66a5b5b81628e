"""TOML text → :class:`Profile`, typed by the dataclasses of definition.py.

Every complaint names the file, the line on which the wrong key stands, and what to write instead. What fits together
(a signature that names a feature, a rule that names a metric) is judged in checks.py.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from ingest.profiles.care import Advice, Consumable, Use
from ingest.profiles.definition import FaultMode, Metric, Profile, Quantity, RemoteTest

Place = tuple[str | int, ...]
"""Where in a document: keys and numbers of tables, as in ("features", 2, "metric")."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+|\"[^\"]+\")((?:\s*\.\s*[A-Za-z0-9_\-]+)*)\s*=")
_SYNTAX_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEYED_BY_NAME: Mapping[str, type] = {
    "metrics": Metric,
    "quantities": Quantity,
    "tests": RemoteTest,
    "fault_modes": FaultMode,
    "uses": Use,
    "advice": Advice,
    "consumables": Consumable,
}


class ProfileError(Exception):
    """A profile that can't be used; the message is a whole sentence with file, line and remedy."""

    def __init__(self, path: Path, key: str | None, problem: str, *, line: int | None = None) -> None:
        """Say where (``key`` as a dotted path, ``line`` from 1) and what is wrong."""
        place = f"{path}" + (f", line {line}" if line else "") + (f", {key}" if key else "")
        super().__init__(f"{place}: {problem}")
        self.path, self.key, self.line, self.problem = path, key, line, problem


@dataclasses.dataclass(frozen=True, slots=True)
class ProfileDocument:
    """A parsed profile together with its text, so that a later complaint can name the line."""

    path: Path
    text: str
    profile: Profile

    def error(self, place: Place, problem: str) -> ProfileError:
        """A complaint about one key."""
        return _error(self.path, self.text, place, problem)


def read_profile(path: Path) -> ProfileDocument:
    """Read and type one file; raises :class:`ProfileError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProfileError(path, None, f"is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise ProfileError(path, None, f"can't be read: {error.strerror}") from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = _SYNTAX_PLACE.search(str(error))
        line = int(where[1]) if where and where[1] else text.count("\n") + 1
        problem = _SYNTAX_PLACE.sub("", str(error))
        raise ProfileError(path, None, f"is no valid TOML: {problem}", line=line) from error
    reader = _Reader(path, text)
    return ProfileDocument(path, text, reader.table(Profile, raw, ()))


def lines_of(text: str) -> dict[Place, int]:
    """Place → line number (from 1) for each header and each key that starts a line."""
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            names = tuple(part.strip().strip("\"'") for part in header[2].split("."))
            table = _resolve(names, counts, is_array=header[1] == "[[")
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            names = (key[1].strip('"'), *(part.strip() for part in key[2].split(".") if part.strip()))
            lines.setdefault((*table, *names), number)
    return lines


def _resolve(names: tuple[str, ...], counts: dict[Place, int], *, is_array: bool) -> Place:
    """The place of a header, with the number of the current table put after the name of each array of tables."""
    place: Place = ()
    for depth, name in enumerate(names):
        place = (*place, name)
        if is_array and depth == len(names) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _error(path: Path, text: str, place: Place, problem: str) -> ProfileError:
    """A complaint with the line of the longest known beginning of ``place``."""
    lines = lines_of(text)
    line = next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), 1)
    dotted = ""
    for part in place:
        dotted += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return ProfileError(path, dotted.lstrip(".") or None, problem, line=line)


class _Reader:
    """Turns raw TOML values into the types that the dataclasses declare."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def fail(self, place: Place, problem: str) -> ProfileError:
        """A complaint about one place of this file."""
        return _error(self._path, self._text, place, problem)

    def table(self, cls: type[Any], raw: object, place: Place) -> Any:
        """A dataclass from a TOML table: no unknown key, none missing, each of its declared type."""
        if not isinstance(raw, dict):
            raise self.fail(place, f"must be a table of {cls.__name__}, not {_shown(raw)}")
        hints = typing.get_type_hints(cls)
        fields = {field.name: field for field in dataclasses.fields(cls)}
        for key in raw:
            if key not in fields:
                near = difflib.get_close_matches(key, fields, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(fields))}"
                raise self.fail((*place, key), f"unknown key; {hint}")
        values = {}
        for name, field in fields.items():
            if name in raw:
                values[name] = self.value(hints[name], raw[name], (*place, name), owner=cls)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise self.fail(place, f"the key {name!r} is missing; write {name} = {_example(hints[name])}")
        return cls(**values)

    def value(self, hint: Any, raw: object, place: Place, *, owner: type) -> Any:
        """One value of the declared type ``hint``."""
        if owner is Profile and place[-1] in _KEYED_BY_NAME:
            return self.named(_KEYED_BY_NAME[str(place[-1])], raw, place)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self.value(next(a for a in arguments if a is not type(None)), raw, place, owner=owner)
        if origin is tuple:
            return self.array(arguments, raw, place)
        if origin is Mapping:
            return self.mapping(arguments[1], raw, place)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            return self.table(hint, raw, place)
        return self.scalar(hint, raw, place)

    def named(self, cls: type[Any], raw: object, place: Place) -> dict[str, Any]:
        """Tables by name: either a table of tables whose key is the name, or an array of tables with a key ``name``."""
        if isinstance(raw, dict):
            rows = [
                ((*place, key), {"name": key, **_as_dict(row)} if isinstance(row, dict) else row)
                for key, row in raw.items()
            ]
        elif isinstance(raw, list):
            rows = [((*place, number), row) for number, row in enumerate(raw)]
        else:
            raise self.fail(place, f"must be tables, not {_shown(raw)}")
        made: dict[str, Any] = {}
        for where, row in rows:
            item = self.table(cls, row, where)
            if item.name in made:
                raise self.fail((*where, "name"), f"{item.name!r} stands twice")
            made[item.name] = item
        return made

    def array(self, arguments: tuple[Any, ...], raw: object, place: Place) -> tuple[Any, ...]:
        """A tuple of one type, or of a fixed length."""
        if not isinstance(raw, list):
            raise self.fail(place, f"must be a list in [ ], not {_shown(raw)}")
        if arguments[-1] is not Ellipsis and len(raw) != len(arguments):
            raise self.fail(
                place, f"must hold exactly {len(arguments)} values, as in [{', '.join(map(_example, arguments))}]"
            )
        hints = [arguments[0]] * len(raw) if arguments[-1] is Ellipsis else list(arguments)
        return tuple(
            self.value(hint, item, (*place, number), owner=tuple)
            for number, (hint, item) in enumerate(zip(hints, raw, strict=True))
        )

    def mapping(self, hint: Any, raw: object, place: Place) -> dict[str, Any]:
        """A table of free keys, such as labels by language or a signature by feature."""
        if not isinstance(raw, dict):
            raise self.fail(place, f'must be a table such as {{ en = "..." }}, not {_shown(raw)}')
        return {key: self.value(hint, item, (*place, key), owner=dict) for key, item in raw.items()}

    def scalar(self, hint: Any, raw: object, place: Place) -> Any:
        """A string, number or word of an enumeration."""
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            if raw not in list(hint):
                raise self.fail(place, f"must be one of {', '.join(hint)}, not {_shown(raw)}")
            return hint(str(raw))
        if hint is float and isinstance(raw, int | float) and not isinstance(raw, bool):
            if not math.isfinite(raw):
                raise self.fail(place, "must be a finite number")
            return float(raw)
        if hint in (str, int, bool) and type(raw) is hint:
            return raw
        raise self.fail(place, f"must be {_WORDS[hint]}, not {_shown(raw)}")


_WORDS: Mapping[Any, str] = {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false"}


def _as_dict(row: dict[Any, Any]) -> dict[str, Any]:
    """A TOML table without its redundant name."""
    return {key: value for key, value in row.items() if key != "name"}


def _shown(raw: object) -> str:
    """A value as a person would write it, cut to a readable length."""
    text = repr(raw)
    return text if len(text) <= 60 else text[:57] + "..."


def _example(hint: Any) -> str:
    """What a value of this type looks like in TOML."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        inner = [_example(a) for a in arguments if a is not Ellipsis]
        return f"[{', '.join(inner)}]"
    if origin is Mapping:
        return '{ en = "..." }' if arguments[1] is str else "{ name = 1.0 }"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return f'"{next(iter(hint))}"'
    return {str: '"..."', int: "1", float: "1.0"}.get(hint, "...")
