"""The rules' file, read: TOML becomes values, or one sentence that says where it is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alerts.errors import InvalidError
from alerts.rules.desk_rules import DeskRules

FILE_BYTES_MAX = 1 << 20


def load_rules(path: Path | None) -> DeskRules:
    """The rules in a file; the defaults where there is none. Raises :class:`InvalidError` with file, place and fault."""
    if path is None:
        return DeskRules()
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise InvalidError(f"The desk's rules {path} can't be read: {error.strerror}.") from error
    if len(text) > FILE_BYTES_MAX:
        raise InvalidError(f"The desk's rules {path} have more than {FILE_BYTES_MAX} bytes.")
    try:
        document = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidError(f"The desk's rules {path} are no TOML: {error}.") from error
    return parse_rules(document, said_as=str(path))


def rules_to_try(document: Mapping[str, Any]) -> DeskRules:
    """People and rules of notices from a document, for a dry run: an address may be left out. Raises :class:`InvalidError`."""
    unknown = sorted(set(document) - {"people", "notices"})
    if unknown:
        raise InvalidError(f"rules: {unknown[0]}: only people and notices can be tried.")
    people = document.get("people") or {}
    if isinstance(people, Mapping):
        people = {name: {"address": "log:", **one} if isinstance(one, Mapping) else one for name, one in people.items()}
    return parse_rules({**document, "people": people})


def parse_rules(document: Mapping[str, Any], *, said_as: str = "rules") -> DeskRules:
    """Rules from a document; raises :class:`InvalidError` that names the place and what is wrong there."""
    try:
        return DeskRules.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = "there is no such rule" if first["type"] == "extra_forbidden" else first["msg"]
        raise InvalidError(f"{said_as}: {place or 'the whole'}: {message.removeprefix('Value error, ')}.") from error
