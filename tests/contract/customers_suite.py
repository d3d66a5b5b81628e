"""What the customer file promises on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from alerts.customers.access_hours import format_hours
from alerts.customers.csv_rows import read_lines, write_lines
from alerts.customers.customer import (
    Address,
    Contact,
    ContactChannel,
    NewCustomer,
    NewOwnership,
    NewSite,
    Purpose,
)
from alerts.customers.owning import may_see
from alerts.customers.sealing import Seal, new_key
from alerts.customers.tables import customer_words, customers, sites
from alerts.database import UnitOfWork
from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError, StaleViewError, UnavailableError, UnknownError
from alerts.importing import Outcome
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, NOW_MS

SCHMIDT = NewCustomer(Contact("Jürgen Schmidt", ("+49 221 123456 78",), ("js@example.org",)), "de", "crm-1")
LI = NewCustomer(Contact("李小龙", ("13800138000",)), "zh", "crm-2")
COLOGNE = NewSite(Address("Domstraße 4", "Köln", "50668", "DE"), "west", "Europe/Berlin")
FILE = """external_id,name,phone,street,city,region,time_zone,access_hours,appliance_id,serial,purchased_on,consent_service
a-1,Ada Lovelace,+44 20 7946 0991,1 Analytical Row,London,south,Europe/London,mon-fri 08:00-18:00,WM-1,S-77,2026-01-02,yes
a-1,Ada Lovelace,,1 Analytical Row,London,south,Europe/London,,WM-2,S-78,,
a-2,Grace Hopper,,,,,,,,,,no
"""


class CustomersSuite:
    """The promises of :class:`alerts.customers.desk.Customers`."""

    def test_a_customer_is_found_by_what_people_say(self, desk: Desk) -> None:
        """By the beginning of a name, without umlauts, by phone however written, by serial, street; Chinese by two signs."""
        schmidt = desk.customers.add(SCHMIDT)
        li = desk.customers.add(LI)
        desk.appliances.register(("WM-0231", "washing_machine"))
        home = desk.customers.add_site(schmidt.id, COLOGNE)
        desk.customers.give(schmidt.id, NewOwnership("WM-0231", home.id, serial="SN-9981"))

        def found(q: str) -> list[str]:
            return [one.id for one in desk.customers.page(q=q).items]

        for words in ("schmi", "Jurgen SCHMIDT", "0221 12345678", "sn-9981", "domstrasse", "köln schmidt", "crm-1"):
            assert found(words) == [schmidt.id], words
        for words in ("小龙", "李小龙", "138 0013 8000"):
            assert found(words) == [li.id], words
        assert found("schmidt london") == []
        assert found("??") == []

    def test_what_tells_who_it_is_lies_sealed(self, desk: Desk) -> None:
        """No name, phone or street stands in the database as it was typed."""
        customer = desk.customers.add(SCHMIDT)
        desk.customers.add_site(customer.id, COLOGNE)

        with desk.unit.engine.connect() as connection:
            rows = [
                tuple(row) for table in (customers, sites, customer_words) for row in connection.execute(table.select())
            ]

        text = repr(rows).lower()
        assert not [word for word in ("schmidt", "221", "example.org", "domstr", "köln") if word in text]

    def test_another_key_is_told_and_opens_nothing(self, desk: Desk) -> None:
        """With a wrong key file nobody is found, and it is said why; it does not look like an empty file."""
        customer = desk.customers.add(SCHMIDT)
        other = Seal((new_key(),))
        stranger = Desk(desk.unit, desk.profiles, seal=lambda: other)

        with pytest.raises(UnavailableError, match="key that is not in the file"):
            stranger.customers.page(q="schmidt")
        with pytest.raises(UnavailableError, match="bring back that key"):
            stranger.customers.read(customer.id)

    def test_a_key_is_replaced_without_a_stop(self, desk: Desk) -> None:
        """With the new key first everything is read and found; after resealing the old key may go."""
        customer = desk.customers.add(SCHMIDT)
        home = desk.customers.add_site(customer.id, COLOGNE)
        old, new = desk.seal().keys[0], new_key()
        both = Desk(desk.unit, desk.profiles, seal=lambda: Seal((new, old)))
        assert [one.id for one in both.customers.page(q="schmidt").items] == [customer.id]

        assert both.customers.reseal() == 1

        only_new = Desk(desk.unit, desk.profiles, seal=lambda: Seal((new,)))
        assert [one.id for one in only_new.customers.page(q="schmidt").items] == [customer.id]
        assert only_new.customers.sites(customer.id) == [home]

    def test_an_appliance_has_one_owner_at_a_time(self, desk: Desk, clock: ManualClock) -> None:
        """The next owner begins where the last one ends, and sees nothing of before."""
        first, second = desk.customers.add(SCHMIDT), desk.customers.add(LI)
        desk.appliances.register(("WM-1", "washing_machine"))
        desk.customers.give(first.id, NewOwnership("WM-1", purchased_on=date(2024, 5, 1), proof="receipt 4711"))
        clock.advance(10 * DAY_MS)

        desk.customers.give(second.id, NewOwnership("WM-1"))

        owner = desk.customers.owner_of("WM-1")
        assert owner is not None
        assert owner.customer_id == second.id
        now, before = desk.customers.ownerships(appliance_id="WM-1")
        assert (before.until, now.until, before.proof) == (now.since, None, "receipt 4711")
        seen = [
            [
                may_see(list(desk.customers.ownerships(customer_id=one.id)), "WM-1", NOW_MS + days * DAY_MS)
                for days in (1, 11)
            ]
            for one in (first, second)
        ]
        assert seen == [[True, False], [False, True]]
        with pytest.raises(ConflictError, match="already"):
            desk.customers.give(second.id, NewOwnership("WM-1"))
        with pytest.raises(ConflictError, match="present owner"):
            desk.customers.give(first.id, NewOwnership("WM-1", since=datetime(2026, 11, 22, tzinfo=UTC)))
        with pytest.raises(UnknownError, match="register"):
            desk.customers.give(first.id, NewOwnership("WM-404"))
        desk.customers.end_ownership("WM-1", at=datetime(2027, 1, 1, tzinfo=UTC))
        assert desk.customers.owner_of("WM-1") is None

    def test_silence_is_no_consent(self, desk: Desk) -> None:
        """Who was never asked is not contacted; the newest word stands, and a no to the whole ends a yes by mail."""
        customer = desk.customers.add(SCHMIDT).id
        ask = desk.customers.allows
        assert not ask(customer, Purpose.MARKETING, ContactChannel.MAIL)

        desk.customers.consent(customer, Purpose.MARKETING, ContactChannel.MAIL, is_given=True, source="form")
        assert ask(customer, Purpose.MARKETING, ContactChannel.MAIL)
        assert not ask(customer, Purpose.MARKETING, ContactChannel.PHONE)
        assert not ask(customer, Purpose.MARKETING)

        desk.customers.consent(customer, Purpose.MARKETING, None, is_given=False, source="phone call")
        file = desk.customers.consent(customer, Purpose.MARKETING, None, is_given=False, source="phone call")
        assert not ask(customer, Purpose.MARKETING, ContactChannel.MAIL)
        assert [(one.channel, one.is_given) for one in file.consents] == [(None, False), (ContactChannel.MAIL, True)]
        with pytest.raises(InvalidError, match="channel"):
            desk.customers.consent(customer, Purpose.PREDICTION, ContactChannel.MAIL, is_given=True, source="x")

    def test_a_double_goes_into_the_other(self, desk: Desk) -> None:
        """Homes, appliances, consents and numbers go over; the double says where it went and is found no more."""
        kept = desk.customers.add(SCHMIDT)
        double = desk.customers.add(NewCustomer(Contact("J. Schmidt", ("0221 99887766",)), "de", "crm-9"))
        desk.appliances.register(("WM-1", "washing_machine"))
        home = desk.customers.add_site(double.id, COLOGNE)
        desk.customers.give(double.id, NewOwnership("WM-1", home.id))
        desk.customers.consent(double.id, Purpose.SERVICE, None, is_given=True, source="form")

        joined = desk.customers.merge(kept.id, double_id=double.id)

        assert joined.contact is not None
        assert joined.contact.phones == ("+49 221 123456 78", "0221 99887766")
        assert [one.id for one in desk.customers.sites(kept.id)] == [home.id]
        assert [one.appliance_id for one in desk.customers.ownerships(customer_id=kept.id)] == ["WM-1"]
        assert desk.customers.allows(kept.id, Purpose.SERVICE)
        assert [one.id for one in desk.customers.page(q="99887766").items] == [kept.id]
        assert desk.customers.read(double.id).merged_into == kept.id
        with pytest.raises(ConflictError, match="merged into"):
            desk.customers.merge(double.id, double_id=kept.id)

    def test_erased_is_erased(self, desk: Desk) -> None:
        """Nothing tells any more who it was, and nobody is found; when an appliance was owned stays."""
        customer = desk.customers.add(SCHMIDT)
        desk.appliances.register(("WM-1", "washing_machine"))
        home = desk.customers.add_site(customer.id, COLOGNE)
        desk.customers.give(customer.id, NewOwnership("WM-1", home.id, serial="SN-1", proof="receipt"))

        desk.customers.erase(customer.id)
        again = desk.customers.erase(customer.id)

        assert (again.contact, again.external_id, again.erased_at is None) == (None, None, False)
        [site] = desk.customers.sites(customer.id)
        assert site.address.street == "erased"
        [owned] = desk.customers.ownerships(customer_id=customer.id)
        assert (owned.serial, owned.proof, owned.appliance_id) == (None, None, "WM-1")
        assert desk.customers.page(q="schmidt").items == ()
        with pytest.raises(ConflictError, match="erased"):
            desk.customers.change(customer.id, contact=SCHMIDT.contact, language=None)

    def test_two_who_change_one_customer_are_told(self, desk: Desk) -> None:
        """The one who saw an older version is refused and changes nothing."""
        customer = desk.customers.add(SCHMIDT)
        desk.customers.change(customer.id, contact=None, language="fr", expected_version=customer.version)

        with pytest.raises(StaleViewError):
            desk.customers.change(customer.id, contact=None, language="en", expected_version=customer.version)

        assert desk.customers.read(customer.id).language == "fr"

    def test_a_file_is_taken_over_once(self, desk: Desk) -> None:
        """The same file again changes nothing; what it leaves empty stays; a dry run keeps nothing."""
        desk.appliances.register(("WM-1", "washing_machine"), ("WM-2", "washing_machine"))
        lines = list(read_lines(FILE))

        def outcomes(**options: bool) -> list[str]:
            return [report.outcome.value for report in desk.customers.take_over(lines, **options)]

        assert outcomes(is_dry_run=True) == ["created", "changed", "created"]
        assert desk.customers.page().items == ()
        assert outcomes() == ["created", "changed", "created"]
        assert outcomes() == ["unchanged"] * 3
        [ada] = desk.customers.page(q="lovelace").items
        [home] = desk.customers.sites(ada.id)
        assert (home.region, format_hours(home.access_hours)) == ("south", "mon-fri 08:00-18:00")
        assert {one.appliance_id: one.site_id for one in desk.customers.ownerships(customer_id=ada.id)} == {
            "WM-1": home.id,
            "WM-2": home.id,
        }
        written = "".join(write_lines(desk.customers.files()))
        again = list(desk.customers.take_over(list(read_lines(written))))
        assert {report.outcome for report in again} <= {Outcome.UNCHANGED, Outcome.CHANGED}
        assert len(desk.customers.page().items) == 2

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            (",Ada,,,,,,,,,,", "external_id is empty"),
            ("b-1,,,,,,,,,,,", "name must not be empty"),
            ("b-1,Ada,call me,,,,,,,,,", "phones: 'call me' is none"),
            ("b-1,Ada,,Row 1,,,,,,,,", "city must not be empty"),
            ("b-1,Ada,,Row 1,London,,Mars/North,,,,,", "time_zone: 'Mars/North'"),
            ("b-1,Ada,,Row 1,London,,,mon 25:00-26:00,,,,", "no span within a day"),
            ("b-1,Ada,,,,,,,WM-404,,,", "no appliance 'WM-404'"),
            ("b-1,Ada,,,,,,,,,02.01.2026,", "purchased_on"),
            ("b-1,Ada,,,,,,,,,,maybe", "neither yes nor no"),
            ("b-1,Ada,,,,,,,,,,yes,more", "13 cells for 12 columns"),
        ],
    )
    def test_a_row_that_makes_no_sense_is_refused_alone(self, desk: Desk, row: str, sentence: str) -> None:
        """It says why, nothing of it stays, and the next row is taken."""
        if "02.01.2026" in row:
            desk.appliances.register(("WM-1", "washing_machine"))
            row = row.replace("b-1,Ada,,,,,,,,", "b-1,Ada,,,,,,,WM-1,")
        text = f"{FILE.splitlines()[0]}\n{row}\nc-1,Grace Hopper,,,,,,,,,,\n"

        bad, good = desk.customers.take_over(list(read_lines(text)))

        assert (bad.line, bad.outcome, good.outcome) == (2, Outcome.REFUSED, Outcome.CREATED)
        assert sentence in bad.detail
        assert [one.external_id for one in desk.customers.page().items] == ["c-1"]

    def test_an_appliance_of_somebody_else_is_not_taken_by_a_file(self, desk: Desk) -> None:
        """Without a time the row is refused; with one the appliance changes hands then."""
        desk.appliances.register(("WM-1", "washing_machine"))
        owner = desk.customers.add(SCHMIDT)
        desk.customers.give(owner.id, NewOwnership("WM-1"))
        head = "external_id,name,appliance_id,since"

        [refused] = desk.customers.take_over(list(read_lines(f"{head}\na-1,Ada,WM-1,")))
        [taken] = desk.customers.take_over(list(read_lines(f"{head}\na-1,Ada,WM-1,2026-12-01")))

        assert "fill in since" in refused.detail
        assert taken.outcome is Outcome.CREATED
        assert len(desk.customers.ownerships(appliance_id="WM-1")) == 2

    def test_every_step_is_audited_without_a_name(self, desk: Desk) -> None:
        """The audit knows who did what to whom by their ids, and holds no contact detail."""
        customer = desk.customers.add(SCHMIDT)
        desk.customers.change(customer.id, contact=LI.contact, language=None)
        desk.customers.hand_out(customer.id)
        desk.customers.erase(customer.id)

        entries = desk.audit.page().items

        actions = [entry.action for entry in reversed(entries) if entry.subject_id == customer.id]
        assert actions == ["customer.add", "customer.change", "customer.export", "customer.erase"]
        assert not [word for word in ("Schmidt", "李", "138") if word in repr(entries)]
        assert desk.audit.verify() is None


def seal() -> Seal:
    """A ring of one fresh key."""
    return Seal((new_key(),))


def desk_with_seal(unit: UnitOfWork, desk: Desk) -> Desk:
    """The same desk with keys."""
    ring = seal()
    return Desk(unit, desk.profiles, seal=lambda: ring)
