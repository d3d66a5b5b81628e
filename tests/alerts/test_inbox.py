"""What appliances say of themselves reaches the directory."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import delete, insert, select

from alerts.appliances.directory import ApplianceFilter, Availability
from alerts.appliances.listener import Listener
from alerts.appliances.tables import appliances, listening
from alerts.cursors.tables import cursors
from alerts.database import UnitOfWork
from alerts.desk import Desk
from alerts.inbox import Inbox
from ingest.clock import ManualClock
from ingest.liveness import ALWAYS, STILL_AWAY_MS, LastStatus, Listening, availability
from ingest.sample import AdmittedBatch, Event, EventType, SampleBlock, SampleFlag, Status, StatusState
from tests.alerts.made import NOW_MS
from tests.examples import tries


class FakeFeed:
    """A feed over a list."""

    def __init__(self, *batches: AdmittedBatch) -> None:
        """Hold the batches."""
        self.batches = list(batches)

    def next(self, after: int) -> AdmittedBatch | None:
        """The first batch behind the position."""
        return next((batch for batch in self.batches if batch.position > after), None)


def block(*readings: tuple[str, int]) -> SampleBlock:
    """Samples of washing machines: (id, time)."""
    count = len(readings)
    return SampleBlock(
        kind="washing_machine",
        metrics=("power_w",),
        appliance_ids=[appliance_id for appliance_id, _ in readings],
        ts_ms=np.array([ts_ms for _, ts_ms in readings], dtype=np.int64),
        values=np.ones((count, 1)),
        modes=[None] * count,
        cycles=[None] * count,
        seq=np.full(count, -1, dtype=np.int64),
        index=np.zeros(count, dtype=np.int64),
        flags=np.zeros(count, dtype=np.uint8),
        received_ms=NOW_MS,
    )


def batch(position: int, *blocks: SampleBlock, **rest: tuple[object, ...]) -> AdmittedBatch:
    """A batch at a position."""
    return AdmittedBatch(position, NOW_MS, 1, blocks, **rest)  # type: ignore[arg-type]  # the rest is passed through


def status(state: StatusState | None, ts_ms: int = NOW_MS, **rest: object) -> Status:
    """A status of one washing machine."""
    return Status("WM-1", "washing_machine", ts_ms, NOW_MS, state, **rest)  # type: ignore[arg-type]  # passed through


def test_samples_make_an_appliance_known_and_online(desk: Desk) -> None:
    """An appliance that reports is in the directory, with the time of its newest sample and its usual interval."""
    feed = FakeFeed(
        batch(3, block(("WM-1", NOW_MS - 60_000), ("WM-1", NOW_MS - 30_000))), batch(4, block(("WM-1", NOW_MS)))
    )
    inbox = Inbox(desk.unit, feed, write_every_s=0)

    assert inbox.tick() == 2

    appliance = desk.appliances.read("WM-1")
    assert (appliance.kind, appliance.availability) == ("washing_machine", Availability.ONLINE)
    assert appliance.last_seen is not None
    assert appliance.last_seen.timestamp() * 1000 == NOW_MS
    assert appliance.interval_s == pytest.approx(30)


def test_what_the_broker_repeats_is_no_sign_of_life(desk: Desk) -> None:
    """A retained sample makes an appliance known, never seen and never online."""
    repeated = replace(block(("WM-1", NOW_MS - 60_000)), flags=np.array([SampleFlag.RETAINED], dtype=np.uint8))
    inbox = Inbox(desk.unit, FakeFeed(batch(3, repeated)), write_every_s=0)

    inbox.tick()

    appliance = desk.appliances.read("WM-1")
    assert appliance.last_seen is None
    assert appliance.availability is Availability.STALE


def test_cursor_moves_with_what_was_written_and_not_before(desk: Desk) -> None:
    """Nothing is written while batches are folded; then everything and the cursor are, so a crash loses nothing."""
    feed = FakeFeed(batch(3, block(("WM-1", NOW_MS))))
    patient = Inbox(desk.unit, feed, write_every_s=3600, news_every_s=3600)

    patient.tick()
    assert desk.appliances.page().items == ()
    patient.write()

    with desk.unit.engine.connect() as connection:
        assert connection.execute(select(cursors.c.name, cursors.c.position)).all() == [("desk", 3)]
    assert Inbox(desk.unit, feed, write_every_s=0).tick() == 0, "a new loop goes on behind the cursor"


def test_new_appliance_and_status_are_visible_before_the_next_write(desk: Desk) -> None:
    """A new appliance and each status are in the directory at once; the cursor waits for the whole write."""
    feed = FakeFeed(batch(3, block(("WM-1", NOW_MS))))
    inbox = Inbox(desk.unit, feed, write_every_s=3600, news_every_s=0)

    inbox.tick()
    assert desk.appliances.read("WM-1").availability is Availability.ONLINE
    feed.batches.append(batch(4, statuses=(replace(status(StatusState.OFFLINE), received_ms=NOW_MS + 1),)))
    inbox.tick()

    assert desk.appliances.read("WM-1").availability is Availability.OFFLINE
    with desk.unit.engine.connect() as connection:
        assert connection.execute(select(cursors.c.position)).all() == []


def test_announced_interval_stands_against_a_measured_one(desk: Desk) -> None:
    """An appliance that announced its interval keeps it, however it speaks for a while."""
    burst = block(*(("WM-1", NOW_MS + 100 * number) for number in range(20)))
    feed = FakeFeed(batch(3, statuses=(status(StatusState.ONLINE, interval_s=30.0),)), batch(4, burst), batch(5, burst))
    inbox = Inbox(desk.unit, feed, write_every_s=0)

    inbox.tick()
    feed.batches.append(batch(6, block(("WM-1", NOW_MS + 5_000))))
    inbox.tick()

    assert desk.appliances.read("WM-1").interval_s == 30


@settings(max_examples=tries(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    state=st.sampled_from([None, *StatusState]),
    told_s=st.none() | st.integers(0, 20_000),
    seen_s=st.none() | st.integers(0, 20_000),
    until_s=st.none() | st.integers(0, 20_000),
    interval_s=st.none() | st.sampled_from([30.0, 300.0, 3600.0]),
    absence_s=st.none() | st.tuples(st.integers(0, 20_000), st.integers(0, 20_000), st.booleans()),
)
def test_newest_of_status_and_telemetry_decides(
    desk: Desk,
    *,
    state: StatusState | None,
    told_s: int | None,
    seen_s: int | None,
    until_s: int | None,
    interval_s: float | None,
    absence_s: tuple[int, int, bool] | None,
) -> None:
    """The directory's availability is that of the one rule, and a list narrowed to it holds the appliance."""
    now_ms = NOW_MS + 20_000_000
    told_ms = None if told_s is None else NOW_MS + told_s * 1000
    seen_ms = None if seen_s is None else NOW_MS + seen_s * 1000
    until_ms = None if until_s is None else NOW_MS + until_s * 1000
    row = {"id": "WM-1", "kind": "washing_machine", "registered_ms": 0, "interval_s": interval_s}
    row |= {"last_seen_ms": seen_ms, "status_until_ms": until_ms}
    row |= {"status": state.value if state and told_ms else None, "status_ms": told_ms}
    known = ALWAYS
    if absence_s is not None:
        from_ms, lasts_s, is_over = NOW_MS + absence_s[0] * 1000, absence_s[1], absence_s[2]
        known = Listening(from_ms, from_ms, from_ms + lasts_s * 1000 if is_over else STILL_AWAY_MS)
    with desk.unit.engine.begin() as connection:
        connection.execute(delete(appliances))
        connection.execute(delete(listening))
        connection.execute(insert(appliances).values(row))
        if known is not ALWAYS:
            values = {"until_ms": known.until_ms, "away_from_ms": known.away_from_ms, "away_until_ms": known.away_until_ms}  # fmt: skip
            connection.execute(insert(listening).values(id=1, **values))
    later = Desk(UnitOfWork(desk.unit.engine, ManualClock(now_ms), desk.unit.chance), desk.profiles)

    expected = availability(
        LastStatus(state, told_ms, until_ms) if told_ms is not None else None,
        last_seen_ms=seen_ms,
        usual_interval_s=interval_s,
        now_ms=now_ms,
        listening=known,
    )

    assert later.appliances.read("WM-1").availability is expected
    assert [found.id for found in later.appliances.page(ApplianceFilter(availability=expected)).items] == ["WM-1"]


def test_a_restart_makes_nobody_stale(desk: Desk, clock: ManualClock) -> None:
    """An appliance that was heard until we stopped is online when we start again hours later; unnoted, it would be stale."""
    Inbox(desk.unit, FakeFeed(batch(1, block(("WM-1", NOW_MS)))), write_every_s=0).tick()
    unnoted = Desk(UnitOfWork(desk.unit.engine, ManualClock(NOW_MS + 7_200_000), desk.unit.chance), desk.profiles)
    assert unnoted.appliances.read("WM-1").availability is Availability.STALE

    before = Listener(desk.appliances)
    before.tick(is_connected=True)
    clock.advance(10_000)
    before.tick(is_connected=False)
    clock.advance(7_200_000)
    Listener(desk.appliances).tick(is_connected=True)

    assert desk.appliances.read("WM-1").availability is Availability.ONLINE
    for _ in range(100):
        clock.advance(15_000)
        Listener(desk.appliances).tick(is_connected=True)
    assert desk.appliances.read("WM-1").availability is Availability.STALE


def test_listening_is_noted_now_and_then(desk: Desk, clock: ManualClock) -> None:
    """While nothing changes one note in fifteen seconds is enough; that the broker is lost is noted at once."""
    noted = []
    listener = Listener(desk.appliances)
    for number in range(40):
        listener.tick(is_connected=number < 35)
        with desk.unit.engine.connect() as connection:
            noted.append(connection.execute(select(listening)).one())
        clock.advance(1_000)

    assert len(set(map(str, noted))) == 4


def test_the_usual_interval_outlives_the_process(desk: Desk) -> None:
    """What was learned is known to the next process, and the pause of a restart does not count."""
    steady = [batch(n, block(("WM-1", NOW_MS + n * 60_000))) for n in range(1, 30)]
    Inbox(desk.unit, FakeFeed(*steady), write_every_s=0).tick()

    later = batch(40, block(("WM-1", NOW_MS + 90_000_000)))
    Inbox(desk.unit, FakeFeed(*steady, later), write_every_s=0).tick()

    assert desk.appliances.read("WM-1").interval_s == pytest.approx(60)


def test_last_will_and_what_follows(desk: Desk, clock: ManualClock) -> None:
    """A will makes an appliance offline though it was written long ago; telemetry after it means online."""
    will = replace(status(StatusState.OFFLINE, NOW_MS - 3_600_000), received_ms=NOW_MS + 1)
    later = replace(block(("WM-1", NOW_MS)), received_ms=NOW_MS + 2)
    feed = FakeFeed(batch(1, block(("WM-1", NOW_MS))), batch(2, statuses=(will,)))
    inbox = Inbox(desk.unit, feed, write_every_s=0)
    clock.advance(10)

    inbox.tick()
    assert desk.appliances.read("WM-1").availability is Availability.OFFLINE
    feed.batches.append(batch(3, later))
    inbox.tick()

    assert desk.appliances.read("WM-1").availability is Availability.ONLINE


def test_birth_fills_the_directory_and_a_later_one_keeps_what_it_leaves_out(desk: Desk) -> None:
    """Model, firmware and the like come from births; an older status never overwrites a newer one."""
    births = (
        status(StatusState.ONLINE, model="Waschbär 7", firmware="1.0", capabilities=("buffer",)),
        status(StatusState.SLEEPING, NOW_MS, firmware="1.1"),
    )
    old = status(StatusState.OFFLINE, NOW_MS - 5, is_retained=True)
    Inbox(desk.unit, FakeFeed(batch(1, statuses=births), batch(2, statuses=(old,))), write_every_s=0).tick()

    appliance = desk.appliances.read("WM-1")

    assert (appliance.model, appliance.firmware, appliance.capabilities) == ("Waschbär 7", "1.1", ("buffer",))
    assert appliance.availability is Availability.SLEEPING
    assert [found.id for found in desk.appliances.page(ApplianceFilter(q="waschb")).items] == ["WM-1"]


def test_what_happened_is_remembered_once(desk: Desk) -> None:
    """A changed part and a new firmware stand in the appliance's history; cycles do not; a repeat adds nothing."""
    events = (
        Event("WM-1", "washing_machine", NOW_MS, NOW_MS, EventType.PART_REPLACED, data={"component": "drain_pump"}),
        Event("WM-1", "washing_machine", NOW_MS, NOW_MS, EventType.CYCLE_FINISHED, data={"cycle": "7"}),
        Event("WM-1", "washing_machine", NOW_MS, NOW_MS, EventType.FIRMWARE_UPDATED, data={"to": "2.0"}),
    )
    feed = FakeFeed(batch(1, events=events))
    first, second = Inbox(desk.unit, feed, write_every_s=3600), Inbox(desk.unit, feed, write_every_s=3600)
    first.tick()
    second.tick()

    first.write()
    second.write()

    history = desk.appliances.events("WM-1").items
    assert [event.type for event in history] == ["firmware_updated", "part_replaced"]
    assert desk.appliances.read("WM-1").firmware == "2.0"
