"""Where a Kafka journal is: ``kafka://HOST:PORT/TOPIC``, several servers separated by commas.

``user:password@`` and the query carry what the cluster asks for, in the words of Kafka's clients:
``kafka://fettle:secret@kafka1:9093,kafka2:9093/telemetry?security.protocol=SASL_SSL&sasl.mechanism=SCRAM-SHA-512``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from ingest.journal import JournalError

EXAMPLE = "kafka://127.0.0.1:9092/telemetry"
OPTIONS = (
    "security.protocol", "sasl.mechanism", "ssl.ca.location", "ssl.certificate.location", "ssl.key.location",
    "client.rack",
)  # fmt: skip
"""What may stand in the query."""

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_SERVER = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:,/@\[\]]+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class KafkaAddress:
    """Servers and topic; ``str()`` shows no secret."""

    servers: str
    topic: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"kafka://{self.servers}/{self.topic}"


def parse_kafka_url(url: str) -> KafkaAddress:
    """The address in a URL; raises :class:`JournalError` with what to write instead."""
    parts = urlsplit(url)
    login, _, servers = parts.netloc.rpartition("@")
    topic = parts.path.removeprefix("/")
    shown = f"kafka://{servers}{parts.path}"
    for server in servers.split(","):
        match = _SERVER.fullmatch(server)
        if match is None or not 0 < int(match[2]) < 65536:
            raise JournalError(f"{shown!r}: {server!r} is no host:port; write for example {EXAMPLE}")
    if not _TOPIC.fullmatch(topic) or topic in {".", ".."}:
        raise JournalError(f"{shown!r} names no topic of Kafka; write for example {EXAMPLE}")
    options = dict(parse_qsl(parts.query))
    unknown = [name for name in options if name not in OPTIONS]
    if unknown:
        raise JournalError(f"{shown!r} has the unknown option {unknown[0]!r}; there are: {', '.join(OPTIONS)}")
    if login:
        user, _, password = login.partition(":")
        options = {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"} | options
        options |= {"sasl.username": unquote(user), "sasl.password": unquote(password)}
    return KafkaAddress(servers, topic, options)
