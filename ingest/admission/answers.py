"""What the service says to appliances of its own wire: acks for delivery class E, and nacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingest.admission.judged import Judged
from ingest.admission.speaker import Speaker
from ingest.admission.speakers import Speakers
from ingest.books.ledger import BootLedger
from ingest.wire.columns import Decoded
from ingest.wire.command import AckMessage, NackMessage, encode_ack, encode_nack
from ingest.wire.topic import TO_APPLIANCE, Channel, TopicScheme

ACK_EVERY_MS = 2000
"""An appliance hears no more than one ack in this time, where nobody says otherwise."""
ACK_ROUND_MS = 100
COUNTED_AT_ONCE_MS = 60_000
"""More between two looks for acks is no time in which a gap was open, but a clock that was set."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message from the service to an appliance, QoS 0 and not retained."""

    topic: str
    payload: bytes


@dataclass(slots=True)
class _Waiting:
    """A boot whose appliance keeps its messages until our ack; ``told`` is the last ack since it was heard."""

    speaker: Speaker
    ledger: BootLedger
    told: int | None = None


class Acks:
    """Who waits for an ack, and when it is due."""

    def __init__(self, scheme: TopicScheme, every_ms: Callable[[], int] = lambda: ACK_EVERY_MS) -> None:
        self._scheme, self._every_ms = scheme, every_ms
        self._waiting: dict[int, _Waiting] = {}
        self._looked_ms: int | None = None
        self.waited_ms = 0
        """The time by which gaps grow old; a clock that is set doesn't move it."""

    def note(self, judged: Judged, speakers: Speakers) -> None:
        """A batch is durable: who is heard in it and keeps its messages waits from now on, older boots first."""
        heard: dict[int, _Waiting] = {}
        for row, (appliance_id, ledger) in judged.irregular.items():
            speaker = speakers.of(appliance_id)
            if speaker.is_buffered and ledger.boot:
                heard[row] = _Waiting(speaker, ledger)
        for speaker in judged.begun:
            if speaker.is_buffered:  # its birth came behind its first message
                heard.update((ledger.row, _Waiting(speaker, ledger)) for ledger in speaker.ledgers.values())
        for speaker in speakers.settled(judged.places()):
            if speaker.is_buffered and speaker.ledger is not None and speaker.expected >= 0:
                heard[speaker.ledger.row] = _Waiting(speaker, speaker.ledger)
        self._waiting.update(sorted(heard.items()))

    def due(self, now_ms: int) -> list[Said]:
        """At most one per appliance in ``every_ms``; looked for ten times a second at most, as all who wait are gone through."""
        due: list[Said] = []
        passed_ms = 0 if self._looked_ms is None else now_ms - self._looked_ms
        if self._looked_ms is not None and 0 <= passed_ms < ACK_ROUND_MS:
            return due
        self.waited_ms += max(0, min(passed_ms, COUNTED_AT_ONCE_MS))
        self._looked_ms = now_ms
        every_ms = self._every_ms()
        for row, waiting in list(self._waiting.items()):
            speaker, ledger = waiting.speaker, waiting.ledger
            is_early = speaker.acked_ms >= 0 and 0 <= now_ms - speaker.acked_ms < every_ms
            if is_early or speaker.kind is None:
                continue
            speaker.settle()
            upto = ledger.upto(self.waited_ms)
            if not ledger.gaps:
                del self._waiting[row]
            if upto >= 0 and upto != waiting.told:
                speaker.note_acked(now_ms)
                waiting.told = upto
                topic = self._scheme.of(speaker.kind, speaker.id, Channel.ACK)
                due.append(Said(topic, encode_ack(AckMessage(ledger.boot, upto))))
        return due

    def forget(self) -> None:
        """Nobody waits until they are heard again."""
        self._waiting.clear()


def nacks(judged: Judged, decoded: Decoded, scheme: TopicScheme) -> Iterator[Said]:
    """Tell appliances of our own wire which of their messages were dead-lettered.

    Never for a message on a channel that only we speak on: it may be our own, sent back, and would be answered for ever.
    """
    for number, refusal in judged.refused_first().items():
        source = decoded.sources[number]
        topic = scheme.parse(source.topic)
        if topic is None or topic.channel in TO_APPLIANCE:
            continue
        identity = refusal.identity
        payload = encode_nack(NackMessage(identity.boot, identity.seq, refusal.reason))
        yield Said(scheme.of(source.kind, source.appliance_id, Channel.NACK), payload)
