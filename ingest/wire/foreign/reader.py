"""Reads the messages of one foreign topic, and keeps account of its device: what was heard, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign import ForeignCodec
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.heard import Heard, Unread
from ingest.wire.foreign.traces import Traces
from ingest.wire.message import Message
from ingest.wire.telemetry import METRICS_MAX, TelemetryMessage, WireSample


class TopicReader:
    """One topic: ``codec`` reads it, and ``more`` add what they find in it besides."""

    def __init__(
        self, topic: str, name: str, device: Device, codecs: Sequence[ForeignCodec], traces: Traces | None
    ) -> None:
        self._topic = topic
        self._name = name
        self._device = device
        self._codec, *self._more = codecs
        self._traces = traces

    def read(self, payload: bytes, received_ms: int | None = None, *, is_retained: bool = False) -> Message | None:
        """The value of a payload; raises :class:`Refused`."""
        heard = Heard(received_ms, is_retained, self._topic, self._name, self._traces)
        try:
            message = self._codec.decode(self._topic, payload, self._device, heard)
            for codec in self._more:
                message = _with(message, codec.decode(self._topic, payload, self._device, heard))
        except Refused as refusal:
            heard.leave_out("message", Unread.REFUSED, refusal.detail)
            raise
        if self._traces is not None and self._name:
            who = (self._device.appliance_id, self._device.kind)
            count = (
                len(message.samples[0].metrics) if isinstance(message, TelemetryMessage) else int(message is not None)
            )
            self._traces.hear(self._name, self._codec.name, who, received_ms or 0, count)
            if self._device.advice:
                heard.advise(self._device.advice)
        return message


class UnreadReader:
    """A topic that no codec reads."""

    def __init__(self, topic: str, traces: Traces | None) -> None:
        self._topic = topic
        self._traces = traces

    def read(self, payload: bytes, received_ms: int | None = None, *, is_retained: bool = False) -> Message | None:
        """Refuse whatever comes, and note the topic."""
        del payload, is_retained
        if self._traces is not None:
            self._traces.miss(self._topic, received_ms or 0, "no codec reads it")
        raise Refused(RefusalReason.UNKNOWN_TOPIC, "the topic is none that an appliance speaks on")


def _with(message: Message | None, more: Message | None) -> Message | None:
    """A message and what another codec found in it besides; the first says what both say."""
    if not isinstance(more, TelemetryMessage) or not (message is None or isinstance(message, TelemetryMessage)):
        return message
    if message is None:
        return more
    (first,), (second,) = message.samples, more.samples
    metrics = dict(list((dict(second.metrics) | dict(first.metrics)).items())[:METRICS_MAX])
    impossible = {**second.impossible, **first.impossible}
    return TelemetryMessage((WireSample(metrics, first.ts_ms, impossible=impossible),))
