"""Business hours and a ticket's account, against a slow reference that looks at every single minute."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from alerts.calendars.business_hours import ALWAYS, Calendar
from alerts.rules.calendars import CalendarRules, parse_week
from alerts.tickets.account import Moment, Terms, account_of
from ingest.clock import to_ms

MINUTE_MS = 60_000
ORIGIN = datetime(2026, 2, 20, tzinfo=UTC)
ORIGIN_MS = to_ms(ORIGIN)
MINUTES = 90 * 1440
"""Long enough for both changes of the clock that lie in it: New York on 8 March, Berlin on 29 March, Sydney on 5 April."""
HISTORIES = 250
CALENDARS = (
    ALWAYS,
    CalendarRules(
        timezone="Europe/Berlin", week="mon-fri 08:00-12:00, 13:00-17:00; sat 09:00-12:00", holidays="DE-BE"
    ).calendar,
    CalendarRules(timezone="America/New_York", week="mon-sun 22:00-06:00", closed=(date(2026, 3, 7),)).calendar,
    CalendarRules(
        timezone="Australia/Lord_Howe", week="mon-thu 00:00-24:00; sun 01:30-02:15", holidays="AU-NSW"
    ).calendar,
    CalendarRules(timezone="Asia/Shanghai", week="mon-fri 09:00-12:00, 14:00-18:00", holidays="CN").calendar,
    CalendarRules(timezone="Europe/Berlin", week="sun 01:15-02:45; mon 18:00-02:30").calendar,
)
Open = NDArray[np.int64]


@cache
def minutes_of(calendar: Calendar) -> Open:
    """For each minute since the origin whether it is open: the wall time of each quarter of an hour is looked up in the week.

    All hours and all changes of clocks here fall on quarters, so that each of their minutes is alike.
    """
    if calendar.zone is None:
        return np.ones(MINUTES, dtype=np.int64)
    from holidays import country_holidays  # noqa: PLC0415

    country, _, part = (calendar.holidays or "").partition("-")
    free = country_holidays(country, subdiv=part or None) if country else {}
    zone = ZoneInfo(calendar.zone)
    found = np.zeros(MINUTES // 15, dtype=np.int64)
    for quarter in range(MINUTES // 15):
        local = (ORIGIN + timedelta(minutes=15 * quarter)).astimezone(zone)
        today, of_day = local.date(), local.hour * 60 + local.minute
        for day, shown in ((today, of_day), (today - timedelta(days=1), of_day + 1440)):
            is_closed = day in free or day in calendar.closed
            spans = () if is_closed else calendar.week[day.weekday()]
            found[quarter] |= any(since <= shown < to for since, to in spans)
    return np.repeat(found, 15)


def reference(moments: list[Moment], clock: str, *, begun: int, until: int) -> tuple[int, int, int]:
    """Minutes run, minutes stood still, and the minute at which it is due: each minute is marked, and all are counted."""
    runs, still = np.zeros(MINUTES, dtype=np.int64), np.zeros(MINUTES, dtype=np.int64)
    terms, held = moments[0].terms, None
    assert terms is not None
    minutes = [(moment.at_ms - ORIGIN_MS) // MINUTE_MS for moment in moments]
    for moment, since, to in zip(moments, minutes, [*minutes[1:], until], strict=True):
        held = moment.kind if moment.event == "hold" else None if moment.event == "resume" else held
        terms = moment.terms or terms
        if held is not None and terms.is_stopped(clock, held):
            still[since:to] = 1
        else:
            runs[since:to] = minutes_of(terms.calendar)[since:to]
    spent, stood = int(runs[begun:until].sum()), int(still[begun:until].sum())
    runs[until:] = minutes_of(terms.calendar)[until:]
    due = int(np.argmax(np.cumsum(runs[begun:]) >= terms.within_ms[clock] // MINUTE_MS)) + begun + 1
    return spent, stood, due


def terms_of(chance: random.Random) -> Terms:
    """Terms at random."""
    within = {"resolve": chance.randint(1, 40 * 60) * MINUTE_MS}
    stops = {"customer": ["respond"]} if chance.random() < 0.3 else {}
    return Terms("t", "p", None, chance.choice(CALENDARS), within, stops)


def history(chance: random.Random) -> tuple[list[Moment], int, int]:
    """A ticket's life of up to some weeks: holds of several kinds, resumes, and new terms."""
    begun = chance.randint(0, 50 * 1440)
    at, moments = begun, [Moment(ORIGIN_MS + begun * MINUTE_MS, "terms", terms=terms_of(chance))]
    for _ in range(chance.randint(0, 7)):
        at += chance.choice([0, 1, chance.randint(1, 600), chance.randint(1, 6000)])
        event = chance.choice(["hold", "hold", "resume", "resume", "terms"])
        kind = chance.choice(["hold", "part", "customer"])
        terms = terms_of(chance) if event == "terms" else None
        moments.append(Moment(ORIGIN_MS + at * MINUTE_MS, event, kind, kind, terms))
    return moments, begun, at + chance.randint(0, 3000)


def differences(histories: int, seed: int) -> int:
    """In how many random histories the account says anything else than the reference."""
    chance, wrong = random.Random(seed), 0
    for _ in range(histories):
        moments, begun, until = history(chance)
        start_ms, end_ms = ORIGIN_MS + begun * MINUTE_MS, ORIGIN_MS + until * MINUTE_MS
        account = account_of(moments, "resolve", begun_ms=start_ms, until_ms=end_ms)
        paused_ms = sum((pause.to_ms or end_ms) - pause.from_ms for pause in account.pauses)
        said = (account.spent_ms, paused_ms, account.due_ms - ORIGIN_MS)
        spent, stood, due = reference(moments, "resolve", begun=begun, until=until)
        wrong += said != (spent * MINUTE_MS, stood * MINUTE_MS, due * MINUTE_MS)
    return wrong


def test_random_histories_agree_with_every_minute() -> None:
    """What was spent, what was paused and when it is due, over shifts, lunch, holidays, changed clocks and changed terms."""
    assert differences(HISTORIES, seed=11) == 0


@pytest.mark.long
def test_ten_thousand_random_histories_agree_with_every_minute() -> None:
    """The same at length."""
    assert differences(10_000, seed=12) == 0


@pytest.mark.parametrize("calendar", CALENDARS[1:])
def test_every_minute_of_a_season_is_open_or_closed_as_the_wall_says(calendar: Calendar) -> None:
    """Minute by minute, over the days on which the clock is changed, too."""
    opened = minutes_of(calendar)
    chance = random.Random(5)
    for _ in range(300):
        since = chance.randint(0, MINUTES - 1)
        to = min(since + chance.choice([1, 60, 1440, 20_000]), MINUTES)
        counted = calendar.between(ORIGIN_MS + since * MINUTE_MS, ORIGIN_MS + to * MINUTE_MS)
        assert counted == int(opened[since:to].sum()) * MINUTE_MS


def test_the_hour_that_comes_twice_counts_twice_and_the_one_that_is_skipped_not_at_all() -> None:
    """A night shift in Berlin on the days of the change: seven hours in March, nine in October."""
    night = Calendar("Europe/Berlin", parse_week("mon-sun 22:00-06:00"))
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)

    hours = [night.between(to_ms(one), to_ms(one + timedelta(days=1))) / 3_600_000 for one in (spring, autumn)]

    assert hours == [7, 9]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("someday 08:00-09:00", "does not begin with a day"),
        ("mon 8-9", "is no span"),
        ("mon 08:00-08:00", "no span"),
        ("", "no open hours"),
    ],
)
def test_a_week_that_can_not_be_meant_is_refused(text: str, sentence: str) -> None:
    """Before anything is reckoned by it."""
    with pytest.raises(ValueError, match=sentence):
        parse_week(text)
