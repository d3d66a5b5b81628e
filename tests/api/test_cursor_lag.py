"""How far a reader is behind, in messages and in time."""

from __future__ import annotations

import pytest

from api.service.cursor_lag import CursorLag


def test_what_waits_is_told_in_messages_and_by_its_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader behind the second batch has the third before it, since that was journalled; one at the tip waits for nothing."""
    now_s = 100.0
    monkeypatch.setattr("api.service.cursor_lag.time.monotonic", lambda: now_s)
    lag = CursorLag(lambda _position: 0)
    for position, count in ((1, 10), (2, 20), (3, 30)):
        lag.note(position, count)
        now_s += 15

    assert lag.behind(2, tip=3, cursor="detect") == 30
    assert lag.waited_s(2, tip=3) == 15
    assert lag.waited_s(0, tip=3) == 45
    assert lag.waited_s(3, tip=3) == 0


def test_what_is_from_before_the_start_has_waited_for_who_knows_how_long() -> None:
    """Nothing is made up of a message that this process did not journal itself."""
    lag = CursorLag(lambda _position: 5)
    lag.note(9, 1)

    assert lag.waited_s(4, tip=9) is None
    assert CursorLag(lambda _position: 5).waited_s(4, tip=9) is None
