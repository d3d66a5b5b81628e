"""The simulated world keeps its promises for every seed, and notices each guard that is switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ingest.books.ledger import BootLedger
from ingest.journal import Journal
from tests.contract.journal_suite import JournalSuite
from tests.world.disk import DiskJournal, SimulatedDisk
from tests.world.seeds import first_broken
from tests.world.world import Guards

FEW = 6
"""Seeds in ``make test``; two thousand run by ``make test-world``."""
NOTICED_WITHIN = 60
HARD, HARDER = 2.5, 3.5
"""So much harsher is a world that shows that a guard is needed."""


class TestContract(JournalSuite):
    """The world's journal keeps the promises of the protocol."""

    @pytest.fixture
    def open_journal(self) -> Callable[[], Journal]:
        """Opens the same disk again and again."""
        disk = SimulatedDisk()
        return lambda: DiskJournal(disk)


@pytest.mark.thorough
def test_whatever_fails_the_promises_hold() -> None:
    """After crashes, torn writes, repetition and disorder, nothing is lost, doubled, or told twice."""
    assert first_broken(range(FEW)) is None


@pytest.mark.parametrize(
    ("guards", "sentence"),
    [
        (Guards(is_syncing=False, faults=HARD), "seed"),
        (Guards(is_cutting=False, faults=HARDER), "seed"),
        (Guards(is_whole=False, faults=HARD), "tickets"),
        (Guards(is_idempotent=False, faults=HARD), "too many"),
    ],
    ids=["acknowledged before durable", "torn tail left", "checkpoint apart from tickets", "store adds up"],
)
def test_a_guard_that_is_off_is_noticed(guards: Guards, sentence: str) -> None:
    """Without the guard some seed breaks a promise."""
    assert sentence in (first_broken(range(NOTICED_WITHIN), guards) or "")


@contextmanager
def patched(name: str, value: object) -> Iterator[None]:
    """The ledger with another method."""
    before = getattr(BootLedger, name)
    setattr(BootLedger, name, value)
    try:
        yield
    finally:
        setattr(BootLedger, name, before)


@pytest.mark.parametrize(
    ("name", "value", "first"),
    [
        ("has", lambda _ledger, _seq, _cold: False, 0),
        ("upto", lambda ledger, _now_ms: ledger.next - 1, 10),
    ],
    ids=["nothing is a duplicate", "acks leap over gaps"],
)
def test_a_ledger_without_its_guard_is_noticed(name: str, value: object, first: int) -> None:
    """A ledger that counts copies, or an ack that passes over a gap, breaks a promise in some seed from the first on."""
    with patched(name, value):
        assert first_broken(range(first, first + NOTICED_WITHIN), Guards(faults=HARD))
