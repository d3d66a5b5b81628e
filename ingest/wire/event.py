"""``event``: something that happened at an appliance. Strict decoder and the appliance's encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingest.sample import EventType
from ingest.wire.fields import Fields
from ingest.wire.strict_json import Parsed
from ingest.wire.timestamp import format_ms

_KEYS = frozenset({"boot", "seq", "ts", "type", "code", "data", "appliance_id"})


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One event as the appliance says it."""

    type: EventType
    boot: str | None = None
    seq: int | None = None
    ts_ms: int | None = None
    code: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    claimed_id: str | None = None
    unknown_keys: int = 0


def decode_event(parsed: Parsed) -> EventMessage:
    """The message of a parsed payload; raises :class:`ingest.wire.dead_letter.Refused`."""
    fields = Fields(parsed, parsed.value)
    boot, seq = fields.identity()
    name = fields.needed_text("type")
    if name not in set(EventType):
        raise fields.refuse(f"type must be one of {', '.join(EventType)}")
    message = EventMessage(
        EventType(name),
        boot,
        seq,
        fields.time_ms(),
        fields.text("code"),
        fields.mapping("data"),
        fields.claimed_id(),
        fields.unknown(_KEYS),
    )
    _check_needs(message, fields, Fields(parsed, message.data, "data: "))
    return message


def _check_needs(message: EventMessage, fields: Fields, data: Fields) -> None:
    """What each type must carry."""
    match message.type:
        case EventType.ERROR_CODE:
            fields.needed_text("code")
        case EventType.CYCLE_FINISHED:
            if not isinstance(message.data.get("cycle"), str | int) or message.data["cycle"] is True:
                raise data.refuse("cycle must be there")
        case EventType.PART_REPLACED:
            data.needed_text("component")
            data.text("sku")
        case EventType.SETTING_CHANGED:
            data.needed_text("name")
            if "to" not in data:
                raise data.refuse("to must be there")
        case EventType.FIRMWARE_UPDATED:
            data.needed_text("to")
            data.text("from")
        case EventType.SERVICE_MODE:
            data.needed_flag("on")
        case EventType.DOOR:
            data.needed_flag("open")
        case _:
            pass


def encode_event(message: EventMessage) -> bytes:
    """The payload as an appliance writes it."""
    raw = {
        "boot": message.boot,
        "seq": message.seq,
        "ts": None if message.ts_ms is None else format_ms(message.ts_ms),
        "type": message.type,
        "code": message.code,
        "data": dict(message.data) or None,
    }
    return msgspec.json.encode({key: value for key, value in raw.items() if value is not None})
