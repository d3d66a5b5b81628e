"""Customer notices on SQLite, their words, and the lane that has them alone."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from alerts.alerting.unheard import CONNECTION_LOST
from alerts.customer_notices.mail import Mail, address_of
from alerts.customer_notices.telling import HELPED_AT_HOME
from alerts.customer_notices.words import words_to
from alerts.database import Transaction
from alerts.desk import Desk
from alerts.notices.changes import put_notice
from alerts.notices.lane import Lane
from tests.alerts.receivers import FakeTarget
from tests.contract.customer_notices_suite import CustomerNoticesSuite, home
from tests.contract.customers_suite import desk_with_seal

__all__ = ["home"]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk that can read and write what is sealed."""
    return desk_with_seal(desk.unit, desk)


class TestCustomerNoticesOnSqlite(CustomerNoticesSuite):
    """SQLite keeps the promises of customer notices."""


@pytest.mark.parametrize("matter", HELPED_AT_HOME)
def test_every_matter_has_words_in_both_languages(matter: str) -> None:
    """With the day in the language; other languages are written English."""
    since = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    title, body = words_to("zh", matter=matter, kind="冰箱", since=since)
    assert title == "您的冰箱"
    assert "11月24日（星期二）" in body
    assert "Tuesday, 24 November" in words_to("de", matter=matter, kind="Refrigerator", since=since)[1]
    assert matter in {CONNECTION_LOST, "data_gap"}


def test_a_mail_goes_to_one_address_in_its_thread() -> None:
    """Whatever stands in the address, it is one, and changes nothing else of the account's."""
    mail = Mail("a&to=b@example.org", "<fettle.c7-x@fettle>", "t", "b")

    url = urlsplit(address_of("mailtos://u:p@smtp.example?from=s@example.org", "desk@example.org", mail))

    query = parse_qs(url.query.replace("+R", "%2BR"))
    assert query == {
        "from": ["s@example.org"],
        "to": ["a&to=b@example.org"],
        "+References": ["<fettle.c7-x@fettle>"],
        "reply": ["desk@example.org"],
    }


def test_a_lane_of_some_types_is_told_no_others(desk: Desk) -> None:
    """What customers are written is not what anybody else is told."""
    target = FakeTarget()
    lane = Lane(desk.unit, target, ("customer.data_fault",))
    lane.begin()

    def put(t: Transaction) -> None:
        for type_ in ("ticket.opened", "customer.data_fault", "incident.opened"):
            put_notice(t, type_, "x", {}, dedupe_key=type_)

    desk.unit.write(put)
    while lane.run_once():
        pass

    assert [one.type for one in target.taken] == ["customer.data_fault"]
