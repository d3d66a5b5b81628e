"""A house whose devices speak all conventions: it decodes what they say, as admission would, and remembers what it came to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ingest.sample import AdmittedBatch
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import Refused
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.foreign.devices import DeviceBook
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.foreign.traces import Traces
from ingest.wire.meaning import meaning_of, with_meaning
from ingest.wire.sample_rows import NO_TIME, Rows
from ingest.wire.status import StatusMessage
from tests.ingest.admission.bench import NOW

HOUR_MS = 3_600_000


@dataclass
class House:
    """Decodes what devices of all conventions say, one message after another, and remembers what it came to."""

    topics: dict[str, list[str]] = field(default_factory=dict)
    readings: dict[str, dict[str, float]] = field(default_factory=dict)
    impossible: dict[str, dict[str, float]] = field(default_factory=dict)
    """What was said, and can't be: no reading, and told to the detectors."""
    states: dict[str, str | None] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    are_arrivals: list[bool] = field(default_factory=list)
    batches: list[AdmittedBatch] = field(default_factory=list)
    now_ms: int = NOW

    def __post_init__(self) -> None:
        """All codecs, with empty memories."""
        self.discovery, self.traces = Discovery(), Traces()
        self.decoder = BatchDecoder(
            codecs=codecs_of(CODECS, self.discovery, topics=self.topics),
            devices=DeviceBook({}, self.discovery.claims),
            traces=self.traces,
        )

    def hear(self, topic: str, payload: bytes, *, is_retained: bool = False) -> None:
        """One message."""
        self.now_ms += 50
        asked = self.decoder.foreign([topic])
        meanings = {
            number: with_meaning(source, meaning_of(source, payload, self.now_ms, is_retained=is_retained))
            for number, source in asked
        }
        decoded = self.decoder.decode([topic], [payload], meanings)
        other, source = decoded.others.get(0), decoded.sources[0]
        if isinstance(other, Refused):
            self.refused.append(other)
        elif isinstance(other, StatusMessage):
            for appliance_id, _ in other.of or ((source.appliance_id, ""),):
                self.states[appliance_id] = None if other.state is None else other.state.value
        elif 0 not in decoded.others:
            for rows in decoded.rows:
                self.readings.setdefault(source.appliance_id, {}).update(_said(rows))
                self.are_arrivals.append(rows.ts_ms[0] == NO_TIME)
            for rows in decoded.impossible:
                self.impossible.setdefault(source.appliance_id, {}).update(_said(rows))

    def say(self, message: dict[str, Any]) -> None:
        """One message of a case."""
        self.hear(message["topic"], payload_of(message, self.now_ms), is_retained=message.get("retain", False))

    def reasons(self) -> set[str]:
        """Why something was left out."""
        return {one.reason for account in self.traces.told().devices for one in account.left_out}


def _said(rows: Rows) -> dict[str, float]:
    """The values of one sample."""
    said = zip(rows.names, rows.values[0].tolist(), strict=True)
    return {name: value for name, value in said if value == value}  # noqa: PLR0124 - NaN is no reading


def payload_of(message: dict[str, Any], now_ms: int) -> bytes:
    """What a message of a case says at a moment."""
    text = message["text"] if "text" in message else json.dumps(message["json"], ensure_ascii=False)
    for word, shift_ms in (("@now+1h", HOUR_MS), ("@now-6h", -6 * HOUR_MS)):
        text = text.replace(word, _local(now_ms + shift_ms))
    text = text.replace('"@now_s"', str(now_ms // 1000)).replace('"@now_ms"', str(now_ms))
    return text.replace("@now", _local(now_ms)).encode()


def _local(at_ms: int) -> str:
    """A time as devices write it without zone."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
