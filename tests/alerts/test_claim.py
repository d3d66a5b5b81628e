"""The cursors in a database belong to one journal; another one is read from its beginning, and two at once are refused."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from alerts.cursors.checkpoint import move_cursor, read_cursor
from alerts.cursors.claim import LIVES_MS, claim, hold, let_go
from alerts.database import UnitOfWork
from alerts.desk import Desk
from alerts.errors import DatabaseError
from ingest.clock import ManualClock
from tests.alerts.made import HOUR_MS

READERS = ("desk", "detect", "outbox:log")


@pytest.fixture
def unit(desk: Desk) -> UnitOfWork:
    """A database whose readers have come to position 157."""
    for name in READERS:
        desk.unit.write(partial(move_cursor, name=name, position=157))
    return desk.unit


def cursors(unit: UnitOfWork) -> list[int]:
    """Where desk, detectors and the outbox stand."""
    return [unit.look(partial(read_cursor, name=name)) for name in READERS]


def test_the_first_claim_takes_the_cursors_as_they_are(unit: UnitOfWork) -> None:
    """A database of an older version goes on where it was; so does every restart of the same installation."""
    for _ in range(3):
        unit.write(lambda t: claim(t, "one", "here"))
        unit.write(lambda t: hold(t, "one"))

    assert cursors(unit) == [157, 157, 157]


def test_another_journal_is_read_from_its_beginning_and_that_is_written_down(
    unit: UnitOfWork, desk: Desk, clock: ManualClock
) -> None:
    """Once the old installation is silent the journal's cursors begin anew, and the audit says so; notices are not told again."""
    unit.write(lambda t: claim(t, "one", "here"))
    clock.advance(LIVES_MS + 1)
    unit.write(lambda t: claim(t, "two", "there"))

    assert cursors(unit) == [0, 0, 157]
    [entry] = [entry for entry in desk.audit.page().items if entry.action == "journal.other"]
    assert (entry.subject_id, entry.data["before"]["journal"], entry.data["after"]["journal"]) == ("two", "one", "two")


def test_a_journal_that_comes_back_goes_on_where_it_was(unit: UnitOfWork) -> None:
    """Each journal has its own positions: the second begins anew, the first is not read twice, nor the second at its return."""
    stood = []
    for journal in ("one", "two", "one", "two"):
        unit.write(partial(claim, journal=journal, place="here"))
        position = cursors(unit)[0]
        stood.append(position)
        for name in ("desk", "detect"):
            unit.write(partial(move_cursor, name=name, position=position + 5))
        unit.write(partial(let_go, journal=journal))

    assert stood == [157, 0, 162, 5]
    assert cursors(unit) == [10, 10, 157]


def test_only_so_many_journals_are_remembered(
    unit: UnitOfWork, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was left longest ago is read from its beginning again."""
    monkeypatch.setattr("alerts.cursors.claim.LEFT_MAX", 2)
    for journal in ("one", "two", "three", "four", "one"):
        unit.write(partial(claim, journal=journal, place="here"))
        unit.write(partial(let_go, journal=journal))
        clock.advance(1000)

    assert cursors(unit) == [0, 0, 157]


def test_a_second_installation_on_a_database_is_refused_while_the_first_lives(
    unit: UnitOfWork, clock: ManualClock
) -> None:
    """The sentence names where the first runs; nothing is changed; one that has ended in order blocks nobody."""
    unit.write(lambda t: claim(t, "one", "host-1:/var/lib/fettle"))
    clock.advance(LIVES_MS)
    with pytest.raises(DatabaseError, match="another installation, which runs at host-1:/var/lib/fettle"):
        unit.write(lambda t: claim(t, "two", "there"))
    assert cursors(unit) == [157, 157, 157]

    unit.write(lambda t: let_go(t, "one"))
    unit.write(lambda t: claim(t, "two", "there"))

    assert cursors(unit) == [0, 0, 157]


@pytest.mark.parametrize(("behind_ms", "is_refused"), [(60_000, True), (HOUR_MS, False)])
def test_a_clock_that_is_behind_counts_as_alive_within_reason(
    unit: UnitOfWork, clock: ManualClock, behind_ms: int, *, is_refused: bool
) -> None:
    """A machine whose clock is a minute behind takes nobody's database; a clock set back by an hour blocks nobody."""
    unit.write(lambda t: claim(t, "one", "here"))
    other = replace(unit, clock=ManualClock(clock.now_ms() - behind_ms))

    if is_refused:
        with pytest.raises(DatabaseError):
            other.write(lambda t: claim(t, "two", "there"))
    else:
        other.write(lambda t: claim(t, "two", "there"))


def test_who_has_lost_the_claim_hears_it(unit: UnitOfWork, clock: ManualClock) -> None:
    """An installation that was silent for too long, and was followed by another, does not go on beside it."""
    unit.write(lambda t: claim(t, "one", "here"))
    clock.advance(HOUR_MS)
    unit.write(lambda t: claim(t, "two", "there"))

    with pytest.raises(DatabaseError, match="was claimed by another installation"):
        unit.write(lambda t: hold(t, "one"))
