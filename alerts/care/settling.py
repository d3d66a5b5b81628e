"""What came of advice: its use before, against its use since; of those who followed, and of those who did not.

Who did not is measured over the same time, because use changes by season and by itself: only the difference is the advice's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select, update

from alerts.care.care import Change
from alerts.care.counting import BACK_DAYS
from alerts.care.giving import holds, move
from alerts.care.lifecycle import AdviceEvent, AdviceState
from alerts.care.tables import advices, use_counted
from alerts.care.windows import DAY_MS, LEAST, change_between, day_of, taken, values_between, within
from alerts.database import SYSTEM, Transaction
from ingest.profiles.care import Advice, Consumable, OverDays
from ingest.profiles.definition import Profile

AT_ONCE = 200
PATIENCE_DAYS = 7
"""How long the end waits for days that are not counted yet."""
_MEASURED = [AdviceState.STANDING, AdviceState.FOLLOWED, AdviceState.DECLINED, AdviceState.PASSED]


def has_due(t: Transaction) -> bool:
    """Whether something is to be measured."""
    return t.connection.execute(_due(t).limit(1)).first() is not None


def settle(t: Transaction, profiles: Mapping[str, Profile]) -> int:
    """Measure what is due; returns how much of what was followed is decided."""
    t = t.by(SYSTEM)
    decided = 0
    for row in t.connection.execute(_due(t).order_by(advices.c.settle_ms).limit(AT_ONCE)).all():
        text = text_of(profiles, row.kind, row.name)
        after, change, event = _measured(t, row, text)
        values = {"measured_ms": t.now_ms, "after": after, "change": None if change is None else asdict(change)}
        if row.state == AdviceState.FOLLOWED.value:
            move(t, row, event, **values)
            decided += 1
        else:
            t.connection.execute(update(advices).where(advices.c.n == row.n).values(values))
    return decided


def text_of(profiles: Mapping[str, Profile], kind: str, name: str) -> Advice | Consumable | None:
    """What a piece of advice is made of; None where no profile has it any more."""
    profile = profiles.get(kind)
    return None if profile is None else profile.advice.get(name) or profile.consumables.get(name)


def use_of(text: Advice | Consumable) -> str | None:
    """The use that shows what came of it."""
    return text.use if isinstance(text, Advice) else text.effect


def _due(t: Transaction) -> Any:
    """What is to be measured: its time is over, and all its days are counted, or will not be."""
    last_day = advices.c.settle_ms // DAY_MS - 1
    counted = select(use_counted.c.appliance_id).where(
        use_counted.c.appliance_id == advices.c.appliance_id, use_counted.c.day >= last_day
    )
    is_late = advices.c.settle_ms <= t.now_ms - PATIENCE_DAYS * DAY_MS
    return select(advices).where(
        advices.c.state.in_([one.value for one in _MEASURED]),
        advices.c.measured_ms.is_(None),
        advices.c.settle_ms <= t.now_ms,
        counted.exists() | is_late,
    )


def _measured(
    t: Transaction, row: Row[Any], text: Advice | Consumable | None
) -> tuple[float | None, Change | None, AdviceEvent]:
    """The number since, the change a day, and what that says of who has followed."""
    use = None if text is None else use_of(text)
    if text is None or use is None:
        return None, None, AdviceEvent.STAY_OPEN
    begun = day_of(row.told_ms if row.state == AdviceState.FOLLOWED.value else row.given_ms)
    last = day_of(row.settle_ms) - 1
    values = values_between(t, row.appliance_id, first=begun - BACK_DAYS, last=last)
    days = text.days if isinstance(text, Advice) else BACK_DAYS // 2
    before = within(values.get(use, {}), first=begun - days, last=begun - 1)
    after = within(values.get(use, {}), first=begun + 1, last=last)
    change = change_between(before, after)
    if len(after) < LEAST:
        return None, None, AdviceEvent.STAY_OPEN
    if isinstance(text, Advice) and text.over is not OverDays.MEAN:
        beyond = holds(text, values, first=begun + 1, last=last)
        return taken(text.over, after), change, AdviceEvent.HELP if beyond is None else AdviceEvent.NOT_HELP
    if change is None:
        return taken(OverDays.MEAN, after), None, AdviceEvent.STAY_OPEN
    wants_less = text.above is not None if isinstance(text, Advice) else text.better == "below"
    has_helped = change.high < 0 if wants_less else change.low > 0
    return taken(OverDays.MEAN, after), change, AdviceEvent.HELP if has_helped else AdviceEvent.NOT_HELP
