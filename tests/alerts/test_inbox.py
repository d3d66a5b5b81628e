"""What appliances say of themselves reaches the directory."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from alerts.desk import Desk
from alerts.directory import ApplianceFilter, Availability
from alerts.inbox import Inbox
from alerts.schema import cursors
from ingest.clock import ManualClock
from ingest.sample import AdmittedBatch, Event, EventType, SampleBlock, Status, StatusState
from tests.alerts.made import NOW_MS


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
    inbox = Inbox(desk, feed, write_every_s=0)

    assert inbox.tick() == 2

    appliance = desk.appliance("WM-1")
    assert (appliance.kind, appliance.availability) == ("washing_machine", Availability.ONLINE)
    assert appliance.last_seen is not None
    assert appliance.last_seen.timestamp() * 1000 == NOW_MS
    assert appliance.interval_s == pytest.approx(30)


def test_cursor_moves_with_what_was_written_and_not_before(desk: Desk) -> None:
    """Nothing is written while batches are folded; then everything and the cursor are, so a crash loses nothing."""
    feed = FakeFeed(batch(3, block(("WM-1", NOW_MS))))
    patient = Inbox(desk, feed, write_every_s=3600)

    patient.tick()
    assert desk.appliances().items == ()
    patient.write()

    with desk.engine.connect() as connection:
        assert connection.execute(select(cursors.c.name, cursors.c.position)).all() == [("desk", 3)]
    assert Inbox(desk, feed, write_every_s=0).tick() == 0, "a new loop goes on behind the cursor"


@pytest.mark.parametrize(
    ("said", "seen_ms", "later_ms", "expected"),
    [
        (status(StatusState.ONLINE), None, 0, Availability.ONLINE),
        (status(StatusState.ONLINE), None, 901_000, Availability.STALE),
        (status(StatusState.OFFLINE), NOW_MS - 1, 0, Availability.OFFLINE),
        (status(StatusState.OFFLINE), NOW_MS + 1, 0, Availability.ONLINE),
        (status(StatusState.SLEEPING, until_ms=NOW_MS + 7_200_000), None, 3_600_000, Availability.SLEEPING),
        (status(StatusState.SLEEPING, until_ms=NOW_MS + 7_200_000), None, 7_300_000, Availability.STALE),
        (status(StatusState.ONLINE, interval_s=3600.0), None, 3 * 3_600_000 - 1, Availability.ONLINE),
        (status(StatusState.ONLINE, interval_s=3600.0), None, 3 * 3_600_000 + 1, Availability.STALE),
        (status(None), NOW_MS - 5_000, 0, Availability.ONLINE),
    ],
)
def test_newest_of_status_and_telemetry_decides(
    desk: Desk,
    clock: ManualClock,
    *,
    said: Status,
    seen_ms: int | None,
    later_ms: int,
    expected: Availability,
) -> None:
    """Availability follows the newest of status and telemetry, and silence makes it stale."""
    blocks = () if seen_ms is None else (block(("WM-1", seen_ms)),)
    Inbox(desk, FakeFeed(batch(1, *blocks, statuses=(said,))), write_every_s=0).tick()

    clock.advance(later_ms)

    assert desk.appliance("WM-1").availability is expected
    listed = desk.appliances(ApplianceFilter(availability=expected)).items
    assert [appliance.id for appliance in listed] == ["WM-1"]


def test_birth_fills_the_directory_and_a_later_one_keeps_what_it_leaves_out(desk: Desk) -> None:
    """Model, firmware and the like come from births; an older status never overwrites a newer one."""
    births = (
        status(StatusState.ONLINE, model="Waschbär 7", firmware="1.0", capabilities=("buffer",)),
        status(StatusState.SLEEPING, NOW_MS + 5, firmware="1.1"),
    )
    old = status(StatusState.OFFLINE, NOW_MS - 5)
    Inbox(desk, FakeFeed(batch(1, statuses=births), batch(2, statuses=(old,))), write_every_s=0).tick()

    appliance = desk.appliance("WM-1")

    assert (appliance.model, appliance.firmware, appliance.capabilities) == ("Waschbär 7", "1.1", ("buffer",))
    assert appliance.availability is Availability.SLEEPING
    assert [found.id for found in desk.appliances(ApplianceFilter(q="waschb")).items] == ["WM-1"]


def test_what_happened_is_remembered_once(desk: Desk) -> None:
    """A changed part and a new firmware stand in the appliance's history; cycles do not; a repeat adds nothing."""
    events = (
        Event("WM-1", "washing_machine", NOW_MS, NOW_MS, EventType.PART_REPLACED, data={"component": "drain_pump"}),
        Event("WM-1", "washing_machine", NOW_MS, NOW_MS, EventType.CYCLE_FINISHED, data={"cycle": "7"}),
        Event("WM-1", "washing_machine", NOW_MS, NOW_MS, EventType.FIRMWARE_UPDATED, data={"to": "2.0"}),
    )
    feed = FakeFeed(batch(1, events=events))
    first, second = Inbox(desk, feed, write_every_s=3600), Inbox(desk, feed, write_every_s=3600)
    first.tick()
    second.tick()

    first.write()
    second.write()

    history = desk.appliance_events("WM-1").items
    assert [event.type for event in history] == ["firmware_updated", "part_replaced"]
    assert desk.appliance("WM-1").firmware == "2.0"
