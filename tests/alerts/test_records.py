"""Systems that keep a copy of our records are told of each change; nobody else is."""

from __future__ import annotations

from dataclasses import replace

from alerts.billing.csv_rows import COVERAGES
from alerts.csv_file import read_csv
from alerts.customers.customer import Contact, NewCustomer
from alerts.database import UnitOfWork
from alerts.delivery.webhook import WebhookTarget
from alerts.desk import Desk
from alerts.notices.notice import Target, takes_records
from alerts.notices.outbox import Outbox
from alerts.people.technician import NewTechnician
from alerts.rules.reading import parse_rules
from alerts.subscriptions.matching import Facts, recipients
from tests.alerts.receivers import SECRET, FakeTarget
from tests.contract.customers_suite import desk_with_seal

CARE = "external_id,basis,valid_from,appliance_id\nc1,contract,2026-01-01,WM-1\n"


class Copy(FakeTarget):
    """A receiver that keeps a copy."""

    takes_records = True


def outbox_of(desk: Desk, *targets: Target) -> Outbox:
    """An outbox whose receivers are told from now on."""
    outbox = Outbox(UnitOfWork(desk.unit.engine, desk.unit.clock, desk.unit.chance), targets)
    outbox.begin()
    return outbox


def test_each_change_of_a_noun_is_told_once_without_its_values(desk: Desk) -> None:
    """Customer, technician and contract, each under its own type, with the fields and none of what stands in them."""
    desk = desk_with_seal(desk.unit, desk)
    copy, chat = Copy(), FakeTarget(name="chat")
    outbox = outbox_of(desk, copy, chat)

    customer = desk.customers.add(NewCustomer(Contact("Li Wei"))).id
    desk.technicians.add(NewTechnician("Ada"))
    list(desk.billing.take_coverages(list(read_csv(CARE, COVERAGES))))
    outbox.run_once()
    outbox.run_once()

    assert [one.type for one in copy.taken] == ["record.customer.add", "record.technician.add", "record.coverage.put"]
    assert copy.taken[0].subject_id == customer
    assert "plan" in copy.taken[2].data["fields"]
    assert "Li" not in str([one.data for one in copy.taken])
    assert chat.taken == []


def test_a_file_that_is_taken_over_is_told_by_the_hundred(desk: Desk) -> None:
    """One notice names all rows that were written in one go, and no row is told twice or left out; another change has its own."""
    copy = Copy()
    outbox = outbox_of(desk, copy)
    rows = "".join(f"c{n},contract,2026-01-01,WM-{n}\n" for n in range(120))

    list(desk.billing.take_coverages(list(read_csv(CARE.splitlines()[0] + "\n" + rows, COVERAGES))))
    desk.technicians.add(NewTechnician("Ada"))
    outbox.run_once()

    *files, other = copy.taken
    told = [one for notice in files for one in notice.data["ids"]]
    assert [notice.type for notice in files] == ["record.coverage.put"] * len(files)
    assert len(files) <= 2
    assert sorted(told) == sorted(f"c{n}" for n in range(120))
    assert (other.type, other.data["ids"]) == ("record.technician.add", [other.subject_id])


def test_only_what_changes_while_somebody_is_told_is_told(desk: Desk) -> None:
    """What was there before is not; while none of the receivers keeps a copy nothing is laid up for one that comes."""
    desk.technicians.add(NewTechnician("Before"))
    first = outbox_of(desk, Copy())
    first.run_once()
    desk.technicians.add(NewTechnician("While away"))
    again = Copy()
    outbox_of(desk, again).run_once()
    outbox_of(desk, FakeTarget(name="chat"))
    desk.technicians.add(NewTechnician("Nobody asked"))
    late = Copy(name="late")
    outbox_of(desk, late).run_once()

    assert [one.type for one in again.taken] == ["record.technician.add"]
    assert late.taken == []


def test_people_are_told_of_records_only_where_a_rule_says_so() -> None:
    """A rule without types, or with a star, means what concerns people."""
    found = {}
    for name, types in (("all", []), ("star", ["*"]), ("asked", ["record.stock.*"])):
        rule = {"name": name, "people": ["anna"], "types": types}
        rules = parse_rules({"people": {"anna": {"address": "log:"}}, "notices": [rule]})
        facts = Facts("record.stock.part")
        found[name] = [
            bool(list(recipients(rules, one, at_ms=0))) for one in (facts, replace(facts, type="ticket.opened"))
        ]

    assert found == {"all": [False, True], "star": [False, True], "asked": [True, False]}


def test_a_webhook_keeps_a_copy() -> None:
    """And says so, so that its lane carries records."""
    assert takes_records(WebhookTarget("https://erp.example/hook", SECRET))
