"""The account of a ticket's clocks: what each has run since the episode began, what stopped it, and why.

Made from the history alone, so that it can be reckoned again at any time; the deadlines that are kept must agree with it.

>>> hold, resume = Moment(10, "hold", "part"), Moment(25, "resume")
>>> account_of([hold, resume], begun_ms=0, until_ms=40)
Account(spent_ms=25, pauses=(Pause(from_ms=10, to_ms=25, reason='part'),))
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

STOPS = "hold"
GOES_ON = frozenset({"resume", "cancel", "reopen"})


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of history, as clocks see it."""

    at_ms: int
    event: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which the clocks stood still; ``to_ms`` is empty while they do."""

    from_ms: int
    to_ms: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """What the clocks have run, and every pause."""

    spent_ms: int
    pauses: tuple[Pause, ...]


def account_of(moments: Iterable[Moment], *, begun_ms: int, until_ms: int) -> Account:
    """The account of one episode up to a moment; a clock that was set back takes nobody's time away."""
    pauses: list[Pause] = []
    since: Moment | None = None
    for moment in moments:
        if moment.event == STOPS and since is None:
            since = moment
        elif moment.event in GOES_ON and since is not None:
            pauses.append(Pause(since.at_ms, max(moment.at_ms, since.at_ms), since.reason))
            since = None
    paused_ms = sum((pause.to_ms or 0) - pause.from_ms for pause in pauses)
    if since is not None:
        pauses.append(Pause(since.at_ms, None, since.reason))
        paused_ms += max(until_ms - since.at_ms, 0)
    return Account(max(until_ms - begun_ms - paused_ms, 0), tuple(pauses))
