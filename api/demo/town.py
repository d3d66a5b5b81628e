"""The town of the demo: who owns its appliances and where they live, who goes there, and what lies in the depots.

Names and addresses are made up. Everything is written through the same ways in as an organisation's own files, so that a
stranger sees customers, homes, technicians, stock and prices from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from alerts.appliances.directory import Appliance, ApplianceFilter
from alerts.csv_file import Line
from alerts.customers.customer import Purpose
from alerts.desk import Desk
from alerts.importing import Outcome, RowReport
from alerts.page import LIMIT_MAX, all_pages
from alerts.people.provider import NewProvider
from alerts.place import Place
from alerts.stock.stock import NewStockPlace, PlaceKind

OWNED_FOR = timedelta(days=400)
APPLIANCES_OF_ONE = 2
LICENCES = "mains; refrigerant; gas"
SHIFTS = "mon-sat 08:00-12:00, 13:00-18:00"
OF_EACH_PART = 6
NO_ADVICE_EVERY = 5
ALLOWED = (Purpose.PREDICTION, Purpose.CONTRACTOR, Purpose.ADVICE)


@dataclass(frozen=True, slots=True)
class District:
    """A region of the fleet: its city, and what people there are called."""

    city: str
    country: str
    centre: Place
    time_zone: str
    language: str
    streets: Sequence[str]
    first: Sequence[str]
    last: Sequence[str]
    technicians: Sequence[str]

    def name(self, number: int) -> str:
        """The customer of this number."""
        first, last = self.first[number % len(self.first)], self.last[number // len(self.first) % len(self.last)]
        return f"{last}{first}" if self.language == "zh" else f"{first} {last}"


DISTRICTS = {
    "north": District(
        *("Hamburg", "DE", Place(53.55, 9.99), "Europe/Berlin", "en"),
        ("Deichweg", "Lindenallee", "Hafenstraße", "Am Markt"),
        ("Anke", "Bo", "Greta", "Jannik", "Lotte", "Malte", "Ole"),
        ("Behrens", "Claasen", "Hansen", "Lorenz", "Petersen"),
        ("Nils Brandt", "Sara Yilmaz"),
    ),
    "south": District(
        *("Verona", "IT", Place(45.44, 10.99), "Europe/Rome", "en"),
        ("Via Roma", "Via Garibaldi", "Piazza Nuova"),
        ("Bianca", "Carlo", "Elena", "Fabio", "Giulia", "Luca"),
        ("Bassi", "Conti", "Ferri", "Moro", "Serra"),
        ("Chiara Rossi", "Davide Greco"),
    ),
    "east": District(
        *("上海", "CN", Place(31.23, 121.47), "Asia/Shanghai", "zh"),
        ("长宁路", "淮海中路", "延安西路"),
        ("伟", "芳", "静", "磊", "敏", "洋"),
        ("王", "李", "张", "陈", "刘"),
        ("赵强", "孙丽"),
    ),
}
ELSEWHERE = DISTRICTS["north"]


@dataclass(slots=True)
class Town:
    """Fills the desk of a demo; :meth:`move_in` is called until everybody has come."""

    desk: Desk
    now: datetime
    housed: set[str] = field(default_factory=set)

    def settle(self, colleague: str) -> None:
        """Technicians (one of them has the account ``colleague``), a provider, depots with parts, prices, articles."""
        provider = self.desk.providers.add(
            NewProvider("Nordservice", skills={"refrigerator": 2}, fees={"visit": "45.00"})
        )
        _check(self.desk.technicians.take_over(self._technicians(colleague, provider.id)))
        _check(self.desk.stock.take_parts(self._parts()))
        depots = [
            self.desk.stock.add_place(NewStockPlace(f"Depot {one.city}", PlaceKind.DEPOT, place=one.centre)).id
            for one in DISTRICTS.values()
        ]
        _check(self.desk.stock.take_counts(self._counts(depots)))
        _check(self.desk.billing.take_prices(_prices(self.now)))
        self.desk.knowledge.add_shipped()

    def move_in(self) -> int:
        """Give everything that was heard since the last time to somebody; returns how many found an owner."""
        read = self.desk.appliances.page
        pages = all_pages(lambda cursor: read(ApplianceFilter(), cursor=cursor, limit=LIMIT_MAX))
        new = sorted((one for one in pages if one.id not in self.housed), key=lambda one: (one.region or "", one.id))
        _check(self.desk.customers.take_over(self._owners(new)))
        self.housed |= {one.id for one in new}
        return len(new)

    def _owners(self, new: Sequence[Appliance]) -> Iterator[Line]:
        before = len(self.housed)
        for at, one in enumerate(new, start=before):
            number = before + (at - before) // APPLIANCES_OF_ONE
            where = DISTRICTS.get(one.region or "", ELSEWHERE)
            key = f"demo-{one.region}-{number}"
            away = ((number * 7919) % 100 - 50) / 1000, ((number * 104_729) % 100 - 50) / 1000
            consents = {f"consent_{purpose.value}": "yes" for purpose in ALLOWED}
            if number % NO_ADVICE_EVERY == 0:
                consents["consent_advice"] = "no"
            if (at - before) % APPLIANCES_OF_ONE:
                consents = {}
            bought = self.now - OWNED_FOR - timedelta(days=number * 37 % 900)
            yield Line(
                at,
                {
                    "external_id": key,
                    "name": where.name(number),
                    "phone": f"+49 1510 55{number:05}",
                    "mail": f"customer{number}@example.org",
                    "language": where.language,
                    "site": key,
                    "street": f"{where.streets[number % len(where.streets)]} {number % 80 + 1}",
                    "city": where.city,
                    "country": where.country,
                    "latitude": f"{where.centre.latitude + away[0]:.3f}",
                    "longitude": f"{where.centre.longitude + away[1]:.3f}",
                    "time_zone": where.time_zone,
                    "appliance_id": one.id,
                    "since": bought.isoformat(),
                    "purchased_on": bought.date().isoformat(),
                    **({"region": one.region} if one.region else {}),
                    **consents,
                },
            )

    def _technicians(self, colleague: str, provider_id: str) -> Iterator[Line]:
        skills = "; ".join(f"{kind}:3" for kind in self.desk.profiles)
        people = [(one, name, region) for region, one in DISTRICTS.items() for name in one.technicians]
        for at, (where, name, region) in enumerate(people):
            cells = {
                "external_id": f"demo-{at}",
                "name": name,
                "latitude": f"{where.centre.latitude + at / 100:.3f}",
                "longitude": f"{where.centre.longitude:.3f}",
                "areas": region,
                "skills": skills,
                "licences": LICENCES,
                "shifts": SHIFTS,
                "time_zone": where.time_zone,
            }
            of_whom = {"account": colleague} if at == 0 else {"provider_id": provider_id} if at == 1 else {}
            yield Line(at, cells | of_whom)

    def _parts(self) -> Iterator[Line]:
        modes = chain.from_iterable(profile.fault_modes.values() for profile in self.desk.profiles.values())
        parts = {part.sku: part for mode in modes for part in mode.parts}
        for at, part in enumerate(parts.values()):
            names = {f"name_{tag}": said for tag, said in part.name.items() if tag in {"en", "zh"}}
            cost = f"{9 + at * 7 % 60}.50"
            yield Line(at, {"sku": part.sku, "cost": cost, "currency": "EUR", "lead_days": str(2 + at % 6), **names})

    def _counts(self, depots: Sequence[str]) -> Iterator[Line]:
        skus = [line.cells["sku"] for line in self._parts()]
        for at, sku in enumerate(skus):
            depot = depots[at % len(depots)]
            yield Line(at, {"place": depot, "sku": sku, "counted": str((at * 5) % (OF_EACH_PART + 1))})


def _check(reports: Iterable[RowReport]) -> None:
    """What we made up is taken."""
    for report in reports:
        assert report.outcome is not Outcome.REFUSED, report.detail  # noqa: S101


def _prices(now: datetime) -> Iterator[Line]:
    since = (now - OWNED_FOR).date().isoformat()
    for at, (code, amount) in enumerate((("visit", "49.00"), ("labour", "0.99"))):
        cells = {"external_id": f"demo-{code}", "code": code, "amount": amount, "currency": "EUR", "valid_from": since}
        yield Line(at, cells)
