"""Kinds, modes and boots are bounded per speaker and for all: who invents them takes no memory and nobody's place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.admission import kinds
from ingest.admission.speaker import BOOTS_MAX
from ingest.admission.speakers import RETIRED_MAX
from ingest.books.registry import Registry
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import RefusalReason
from tests.ingest.admission.bench import NOW, Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Admission with room for three kinds without a profile."""
    monkeypatch.setattr(kinds, "KINDS_MAX", 3)
    made = Bench(tmp_path)
    yield made
    made.books.close()


def said(kind: str, name: str, seq: int = 0, *, boot: str = "b", **more: Any) -> tuple[str, Any]:
    """One sample of an appliance."""
    return f"fettle/v1/{kind}/{name}/telemetry", {"boot": boot, "seq": seq, "metrics": {"power_w": 1.5}} | more


def speakers(bench: Bench) -> Any:
    """What admission remembers of those who speak."""
    return bench.admission._speakers


def test_one_speaker_has_one_kind(bench: Bench) -> None:
    """Two thousand kinds under one id are one appliance: what names another kind is refused, and nothing of it is kept."""
    bench.send(said("toaster", "evil"))
    refused = sum(
        bench.send(*(said(f"kind_{batch}_{n}", "evil", batch * 250 + n + 1) for n in range(250))).refused[
            RefusalReason.IDENTITY_MISMATCH
        ]
        for batch in range(8)
    )

    assert refused == 2000
    assert bench.books.kinds() == {"toaster"}
    assert len(speakers(bench)._known) == 1


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("seq", [0, 5])
def test_invented_kinds_are_bounded_and_profiles_have_a_place(bench: Bench, seq: int, *, is_restarted: bool) -> None:
    """Beyond the quota no new kind is registered, a known one and one of a profile are; the refusal names the cure."""
    bench.send(*(said(f"kind_{number}", f"a{number}", seq) for number in range(10)))
    if is_restarted:
        bench.restart()
    more = bench.send(said("kind_11", "x", seq), said("kind_1", "b", seq), said("refrigerator", "f", seq))

    assert bench.books.kinds() == {"kind_0", "kind_1", "kind_2", "refrigerator"}
    assert more.refused == {RefusalReason.UNKNOWN_APPLIANCE: 1}
    assert {block.kind for block in more.batch.blocks} == {"kind_1", "refrigerator"}
    assert "fettle appliances add x --kind kind_11" in bench.letters()[-1].detail


def test_the_operators_word_makes_room(bench: Bench) -> None:
    """A kind that an operator registers is taken at once; one whose last appliance is retired leaves its place."""
    registry = Registry(bench.books)
    bench.send(*(said(f"kind_{number}", f"a{number}") for number in range(3)))
    registry.add("mine", "kettle", now_ms=NOW)
    assert not bench.send(said("kettle", "mine"), said("kettle", "yours")).refused

    registry.retire("a1", now_ms=NOW)
    registry.retire("a2", now_ms=NOW)

    assert not bench.send(said("kind_9", "c")).refused
    assert bench.send(said("kind_8", "d")).refused == {RefusalReason.UNKNOWN_APPLIANCE: 1}


def test_invented_kinds_leave_a_fast_way_to_those_with_a_profile() -> None:
    """However many kinds were heard before, the messages of a profile's kind are decoded in bulk."""
    decoder = BatchDecoder()
    body = b'{"metrics":{"power_w":1}}'
    flood = [f"fettle/v1/kind_{number}/a/telemetry" for number in range(2000)]
    decoder.decode(flood, [body] * len(flood))

    assert decoder.sources.of("fettle/v1/refrigerator/f/telemetry").table is not None
    assert sum(decoder.sources.of(topic).table is not None for topic in flood) < 300


def test_boots_of_one_speaker_stay_few_in_memory(bench: Bench) -> None:
    """An appliance that restarts two thousand times has a few accounts in memory, and the rest on disk, within bounds."""
    for batch in range(8):
        bench.send(*(said("refrigerator", "f", boot=f"b{batch}x{number}") for number in range(250)))

    assert len(speakers(bench).find("f").ledgers) <= BOOTS_MAX
    assert len(speakers(bench).retired_ledgers) <= RETIRED_MAX + 250
    bench.restart()
    bench.books.forget_boots(keep=1000)
    assert len(bench.ledger("f")) == 1000


def test_modes_are_words_of_their_own_sample(bench: Bench) -> None:
    """Two thousand modes cost what as many cycles do: each is handed on with its sample, and none is remembered."""
    for batch in range(8):
        modes = [f"m{batch}_{number}" for number in range(250)]
        handed_on = bench.send(*(said("toaster", "a", batch * 250 + n, mode=mode) for n, mode in enumerate(modes)))
        assert [mode for block in handed_on.batch.blocks for mode in block.modes] == modes

    assert bench.books.names_of("a").keys() == {"power_w"}
    assert bench.ledger("a")[0].stored == 2000
