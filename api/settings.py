"""Every setting: name, unit, default, and what it means.

Promises: a setting comes from one of three places, each overruling the one before: the default, a TOML file, the
environment. An unknown key, an unknown ``FETTLE_*`` variable or a wrong value is told as one sentence that names the
setting, its place and what to write instead, before anything connects. Secrets never appear in a listing.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.config import JsonDict
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "FETTLE_"
DEFAULT_FILE = Path("fettle.toml")
TOLERATED = frozenset({"FETTLE_REQUIRE_SERVERS", "FETTLE_SKIP_CONSOLE"})
"""Variables of tests and builds, read elsewhere."""
ALL_CODECS = ("tasmota", "shelly", "zigbee2mqtt", "homeassistant")


class SettingsError(Exception):
    """The settings are wrong; the text says which, where, and what to write instead."""


def _unit(name: str) -> JsonDict:
    """The unit of a setting, kept beside its description."""
    return {"unit": name}


class Settings(BaseSettings):
    """All settings of one installation. Constructing it reads nothing; :func:`load` reads file and environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=False)

    data_dir: Path = Field(
        Path("./fettle-data"), description="folder of everything embedded", json_schema_extra=_unit("folder")
    )
    mqtt_url: str = Field(
        "mqtt://127.0.0.1:1883",
        description="the broker: mqtt:// or mqtts://user:password@host:port",
        json_schema_extra=_unit("url"),
    )
    mqtt_ca_file: Path | None = Field(None, description="certificates that vouch for the broker (PEM)")
    mqtt_cert_file: Path | None = Field(None, description="our own certificate for the broker (PEM)")
    mqtt_key_file: Path | None = Field(None, description="the key of our own certificate (PEM)")
    mqtt_client_id: str = Field(
        "fettle-ingest",
        min_length=1,
        max_length=64,
        description="client id at the broker; its session there belongs to this installation",
    )
    journal_url: str | None = Field(
        None,
        description="sqlite:///folder or kafka://host:port/topic; a folder in the data folder where unset",
        json_schema_extra=_unit("url"),
    )
    store_url: str | None = Field(
        None,
        description="influxdb://host:port?org=O&bucket=B (influxdbs:// for TLS) or sqlite:///file;"
        " embedded, in the data folder, where unset",
        json_schema_extra=_unit("url"),
    )
    store_token: SecretStr | None = Field(None, description="token of the telemetry store")
    database_url: str | None = Field(
        None,
        description="the service desk's database, an SQLAlchemy URL of SQLite or PostgreSQL (postgresql+psycopg://...);"
        " SQLite in the data folder where unset",
        json_schema_extra=_unit("url"),
    )
    http_listen: str = Field(
        "127.0.0.1:8080", description="where API and console listen", json_schema_extra=_unit("host:port")
    )
    topic_root: str = Field("fettle/v1", description="first levels of our topics")
    codecs: Annotated[tuple[str, ...], NoDecode] = Field(
        ALL_CODECS, description="foreign conventions that are accepted", json_schema_extra=_unit("names with commas")
    )
    devices_file: Path | None = Field(None, description="a TOML file that maps foreign topics to ids and kinds")
    auto_register: bool = Field(default=True, description="register an unknown appliance on first sight")
    accept_past_days: float = Field(
        31, gt=0, le=3650, description="how old a sample may be on arrival", json_schema_extra=_unit("days")
    )
    accept_future_s: float = Field(
        300, ge=0, le=86400, description="how far ahead a sample's time may be", json_schema_extra=_unit("s")
    )
    stale_after_s: float = Field(
        900, gt=0, description="least silence after which an appliance counts as stale", json_schema_extra=_unit("s")
    )
    retention_days: float = Field(
        400, gt=0, description="how long telemetry and closed work are kept", json_schema_extra=_unit("days")
    )
    alarms_per_year: float = Field(
        0.2,
        gt=0,
        le=365,
        description="false alarms per appliance and year that the detectors' thresholds are set for",
        json_schema_extra=_unit("1/year"),
    )
    webhook_url: str | None = Field(
        None, description="where ticket events are posted, signed", json_schema_extra=_unit("url")
    )
    webhook_secret: SecretStr | None = Field(None, description="secret of the webhook's signature (whsec_...)")
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="auto: text on a terminal, JSON lines otherwise"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (the signature is pydantic-settings')
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the constructor is given: where values come from is :func:`load`'s business."""
        return (init_settings,)

    @field_validator("codecs", mode="before")
    @classmethod
    def _split_codecs(cls, value: object) -> object:
        """Names with commas become a tuple; ``all`` and ``none`` are words for the ends."""
        names = value.replace(" ", "").split(",") if isinstance(value, str) else value
        if names == ["all"]:
            return ALL_CODECS
        if names in (["none"], [""]):
            return ()
        if isinstance(names, (list, tuple)):
            for name in names:
                if name not in ALL_CODECS:
                    raise ValueError(f"{name!r} is no codec; write some of {', '.join(ALL_CODECS)}, or all, or none")
        return names

    @field_validator("mqtt_url")
    @classmethod
    def _check_mqtt_url(cls, value: str) -> str:
        """Scheme, host and port must be there and mean something."""
        _check_url(value, schemes=("mqtt", "mqtts"), example="mqtt://user:password@broker.example:1883")
        return value

    @field_validator("journal_url")
    @classmethod
    def _check_journal_url(cls, value: str | None) -> str | None:
        """Only journals that exist."""
        if value is not None:
            _check_url(value, schemes=("sqlite", "kafka"), example="sqlite:///journal")
        return value

    @field_validator("store_url")
    @classmethod
    def _check_store_url(cls, value: str | None) -> str | None:
        """Only stores that exist."""
        if value is not None:
            example = "influxdb://127.0.0.1:8086?org=O&bucket=B"
            _check_url(value, schemes=("influxdb", "influxdbs", "sqlite"), example=example)
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: str | None) -> str | None:
        """SQLite or PostgreSQL with a driver that is installed."""
        if value is not None:
            schemes = ("sqlite", "postgresql+psycopg", "postgresql")
            _check_url(value, schemes=schemes, example="postgresql+psycopg://user:password@host/fettle")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _check_webhook_url(cls, value: str | None) -> str | None:
        """A web address."""
        if value is not None:
            _check_url(value, schemes=("http", "https"), example="https://tickets.example/hook")
        return value

    @field_validator("http_listen")
    @classmethod
    def _check_http_listen(cls, value: str) -> str:
        """An address and a port."""
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ValueError(f"{value!r} is not host:port; write for example 127.0.0.1:8080")
        return value

    @field_validator("topic_root")
    @classmethod
    def _check_topic_root(cls, value: str) -> str:
        """Plain levels, no wildcard."""
        if not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", value):
            raise ValueError(f"{value!r} is no topic of plain levels; write for example fettle/v1")
        return value

    @property
    def http_address(self) -> tuple[str, int]:
        """Host and port of :attr:`http_listen`."""
        host, _, port = self.http_listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def resolved_journal_url(self) -> str:
        """The journal's URL, with the data folder filled in."""
        return self.journal_url or f"sqlite:///{self.data_dir / 'journal'}"

    @property
    def resolved_store_url(self) -> str:
        """The store's URL, with the data folder filled in."""
        return self.store_url or f"sqlite:///{self.data_dir / 'telemetry.db'}"

    @property
    def resolved_database_url(self) -> str:
        """The desk database's URL, with the data folder filled in."""
        url = self.database_url or f"sqlite:///{self.data_dir / 'desk.db'}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _check_url(value: str, *, schemes: tuple[str, ...], example: str) -> None:
    """Refuse a URL whose scheme, host or port can't be meant."""
    shown = mask_url(value)
    scheme, found, _ = value.partition("://")
    if not found or scheme not in schemes:
        raise ValueError(
            f"{shown!r} is no URL of {' or '.join(s + '://' for s in schemes)}; write for example {example}"
        )
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{shown!r} can't be read ({error}); write for example {example}") from error
    if scheme != "sqlite" and not host:
        raise ValueError(f"{shown!r} names no host; write for example {example}")


def mask_url(url: str) -> str:
    """The URL with its password, and any token in its query, replaced by stars."""
    try:
        parts = urlsplit(url)
        has_password = parts.password is not None
    except ValueError:
        return re.sub(r":[^:@/]+@", ":***@", url)
    netloc = parts.netloc
    if has_password:
        user, _, host = netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}:***@{host}"
    query = re.sub(r"(?i)((?:token|password|secret)=)[^&]+", r"\1***", parts.query)
    if netloc == parts.netloc and query == parts.query:
        return url
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))


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
    if isinstance(value, tuple):
        return ",".join(value) or "none"
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
            raise SettingsError(f"{variable} (environment) is no setting; {_suggestion(variable, known)}")


def _suggestion(name: str, known: set[str]) -> str:
    """What was probably meant."""
    near = difflib.get_close_matches(name.upper() if name.isupper() else name, known, n=1)
    return (
        f"did you mean {near[0]}? " + "Remove it or correct it." if near else "remove it; `fettle settings` lists all."
    )


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
        is_secret = name in {"store_token", "webhook_secret"}
        shown = "***" if is_secret else mask_url(str(given))
        reason = f"{shown!r} is wrong: {reason[0].lower()}{reason[1:]}"
        if field is not None and field.default is not None:
            reason += f"; write for example {_shown(field.default)}"
    return f"{shown_name} ({place}): {reason}."
