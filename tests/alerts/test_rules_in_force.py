"""Rules that hold now: their file is read again when it changes, and a bad one changes nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from alerts.calendars.days_ahead import DayAhead, days_ahead, is_open
from alerts.desk import Desk
from alerts.errors import InvalidError
from alerts.rules.calendars import CalendarRules
from alerts.rules.in_force import RulesInForce
from ingest.clock import to_ms


def written(path: Path, text: str) -> Path:
    """The file with this content; its time moves on however fast one writes."""
    before_ns = path.stat().st_mtime_ns if path.exists() else 1_000_000_000
    path.write_text(text, "utf-8")
    os.utime(path, ns=(before_ns + 1_000_000_000,) * 2)
    return path


def test_a_changed_file_holds_without_a_restart(tmp_path: Path, desk: Desk) -> None:
    """Whoever holds the unit of work goes by the new rules in the next transaction."""
    path = written(tmp_path / "rules.toml", "[reopening]\nwithin_days = 3\n")
    rules = RulesInForce(path)
    unit = replace(desk.unit, rules=rules).by("anna")
    assert unit.look(lambda t: t.rules.reopening.within_days) == 3

    written(path, "[reopening]\nwithin_days = 5\n")

    assert rules.look()
    assert unit.look(lambda t: t.rules.reopening.within_days) == 5
    assert not rules.look()


@pytest.mark.parametrize("text", ["[reopening]\nwithin_days = -1\n", "no toml at all [", None])
def test_a_bad_file_changes_nothing_and_says_so(tmp_path: Path, text: str | None) -> None:
    """The rules before it stay, with a sentence until the file can be meant again; at the start it is refused."""
    path = written(tmp_path / "rules.toml", "[reopening]\nwithin_days = 3\n")
    rules = RulesInForce(path)

    written(path, text) if text is not None else path.unlink()

    assert not rules.look()
    assert rules.in_force.reopening.within_days == 3
    assert "stay in force" in str(rules.trouble)
    with pytest.raises(InvalidError):
        RulesInForce(path)
    written(path, "[reopening]\nwithin_days = 4\n")
    assert rules.look()
    said: tuple[float, str | None] = (rules.in_force.reopening.within_days, rules.trouble)
    assert said == (4, None)


def test_the_days_ahead_name_their_holidays() -> None:
    """A public holiday and a day that the rules close have no hours; a night shift ends the next morning."""
    calendar = CalendarRules(
        timezone="Europe/Berlin",
        week="mon-fri 08:00-12:00, 13:00-17:00; sat 22:00-06:00",
        holidays="DE",
        closed=(date(2026, 12, 24),),
    ).calendar
    now_ms = to_ms(datetime(2026, 12, 23, 23, 30, tzinfo=UTC))  # half past midnight in Berlin

    thursday, friday, saturday, sunday, monday = days_ahead(calendar, now_ms, count=5)

    assert thursday == DayAhead(date(2026, 12, 24), (), "")
    assert (friday.hours, friday.holiday) == ((), "Christmas Day")
    assert saturday.holiday is not None
    assert (sunday.hours, sunday.holiday) == ((), None)
    assert monday.hours == (("08:00", "12:00"), ("13:00", "17:00"))
    assert not is_open(calendar, now_ms)
    assert is_open(calendar, to_ms(datetime(2026, 12, 28, 9, tzinfo=UTC)))
