"""What customer notices promise on every database; a subclass provides a ``desk`` that can seal, and ``clock``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Row, select, update

from alerts.alerting.unheard import CONNECTION_LOST
from alerts.appliances.tables import appliances
from alerts.audit.tables import audit
from alerts.customer_notices.mail import CustomerMails, Mail
from alerts.customer_notices.telling import DATA_FAULT
from alerts.customers.customer import Contact, ContactChannel, NewCustomer, NewOwnership, Purpose
from alerts.desk import Desk
from alerts.letters.letter import LetterReason
from alerts.letters.parsing import parse
from alerts.lifecycle import AlertState
from alerts.notices.notice import Notice, NoticeRefusedError
from alerts.notices.tables import outbox
from ingest.clock import ManualClock, from_ms
from ingest.profiles import load_profiles
from tests.alerts.made import DAY_MS, HOUR_MS, NOW_MS
from tests.contract.customers_suite import COLOGNE
from tests.contract.letters_suite import mail

PROFILES = load_profiles()


@pytest.fixture
def home(desk: Desk) -> Desk:
    """A desk that writes to customers, with a fridge in Cologne that was heard last three days ago, a Wednesday."""
    home = replace(desk, profiles=PROFILES, writes_to_customers=True)
    settle(home, "FR-1")
    return home


def settle(desk: Desk, appliance_id: str, *, allows: bool = True) -> str:
    """A silent fridge with its owner; their id."""
    desk.appliances.register((appliance_id, "refrigerator"))
    owner = desk.customers.add(NewCustomer(Contact("J", (), (f"{appliance_id.lower()}@example.org",)), "de"))
    site = desk.customers.add_site(owner.id, COLOGNE)
    desk.customers.give(owner.id, NewOwnership(appliance_id, site.id))
    if allows:
        desk.customers.consent(owner.id, Purpose.SERVICE, ContactChannel.MAIL, is_given=True, source="form")
    hear(desk, appliance_id, NOW_MS - 3 * DAY_MS)
    return owner.id


def hear(desk: Desk, appliance_id: str, at_ms: int) -> None:
    """The appliance was heard at this time."""
    chosen = appliances.c.id == appliance_id
    desk.unit.write(lambda t: t.connection.execute(update(appliances).where(chosen).values(last_seen_ms=at_ms)).close())


def told(desk: Desk, type_: str = DATA_FAULT) -> list[Row[tuple[object, ...]]]:
    """The notices of one type."""
    return desk.unit.look(lambda t: list(t.connection.execute(select(outbox).where(outbox.c.type == type_)).all()))


def passing(desk: Desk, clock: ManualClock, **span: float) -> None:
    """Let time pass and the desk look."""
    clock.advance(round(timedelta(**span).total_seconds() * 1000))
    desk.customer_notices.look()


class CustomerNoticesSuite:
    """The promises of :class:`alerts.customer_notices.desk.CustomerNotices`."""

    def test_a_silent_fridge_is_one_alert_of_the_data_until_it_is_heard(self, home: Desk, clock: ManualClock) -> None:
        """However often the desk looks; it is told to whoever looks after connections, and no ticket comes of it."""
        for _ in range(3):
            home.customer_notices.look()

        [alert] = home.alerts.page(state=AlertState.FIRING).items
        assert (alert.fault_mode, alert.reason, alert.onset_at) == (
            CONNECTION_LOST,
            "data_fault_no_ticket",
            from_ms(NOW_MS - 3 * DAY_MS),
        )
        assert len(told(home, "data_fault.raised")) == 1
        assert not home.tickets.page().items

        hear(home, "FR-1", clock.now_ms())
        passing(home, clock, minutes=1)
        assert not home.alerts.page(state=AlertState.FIRING).items

    def test_a_machine_that_is_switched_off_and_a_short_silence_are_none(self, home: Desk) -> None:
        """A washing machine stands still for days; a fridge may be silent for a day; one out of service is not looked for."""
        home.appliances.register(("WM-1", "washing_machine"), ("FR-2", "refrigerator"))
        hear(home, "WM-1", NOW_MS - 30 * DAY_MS)
        hear(home, "FR-2", NOW_MS - DAY_MS)
        home.appliances.retire("FR-1")

        home.customer_notices.look()

        assert not home.alerts.page().items

    def test_what_an_incident_explains_is_no_alert_of_each(self, home: Desk, clock: ManualClock) -> None:
        """Forty fridges of one region that fell silent at once are one incident, also when it is long over."""
        names = [f"FR-{n}" for n in range(100, 140)]
        others = [f"FR-{n}" for n in range(200, 260)]
        home.appliances.register(*((name, "refrigerator") for name in (*names, *others)))
        for region, some in (("west", names), ("east", others)):
            chosen = appliances.c.id.in_(some)
            values = {"last_seen_ms": clock.now_ms() - (HOUR_MS if region == "west" else 0), "region": region}
            home.unit.write(
                lambda t, chosen=chosen, values=values: t.connection.execute(  # type: ignore[misc]  # bound now
                    update(appliances).where(chosen).values(values)
                ).close()
            )
        home.incidents.look()
        assert len(home.incidents.page().items) == 1
        for name in others:
            hear(home, name, NOW_MS + 4 * DAY_MS)

        passing(home, clock, days=4)

        assert [one.appliance_id for one in home.alerts.page(state=AlertState.FIRING).items] == ["FR-1"]

    def test_a_home_without_network_is_one_word_to_its_owner(self, home: Desk, clock: ManualClock) -> None:
        """Both of its appliances are in the queue, and one of them is told of; the other waits its week."""
        home.appliances.register(("AC-1", "air_conditioner"))
        owner = home.customers.page().items[0]
        site = home.customers.sites(owner.id)[0]
        home.customers.give(owner.id, NewOwnership("AC-1", site.id))
        hear(home, "AC-1", NOW_MS - 3 * DAY_MS)

        home.customer_notices.look()
        assert len(home.alerts.page(state=AlertState.FIRING).items) == 2
        assert len(told(home)) == 1
        passing(home, clock, days=3)
        assert len(told(home)) == 1

    def test_the_owner_is_told_twice_in_one_thread(self, home: Desk, clock: ManualClock) -> None:
        """A week apart, then no more of the same silence; of the next one again, under the same number."""
        home.customer_notices.look()
        for _ in range(5):
            passing(home, clock, days=7)
        assert [row.data["times"] for row in told(home)] == [1, 2]

        hear(home, "FR-1", clock.now_ms())
        passing(home, clock, minutes=1)
        for _ in range(4):
            passing(home, clock, days=1)

        assert [row.data["times"] for row in told(home)] == [1, 2, 1]
        assert len({row.data["notice"] for row in told(home)}) == 1
        rows = home.unit.look(
            lambda t: (
                t.connection.execute(select(audit.c.data).where(audit.c.action == "customer.notice")).scalars().all()
            )
        )
        assert [row["before"] and row["before"]["times"] for row in rows] == [None, 1, 2]

    def test_nobody_is_told_who_did_not_allow_it_or_sleeps(self, home: Desk, clock: ManualClock) -> None:
        """No consent, no word; at night it waits for the morning of their home; without a mail account nothing is laid out."""
        settle(home, "FR-2", allows=False)
        clock.advance(10 * HOUR_MS)  # 22:00 UTC, 23:00 in Cologne
        home.customer_notices.look()
        assert not told(home)

        clock.advance(11 * HOUR_MS)  # a Sunday
        home.customer_notices.look()
        assert not told(home)

        passing(replace(home, writes_to_customers=False), clock, days=1)
        assert not told(home)
        home.customer_notices.look()
        assert [row.subject_id for row in told(home)] == ["FR-1"]

    def test_the_mail_says_since_when_and_a_reply_is_found_again(self, home: Desk) -> None:
        """In their words, with what to look at; a reply waits in the list with its appliance."""
        home.customer_notices.look()
        sent: list[Mail] = []
        mails = CustomerMails(
            home.customers.sealed, "mailtos://x", PROFILES, "desk@example.org", lambda _a, _r, one: sent.append(one)
        )
        mails.deliver(notice_of_row(told(home)[0]))

        [mail_] = sent
        assert mail_.to == "fr-1@example.org"
        assert "not heard from your refrigerator since Wednesday, 18 November" in mail_.body
        assert "nobody comes" in mail_.body
        home.letters.take(parse(mail(f"Re: {mail_.title}")))
        [letter] = home.letters.page().items
        assert (letter.reason, letter.appliance_id) == (LetterReason.OF_A_NOTICE, "FR-1")

    def test_what_changed_meanwhile_is_asked_again(self, home: Desk, clock: ManualClock) -> None:
        """A yes taken back, an appliance heard again, the night: the mail is not sent."""
        home.customer_notices.look()
        notice = notice_of_row(told(home)[0])
        mails = CustomerMails(home.customers.sealed, "mailtos://x", PROFILES, None, lambda *_: pytest.fail("sent"))
        owner = notice.data["customer_id"]

        home.customers.consent(owner, Purpose.SERVICE, ContactChannel.MAIL, is_given=False, source="phone")
        with pytest.raises(NoticeRefusedError, match="no consent"):
            mails.deliver(notice)
        home.customers.consent(owner, Purpose.SERVICE, ContactChannel.MAIL, is_given=True, source="phone")
        hear(home, "FR-1", clock.now_ms())
        home.customer_notices.look()
        with pytest.raises(NoticeRefusedError, match="over"):
            mails.deliver(notice)
        clock.advance(12 * HOUR_MS)
        with pytest.raises(NoticeRefusedError, match="hour"):
            mails.deliver(notice)


def notice_of_row(row: Row[tuple[object, ...]]) -> Notice:
    """The notice in a row of the outbox."""
    return Notice(row.id, from_ms(row.at_ms), row.type, row.subject_id, row.data)
