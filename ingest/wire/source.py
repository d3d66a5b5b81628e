"""Who speaks under a topic: resolved once per topic, then remembered within bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ingest.wire.dead_letter import Reason, Refused
from ingest.wire.foreign import ForeignCodec
from ingest.wire.foreign.devices import NOBODY, Device, unmapped
from ingest.wire.kind_table import KindTable
from ingest.wire.message import Message, decode
from ingest.wire.topic import Channel, Topic, TopicScheme

SOURCES_MAX = 400_000
"""Topics remembered; about 300 bytes each. Beyond it all are forgotten and resolved again."""


@dataclass(slots=True, eq=False)
class Source:
    """One topic: whose it is and how its payloads are decoded.

    ``table`` is set for our own telemetry, which columns.py decodes in bulk.
    """

    topic: str
    appliance_id: str
    kind: str
    decode: Callable[[bytes], Message | None]
    table: KindTable | None = None
    window: str = ""
    """Tells apart topics whose messages without boot may share one time."""
    is_counted: bool = True
    """Whether its messages stand in the ledger."""
    is_foreign: bool = False
    """Whether it is of a foreign convention: what its messages mean depends on what was said before, and such a device may
    say several things at one time."""


class Sources:
    """Topic → source, for our own scheme and the foreign codecs."""

    def __init__(
        self,
        scheme: TopicScheme,
        codecs: Sequence[ForeignCodec],
        devices: Mapping[str, Device],
        table_of: Callable[[str], KindTable | None],
    ) -> None:
        self._scheme = scheme
        self._codecs = codecs
        self._devices = devices
        self._table_of = table_of
        self.known: dict[str | bytes, Source] = {}
        self._revision = 0
        self.hears_foreign = False
        """Whether any topic was a foreign one."""

    def refresh(self) -> None:
        """Look at topics anew where a codec has learned whose they are; called before each batch."""
        revision = sum(codec.revision for codec in self._codecs)
        if revision != self._revision:
            self._revision = revision
            self.known.clear()

    def of(self, topic: str | bytes) -> Source:
        """The source of a topic, as text or as it is sent; one whose topic is unknown refuses every payload."""
        source = self.known.get(topic)
        if source is None:
            if len(self.known) >= SOURCES_MAX:
                self.known.clear()
            source = self.known[topic] = self._resolve(topic if isinstance(topic, str) else topic.decode())
        return source

    def of_all(self, topics: Sequence[str | bytes]) -> list[Source]:
        """The source of each topic."""
        try:
            return list(map(self.known.__getitem__, topics))
        except KeyError:
            return list(map(self.of, topics))

    def subscriptions(self) -> tuple[str, ...]:
        """All topic filters, ours and those of the codecs."""
        return (*self._scheme.subscriptions(), *(item for codec in self._codecs for item in codec.subscriptions()))

    def _resolve(self, text: str) -> Source:
        """Our own topics first, then the codecs in order."""
        topic = self._scheme.parse(text)
        if topic is not None:
            return self._own(text, topic)
        for codec in self._codecs:
            name = codec.device_of(text)
            if name is not None:
                self.hears_foreign = True
                return _foreign(text, codec, self._device(name))
        return Source(text, "", "", _refuse_topic)

    def _device(self, name: str) -> Device:
        """A foreign device as an appliance."""
        return (self._devices.get(name) or unmapped(name)) if name else NOBODY

    def _own(self, text: str, topic: Topic) -> Source:
        """A topic of our scheme."""
        kind, appliance_id, channel = topic
        table = self._table_of(kind) if channel is Channel.TELEMETRY else None
        is_counted = channel is Channel.TELEMETRY or channel is Channel.EVENT
        return Source(text, appliance_id, kind, partial(decode, topic), table, channel, is_counted)


def _foreign(text: str, codec: ForeignCodec, device: Device) -> Source:
    """A topic of a foreign convention."""
    return Source(
        text,
        device.appliance_id,
        device.kind,
        lambda payload: codec.decode(text, payload, device),
        window=text.rsplit("/", 1)[-1],
        is_foreign=True,
    )


def _refuse_topic(_payload: bytes) -> Message | None:
    """Nobody's topic."""
    raise Refused(Reason.UNKNOWN_TOPIC, "the topic is none that an appliance speaks on")
