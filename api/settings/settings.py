"""Every setting: name, unit, default, what it means, and which values make sense.

Where values come from is the business of :mod:`api.settings.sources`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic.config import JsonDict
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from api.settings.masking import mask_url, secrets_of_url
from ingest.journal import JournalError
from ingest.journal.kafka_address import parse_kafka_url
from ingest.wire.foreign import CODECS
from ingest.wire.foreign.setting import topics_by_codec

PREFIX = "FETTLE_"


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
    journal_keep_mib: float = Field(
        2048,
        gt=0,
        description="beyond this size the journal drops what every reader has read",
        json_schema_extra=_unit("MiB"),
    )
    journal_partitions: int = Field(
        12, ge=1, le=10_000, description="partitions of a topic of Kafka that isn't there yet and is created"
    )
    journal_retention_days: float = Field(
        14,
        gt=0,
        description="how long such a topic keeps messages, read or unread; later this is Kafka's own retention.ms",
        json_schema_extra=_unit("days"),
    )
    store_url: str | None = Field(
        None,
        description="influxdb://host:port?org=O&bucket=B (influxdbs:// for TLS);"
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
    contact_key_file: Path | None = Field(
        None,
        description="the keys that contact details of customers are sealed with, one per line, the first seals;"
        " made in the data folder where unset",
    )
    contact_key_command: str | None = Field(
        None,
        min_length=1,
        description="a command that prints those keys, in place of the file: the way to a key service",
    )
    http_listen: str = Field(
        "127.0.0.1:8080", description="where API and console listen", json_schema_extra=_unit("host:port")
    )
    topic_root: str = Field("fettle/v1", description="first levels of our topics")
    codecs: Annotated[tuple[str, ...], NoDecode] = Field(
        CODECS, description="foreign conventions that are accepted", json_schema_extra=_unit("names with commas")
    )
    foreign_topics: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="more topics of a convention than it usually has: zigbee2mqtt=BASE, tasmota=LEVELS before SENSOR,"
        " shelly=PREFIX, homeassistant=DISCOVERY PREFIX; + stands for a level",
        json_schema_extra=_unit("CODEC=PATTERN with commas"),
    )
    devices_file: Path | None = Field(None, description="a TOML file that maps foreign topics to ids and kinds")
    profiles_dir: Path | None = Field(
        None,
        description="profiles beside the shipped ones, a TOML file per appliance kind; they win over a shipped one",
        json_schema_extra=_unit("folder"),
    )
    rules_file: Path | None = Field(
        None, description="a TOML file with the desk's rules; docs/rules.md has them with their units"
    )
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
        400,
        gt=0,
        description="how long telemetry is kept, in the journal, its judgements and the embedded store;"
        " a bucket of InfluxDB and a topic of Kafka have a retention of their own",
        json_schema_extra=_unit("days"),
    )
    alarms_per_year: float = Field(
        0.2,
        gt=0,
        le=365,
        description="false alarms per appliance and year that the detectors' thresholds are set for",
        json_schema_extra=_unit("1/year"),
    )
    fit_file: Path | None = Field(
        None,
        description="what `fettle train` learned and `fettle train compare` released: probabilities of findings",
        json_schema_extra=_unit("file"),
    )
    candidate_fit_file: Path | None = Field(
        None,
        description="a fit that judges beside it, is held against verdicts, and changes nothing",
        json_schema_extra=_unit("file"),
    )
    close_repaired_days: float = Field(
        14,
        gt=0,
        le=3650,
        description="how long a repair waits for an answer before its ticket closes by itself",
        json_schema_extra=_unit("days"),
    )
    notice_to: Annotated[tuple[str, ...], NoDecode] = Field(
        ("log:",),
        description="where ticket events go: log:, the address of a webhook, or of another kind of target",
        json_schema_extra=_unit("addresses with commas"),
    )
    mailbox_url: str | None = Field(
        None,
        description="a mailbox whose new mail is taken: imaps:// (or imap://) user:password@host:port/FOLDER",
        json_schema_extra=_unit("url"),
    )
    mail_reply_to: str | None = Field(
        None,
        pattern=r"^[^@\s,;<>]{1,64}@[^@\s,;<>]{1,190}$",
        description="where replies to our mails go; mails about one ticket then carry its reference, and a reply joins it",
        json_schema_extra=_unit("address"),
    )
    customer_mail: SecretStr | None = Field(
        None,
        description="the mail account that customers are written to through, as apprise has it:"
        " mailtos://user:password@smtp.example?from=service@example.org; customers are not written to where unset",
    )
    webhook_url: str | None = Field(
        None, description="one more webhook that ticket events are posted to", json_schema_extra=_unit("url")
    )
    webhook_secret: SecretStr | None = Field(None, description="secret that webhooks are signed with (whsec_...)")
    work_order_secret: SecretStr | None = Field(
        None, description="secret that other systems sign with when they say what became of a work order (whsec_...)"
    )
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
            return CODECS
        if names in (["none"], [""]):
            return ()
        if isinstance(names, (list, tuple)):
            for name in names:
                if name not in CODECS:
                    raise ValueError(f"{name!r} is no codec; write some of {', '.join(CODECS)}, or all, or none")
        return names

    @field_validator("notice_to", mode="before")
    @classmethod
    def _split_addresses(cls, value: object) -> object:
        """Addresses with commas become a tuple; what they may be is known where notices are delivered."""
        return tuple(filter(None, (one.strip() for one in value.split(",")))) if isinstance(value, str) else value

    @field_validator("foreign_topics", mode="before")
    @classmethod
    def _split_foreign_topics(cls, value: object) -> object:
        """``CODEC=PATTERN`` with commas become a tuple; a codec or a pattern that is none is refused."""
        items = tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value
        if isinstance(items, (list, tuple)):
            topics_by_codec([str(item) for item in items])
        return items

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
        if value is not None and value.startswith("kafka://"):
            try:
                parse_kafka_url(value)
            except JournalError as error:
                raise ValueError(str(error)) from error
        elif value is not None:
            _check_url(value, schemes=("sqlite", "kafka"), example="sqlite:///journal")
        return value

    @field_validator("store_url")
    @classmethod
    def _check_store_url(cls, value: str | None) -> str | None:
        """Only stores that exist."""
        if value is not None:
            example = "influxdb://127.0.0.1:8086?org=O&bucket=B"
            _check_url(value, schemes=("influxdb", "influxdbs"), example=example)
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

    @field_validator("mailbox_url")
    @classmethod
    def _check_mailbox_url(cls, value: str | None) -> str | None:
        """A mailbox over IMAP."""
        if value is not None:
            _check_url(value, schemes=("imap", "imaps"), example="imaps://user:password@mail.example/INBOX")
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

    def secrets(self) -> list[str]:
        """All that nobody may read in a log or an error: tokens, and the passwords of URLs."""
        kept = [value.get_secret_value() for _, value in self if isinstance(value, SecretStr)]
        urls = (
            self.mqtt_url,
            self.journal_url,
            self.store_url,
            self.database_url,
            self.mailbox_url,
            *self.notice_addresses,
        )
        return kept + [secret for url in urls if url for secret in secrets_of_url(url)]

    @property
    def notice_addresses(self) -> tuple[str, ...]:
        """Where notices go."""
        return self.notice_to if self.webhook_url is None else (*self.notice_to, self.webhook_url)

    @property
    def resolved_journal_url(self) -> str:
        """The journal's URL, with the data folder filled in."""
        return self.journal_url or f"sqlite:///{self.data_dir / 'journal'}"

    @property
    def has_desk(self) -> bool:
        """Whether the desk's database has been made: a server's is taken to be there, the embedded one is a file."""
        return self.database_url is not None or (self.data_dir / "desk.db").exists()

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
    except ValueError:  # its words hold what it took for a port, which may be half of a password
        raise ValueError(
            f"{shown!r} can't be read: its port is no number from 0 to 65535, or in its user or password one of / ? # @ "
            f"isn't written as %2F %3F %23 %40; write for example {example}"
        ) from None
    if scheme != "sqlite" and not host:
        raise ValueError(f"{shown!r} names no host; write for example {example}")
