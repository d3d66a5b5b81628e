"""``status``: birth, sleep or last will of an appliance, retained; an empty payload clears it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ingest.sample import StatusState
from ingest.wire.fields import Fields
from ingest.wire.strict_json import Parsed
from ingest.wire.timestamp import format_ms

BUFFER_CAPABILITY = "buffer"
"""The capability of an appliance that keeps each message until our ack: delivery class E."""

_CAPABILITIES_MAX = 64
_KEYS = frozenset(
    {
        "state",
        "ts",
        "until",
        "interval_s",
        "model",
        "serial",
        "firmware",
        "region",
        "home",
        "batch",
        "capabilities",
        "appliance_id",
    }
)


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """One status as the appliance says it; ``state`` is ``None`` for a cleared one."""

    state: StatusState | None
    ts_ms: int | None = None
    until_ms: int | None = None
    interval_s: float | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    region: str | None = None
    capabilities: tuple[str, ...] = ()
    claimed_id: str | None = None
    unknown_keys: int = 0
    home: str | None = None
    batch: str | None = None
    of: tuple[tuple[str, str], ...] = ()
    """(id, kind) of the appliances for whom a bridge says it; empty where the appliance speaks for itself."""


CLEARED = StatusMessage(None)


def decode_status(parsed: Parsed) -> StatusMessage:
    """The message of a parsed payload; raises :class:`ingest.wire.dead_letter.Refused`."""
    fields = Fields(parsed, parsed.value)
    name = fields.needed_text("state")
    if name not in set(StatusState):
        raise fields.refuse(f"state must be one of {', '.join(StatusState)}")
    interval_s = fields.number("interval_s")
    if interval_s is not None and interval_s <= 0:
        raise fields.refuse("interval_s must be above 0")
    return StatusMessage(
        StatusState(name),
        ts_ms=fields.time_ms(),
        until_ms=fields.time_ms("until"),
        interval_s=interval_s,
        model=fields.text("model"),
        serial=fields.text("serial"),
        firmware=fields.text("firmware"),
        region=fields.text("region"),
        home=fields.text("home"),
        batch=fields.text("batch"),
        capabilities=fields.texts("capabilities", limit=_CAPABILITIES_MAX),
        claimed_id=fields.claimed_id(),
        unknown_keys=fields.unknown(_KEYS),
    )


def encode_status(message: StatusMessage) -> bytes:
    """The payload as an appliance writes it; empty for a cleared status."""
    if message.state is None:
        return b""
    raw = {
        "state": message.state,
        "ts": None if message.ts_ms is None else format_ms(message.ts_ms),
        "until": None if message.until_ms is None else format_ms(message.until_ms),
        "interval_s": message.interval_s,
        "model": message.model,
        "serial": message.serial,
        "firmware": message.firmware,
        "region": message.region,
        "home": message.home,
        "batch": message.batch,
        "capabilities": list(message.capabilities) or None,
    }
    return msgspec.json.encode({key: value for key, value in raw.items() if value is not None})
