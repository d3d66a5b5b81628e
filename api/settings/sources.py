"""Where settings come from: the default, a TOML file, the environment, each overruling the one before.

Promises: an unknown key, an unknown ``FETTLE_*`` variable or a wrong value is told as one sentence that names the
setting, its place and what to write instead, before anything connects. Secrets never appear in a listing.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from api.settings.masking import mask_url
from api.settings.settings import PREFIX, Settings

DEFAULT_FILE = Path("fettle.toml")
TOLERATED = frozenset({"FETTLE_REQUIRE_SERVERS", "FETTLE_SKIP_CONSOLE"})
"""Variables of tests and builds, read elsewhere."""


class SettingsError(Exception):
    """The settings are wrong; the text says which, where, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it stands: where its value came from, and the value fit to be shown."""

    name: str
    value: str
    source: str
    unit: str
    doc: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings and, for each that is not the default, the place it came from."""

    settings: Settings
    sources: Mapping[str, str]

    def listing(self) -> list[Setting]:
        """All settings, in order, with secrets masked."""
        return [
            Setting(
                name=name,
                value=_shown(getattr(self.settings, name)),
                source=self.sources.get(name, "default"),
                unit=str((field.json_schema_extra or {}).get("unit", ""))
                if isinstance(field.json_schema_extra, dict)
                else "",
                doc=field.description or "",
            )
            for name, field in Settings.model_fields.items()
        ]


def _shown(value: object) -> str:
    """A value as it may be shown to anyone."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return "***"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ",".join(map(_shown, value)) or "none"
    return mask_url(str(value)) if "://" in str(value) else str(value)


def load(config: Path | None = None, *, environ: Mapping[str, str] | None = None, **overrides: Any) -> Loaded:
    """Read file and environment; ``overrides`` (words of a command line) win over both.

    Raises:
        SettingsError: with one sentence that says what is wrong, where, and what to write instead.
    """
    environment = os.environ if environ is None else environ
    _refuse_unknown_variables(environment)
    path = config if config is not None else DEFAULT_FILE
    text = _read_file(path, is_required=config is not None)
    from_file = _file_values(path, text)
    from_environment = _environment_values(environment)
    places = {name: f"{path}:{_line_of(text, name)}" for name in from_file}
    places |= dict.fromkeys(from_environment, "environment") | dict.fromkeys(overrides, "command line")
    values: dict[str, Any] = {**from_file, **from_environment, **overrides}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_sentence(error, places)) from error
    return Loaded(settings=settings, sources=places)


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """A misspelt variable must not be passed over in silence."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | TOLERATED
    for variable in environment:
        if variable.upper().startswith(PREFIX) and variable not in known:
            raise SettingsError(
                f"{variable} (environment) is no setting; {_suggestion(variable, known, prefix=PREFIX)}"
            )


def _suggestion(name: str, known: Collection[str], *, prefix: str = "") -> str:
    """What was probably meant."""
    bare = [item.removeprefix(prefix) for item in known]
    near = difflib.get_close_matches(name.removeprefix(prefix), bare, n=1)
    return f"did you mean {prefix}{near[0]}?" if near else "remove it; `fettle settings` lists all."


def _read_file(path: Path, *, is_required: bool) -> str:
    """The file's text, empty where an unasked-for file is absent."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if is_required:
            raise SettingsError(f"{path} does not exist; give --config a TOML file with settings.") from None
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be read: {error}.") from error


def _file_values(path: Path, text: str) -> dict[str, Any]:
    """The settings of the file; unknown keys are refused with their line."""
    if not text:
        return {}
    try:
        values = TomlConfigSettingsSource(Settings, toml_file=path)()
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f'{path} is no TOML: {error}; write lines such as http_listen = "127.0.0.1:8080".'
        ) from error
    known = set(Settings.model_fields)
    for name in values:
        if name not in known:
            suggestion = _suggestion(name.lower().removeprefix("fettle_"), known)
            raise SettingsError(f"{path}:{_line_of(text, name)}: {name} is no setting; {suggestion}")
    return values


def _environment_values(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings that the environment gives; an empty variable is as good as none where there is no default."""
    source = EnvSettingsSource(Settings)
    source.env_vars = {key.lower(): value for key, value in environment.items()}
    return {name: value for name, value in source().items() if value != "" or name == "codecs"}


def _line_of(text: str, name: str) -> int:
    """The line in which a key is written."""
    pattern = re.compile(rf"\s*[\[\"']*{re.escape(name)}[\"'\]]*\s*(=|$|\.)")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def _sentence(error: ValidationError, places: Mapping[str, str]) -> str:
    """The first thing that is wrong, as one sentence."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    place = places.get(name, "default")
    shown_name = PREFIX + name.upper() if place == "environment" else name
    reason = first["msg"].removeprefix("Value error, ")
    field = Settings.model_fields.get(name)
    given = first.get("input")
    if first["type"] != "value_error":
        is_secret = field is not None and SecretStr in get_args(field.annotation)
        shown = "***" if is_secret else mask_url(str(given))
        reason = f"{shown!r} is wrong: {reason[0].lower()}{reason[1:]}"
        if field is not None and field.default is not None:
            reason += f"; write for example {_shown(field.default)}"
    return f"{shown_name} ({place}): {reason}."
