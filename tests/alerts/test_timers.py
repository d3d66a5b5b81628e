"""Time passes at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select

from alerts.alerting import following
from alerts.clocks import telling
from alerts.desk import Desk
from alerts.errors import UnavailableError
from alerts.inbox import Inbox
from alerts.lifecycle import SessionState
from alerts.notices import changes as changes_module
from alerts.notices.tables import changes
from alerts.remote.policy import Scope, SessionLimits
from alerts.silences.muting import Scope as Muted
from alerts.timers import Timers
from ingest.clock import ManualClock, from_ms
from tests.alerts.made import DAY_MS, FINDING, NOW_MS, step_of
from tests.alerts.test_inbox import FakeFeed, batch, block


def test_tick_expires_asks_again_and_keeps_its_pace(desk: Desk, clock: ManualClock) -> None:
    """Sessions expire at each tick, held-back alerts are asked once a minute, and too quick ticks do nothing."""
    desk.findings.commit(step_of(1, FINDING))
    session = desk.by("tess").sessions.request("1", Scope.READ)
    desk.appliances.register(("WM-2", "washing_machine"))
    desk.by("dora").silences.add(Muted("WM-2"), until=from_ms(NOW_MS + DAY_MS), reason="r")
    desk.findings.commit(step_of(2, replace(FINDING, appliance_id="WM-2")))
    timers, hasty = Timers(desk, pause_s=0), Timers(desk, pause_s=3600)
    assert timers.tick(clock.now_ms()) == hasty.tick(clock.now_ms()) == 0
    clock.advance(DAY_MS)

    assert hasty.tick(clock.now_ms()) == 0
    assert timers.tick(clock.now_ms()) == 2, "the session, and the command that would have shown its code"

    assert desk.sessions.read(session.id).state is SessionState.EXPIRED
    assert desk.alerts.page().items[0].reason == "ticket_opened"


def test_all_held_back_alerts_are_asked_page_by_page(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many alerts are held back, each is asked again."""
    monkeypatch.setattr(following, "ASKED_AT_ONCE", 20)
    desk.by("dora").silences.add(Muted(fault_mode="drain_clog"), until=from_ms(NOW_MS + 1), reason="r")
    desk.findings.commit(step_of(1, *(replace(FINDING, appliance_id=f"WM-{number}") for number in range(45))))
    clock.advance(1)

    Timers(desk, pause_s=0).tick(clock.now_ms())

    assert sum(desk.tickets.counts().values()) == 45


def test_old_changes_are_forgotten_and_ids_never_come_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of changes is bounded, and who resumes from an old id gets what is left."""
    monkeypatch.setattr(changes_module, "CHANGES_KEPT", 10)
    row = {"at_ms": NOW_MS, "event": "ticket", "subject_id": "x", "data": {}}
    with desk.unit.engine.begin() as connection:
        connection.execute(insert(changes), [row] * 50)

    desk.changes.forget()

    assert [change.id for change in desk.changes.page(after=0)] == list(range(41, 51))
    with desk.unit.engine.begin() as connection:
        connection.execute(changes.delete())
    desk.findings.commit(step_of(1, FINDING))
    assert [change.id for change in desk.changes.page(after=50)] == [51, 52]


def test_inbox_keeps_what_the_database_did_not_take(desk: Desk) -> None:
    """What was folded while the database is away is written when it is back."""
    inbox = Inbox(desk.unit, FakeFeed(batch(3, block(("WM-1", NOW_MS)))), write_every_s=0)

    def refuse(_connection: object, _cursor: object, statement: str, *_args: object) -> None:
        if statement.startswith("INSERT INTO appliances"):
            raise UnavailableError("away")

    event.listen(desk.unit.engine, "before_cursor_execute", refuse)
    with pytest.raises(UnavailableError):
        inbox.tick()
    event.remove(desk.unit.engine, "before_cursor_execute", refuse)
    assert desk.appliances.page().items == ()

    inbox.tick()

    assert [appliance.id for appliance in desk.appliances.page().items] == ["WM-1"]


def test_fast_clock_gives_people_their_time() -> None:
    """Beside a clock that runs too fast the limits of a session grow with it."""
    limits = SessionLimits().at_speed(60)

    assert (limits.code_life_s, limits.idle_s, limits.command_life_s) == (36_000, 18_000, 1_800)
    assert limits.code_tries == SessionLimits().code_tries


def test_quiet_desk_writes_nothing(desk: Desk) -> None:
    """Where nothing can expire and nothing waits, a tick takes no writer's turn."""
    begun: list[str] = []

    def watch(_connection: object, _cursor: object, statement: str, *_args: object) -> None:
        begun.append(statement)

    event.listen(desk.unit.engine, "before_cursor_execute", watch)
    Timers(desk, pause_s=0).tick(NOW_MS)
    event.remove(desk.unit.engine, "before_cursor_execute", watch)

    assert begun
    assert not [statement for statement in begun if not statement.startswith(("SELECT", "BEGIN"))]
    assert "BEGIN IMMEDIATE" not in begun
    with desk.unit.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(changes)).scalar_one() == 0


def test_what_clocks_ask_is_put_together_once(desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each later look only says what time it is."""
    made, queries = [], telling._queries

    def counted(words: tuple[telling.Word, ...]) -> Iterator[Any]:
        made.append(len(words))
        return queries(words)

    monkeypatch.setattr(telling, "_queries", counted)
    telling._untold.cache_clear()

    for _ in range(3):
        desk.clocks.tell_late()
        clock.advance(DAY_MS)

    assert len(made) == 1
