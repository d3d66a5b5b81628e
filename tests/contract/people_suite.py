"""What technicians and providers promise on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from alerts.accounts.account import Role
from alerts.accounts.desk import Accounts
from alerts.csv_file import read_csv
from alerts.customers.access_hours import parse_hours
from alerts.customers.customer import Address, Contact, NewCustomer, NewOwnership, NewSite, Purpose
from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError, StaleViewError, UnknownError
from alerts.importing import Outcome
from alerts.people.csv_rows import COLUMNS, write_technicians
from alerts.people.provider import NewProvider, OfferStatus
from alerts.people.reading import TechnicianFilter
from alerts.people.technician import AbsenceReason, Licence, NewTechnician, Wish
from alerts.place import Place
from alerts.tickets.ticket import NewTicket
from ingest.clock import ManualClock
from tests.alerts.made import HOUR_MS

WANG = NewTechnician(
    "王芳",
    external_id="hr-1",
    home=Place(50.94, 6.96),
    areas=("west",),
    skills={"washing_machine": 2},
    licences=(Licence("refrigerant", date(2026, 12, 31)),),
    shifts=parse_hours("mon-fri 08:00-17:00"),
    time_zone="Europe/Berlin",
)
FILE = """external_id,name,latitude,longitude,areas,skills,licences,shifts,time_zone,visits_per_day
t-1,Ada Lovelace,51.5,-0.12,south; north,washing_machine:3; dryer,refrigerant:2027-06-30; gas,mon-fri 08:00-17:00,Europe/London,6
t-2,Grace Hopper,,,,,,,,
"""


class PeopleSuite:
    """The promises of :class:`alerts.people.desk.Technicians` and :class:`alerts.people.desk.Providers`."""

    def test_a_technician_is_entered_found_and_changed(self, desk: Desk) -> None:
        """By name, area and skill; a stale view is refused; what is not different changes nothing."""
        wang = desk.technicians.add(WANG)
        desk.technicians.add(NewTechnician("Ada", external_id="hr-2", skills={"dryer": 1}))

        def found(**wanted: Any) -> list[str]:
            return [one.name for one in desk.technicians.page(TechnicianFilter(**wanted)).items]

        assert found(q="王") == found(area="west", skill="washing_machine") == ["王芳"]
        assert found(area="west") == ["Ada", "王芳"]  # who names no area goes everywhere
        assert desk.technicians.read(wang.id).as_new() == WANG
        assert desk.technicians.change(wang.id, WANG).version == 1
        changed = desk.technicians.change(wang.id, replace(WANG, visits_per_day=5), expected_version=1)
        assert (changed.visits_per_day, changed.version) == (5, 2)
        with pytest.raises(StaleViewError):
            desk.technicians.change(wang.id, WANG, expected_version=1)
        with pytest.raises(ConflictError, match="hr-1"):
            desk.technicians.add(WANG)
        with pytest.raises(InvalidError, match="no account"):
            desk.technicians.add(NewTechnician("X", account="nobody"))

    def test_a_licence_ends_with_its_day(self, desk: Desk) -> None:
        """On its last day it is good, on the next it is not."""
        wang = desk.technicians.add(WANG)

        assert wang.may("refrigerant", date(2026, 12, 31))
        assert not wang.may("refrigerant", date(2027, 1, 1))
        assert not wang.may("gas", date(2026, 12, 1))

    def test_an_absence_ends_now_or_was_never(self, desk: Desk, clock: ManualClock) -> None:
        """One that runs is cut, one to come is gone, one that is over stays."""
        wang = desk.technicians.add(WANG)
        now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
        day = timedelta(days=1)
        running = desk.technicians.be_absent(wang.id, now - day, now + day, AbsenceReason.SICK)
        coming = desk.technicians.be_absent(wang.id, now + 5 * day, now + 9 * day, AbsenceReason.HOLIDAY, "sea")

        clock.advance(HOUR_MS)
        desk.technicians.be_back(wang.id, running.id)
        desk.technicians.be_back(wang.id, coming.id)

        [left] = desk.technicians.absences(wang.id)
        assert (left.id, left.end) == (running.id, now + timedelta(hours=1))
        with pytest.raises(ConflictError):
            desk.technicians.be_back(wang.id, running.id)
        with pytest.raises(InvalidError, match="ends after"):
            desk.technicians.be_absent(wang.id, now, now, AbsenceReason.OTHER)

    def test_a_customer_wants_one_and_not_another(self, desk: Desk) -> None:
        """The newest word stands; taken back it is gone."""
        customer = desk.customers.add(NewCustomer(Contact("Li")))
        wang = desk.technicians.add(WANG)

        desk.technicians.wish(customer.id, wang.id, Wish.PREFERRED)
        desk.technicians.wish(customer.id, wang.id, Wish.EXCLUDED, "was late twice")

        assert [(one.wish, one.note) for one in desk.technicians.wishes(customer.id)] == [
            (Wish.EXCLUDED, "was late twice")
        ]
        desk.technicians.wish(customer.id, wang.id, None)
        assert not desk.technicians.wishes(customer.id)
        with pytest.raises(UnknownError):
            desk.technicians.wish("cu_x", wang.id, Wish.PREFERRED)

    def test_a_file_is_taken_over_and_comes_out_the_same(self, desk: Desk) -> None:
        """Twice changes nothing; what comes out goes in again; a bad row is refused alone."""
        lines = list(read_csv(FILE, COLUMNS))

        dry = list(desk.technicians.take_over(lines, is_dry_run=True))
        first = list(desk.technicians.take_over(lines))
        again = list(desk.technicians.take_over(lines))
        out = "".join(write_technicians(desk.technicians.all()))
        back = list(desk.technicians.take_over(list(read_csv(out, COLUMNS))))
        bad = "external_id,name,skills,licences\nt-3,Eve,washing_machine:9,\nt-4,Bob,,gas:soon\n"
        refused = list(desk.technicians.take_over(list(read_csv(bad, COLUMNS))))

        assert [one.outcome for one in dry] == [one.outcome for one in first] == [Outcome.CREATED] * 2
        assert {one.outcome for one in (*again, *back)} == {Outcome.UNCHANGED}
        assert [one.outcome for one in refused] == [Outcome.REFUSED] * 2
        assert "level of 1 to 3" in refused[0].detail
        assert "no day" in refused[1].detail
        ada = desk.technicians.page(TechnicianFilter(q="ada")).items[0]
        assert ada.skills == {"washing_machine": 3, "dryer": 1}
        assert ada.areas == ("south", "north")

    def test_a_provider_takes_a_ticket_or_not(self, desk: Desk, clock: ManualClock) -> None:
        """One offer stands at a time; a no or silence frees the ticket; a late yes is refused; each is in the history."""
        number = str(_ticket(desk).number)
        first, second = (_provider(desk, name) for name in ("cool", "quick"))

        offer = desk.providers.offer(number, first)
        with pytest.raises(ConflictError, match="withdraw"):
            desk.providers.offer(number, second)
        declined = desk.by("cool").providers.answer(offer.id, is_taken=False, note="no one free")
        late = desk.providers.offer(number, second)
        clock.advance(3 * HOUR_MS)

        with pytest.raises(ConflictError, match="over"):
            desk.by("quick").providers.answer(late.id, is_taken=True)
        assert (declined.offer.status, desk.providers.expire(), desk.providers.expire()) == (OfferStatus.DECLINED, 1, 0)
        events = [line.event for line in desk.tickets.read(number).history]
        assert events[-4:] == ["offer_offered", "offer_declined", "offer_offered", "offer_expired"]

    def test_a_provider_reads_its_own_offers_and_no_other(self, desk: Desk) -> None:
        """Who lives where is told only after a yes, and only where the customer allows it; never to another provider."""
        number = str(_ticket(desk).number)
        customer = _owner(desk)
        first, _ = (_provider(desk, name) for name in ("cool", "quick"))
        offer = desk.providers.offer(number, first)
        cool, quick = desk.by("cool").providers, desk.by("quick").providers

        before = cool.own_one(offer.id)
        taken = cool.answer(offer.id, is_taken=True)
        desk.customers.consent(customer, Purpose.CONTRACTOR, None, is_given=True, source="by phone")
        allowed = cool.own_one(offer.id)

        assert before.contact is taken.contact is taken.address is None
        assert (allowed.contact, allowed.address) == ("Li", "Domstraße 4, 50668, Köln")
        assert not quick.own()
        with pytest.raises(UnknownError):
            quick.own_one(offer.id)
        with pytest.raises(UnknownError):
            quick.answer(offer.id, is_taken=False)
        desk.providers.withdraw(offer.id)
        assert cool.own_one(offer.id).contact is None


def _ticket(desk: Desk) -> Any:
    desk.appliances.register(("WM-0231", "washing_machine"))
    return desk.tickets.open(NewTicket("WM-0231", "It leaks", fault_mode="drain_clog"))


def _provider(desk: Desk, name: str) -> str:
    Accounts(desk.unit).add(name, Role.PROVIDER)
    return desk.providers.add(NewProvider(name, account=name, fees={"visit": "45.00"}, answer_within_h=2)).id


def _owner(desk: Desk) -> str:
    customer = desk.customers.add(NewCustomer(Contact("Li")))
    home = desk.customers.add_site(customer.id, NewSite(Address("Domstraße 4", "Köln", "50668", "DE"), "west"))
    desk.customers.give(customer.id, NewOwnership("WM-0231", home.id))
    return customer.id
