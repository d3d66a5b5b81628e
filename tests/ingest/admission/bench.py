"""Admission over real books in a folder, one journal batch after another; shared by its tests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ingest.admission.admission import Admission, AdmissionSettings, Admitted
from ingest.books.books import FILE_NAME, Books
from ingest.books.dead_letters import KeptLetter
from ingest.books.ledger import LedgerRow
from ingest.feed.admitted import decode_admitted
from ingest.sample import TEXT_SEPARATOR, AdmittedBatch, SampleBlock
from ingest.wire.columns import BatchDecoder
from ingest.wire.foreign import codecs_of
from ingest.wire.foreign.traces import Traces

NOW = 1_795_293_552_250
TWO_SAMPLES = [{"ts": NOW, "metrics": {"new_c": 1}}, {"metrics": {"water_c": 4}}]
WASHER = "fettle/v1/washing_machine/w1"


class Bench:
    """Admission over real books in a folder; ``send`` is one journal batch."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.settings = AdmissionSettings(**settings)
        self.traces: Traces | None = None
        self.now = NOW
        self.position = 0
        self.sent: list[tuple[int, int, list[str], list[bytes]]] = []
        self.start()

    def start(self) -> None:
        """Open the books as after a start of the process."""
        self.books = Books.open(self.folder / FILE_NAME)
        decoder = BatchDecoder(codecs=codecs_of(["tasmota"]), traces=self.traces)
        self.admission = Admission(self.books, decoder, settings=self.settings)

    def restart(self) -> None:
        """Forget all memory."""
        self.books.close()
        self.start()

    def send(self, *messages: tuple[str, Any]) -> Admitted:
        """Judge one batch of (topic, payload); a payload that is no bytes is written as JSON."""
        topics = [topic for topic, _ in messages]
        payloads = [body if isinstance(body, bytes) else json.dumps(body).encode() for _, body in messages]
        self.position += 1
        self.now += 100
        self.sent.append((self.position, self.now, topics, payloads))
        return self.admission.admit(self.position, self.now, topics, payloads, [False] * len(topics))

    def telemetry(
        self, seq: int | None = None, *, boot: str = "b1", power: float = 1.0, **more: Any
    ) -> tuple[str, Any]:
        """A message of the washer."""
        head = {} if seq is None else {"boot": boot, "seq": seq}
        return f"{WASHER}/telemetry", head | {"metrics": {"power_w": power}} | more

    def ledger(self, appliance_id: str = "w1") -> list[LedgerRow]:
        """The rows of one appliance."""
        return list(self.books.ledger_rows(appliance_id))

    def letters(self) -> list[KeptLetter]:
        """All dead letters."""
        return list(self.books.dead_letters())

    def read_back(self, at: int) -> AdmittedBatch:
        """A batch sent before, decoded again by its judgement."""
        position, _, topics, payloads = self.sent[at]
        judgement = self.books.judgement(position)
        assert judgement is not None
        decoder = BatchDecoder(codecs=codecs_of(["tasmota"]))
        return decode_admitted(decoder, judgement, topics, payloads, [False] * len(topics))


def row(boot: str | None, max_seq: int | None, counts: tuple[int, int, int | None, int]) -> LedgerRow:
    """A ledger row of the washer; counts are stored, dead-lettered, gap, duplicates."""
    return LedgerRow("w1", boot, max_seq, counts[0], counts[1], counts[2], counts[3])


def assert_equal(one: AdmittedBatch, other: AdmittedBatch) -> None:
    """Two batches say the same, value for value."""
    assert replace(one, blocks=(), impossible=()) == replace(other, blocks=(), impossible=())
    assert (len(one.blocks), len(one.impossible)) == (len(other.blocks), len(other.impossible))
    for mine, theirs in zip((*one.blocks, *one.impossible), (*other.blocks, *other.impossible), strict=True):
        assert (mine.kind, mine.metrics, list(mine.appliance_ids)) == (
            theirs.kind,
            theirs.metrics,
            list(theirs.appliance_ids),
        )
        assert (list(mine.modes), list(mine.cycles), mine.received_ms) == (
            list(theirs.modes),
            list(theirs.cycles),
            theirs.received_ms,
        )
        for name in ("ts_ms", "values", "seq", "index", "flags"):
            assert np.array_equal(getattr(mine, name), getattr(theirs, name), equal_nan=name == "values"), name
        assert _texts(mine) == _texts(theirs)


def _texts(block: SampleBlock) -> list[Any]:
    """What the received text of each sample says."""
    assert block.metrics_text is not None
    return [json.loads(text) for text in block.metrics_text.split(TEXT_SEPARATOR)]
