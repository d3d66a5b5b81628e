"""Event time: which times are believed, and what stands in for one that is not."""

from __future__ import annotations

from ingest.books.event_time import DAY_MS, FUTURE_MS, AcceptanceWindow, Anchor

NOW = 1_795_293_552_250
WINDOW = AcceptanceWindow()


def test_window_includes_its_ends() -> None:
    """From 31 days before arrival to 5 minutes after it a time is believed."""
    assert WINDOW.holds(NOW - 31 * DAY_MS, NOW)
    assert WINDOW.holds(NOW + FUTURE_MS, NOW)
    assert not WINDOW.holds(NOW - 31 * DAY_MS - 1, NOW)
    assert not WINDOW.holds(NOW + FUTURE_MS + 1, NOW)


def test_window_is_a_setting() -> None:
    """Another window holds other times."""
    assert AcceptanceWindow(past_ms=400 * DAY_MS).holds(NOW - 300 * DAY_MS, NOW)


def test_up_time_dates_what_the_clock_can_not() -> None:
    """An estimated time is the anchor plus the up-time since, forwards and backwards."""
    anchor = Anchor(NOW - 10_000, 5000)

    assert WINDOW.redated(anchor, 7000, NOW, 0) == NOW - 8000
    assert WINDOW.redated(anchor, 3000, NOW, 0) == NOW - 12_000


def test_no_ground_no_time() -> None:
    """Without anchor, without up-time, or with one that leads out of the window, nothing is made up."""
    anchor = Anchor(NOW, 5000)

    assert WINDOW.redated(None, 7000, NOW, 0) is None
    assert WINDOW.redated(anchor, None, NOW, 0) is None
    assert WINDOW.redated(anchor, 5000 + 40 * DAY_MS, NOW, 0) is None


def test_two_witnesses_outweigh_our_own_clock() -> None:
    """Where clock and up-time of an appliance agree, a time outside the window is believed, up to a day from our clock."""
    anchor, hour = Anchor(NOW, 5000), 3_600_000

    assert WINDOW.redated(anchor, 5000 + hour, NOW, NOW + hour) == NOW + hour
    assert WINDOW.redated(anchor, 5000 + hour, NOW, NOW + 2 * hour) is None
    assert WINDOW.redated(anchor, 5000 + 2 * DAY_MS, NOW, NOW + 2 * DAY_MS) is None
