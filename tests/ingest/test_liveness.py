"""Availability: the newest of status and telemetry decides."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.liveness import (
    ALWAYS,
    INTERVAL_S_MAX,
    STALE_AFTER_S,
    Availability,
    LastStatus,
    Listening,
    availability,
    last_status,
    newer,
    next_interval_s,
)
from ingest.sample import Status, StatusState
from tests.examples import tries

ONLINE, SLEEPING = StatusState.ONLINE, StatusState.SLEEPING
OFFLINE = StatusState.OFFLINE
S = 1000


@pytest.mark.parametrize(
    ("status", "seen_s", "now_s", "expected"),
    [
        (None, None, 0, Availability.STALE),
        (None, 100, 1000, Availability.ONLINE),
        (None, 100, 1001, Availability.STALE),
        (LastStatus(ONLINE, 100 * S), None, 1000, Availability.ONLINE),
        (LastStatus(ONLINE, 100 * S), None, 1001, Availability.STALE),
        (LastStatus(OFFLINE, 100 * S), 50, 101, Availability.OFFLINE),
        (LastStatus(OFFLINE, 100 * S), 50, 99999, Availability.OFFLINE),
        (LastStatus(OFFLINE, 100 * S), 100, 101, Availability.OFFLINE),
        (LastStatus(OFFLINE, 100 * S), 101, 102, Availability.ONLINE),
        (LastStatus(OFFLINE, 100 * S), 101, 1002, Availability.STALE),
        (LastStatus(SLEEPING, 100 * S, 9000 * S), None, 9900, Availability.SLEEPING),
        (LastStatus(SLEEPING, 100 * S, 9000 * S), None, 9901, Availability.STALE),
        (LastStatus(SLEEPING, 100 * S), None, 1000, Availability.SLEEPING),
        (LastStatus(SLEEPING, 100 * S, 9000 * S), 200, 300, Availability.ONLINE),
        (LastStatus(None, 100 * S), None, 101, Availability.STALE),
        (LastStatus(None, 100 * S), 50, 101, Availability.ONLINE),
        (LastStatus(ONLINE, 100 * S), 50, 900, Availability.ONLINE),
    ],
)
def test_newest_decides(status: LastStatus | None, seen_s: int | None, now_s: int, expected: Availability) -> None:
    """Status and telemetry, whichever was heard last, decide; silence makes stale; an offline one stays offline."""
    seen_ms = None if seen_s is None else seen_s * S

    assert availability(status, last_seen_ms=seen_ms, usual_interval_s=60, now_ms=now_s * S) is expected


def test_slow_appliances_get_three_intervals() -> None:
    """An appliance that reports every ten minutes is stale after thirty, not after fifteen."""

    def at(minutes: int) -> Availability:
        return availability(None, last_seen_ms=0, usual_interval_s=600, now_ms=minutes * 60 * S)

    assert (at(30), at(31)) == (Availability.ONLINE, Availability.STALE)


def test_retained_status_dates_from_its_own_time() -> None:
    """A will that the broker repeats at our start is as old as it says; a live one is news."""
    will = Status("w1", "dryer", ts_ms=100, received_ms=900, state=OFFLINE)
    repeated = Status("w1", "dryer", ts_ms=100, received_ms=900, state=OFFLINE, is_retained=True)

    assert last_status(will).heard_ms == 900
    assert last_status(repeated).heard_ms == 100


def test_newer_of_two() -> None:
    """An older status never replaces a newer one; of two equally old ones the later arrived counts."""
    old, new, same = LastStatus(ONLINE, 1), LastStatus(OFFLINE, 2), LastStatus(SLEEPING, 2)

    assert newer(None, old) is old
    assert newer(new, old) is new
    assert newer(new, same) is same


def test_a_status_with_telemetry_behind_it_is_the_older() -> None:
    """Of one batch a will that telemetry follows is older than the telemetry; one that nothing follows is newer."""
    will = Status("w1", "dryer", ts_ms=100, received_ms=900, state=OFFLINE)
    followed = Status("w1", "dryer", ts_ms=100, received_ms=900, state=OFFLINE, is_followed=True)

    def with_telemetry_at_900(status: Status) -> Availability:
        return availability(last_status(status), last_seen_ms=900, usual_interval_s=None, now_ms=901)

    assert with_telemetry_at_900(will) is Availability.OFFLINE
    assert with_telemetry_at_900(followed) is Availability.ONLINE


said = st.tuples(
    st.integers(1, 2_000), st.sampled_from(["telemetry", ONLINE, OFFLINE, SLEEPING]), st.none() | st.integers(0, 5_000)
)


@given(
    story=st.lists(said, max_size=12), quiet_s=st.integers(0, 6_000), interval_s=st.sampled_from([None, 60.0, 600.0])
)
def test_the_newest_word_decides(
    story: list[tuple[int, str | StatusState, int | None]], quiet_s: int, interval_s: float | None
) -> None:
    """Whatever an appliance said in whatever order: its last word and the silence since then say how it is."""
    now_ms, status, seen_ms = 0, None, None
    last: tuple[str | StatusState, int, int | None] | None = None
    for pause_s, word, until_s in story:
        now_ms += pause_s * S
        until_ms = None if until_s is None else now_ms + until_s * S
        last = (word, now_ms, until_ms)
        if isinstance(word, StatusState):
            told = Status("w1", "dryer", now_ms, now_ms, word, until_ms=until_ms)
            status = newer(status, last_status(told))
        else:
            seen_ms = now_ms
    now_ms += quiet_s * S

    found = availability(status, last_seen_ms=seen_ms, usual_interval_s=interval_s, now_ms=now_ms)

    limit_ms = max(3 * (interval_s or 0), STALE_AFTER_S) * S
    if last is None:
        assert found is Availability.STALE
    elif last[0] is OFFLINE:
        assert found is Availability.OFFLINE
    elif last[0] is SLEEPING:
        is_silent = now_ms - max(last[1], last[2] or 0) > limit_ms
        assert found is (Availability.STALE if is_silent else Availability.SLEEPING)
    else:
        assert found is (Availability.STALE if now_ms - last[1] > limit_ms else Availability.ONLINE)


def listened(stretches_s: list[tuple[int, int, bool]], *, interval_s: int) -> tuple[Listening, int, int]:
    """An appliance that speaks while we listen: (what is known of our listening, when it spoke last, the moment now).

    Each stretch is (seconds of listening, seconds away, whether we died and could not say so).
    """
    now_ms = 1_000_000
    known, heard_ms, due_ms = Listening(now_ms), now_ms, now_ms
    for present_s, away_s, has_died in stretches_s:
        end_ms = now_ms + present_s * S
        while now_ms <= end_ms:
            known = known.heard(now_ms, is_connected=True)
            if now_ms >= due_ms:
                heard_ms, due_ms = now_ms, now_ms + interval_s * S
            now_ms += 15 * S
        if not has_died:
            known = known.heard(now_ms, is_connected=False)
        now_ms += away_s * S
        due_ms = max(due_ms, now_ms + 30 * S)  # it comes back half a minute after us
    return known.heard(now_ms, is_connected=True), heard_ms, now_ms


stretch = st.tuples(st.integers(0, 3_000), st.integers(0, 40_000), st.booleans())


@settings(max_examples=tries(60))
@given(stretches=st.lists(stretch, min_size=1, max_size=5), interval_s=st.integers(15, 850))
def test_our_own_absence_makes_nothing_stale(stretches: list[tuple[int, int, bool]], interval_s: int) -> None:
    """However often and long we were away: who spoke while we listened is online when we are back, and a minute later."""
    listening, heard_ms, now_ms = listened(stretches, interval_s=interval_s)

    for later_s in (0, 45):
        assert (
            availability(
                None, last_seen_ms=heard_ms, usual_interval_s=None, now_ms=now_ms + later_s * S, listening=listening
            )
            is Availability.ONLINE
        )


def test_without_knowing_our_absence_a_restart_makes_all_stale() -> None:
    """Negative control: the same silence counts in full where it is not known that we were away."""
    listening, heard_ms, now_ms = listened([(600, 7_200, False)], interval_s=60)

    def found(known: Listening) -> Availability:
        return availability(None, last_seen_ms=heard_ms, usual_interval_s=60, now_ms=now_ms, listening=known)

    assert (found(listening), found(ALWAYS)) == (Availability.ONLINE, Availability.STALE)


@given(stretches=st.lists(stretch, min_size=1, max_size=5))
def test_who_stays_silent_is_stale_in_the_end(stretches: list[tuple[int, int, bool]]) -> None:
    """Our absence delays the word at most by the grace: an appliance that does not come back is stale."""
    listening, heard_ms, now_ms = listened(stretches, interval_s=60)
    for _ in range(20):
        now_ms += 60 * S
        listening = listening.heard(now_ms, is_connected=True)

    found = availability(None, last_seen_ms=heard_ms, usual_interval_s=60, now_ms=now_ms, listening=listening)

    assert found is Availability.STALE


def test_while_we_are_away_nothing_changes() -> None:
    """From the last word of a listener on, told or dead, silence does not grow."""
    told = Listening(0).heard(100 * S, is_connected=True).heard(101 * S, is_connected=False)
    dead = Listening(100 * S)

    assert told.silence_ms(0, 101 * S) == told.silence_ms(0, 90_000 * S) == 101 * S
    assert dead.silence_ms(0, 90_000 * S) == 325 * S
    assert ALWAYS.silence_ms(0, 90_000 * S) == 90_000 * S


@given(
    usual_s=st.floats(0.1, 86_400), outages=st.lists(st.floats(86_400, 1e7), max_size=2), start_s=st.floats(0.1, 1e6)
)
def test_the_usual_interval_is_learned_and_kept(usual_s: float, outages: list[float], start_s: float) -> None:
    """From whatever start it comes close to the usual pause, long outages move it by a quarter each, and it is bounded."""
    interval_s = next_interval_s(None, start_s)
    for _ in range(120):
        interval_s = next_interval_s(interval_s, usual_s)
    assert interval_s == pytest.approx(usual_s, rel=0.05)

    for outage_s in outages:
        interval_s = next_interval_s(interval_s, outage_s)

    assert interval_s <= usual_s * 1.05 * 1.2215 ** len(outages)
    assert next_interval_s(None, 1e12) == INTERVAL_S_MAX
