"""``result``: an appliance's answer to one command. Strict decoder and the appliance's encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingest.sample import ResultState
from ingest.wire.fields import Fields
from ingest.wire.strict_json import Parsed
from ingest.wire.timestamp import format_ms

_KEYS = frozenset({"id", "state", "reason", "data", "ts", "appliance_id"})


@dataclass(frozen=True, slots=True)
class ResultMessage:
    """One result as the appliance says it."""

    command_id: str
    state: ResultState
    ts_ms: int
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    claimed_id: str | None = None
    unknown_keys: int = 0


def decode_result(parsed: Parsed) -> ResultMessage:
    """The message of a parsed payload; raises :class:`ingest.wire.dead_letter.Refused`."""
    fields = Fields(parsed, parsed.value)
    name = fields.needed_text("state")
    if name not in set(ResultState):
        raise fields.refuse(f"state must be one of {', '.join(ResultState)}")
    command_id = fields.needed_text("id")
    ts_ms = fields.time_ms()
    if ts_ms is None:
        raise fields.refuse("ts must be there")
    return ResultMessage(
        command_id,
        ResultState(name),
        ts_ms,
        fields.text("reason"),
        fields.mapping("data"),
        fields.claimed_id(),
        fields.unknown(_KEYS),
    )


def encode_result(message: ResultMessage) -> bytes:
    """The payload as an appliance writes it."""
    raw = {
        "id": message.command_id,
        "state": message.state,
        "reason": message.reason,
        "data": dict(message.data) or None,
        "ts": format_ms(message.ts_ms),
    }
    return msgspec.json.encode({key: value for key, value in raw.items() if value is not None})
