"""The account of a ticket's clocks: what each has run, what stopped it and why, and when it is due. A fold over the log.

Made from the history alone, so that it can be reckoned again at any time; the deadlines that are kept are made by it, too.
Time is that of the calendar in force: what was spent under other terms stays spent, and what is left is measured by the new.

>>> from alerts.calendars.business_hours import ALWAYS
>>> terms = Terms("t", "p", None, ALWAYS, {"resolve": 40}, {})
>>> hold, resume = Moment(10, "hold", reason="part"), Moment(25, "resume")
>>> account_of([Moment(0, "terms", terms=terms), hold, resume], "resolve", begun_ms=0, until_ms=40)
Account(spent_ms=25, due_ms=55, pauses=(Pause(from_ms=10, to_ms=25, kind='hold', reason='part'),), is_stopped=False)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.calendars.business_hours import Calendar

STOPS = "hold"
GOES_ON = frozenset({"resume", "cancel", "reopen"})
HOLD = "hold"
"""The kind of a pause that says no other."""
CUSTOMER_PAUSE = "customer"
"""The kind of a pause that the customer's answer ends."""


@dataclass(frozen=True)
class Terms:
    """What clocks go by: within how long by clock, in which hours, and which pauses stop which clocks (all, unless said)."""

    id: str
    policy: str
    calendar_name: str | None
    calendar: Calendar
    within_ms: Mapping[str, int]
    stops: Mapping[str, Sequence[str]]
    content: str = ""
    """All of it as text, as it is kept."""

    def is_stopped(self, clock: str, kind: str) -> bool:
        """Whether a pause of this kind stops a clock."""
        return kind not in self.stops or clock in self.stops[kind]


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of history, as clocks see it: a step, or other terms."""

    at_ms: int
    event: str
    kind: str = HOLD
    reason: str | None = None
    terms: Terms | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which a clock stood still; ``to_ms`` is empty while it does."""

    from_ms: int
    to_ms: int | None
    kind: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """What a clock has run, when it is due (as if it went on now, where it stands still), and every pause."""

    spent_ms: int
    due_ms: int
    pauses: tuple[Pause, ...]
    is_stopped: bool


def account_of(moments: Sequence[Moment], clock: str, *, begun_ms: int, until_ms: int) -> Account:
    """The account of one clock from its beginning up to a moment; ``moments`` are those of the episode, in their order.

    The first terms hold from the beginning. A clock that was set back takes nobody's time away.
    """
    terms = next((moment.terms for moment in moments if moment.terms is not None), None)
    if terms is None:
        raise LookupError("a ticket without terms has no clocks")
    runs: list[tuple[int, int, Calendar]] = []
    pauses: list[Pause] = []
    held: Moment | None = None
    at_ms = begun_ms
    for moment in (*moments, Moment(until_ms, "now")):
        now_ms = min(max(moment.at_ms, at_ms), max(until_ms, begun_ms))
        if held is None or not terms.is_stopped(clock, held.kind):
            runs.append((at_ms, now_ms, terms.calendar))
        elif pauses and pauses[-1].to_ms == at_ms and pauses[-1].reason == held.reason and pauses[-1].kind == held.kind:
            pauses[-1] = Pause(pauses[-1].from_ms, now_ms, held.kind, held.reason)
        else:
            pauses.append(Pause(at_ms, now_ms, held.kind, held.reason))
        at_ms = now_ms
        if moment.at_ms > until_ms:
            continue
        if moment.event == STOPS:
            held = moment
        elif moment.event in GOES_ON:
            held = None
        terms = moment.terms or terms
    is_stopped = held is not None and terms.is_stopped(clock, held.kind)
    if is_stopped and held is not None:
        last = pauses.pop() if pauses and pauses[-1].to_ms == at_ms and pauses[-1].kind == held.kind else None
        pauses.append(Pause(at_ms if last is None else last.from_ms, None, held.kind, held.reason))
    spent_ms, due_ms = _spent_and_due(runs, terms.within_ms[clock])
    if due_ms is None:
        due_ms = terms.calendar.advance(max(until_ms, begun_ms), terms.within_ms[clock] - spent_ms)
    return Account(spent_ms, due_ms, tuple(one for one in pauses if one.to_ms != one.from_ms), is_stopped)


def _spent_and_due(runs: Sequence[tuple[int, int, Calendar]], within_ms: int) -> tuple[int, int | None]:
    """What was spent in all, and when it reached what is allowed, if it has."""
    spent_ms, due_ms = 0, None
    for start_ms, end_ms, calendar in runs:
        run_ms = calendar.between(start_ms, end_ms)
        if due_ms is None and spent_ms + run_ms >= within_ms:
            due_ms = calendar.advance(start_ms, within_ms - spent_ms)
        spent_ms += run_ms
    return spent_ms, due_ms
