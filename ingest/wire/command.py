"""What the service says to an appliance: ``command``, ``ack`` and ``nack``. Encoders, and the appliance's decoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from ingest.wire.dead_letter import RefusalReason
from ingest.wire.fields import Fields
from ingest.wire.strict_json import parse_object
from ingest.wire.timestamp import format_ms


class CommandClass(StrEnum):
    """How much a command can do: R0 shows or reads, R4 is never sent remotely without more."""

    R0 = "R0"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"


@dataclass(frozen=True, slots=True)
class CommandMessage:
    """One remote command; the appliance refuses it after ``not_after_ms``."""

    command_id: str
    session: str
    name: str
    command_class: CommandClass
    issued_ms: int
    not_after_ms: int
    args: Mapping[str, Any] = field(default_factory=dict)
    sig: str | None = None


@dataclass(frozen=True, slots=True)
class AckMessage:
    """Every seq ≤ ``upto`` of this boot is durable, refused, or given up as a gap."""

    boot: str
    upto: int


@dataclass(frozen=True, slots=True)
class NackMessage:
    """This message was dead-lettered; boot and seq are ``None`` where they could not be read."""

    boot: str | None
    seq: int | None
    reason: RefusalReason


def encode_command(message: CommandMessage) -> bytes:
    """The payload of a command."""
    raw = {
        "id": message.command_id,
        "session": message.session,
        "name": message.name,
        "class": message.command_class,
        "args": dict(message.args),
        "issued_at": format_ms(message.issued_ms),
        "not_after": format_ms(message.not_after_ms),
    }
    if message.sig is not None:
        raw["sig"] = message.sig
    return msgspec.json.encode(raw)


def decode_command(payload: bytes) -> CommandMessage:
    """A command as the appliance reads it; raises :class:`ingest.wire.dead_letter.Refused`."""
    parsed = parse_object(payload)
    fields = Fields(parsed, parsed.value)
    name = fields.needed_text("class")
    if name not in set(CommandClass):
        raise fields.refuse(f"class must be one of {', '.join(CommandClass)}")
    issued_ms, not_after_ms = fields.time_ms("issued_at"), fields.time_ms("not_after")
    if issued_ms is None or not_after_ms is None:
        raise fields.refuse("issued_at and not_after must be there")
    return CommandMessage(
        fields.needed_text("id"),
        fields.needed_text("session"),
        fields.needed_text("name"),
        CommandClass(name),
        issued_ms,
        not_after_ms,
        fields.mapping("args"),
        fields.text("sig", limit=1024),
    )


def encode_ack(message: AckMessage) -> bytes:
    """The payload of an ack."""
    return msgspec.json.encode({"boot": message.boot, "upto": message.upto})


def decode_ack(payload: bytes) -> AckMessage:
    """An ack as the appliance reads it; raises :class:`ingest.wire.dead_letter.Refused`."""
    parsed = parse_object(payload)
    fields = Fields(parsed, parsed.value)
    upto = fields.whole("upto")
    if upto is None:
        raise fields.refuse("upto must be there")
    return AckMessage(fields.needed_text("boot"), upto)


def encode_nack(message: NackMessage) -> bytes:
    """The payload of a nack."""
    return msgspec.json.encode({"boot": message.boot, "seq": message.seq, "reason": message.reason})


def decode_nack(payload: bytes) -> NackMessage:
    """A nack as the appliance reads it; raises :class:`ingest.wire.dead_letter.Refused`."""
    parsed = parse_object(payload)
    raw = {key: value for key, value in parsed.value.items() if value is not None}
    fields = Fields(parsed, raw)
    name = fields.needed_text("reason")
    if name not in set(RefusalReason):
        raise fields.refuse(f"reason must be one of {', '.join(RefusalReason)}")
    return NackMessage(fields.text("boot"), fields.whole("seq"), RefusalReason(name))
