"""Admission judges a batch at once as it judges its messages one by one."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ingest.admission import expectations, speaker
from ingest.admission.expectations import Expectations
from ingest.books.ledger import LedgerRow
from tests.ingest.admission.bench import NOW, Bench

Message = tuple[str, Any]


def _messages(chance: random.Random, count: int) -> list[Message]:
    """Messages of three appliances: mostly the next of their boot, else repeated, altered, skipped, reborn or uncounted."""
    reached: dict[tuple[str, str], int] = {}
    boots = dict.fromkeys(("d1", "d2", "d3"), 0)
    found: list[Message] = []
    for _ in range(count):
        name = chance.choice(list(boots))
        if chance.random() < 0.03:
            boots[name] += 1
        boot = f"b{max(0, boots[name] - (chance.random() < 0.05))}"
        seq = reached.get((name, boot), 0)
        way = chance.random()
        if way < 0.08:
            seq = max(0, seq - chance.randint(1, 9))
        elif way < 0.12:
            seq += chance.randint(1, 3)
        reached[name, boot] = max(reached.get((name, boot), 0), seq + 1)
        body: dict[str, Any] = {"boot": boot, "seq": seq, "ts": NOW + seq, "metrics": {"power_w": seq % 7}}
        if way > 0.97:
            body["metrics"] = {"power_w": None}
        elif way > 0.94:
            body["metrics"] = {"power_w": 99.5}
        elif way > 0.91:
            del body["boot"], body["seq"]
        elif way > 0.89:
            body["ts"] = 1
        channel, kind = "telemetry", "dryer" if way > 0.13 else "refrigerator"
        if 0.85 < way < 0.89:
            channel, body = "event", {"boot": boot, "seq": seq, "ts": NOW, "type": "moved"}
        found.append((f"fettle/v1/{kind}/{name}/{channel}", body))
    return found


def _judged(messages: list[Message], sizes: list[int]) -> tuple[list[int], list[LedgerRow]]:
    """The code of each message, and the ledger, where the messages come in batches of these sizes in turn."""
    codes: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        start = 0
        while start < len(messages):
            size = sizes[len(codes) % len(sizes)]
            batch = messages[start : start + size]
            judgement = bench.send(*batch).judgement
            bench.now = NOW
            codes += [judgement.code(number) for number in range(len(batch))]
            start += size
        rows = sorted(bench.ledger(), key=lambda row: (row.id, row.boot or ""))
        bench.books.close()
    return codes, rows


@pytest.mark.parametrize("seed", range(6))
def test_a_batch_is_judged_as_its_messages(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """However messages are cut into batches, each gets the same judgement, and the ledger ends the same."""
    for module in (expectations, speaker):
        monkeypatch.setattr(module, "UNSETTLED_MAX", 4)
    messages = _messages(random.Random(seed), 120)

    alone = _judged(messages, [1])

    assert _judged(messages, [7, 1, 30]) == alone
    assert _judged(messages, [len(messages)]) == alone


def test_without_the_order_inside_an_appliance_a_batch_is_judged_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps all messages of an appliance in their order, where one must be looked at, is needed."""
    messages = _messages(random.Random(1), 120)
    alone = _judged(messages, [1])
    monkeypatch.setattr(Expectations, "whose_all_are", lambda _self, is_next, _ours: is_next)

    assert _judged(messages, [30]) != alone


def test_messages_that_count_nothing_are_never_taken_as_the_next(tmp_path: Path) -> None:
    """Several messages without boot in one batch, of one time and content, are one sample and its repetitions."""
    bench = Bench(tmp_path)
    bench.send(bench.telemetry(ts=NOW))

    admitted = bench.send(*[bench.telemetry(ts=NOW + 1)] * 4)

    assert admitted.duplicates == 3
    assert [(row.stored, row.duplicates) for row in bench.ledger()] == [(2, 3)]
    bench.books.close()
