"""Samples that were admitted and that the telemetry store can never take: kept as dead letters with the reason ``poison``.

The ledger is not touched: the message was judged good and is durable in the journal. What is kept is the sample as a payload
of the contract's form. The writer may hand the same samples over again after a crash; they are kept once.
"""

from __future__ import annotations

import json
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from ingest.books.dead_letters import DeadLetter
from ingest.books.judgement import Judgement
from ingest.wire.dead_letter import RefusalReason
from ingest.wire.topic import DEFAULT_ROOT, Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.books.books import Books
    from ingest.loops.store import RefusedSample
    from ingest.sample import SampleBlock


def keep_unstorable(books: Books, samples: Sequence[RefusedSample], *, topic_root: str = DEFAULT_ROOT) -> None:
    """Keep refused samples as dead letters, those of one journal batch once."""
    for position, some in groupby(samples, attrgetter("position")):
        refused = list(some)
        letters = [_letter(sample, topic_root) for sample in refused]
        books.keep_dead_letters(Judgement(position, refused[0].block.received_ms, len(refused)), letters)


def payload_of_sample(block: SampleBlock, row: int) -> bytes:
    """One sample as a payload of the contract's form."""
    payload: dict[str, object] = {
        "ts": int(block.ts_ms[row]),
        "mode": block.modes[row],
        "cycle": block.cycles[row],
        "metrics": {
            name: value if np.isfinite(value) else repr(value)
            for name, value in zip(block.metrics, block.values[row].tolist(), strict=True)
            if not np.isnan(value)
        },
    }
    if block.seq[row] >= 0:
        payload = {"seq": int(block.seq[row]), **payload}
    return json.dumps({name: value for name, value in payload.items() if value is not None}).encode()


def _letter(sample: RefusedSample, topic_root: str) -> DeadLetter:
    """One refused sample as a dead letter."""
    block, row = sample.block, sample.row
    return DeadLetter(
        message=-1,
        topic=f"{topic_root}/{block.kind}/{block.appliance_ids[row]}/{Channel.TELEMETRY}",
        reason=RefusalReason.POISON,
        detail=f"The store refuses it: {sample.why}.",
        payload=payload_of_sample(block, row),
        speaker=block.appliance_ids[row],
    )
