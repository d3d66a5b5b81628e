"""One message of an appliance → its value, by channel; the strict decoder that alone decides reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.event import EventMessage, decode_event
from ingest.wire.lesson import LessonMessage
from ingest.wire.result import ResultMessage, decode_result
from ingest.wire.status import CLEARED, StatusMessage, decode_status
from ingest.wire.strict_json import Parsed, parse_object
from ingest.wire.telemetry import TelemetryMessage, decode_telemetry
from ingest.wire.topic import Channel, Topic

Spoken = TelemetryMessage | EventMessage | StatusMessage | ResultMessage
"""What an appliance says."""
Message = Spoken | LessonMessage

_DECODERS: Mapping[Channel, Callable[[Parsed], Spoken]] = {
    Channel.TELEMETRY: decode_telemetry,
    Channel.EVENT: decode_event,
    Channel.STATUS: decode_status,
    Channel.RESULT: decode_result,
}


def decode(topic: Topic, payload: bytes) -> Spoken:
    """The value of a payload that came under ``topic``; raises :class:`Refused` with the first reason that holds."""
    decoder = _DECODERS.get(topic.channel)
    if decoder is None:
        raise Refused(RefusalReason.UNKNOWN_TOPIC, f"appliances don't speak on {topic.channel}")
    if topic.channel is Channel.STATUS and not payload:
        return CLEARED
    parsed = parse_object(payload)
    message = decoder(parsed)
    if message.claimed_id is not None and message.claimed_id != topic.appliance_id:
        raise parsed.refuse(
            f"the payload says {message.claimed_id[:64]!r}, the topic {topic.appliance_id!r}",
            RefusalReason.IDENTITY_MISMATCH,
        )
    return message
