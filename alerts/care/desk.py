"""Care, as it is counted, asked for, told, and settled by time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.care.care import AdviceEffect, Care, GivenAdvice
from alerts.care.counting import Due, due_of, forget, has_old, keep
from alerts.care.effects import effects
from alerts.care.giving import judge
from alerts.care.reading import AdviceFilter, list_advice, read_advice, read_care
from alerts.care.settling import has_due, settle
from alerts.care.tables import advices
from alerts.care.telling import renew, tell
from alerts.care.windows import day_of
from alerts.choices import check_choice
from alerts.database import SYSTEM, Transaction, UnitOfWork
from alerts.page import LIMIT_DEFAULT, LIMIT_MAX, Page, all_pages
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class CareDesk:
    """How appliances are used, and what is advised about it; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]

    def due(self, until_day: int, limit: int) -> list[Due]:
        """Appliances whose use is to be counted up to this day."""
        kinds = [kind for kind, profile in self.profiles.items() if profile.uses]
        return self.unit.look(lambda t: due_of(t, kinds, until=until_day, limit=limit))

    def count(self, until_day: int, counted: Mapping[Due, Mapping[str, Mapping[int, float]]]) -> int:
        """Write down the use of some appliances, and advise by it; returns how many new pieces of advice there are."""

        def work(t: Transaction) -> int:
            given = 0
            for due, uses in counted.items():
                keep(t, due, until=until_day, uses=uses)
                given += judge(t.by(SYSTEM), due.appliance_id, due.kind, self.profiles)
            return given

        return self.unit.write(work) if counted else 0

    def settle(self) -> int:
        """Measure what came of advice whose time is over; returns how much is decided."""
        if not self.unit.look(has_due):
            return 0
        return self.unit.write(lambda t: settle(t, self.profiles))

    def forget(self) -> None:
        """Drop old days, and those of whom nothing may be counted."""
        if self.unit.look(lambda t: has_old(t, today=day_of(t.now_ms))):
            self.unit.write(lambda t: forget(t, today=day_of(t.now_ms)))

    def of(self, appliance_id: str) -> Care:
        """All of one appliance."""
        return self.unit.look(lambda t: read_care(t, appliance_id, self.profiles))

    def page(
        self, wanted: AdviceFilter | None = None, *, cursor: str | None = None, limit: int = LIMIT_DEFAULT
    ) -> Page[GivenAdvice]:
        """One page of what was advised, the newest first."""
        asked = wanted or AdviceFilter()

        def work(t: Transaction) -> Page[GivenAdvice]:
            names = {name for one in self.profiles.values() for name in (*one.advice, *one.consumables)}
            check_choice(t, "kind", asked.kind, [advices.c.kind], self.profiles.keys())
            check_choice(t, "name", asked.name, [advices.c.name], names)
            return list_advice(t, asked, self.profiles, cursor=cursor, limit=limit)

        return self.unit.look(work)

    def all(self, wanted: AdviceFilter) -> Iterator[GivenAdvice]:
        """All advice that is wanted, page by page."""
        return all_pages(lambda cursor: self.page(wanted, cursor=cursor, limit=LIMIT_MAX))

    def tell(self, advice_id: str, *, is_done: bool) -> GivenAdvice:
        """Advice was followed, or won't be."""

        def work(t: Transaction) -> GivenAdvice:
            tell(t, advice_id, self.profiles, is_done=is_done)
            return read_advice(t, advice_id, self.profiles)

        return self.unit.write(work)

    def renew(self, appliance_id: str, name: str) -> Care:
        """A consumable was renewed or cleaned."""

        def work(t: Transaction) -> Care:
            renew(t, appliance_id, name, self.profiles)
            return read_care(t, appliance_id, self.profiles)

        return self.unit.write(work)

    def effects(self) -> Sequence[AdviceEffect]:
        """What each piece of advice has come to."""
        return self.unit.look(effects)
