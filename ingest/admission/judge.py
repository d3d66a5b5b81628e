"""The judge of one batch: looks at every message that is not simply the next one of its boot."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ingest.admission.batch import Batch, Rules
from ingest.admission.judged import Judged
from ingest.admission.speaker import Speaker
from ingest.admission.speakers import Speakers
from ingest.books.books import WindowEntry
from ingest.books.event_time import Anchor
from ingest.books.ledger import BootLedger
from ingest.sample import MAX_SAMPLES_PER_MESSAGE
from ingest.wire.columns import Decoded
from ingest.wire.dead_letter import Identity, RefusalReason, Refused
from ingest.wire.event import EventMessage
from ingest.wire.lesson import LessonMessage
from ingest.wire.sample_rows import NO_TIME
from ingest.wire.source import Source
from ingest.wire.status import BUFFER_CAPABILITY, StatusMessage


class Judge:
    """Fills ``judged`` with what the messages of one batch come to. Used once."""

    def __init__(self, batch: Batch, decoded: Decoded, speakers: Speakers, rules: Rules, judged: Judged) -> None:
        self.decoded = decoded
        self._batch = batch
        self._judged = judged
        self._speakers = speakers
        self._rules = rules
        self._rows: dict[int, list[tuple[int, int, int]]] | None = None
        self._is_odd = [self._are_odd(rows.ts_ms) for rows in decoded.rows]
        self._are_times_plain = not any(
            (rows.up_ms >= 0).any() or is_odd.any() for rows, is_odd in zip(decoded.rows, self._is_odd, strict=True)
        )
        """Whether every time that a sample gives is believed, and none comes with an up-time."""

    def special(self) -> NDArray[np.bool_]:
        """Messages (N,) that can't be ordinary: no plain telemetry, or with a time that needs a look."""
        special = np.zeros(len(self._batch.payloads), dtype=np.bool_)
        special[list(self.decoded.others)] = True
        special[list(self._batch.again)] = True
        for rows, is_odd in zip(self.decoded.rows, self._is_odd, strict=True):
            special[rows.message[is_odd]] = True
        return special

    def look(self, number: int, checksum: int) -> None:
        """Judge one message; ``checksum`` as of :func:`ingest.admission.ordinary.contents_of`."""
        if self._begins(number, checksum):
            return
        source = self.decoded.sources[number]
        other = self.decoded.others.get(number)
        if isinstance(other, Refused):
            self._refuse_unread(number, source, other, checksum)
            return
        is_bridged = isinstance(other, StatusMessage) and bool(other.of)
        if number in self.decoded.others and (other is None or is_bridged or isinstance(other, LessonMessage)):
            return  # nothing for us, of a bridge for appliances heard before, or our own word: nobody is registered by it
        if self._is_old_news(number):
            self._judged.pass_over(number)
            return
        head = self.decoded.heads[number]
        identity = Identity(head.boot, head.seq if head.seq >= 0 else None)
        speaker = self._speaker(source)
        is_telemetry = number not in self.decoded.others
        try:
            self._identify(speaker, source)
            if is_telemetry or isinstance(other, EventMessage):
                if identity.boot is not None and identity.seq is not None:
                    self._judge_counted(number, speaker, (identity.boot, identity.seq), checksum)
                else:
                    self._judge_uncounted(number, speaker, source)
                return
        except Refused as refusal:
            self._refuse(number, speaker, source, refusal.of(identity), checksum)
            return
        if isinstance(other, StatusMessage):
            self._note_status(speaker, other)

    def _are_odd(self, ts_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which times (N,) are given, and not believed."""
        window, received_ms = self._rules.window, self._batch.received_ms
        is_odd: NDArray[np.bool_] = (ts_ms < received_ms - window.past_ms) | (ts_ms > received_ms + window.future_ms)
        is_odd &= ts_ms != NO_TIME
        return is_odd

    def _is_old_news(self, number: int) -> bool:
        """Whether the broker repeats what a client that counts nothing said once, without a time that we believe.

        A retained message tells a state; without its own time nobody knows since when, and it is no sample of now.
        """
        if not self._batch.retained[number] or self.decoded.heads[number].boot is not None:
            return False
        other = self.decoded.others.get(number)
        if other is not None and not isinstance(other, EventMessage):
            return False
        said_ms = self._said_times(number)
        return not said_ms or not self._rules.window.holds(said_ms[0], self._batch.received_ms)

    def _begins(self, number: int, checksum: int) -> bool:
        """Take a plain first message of an appliance never heard of, as a whole fleet sends it; False for any other."""
        head = self.decoded.heads[number]
        is_first = head.seq == 0 and head.boot is not None and number not in self.decoded.others
        if not (is_first and self._are_times_plain and self._rules.is_auto_registering):
            return False
        source = self.decoded.sources[number]
        if not self._speakers.kinds.has_room(source):
            return False
        speaker = self._speakers.newcomer(source.appliance_id)
        if speaker is None:
            return False
        self._speakers.kinds.take(source)
        speaker.register(source.kind)
        self._speakers.link(source, speaker)
        self._speakers.begin(speaker, head.boot, checksum, self._batch.position)
        self._judged.begun.append(speaker)
        self._judged.registered[speaker.id] = speaker
        return True

    def _speaker(self, source: Source) -> Speaker:
        """Who speaks under a topic."""
        speaker = self._speakers.of(source.appliance_id)
        if speaker.hear(self._batch.position):
            self._judged.touched.append(speaker)
        return speaker

    def _identify(self, speaker: Speaker, source: Source) -> None:
        """An id belongs to one kind; an unknown one is registered or refused, a retired one refused."""
        if speaker.kind is not None and speaker.kind != source.kind:
            cure = f"if another took it: fettle appliances assign {speaker.id} --kind {source.kind}"
            raise Refused(
                RefusalReason.IDENTITY_MISMATCH, f"this id belongs to a {speaker.kind}, not to a {source.kind}; {cure}"
            )
        if speaker.is_retired:
            raise Refused(RefusalReason.UNKNOWN_APPLIANCE, "this appliance is retired")
        if speaker.kind is None:
            if not self._rules.is_auto_registering:
                raise Refused(
                    RefusalReason.UNKNOWN_APPLIANCE, "this appliance is not registered: fettle appliances add"
                )
            self._speakers.kinds.take(source)
            speaker.register(source.kind)
            self._judged.registered[speaker.id] = speaker
        self._speakers.link(source, speaker)

    def _note_status(self, speaker: Speaker, status: StatusMessage) -> None:
        """A birth tells how the appliance delivers."""
        is_buffered = BUFFER_CAPABILITY in status.capabilities
        if status.capabilities and is_buffered != speaker.is_buffered:
            speaker.deliver(is_buffered=is_buffered)
            self._judged.registered[speaker.id] = speaker

    def _judge_counted(self, number: int, speaker: Speaker, identity: tuple[str, int], checksum: int) -> None:
        """A message with boot and seq."""
        ledger = self._ledger(speaker, identity[0])
        seq = identity[1]
        is_known = ledger.has(seq, self._speakers.cold_has)
        is_redeemed = is_known and number in self._batch.again and self._is_dead(number, ledger, seq)
        if is_known and not is_redeemed:
            known = ledger.checksum_of(seq)
            if known is None or known == checksum:
                self._note_duplicate(number, ledger)
                return
            self._event_times(number, ledger.anchor)
            raise Refused(RefusalReason.EQUIVOCATION, f"seq {seq} of this boot came before with other content")
        times, anchor = self._event_times(number, ledger.anchor)
        self._judged.set_times(times)
        if is_redeemed:
            ledger.redeem(seq)
        else:
            ledger.add(seq, is_dead=False, now_ms=self._rules.waited_ms)
        ledger.remember(seq, checksum)
        ledger.note_anchor(anchor)
        is_last = seq == ledger.next - 1
        speaker.arm(ledger, is_armed=is_last and (ledger.anchor is not None or self._gives_no_up_time(number)))

    def _judge_uncounted(self, number: int, speaker: Speaker, source: Source) -> None:
        """A message of a client that doesn't count: its time identifies it, arrival times never do."""
        checksum = crc32(self._batch.payloads[number])  # unlike that of a counted one it is kept on disk
        ledger = self._ledger(speaker, "")
        said_ms = self._said_times(number)
        if said_ms and said_ms[0] != NO_TIME:
            window = self._speakers.window(speaker)
            stream = f"{source.window}#{checksum:08x}" if source.is_foreign else source.window
            known = window.get((stream, said_ms[0]))
            if checksum in (known, window.get((source.window, said_ms[0]))):
                self._note_duplicate(number, ledger)
                if self._is_counted(number):
                    ledger.forgive()
                return
            times, _ = self._event_times(number, None)
            if known is not None:
                raise Refused(RefusalReason.EQUIVOCATION, "this time came before with other content")
            self._judged.set_times(times)
            if source.is_foreign:
                self._judged.set_offset(number, sum(ts_ms == said_ms[0] for _, ts_ms in window))
            slot = speaker.note_window(stream, said_ms[0], checksum)
            self._judged.windows.append(WindowEntry(speaker.id, slot, stream, said_ms[0], checksum))
        else:
            times, _ = self._event_times(number, None)
            self._judged.set_times(times + self._bumped(number, speaker))
        if self._is_counted(number):
            ledger.redeem()
        else:
            ledger.count(is_dead=False)

    def _bumped(self, number: int, speaker: Speaker) -> list[tuple[int, int, int]]:
        """Arrival times of one appliance are kept at least a millisecond apart.

        A letter that comes again keeps the time at which it came first, apart from others by its place in that batch.
        """
        again = self._batch.again.get(number)
        if again is not None:
            self._judged.set_offset(number, 1 + again.message % (MAX_SAMPLES_PER_MESSAGE - 1))
            return []
        times = []
        for _, index, ts_ms in self._rows_of(number) or [(0, 0, NO_TIME)]:
            if ts_ms == NO_TIME and (arrival_ms := speaker.arrive(self._batch.received_ms)) != self._batch.received_ms:
                times.append((number, index, arrival_ms))
        return times

    def _event_times(self, number: int, anchor: Anchor | None) -> tuple[list[tuple[int, int, int]], Anchor | None]:
        """Times to set for the samples of a message, and the newest good anchor; raises where one can't be believed."""
        event = self.decoded.others.get(number)
        window, received_ms = self._rules.window, self._batch.received_ms
        if isinstance(event, EventMessage):
            if event.ts_ms is not None and not window.holds(event.ts_ms, received_ms):
                raise Refused(RefusalReason.TIME_OUT_OF_RANGE, "ts is outside the accepted window")
            return [], anchor
        if self._are_times_plain:
            return [], anchor
        times = []
        for up_ms, index, ts_ms in self._rows_of(number):
            if ts_ms == NO_TIME:
                continue
            if window.holds(ts_ms, received_ms):
                anchor = Anchor(ts_ms, up_ms) if up_ms >= 0 else anchor
                continue
            redated = window.redated(anchor, up_ms if up_ms >= 0 else None, received_ms, ts_ms)
            if redated is None:
                raise Refused(
                    RefusalReason.TIME_OUT_OF_RANGE, "ts is outside the accepted window, and up_ms gives no other"
                )
            times.append((number, index, redated))
        return times, anchor

    def _said_times(self, number: int) -> list[int]:
        """The times that a message gives, NO_TIME for none."""
        event = self.decoded.others.get(number)
        if isinstance(event, EventMessage):
            return [NO_TIME if event.ts_ms is None else event.ts_ms]
        return [ts_ms for _, _, ts_ms in self._rows_of(number)]

    def _gives_no_up_time(self, number: int) -> bool:
        """Whether a boot's telemetry gives no up-time that a good time could anchor; of an event nothing is known."""
        if number in self.decoded.others:
            return False
        return self._are_times_plain or all(up_ms < 0 for up_ms, _, _ in self._rows_of(number))

    def _rows_of(self, number: int) -> list[tuple[int, int, int]]:
        """(up_ms, index, ts_ms) of the samples of one message; made for all messages when first asked."""
        if self._rows is None:
            self._rows = {}
            for rows in self.decoded.rows:
                said = zip(rows.up_ms.tolist(), rows.index.tolist(), rows.ts_ms.tolist(), strict=True)
                for message, row in zip(rows.message.tolist(), said, strict=True):
                    self._rows.setdefault(message, []).append(row)
        return self._rows.get(number, [])

    def _refuse_unread(self, number: int, source: Source, refusal: Refused, checksum: int) -> None:
        """A message that the wire refused; one of no appliance stands in the dead letters only."""
        if not source.appliance_id:
            self._judged.refuse(number, refusal)
            return
        self._refuse(number, self._speaker(source), source, refusal, checksum)

    def _refuse(self, number: int, speaker: Speaker, source: Source, refusal: Refused, checksum: int) -> None:
        """Dead-letter one message and account for it; the repetition of a refused one is a duplicate."""
        identity = refusal.identity
        is_again, is_counted = number in self._batch.again, self._is_counted(number)
        if identity.boot is not None and identity.seq is not None:
            ledger = self._ledger(speaker, identity.boot)
            if not ledger.has(identity.seq, self._speakers.cold_has):
                ledger.add(identity.seq, is_dead=True, now_ms=self._rules.waited_ms)
                ledger.remember(identity.seq, checksum)
                is_last = identity.seq == ledger.next - 1
                speaker.arm(ledger, is_armed=is_last and ledger.anchor is not None)
                is_counted = True
            elif (
                not is_again
                and ledger.checksum_of(identity.seq) in (None, checksum)
                and refusal.reason is not RefusalReason.EQUIVOCATION
            ):
                self._note_duplicate(number, ledger)
                return
        elif (
            identity.is_readable
            and self._is_without_boot(speaker, source)
            and refusal.reason is not RefusalReason.EQUIVOCATION
            and not is_counted
        ):
            self._ledger(speaker, "").count(is_dead=True)
            is_counted = True
        self._judged.refuse(number, refusal, is_counted=is_counted)

    def _is_dead(self, number: int, ledger: BootLedger, seq: int) -> bool:
        """Whether the ledger has the seq of a letter that comes again as dead-lettered.

        What has gone cold is redeemed only by the letter that the ledger counted: several may have one seq.
        """
        if seq in ledger.dead:
            return True
        return seq < ledger.floor and self._is_counted(number) and self._speakers.cold_is_dead(ledger, seq)

    def _is_counted(self, number: int) -> bool:
        """Whether a message is a letter that comes again and that the ledger counts as dead-lettered."""
        again = self._batch.again.get(number)
        return again is not None and again.is_counted

    @staticmethod
    def _is_without_boot(speaker: Speaker, source: Source) -> bool:
        """Whether the message is one of a client that counts nothing, on a channel that counts."""
        return not speaker.has_boots and source.is_counted

    def _ledger(self, speaker: Speaker, boot: str) -> BootLedger:
        """The ledger of one boot, settled and to be written whole."""
        moved = speaker.disarm()
        if moved is not None:
            self._judged.irregular[moved.row] = (speaker.id, moved)
        ledger = self._speakers.ledger(speaker, boot, self._rules.waited_ms)
        self._judged.irregular[ledger.row] = (speaker.id, ledger)
        return ledger

    def _note_duplicate(self, number: int, ledger: BootLedger) -> None:
        """Count a message that is known already."""
        ledger.note_duplicate()
        self._judged.pass_over(number)
