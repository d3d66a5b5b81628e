"""Many sessions at once: what readings and time cost does not grow with every session in which nothing waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from sqlalchemy import event, insert, select

from alerts.appliances.directory import ensure_appliance
from alerts.database import Transaction
from alerts.desk import Desk
from alerts.notices.tables import changes
from alerts.remote.answers import NewestReading, let_pass, take_readings
from alerts.remote.effects import SeenSample, take_samples
from alerts.remote.facts import facts_of
from alerts.remote.policy import Scope
from alerts.remote.reading import read_session
from alerts.remote.tables import sessions
from alerts.tickets.ticket import NewTicket
from ingest.profiles import load_profiles
from ingest.profiles.definition import Profile
from tests.alerts.made import NOW_MS
from tests.alerts.remote_bench import ACTOR, KIND

METRICS = {"drum_rpm": 0.0, "water_c": 20.0}


def _open(desk: Desk) -> str:
    """An active session."""
    desk.unit.write(lambda t: ensure_appliance(t, "A-0", KIND))
    ticket = desk.by(ACTOR).tickets.open(NewTicket("A-0", "It rattles"))
    session = desk.by(ACTOR).sessions.request(str(ticket.number), Scope.TEST)
    (shown,) = desk.sessions.due(desk.unit.clock.now_ms())
    return desk.by(ACTOR).sessions.consent(session.id, json.loads(shown.payload)["args"]["code"]).id


def _more(desk: Desk, first: str, count: int) -> None:
    """The same session on other appliances."""

    def work(t: Transaction) -> None:
        row = t.connection.execute(select(sessions).where(sessions.c.id == first)).one()._asdict()
        del row["n"]
        for number in range(1, count):
            other = row | {"id": f"{first}-{number}", "appliance_id": f"A-{number}"}
            t.connection.execute(insert(sessions).values(other))

    desk.unit.write(work)


@contextmanager
def counting(desk: Desk) -> Iterator[list[str]]:
    """The statements that the desk sends meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(desk.unit.engine, "before_cursor_execute", note)
    yield seen
    event.remove(desk.unit.engine, "before_cursor_execute", note)


def _statements(desk: Desk, count: int) -> int:
    """How many statements it takes to hear all appliances once and let time pass."""
    names = [f"A-{number}" for number in range(count)]
    heard = {
        name: NewestReading(name, NOW_MS + 1, "idle", is_running=False, metrics=METRICS, boot="b1") for name in names
    }
    samples = [SeenSample(name, NOW_MS + 1, None, METRICS) for name in names]
    with counting(desk) as seen:
        desk.unit.write(lambda t: take_samples(t, samples, desk.profiles))
        desk.unit.write(lambda t: take_readings(t, heard, desk.limits, desk.profiles))
        desk.unit.write(lambda t: let_pass(t, desk.limits, desk.profiles))
    return len(seen)


def test_readings_of_many_sessions_cost_as_many_statements_as_those_of_one(desk: Desk) -> None:
    """And each session has learned what its own appliance said."""
    first = _open(desk)
    _statements(desk, 1)  # what it says first is news
    few = _statements(desk, 1)
    _more(desk, first, 12)

    assert _statements(desk, 12) == few
    with desk.unit.engine.connect() as connection:
        rows = connection.execute(select(sessions)).all()
    assert {facts_of(row).heard_ms for row in rows} == {NOW_MS + 1}
    assert len(rows) == 12


def test_a_session_is_read_by_as_many_statements_whatever_its_kind_can_be_tested_for(desk: Desk) -> None:
    """Whether something moves is asked once, not once for each test of the profile."""
    session_id, profile = _open(desk), load_profiles()[KIND]

    def reads(profiles: dict[str, Profile]) -> tuple[int, int]:
        with counting(desk) as seen:
            session = desk.unit.look(lambda t: read_session(t, session_id, desk.limits, profiles))
        return len(session.tests), len(seen)

    few = reads({KIND: replace(profile, tests=dict(list(profile.tests.items())[:1]))})
    many = reads({KIND: profile})

    assert few[0] == 1 < many[0]
    assert few[1] == many[1]


def test_whoever_watches_is_told_when_readings_change_what_may_be_done(desk: Desk) -> None:
    """Another mode or an opened door is news of the session; another temperature is none."""
    session_id = _open(desk)

    def news() -> int:
        with desk.unit.engine.connect() as connection:
            mine = changes.c.subject_id == session_id
            return len(connection.execute(select(changes).where(mine)).all())

    told = []
    for mode, water_c, is_open in (("idle", 20.0, 0.0), ("idle", 21.0, 0.0), ("spin", 21.0, 0.0), ("spin", 21.0, 1.0)):
        before = news()
        metrics = {"water_c": water_c, "door_open": is_open}
        heard = {"A-0": NewestReading("A-0", NOW_MS, mode, is_running=False, metrics=metrics, boot="b1")}
        desk.unit.write(partial(take_readings, newest=heard, limits=desk.limits, profiles=desk.profiles))
        told.append(news() - before)

    assert told == [1, 0, 1, 1]


def test_the_least_lag_tells_how_wrong_a_clock_is(desk: Desk) -> None:
    """Readings that were kept while the line was down say nothing of it."""
    session_id = _open(desk)
    for lag_ms in (4_000, 3_600_000):
        heard = {
            "A-0": NewestReading("A-0", NOW_MS, "idle", is_running=False, metrics=METRICS, boot="b1", lag_ms=lag_ms)
        }
        desk.unit.write(partial(take_readings, newest=heard, limits=desk.limits, profiles=desk.profiles))

    with desk.unit.engine.connect() as connection:
        row = connection.execute(select(sessions).where(sessions.c.id == session_id)).one()
    assert facts_of(row).lag_ms == 4_000
