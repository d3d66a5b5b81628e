"""Who speaks under a topic: resolved once per topic, then remembered within bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ingest.wire.foreign import ForeignCodec
from ingest.wire.foreign.devices import Device, DeviceBook
from ingest.wire.foreign.ownership import speaker_of
from ingest.wire.foreign.reader import TopicReader, UnreadReader
from ingest.wire.foreign.traces import Traces
from ingest.wire.kind_table import KindTable
from ingest.wire.lesson import decode_lesson, lesson_speaker
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
    read: Callable[..., Message | None] | None = None
    """Of a foreign topic: decodes a payload, knowing when it came and whether the broker had kept it."""
    device: str = ""
    """Whose it is in the list of what was heard: a foreign device's name, else the appliance's topics without the channel."""

    def say(self, payload: bytes, received_ms: int | None, *, is_retained: bool) -> Message | None:
        """The value of a payload; raises :class:`ingest.wire.dead_letter.Refused`."""
        if self.read is None:
            return self.decode(payload)
        return self.read(payload, received_ms, is_retained=is_retained)


class Sources:
    """Topic → source, for our own scheme and the foreign codecs."""

    def __init__(
        self,
        scheme: TopicScheme,
        codecs: Sequence[ForeignCodec],
        devices: DeviceBook,
        table_of: Callable[[str], KindTable | None],
        traces: Traces | None = None,
    ) -> None:
        self._traces = traces
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
        revision = self._devices.revision + sum(codec.revision for codec in self._codecs)
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
        taught = lesson_speaker(text)
        if taught is not None:
            kind, appliance_id = taught
            return Source(text, appliance_id, kind, partial(decode_lesson, kind, appliance_id), is_counted=False)
        named = [(codec, name) for codec in self._codecs if (name := codec.device_of(text)) is not None]
        if not named:
            return Source(text, "", "", UnreadReader(text, self._traces).read)
        self.hears_foreign = True
        (first, name), *others = named
        more = [codec for codec, other in others if name and other]
        device = self._devices.of(name, first.roots, by=speaker_of(text))
        return self._foreign(text, name, device, [first, *more])

    def _foreign(self, text: str, name: str, device: Device, codecs: Sequence[ForeignCodec]) -> Source:
        """A topic of a foreign convention."""
        read = TopicReader(text, name, device, codecs, self._traces).read
        window = text.rsplit("/", 1)[-1]
        return Source(
            text, device.appliance_id, device.kind, read, window=window, is_foreign=True, read=read, device=name
        )

    def _own(self, text: str, topic: Topic) -> Source:
        """A topic of our scheme."""
        kind, appliance_id, channel = topic
        self._devices.own(appliance_id)
        table = self._table_of(kind) if channel is Channel.TELEMETRY else None
        is_counted = channel is Channel.TELEMETRY or channel is Channel.EVENT
        device = text.rpartition("/")[0]
        return Source(text, appliance_id, kind, partial(decode, topic), table, channel, is_counted, device=device)
