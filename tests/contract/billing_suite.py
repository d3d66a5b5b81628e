"""What money promises on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.billing import invoicing
from alerts.billing.bill import Payer, PayReason, QuoteStatus, WantedLine
from alerts.billing.csv_rows import (
    COVERAGES,
    INVOICES,
    PRICES,
    TAXES,
    write_coverages,
    write_invoices,
    write_prices,
    write_receipts,
    write_statement,
    write_taxes,
)
from alerts.billing.invoice import NewInvoice
from alerts.billing.settling import settle
from alerts.csv_file import read_csv
from alerts.customers.answering import AnswerKind, NewAnswer
from alerts.customers.customer import Address, Contact, NewCustomer, NewOwnership, NewSite
from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.importing import Outcome, RowReport
from alerts.lifecycle import TicketStep
from alerts.people.provider import NewProvider
from alerts.rules.calendars import Policy
from alerts.rules.desk_rules import DeskRules, Urgency
from alerts.rules.gate import Gate
from alerts.tickets.ticket import NewTicket, TicketChange, Verdict, VerdictRecord
from alerts.visits.lifecycle import VisitStep
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, step_of
from tests.contract.visits_suite import ADA, DONE, at, ticket

LIST = """external_id,code,region,amount,currency,valid_from,valid_to
p1,visit,,49.00,EUR,2026-01-01,
p2,visit,west,39.00,EUR,2026-01-01,2026-11-30
p3,visit,west,59.00,EUR,2026-12-01,
p4,labour,,0.99,EUR,2026-01-01,
p5,part.00145,,39.90,EUR,2026-01-01,
"""
TERMS = """external_id,basis,valid_from,valid_to,months,kind,component,appliance_id,covers_parts,covers_labour
maker,manufacturer,2020-01-01,,24,washing_machine,,,,
pump,manufacturer,2020-01-01,,60,washing_machine,drain_pump,,yes,no
"""
RATES = """external_id,tax,region,percent,is_included,valid_from,valid_to
a,,,25,,2020-01-01,
b,,west,19,,2020-01-01,
c,,west,21.5,,2026-12-01,
d,parts,,7,yes,2020-01-01,
e,,,190,,2020-01-01,
"""
WORK = (WantedLine("visit"), WantedLine("labour", "35"), WantedLine("part.00145"))


class BillingSuite:
    """The promises of :class:`alerts.billing.desk.Billing`."""

    def test_a_quote_keeps_the_prices_of_its_day(self, desk: Desk, clock: ManualClock) -> None:
        """The region's price of the day counts; one that changes later changes no quote; what is replaced is no offer."""
        number, _ = ticket(desk, "WM-1")
        _prices(desk)

        quote = desk.billing.offer(number, WORK, currency="EUR")
        clock.advance(10 * DAY_MS)
        again = desk.billing.offer(number, WORK, currency="EUR")

        assert [line.total for line in quote.lines] == ["39.00", "34.65", "39.90"]
        assert (quote.total, quote.to_pay, quote.reason) == ("113.55", "113.55", PayReason.NOTHING_AGREED)
        assert again.total == "133.55"
        assert [one.status for one in desk.billing.quotes(number)] == [QuoteStatus.OFFERED, QuoteStatus.REPLACED]
        with pytest.raises(ConflictError, match="replaced"):
            desk.billing.answer(number, quote.id, is_approved=True)
        with pytest.raises(UnknownError, match="no visit in CNY"):
            desk.billing.offer(number, WORK, currency="CNY")
        with pytest.raises(InvalidError, match="quantity"):
            desk.billing.offer(number, [WantedLine("visit", "NaN")], currency="EUR")

    def test_nothing_is_charged_beyond_what_was_agreed(self, desk: Desk, clock: ManualClock) -> None:
        """Without a yes nothing; within it once; more needs a new quote; a yes that comes too late is none."""
        number, _ = ticket(desk, "WM-1")
        _prices(desk)

        with pytest.raises(ConflictError, match="agreed to no price"):
            desk.billing.charge(number, WORK, currency="EUR")
        late = desk.billing.offer(number, WORK, currency="EUR", days=1)
        clock.advance(2 * DAY_MS)
        with pytest.raises(ConflictError, match="over"):
            desk.billing.answer(number, late.id, is_approved=True)
        quote = desk.billing.offer(number, WORK, currency="EUR")
        link, secret = desk.customer_pages.make(number)
        shown = desk.billing.on_page(secret)
        desk.billing.answer_on_page(secret, quote.id, is_approved=True)
        with pytest.raises(ConflictError, match=r"agreed to 113\.55 EUR; 114\.54 EUR needs"):
            desk.billing.charge(number, [*WORK, WantedLine("labour")], currency="EUR")
        receipt = desk.billing.charge(number, WORK[:2], currency="EUR")

        assert shown
        assert (shown.id, link.ticket_id) == (quote.id, receipt.ticket_id)
        assert desk.billing.quotes(number)[0].answered_by == "customer"
        assert (receipt.to_pay, receipt.quote_id) == ("73.65", quote.id)
        with pytest.raises(ConflictError, match="has its receipt"):
            desk.billing.charge(number, WORK[:1], currency="EUR")
        other, _ = ticket(desk, "WM-2")
        _, strangers = desk.customer_pages.make(other)
        with pytest.raises(UnknownError):
            desk.billing.answer_on_page(strangers, quote.id, is_approved=False)

    def test_who_pays_is_decided_with_the_reason(self, desk: Desk, clock: ManualClock) -> None:
        """Warranty by its months from the purchase, the main part longer, a contract, a recall; use and no proof end it."""
        customer = desk.customers.add(NewCustomer(Contact("Li"))).id
        desk.customers.add_site(customer, NewSite(Address("Row 1", "Köln"), "west", "Europe/Berlin"))
        found = {}
        for name, bought in (
            ("new", date(2026, 1, 31)),
            ("old", date(2023, 1, 31)),
            ("older", date(2015, 1, 1)),
            ("?", None),
        ):
            desk.appliances.register((name, "washing_machine"))
            site = desk.customers.sites(customer)[0].id
            desk.customers.give(customer, NewOwnership(name, site, purchased_on=bought))
            made = desk.tickets.open(NewTicket(name, "It leaks", fault_mode="drain_clog"))
            found[name] = str(made.number)
        _prices(desk)
        list(desk.billing.take_coverages(list(read_csv(TERMS, COVERAGES))))

        decided = {name: desk.billing.payer(number) for name, number in found.items()}

        assert {name: (one.payer, one.reason) for name, one in decided.items()} == {
            "new": (Payer.MANUFACTURER, PayReason.UNDER_WARRANTY),
            "old": (Payer.MANUFACTURER, PayReason.UNDER_WARRANTY),
            "older": (Payer.CUSTOMER, PayReason.OVER),
            "?": (Payer.CUSTOMER, PayReason.NO_PROOF),
        }
        assert (decided["old"].covers_parts, decided["old"].covers_labour) == (True, False)
        quote = desk.billing.offer(found["old"], WORK, currency="EUR")
        assert (quote.total, quote.to_pay) == ("113.55", "73.65")
        assert desk.billing.charge(found["new"], WORK, currency="EUR").to_pay == "0.00"
        more = "care,contract,2026-01-01,2026-12-31,,,,older,,\nr,recall,2026-01-01,,,washing_machine,,?,,\n"
        list(desk.billing.take_coverages(list(read_csv(TERMS.splitlines()[0] + "\n" + more, COVERAGES))))
        assert desk.billing.payer(found["older"]).reason is PayReason.UNDER_CONTRACT
        assert desk.billing.payer(found["?"]).reason is PayReason.RECALLED
        desk.tickets.step(found["new"], TicketStep.START)
        desk.tickets.judge(found["new"], VerdictRecord(Verdict.USAGE))
        assert desk.billing.payer(found["new"]).reason is PayReason.MISUSE
        clock.advance(41 * DAY_MS)
        assert desk.billing.payer(found["older"]).reason is PayReason.OVER

    def test_a_file_is_taken_once_and_comes_out_the_same(self, desk: Desk) -> None:
        """Twice changes nothing; a bad row is refused alone, by its sentence."""
        first = _prices(desk)
        out = "".join(write_prices(desk.billing.prices()))
        again = list(desk.billing.take_prices(list(read_csv(out, PRICES))))
        terms = list(desk.billing.take_coverages(list(read_csv(TERMS, COVERAGES))))
        written = "".join(write_coverages(desk.billing.coverages()))
        back = list(desk.billing.take_coverages(list(read_csv(written, COVERAGES))))
        bad = "external_id,code,amount,currency,valid_from\nx,visit,1.234,EUR,2026-01-01\ny,visit,1,EUR,soon\n"
        refused = list(desk.billing.take_prices(list(read_csv(bad, PRICES))))

        assert {one.outcome for one in (*first, *terms)} == {Outcome.CHANGED}
        assert {one.outcome for one in (*again, *back)} == {Outcome.UNCHANGED}
        assert [one.outcome for one in refused] == [Outcome.REFUSED] * 2
        assert "decimals" in refused[0].detail

    def test_tax_is_reckoned_by_region_and_day_to_the_cent(self, desk: Desk, clock: ManualClock) -> None:
        """The region's rate of the day, of parts their own; lines add up; a rate that changes later changes no quote; an invoice's tax is held."""
        number, _ = ticket(desk, "WM-1")
        _prices(desk)
        own = "external_id,code,amount,currency,valid_from,tax\np5,part.00145,39.90,EUR,2026-01-01,parts\n"
        list(desk.billing.take_prices(list(read_csv(own, PRICES))))
        taken = list(desk.billing.take_taxes(list(read_csv(RATES, TAXES))))
        out = "".join(write_taxes(desk.billing.taxes()))
        again = list(desk.billing.take_taxes(list(read_csv(out, TAXES))))

        quote = desk.billing.offer(number, WORK, currency="EUR")
        clock.advance(10 * DAY_MS)
        later = desk.billing.offer(number, WORK, currency="EUR")
        desk.billing.answer(number, later.id, is_approved=True)
        receipt = desk.billing.charge(number, WORK, currency="EUR")
        new = NewInvoice("i", "RE-1", date(2026, 12, 2), "EUR", receipt.net, receipt_id=receipt.id, tax="24.00")
        held = desk.billing.put_invoice(new)

        changes = [Outcome.CHANGED] * 4
        assert [one.outcome for one in taken] == [*changes, Outcome.REFUSED]
        assert {one.outcome for one in again} == {Outcome.UNCHANGED}
        first = [(line.percent, line.net, line.tax, line.total) for line in quote.lines]
        assert first == [
            ("19", "39.00", "7.41", "46.41"),
            ("19", "34.65", "6.58", "41.23"),
            ("7", "37.29", "2.61", "39.90"),
        ]
        assert (quote.net, quote.tax, quote.total, quote.to_pay) == ("110.94", "16.60", "127.54", "127.54")
        assert [line.percent for line in later.lines] == ["21.5", "21.5", "7"]
        assert desk.billing.quotes(number)[1].tax == "16.60"
        assert (receipt.net, receipt.tax, receipt.total) == ("130.94", "22.75", "153.69")
        assert (held.expected, held.difference, held.expected_tax, held.tax_difference) == (
            "130.94",
            "0.00",
            "22.75",
            "1.25",
        )

    def test_one_statement_serves_all_invoices_of_the_same_days(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once for a list, once for one that is put."""
        provider = desk.providers.add(NewProvider("Cool", fees={"visit": "45.10"})).id
        start, end = date(2026, 11, 1), date(2026, 11, 30)
        reckoned = []

        def counted(*asked: Any) -> Any:
            reckoned.append(asked)
            return settle(*asked)

        monkeypatch.setattr(invoicing, "settle", counted)
        for n in range(3):
            new = NewInvoice(
                f"i{n}", f"P-{n}", date(2026, 11, 30), "EUR", "1", provider_id=provider, start=start, end=end
            )
            desk.billing.put_invoice(new)
        put = len(reckoned)
        desk.billing.invoices()

        assert (put, len(reckoned)) == (3, 4)

    def test_invoices_are_held_against_what_was_counted(self, desk: Desk) -> None:
        """Known again by their id; what differs is said, what names nothing is refused, and a dry run keeps nothing."""
        number, _ = ticket(desk, "WM-1")
        _prices(desk)
        quote = desk.billing.offer(number, WORK, currency="EUR")
        desk.billing.answer(number, quote.id, is_approved=True)
        receipt = desk.billing.charge(number, WORK, currency="EUR")
        provider = desk.providers.add(NewProvider("Cool", fees={"visit": "45.10"})).id
        rows = (
            f"a,RE-1,2026-11-30,EUR,113.55,{receipt.id},,,,,,\n"
            f"b,P-9,2026-11-30,EUR,45.10,,,{provider},2026-11-01,2026-11-30,2026-12-14,\n"
            "c,RE-2,2026-11-30,EUR,1,rc_0,,,,,,\n"
            f"d,RE-3,2026-11-30,EUR,1,{receipt.id},,{provider},,,,\n"
            f"e,RE-4,2026-11-30,EUR,-5.00,{receipt.id},manufacturer,,,,,\n"
        )
        head = "external_id,number,issued_on,currency,amount,receipt_id,payer,provider_id,start,end,due_on,paid_on\n"

        tried = list(desk.billing.take_invoices(list(read_csv(head + rows, INVOICES)), is_dry_run=True))
        assert desk.billing.invoices().items == ()
        taken = list(desk.billing.take_invoices(list(read_csv(head + rows, INVOICES))))
        out = "".join(write_invoices(desk.billing.invoices().items))
        again = list(desk.billing.take_invoices(list(read_csv(out, INVOICES))))
        paid = rows.splitlines()[0][:-1].removesuffix(",") + ",,2026-12-01\n"
        [changed] = desk.billing.take_invoices(list(read_csv(head + paid, INVOICES)))

        changes, refusals = [Outcome.CHANGED] * 2, [Outcome.REFUSED] * 2
        assert [one.outcome for one in tried] == [one.outcome for one in taken]
        assert [one.outcome for one in taken] == [*changes, *refusals, Outcome.CHANGED]
        assert {one.outcome for one in again} == {Outcome.UNCHANGED}
        held = [(one.written.external_id, one.expected, one.difference) for one in desk.billing.invoices().items]
        assert held == [("e", "0.00", "-5.00"), ("b", "0.00", "45.10"), ("a", "113.55", "0.00")]
        assert changed.outcome is Outcome.CHANGED, changed.detail
        assert [one.written.external_id for one in desk.billing.invoices(is_paid=True).items] == ["a"]
        [(booked, numbers)] = desk.billing.all_receipts().items
        assert (booked.id, numbers) == (receipt.id, ["RE-1", "RE-4"])
        assert f"{receipt.id},{number}," in "".join(write_receipts([(booked, numbers)]))

    def test_a_contract_reaches_gate_priority_and_clocks(self, desk: Desk, clock: ManualClock) -> None:
        """A finding's ticket is under the contract of its appliance; one that a person names stays; one written down later is followed."""
        rules = DeskRules(
            gate=Gate(visit_price_by_contract={"gold": 20.0}),
            priority=Urgency(more_urgent_by_contract={"gold": 1}),
            policies=(Policy(name="gold", contracts=("gold",), respond_hours=1, resolve_hours=8),),
        )
        desk = replace(desk, unit=replace(desk.unit, rules=rules))
        _contract(desk, "WM-0231", "gold")
        _contract(desk, "WM-2", "gold", valid_to="2026-11-20")
        desk.findings.commit(step_of(1, FINDING, replace(FINDING, appliance_id="WM-2")))
        under, without = desk.tickets.read("1"), desk.tickets.read("2")

        assert under.gate
        assert without.gate
        assert (under.contract, under.priority, under.gate["prices"]["visit"]) == ("gold", 2, 20.0)
        assert (without.contract, without.priority, without.gate["prices"]["visit"]) == (None, 3, 120.0)
        assert [one.within_s for one in under.clocks[:2]] == [3600, 8 * 3600]

        clock.advance(1800_000)
        _contract(desk, "WM-2", "gold")
        late = desk.tickets.read("2")
        assert (late.contract, late.priority, late.version) == ("gold", 2, without.version + 1)
        assert (late.clocks[0].within_s, late.clocks[0].spent_s) == (3600, 1800)
        assert late.history[-1].data == {
            "contract": {"from": None, "to": "gold"},
            "priority": {"from": 3, "to": 2},
        }
        desk.tickets.change("2", TicketChange(frozenset({"contract"}), contract="silver"))
        _contract(desk, "WM-2", "bronze")
        assert desk.tickets.read("2").contract == "silver"
        desk.tickets.change("2", TicketChange(frozenset({"contract"})))
        assert desk.tickets.read("2").contract == "bronze"

    def test_visits_ratings_cost_and_revenue_by_hand(self, desk: Desk, clock: ManualClock) -> None:
        """One repair by one visit: 39.00 for the way, 34.65 for 35 minutes, 39.90 for the pump; five stars; a contract sold for 99."""
        number, _ = ticket(desk, "WM-1")
        _prices(desk)
        plan = "external_id,code,amount,currency,valid_from\ng,plan.gold,99.00,EUR,2026-01-01\n"
        list(desk.billing.take_prices(list(read_csv(plan, PRICES))))
        _contract(desk, "WM-7", "gold", valid_from="2026-11-20")
        _contract(desk, "WM-8", "gold")
        quote = desk.billing.offer(number, WORK, currency="EUR")
        desk.billing.answer(number, quote.id, is_approved=True)
        visit = desk.visits.book([number], desk.technicians.add(ADA).id, at(9))
        clock.advance(2 * DAY_MS)
        desk.visits.step(visit.id, VisitStep.ARRIVE)
        desk.visits.step(visit.id, VisitStep.FINISH, record=DONE)
        desk.tickets.judge(number, VerdictRecord(Verdict.CONFIRMED))
        desk.billing.charge(number, WORK, currency="EUR")
        _, secret = desk.customer_pages.make(number)
        desk.customer_pages.answer(secret, NewAnswer(AnswerKind.RATING, stars=5))
        desk.tickets.step(number, TicketStep.CLOSE)
        clock.advance(1)

        found = desk.indicators.families(timedelta(days=30))

        def values(family: str, *names: str) -> list[float | None]:
            return [found[family][name].value for name in names]

        assert values("cost", "labour", "parts", "travel", "other", "cost_per_ticket") == [34.65, 39.9, 39.0, 0, 113.55]
        assert values("revenue", "paid_by_customers", "contract_revenue") == [113.55, 99.0]
        assert values("revenue", "contracts_begun", "contracts_in_force") == [1, 2]
        assert values("efficiency", "first_time_fix", "visits_per_technician_day", "repeat_visits") == [1, 1, 0]
        assert values("quality", "satisfaction", "complaints") == [1, 0]
        assert found["quality"]["satisfaction"].is_met
        parts = desk.indicators.cases("cost", "parts", timedelta(days=30)).items
        assert [(str(one.ticket_number), one.value) for one in parts] == [(number, 39.9)]

    def test_a_statement_adds_up(self, desk: Desk) -> None:
        """A fee for each visit that was done and for each ticket of it; of other people, or another month, nothing."""
        fees = {"visit": "45.10", "washing_machine": "30.05", "drain_clog": "12.35"}
        provider = desk.providers.add(NewProvider("Cool", fees=fees)).id
        theirs = desk.technicians.add(replace(ADA, provider_id=provider))
        ours = desk.technicians.add(ADA)
        first, customer = ticket(desk, "WM-1")
        second, _ = ticket(desk, "WM-2", customer=customer)
        for refs, who in (
            ([first, second], theirs.id),
            ([ticket(desk, "WM-3")[0]], theirs.id),
            ([ticket(desk, "WM-4")[0]], ours.id),
        ):
            start = at(9) if len(refs) == 2 or who == ours.id else at(14)
            visit = desk.visits.book(refs, who, start)
            desk.visits.step(visit.id, VisitStep.ARRIVE)
            desk.visits.step(visit.id, VisitStep.FINISH, record=DONE)

        today = date(2026, 11, 21)
        statement = desk.billing.settle(provider, today, today)
        before = desk.billing.settle(provider, today - timedelta(days=31), today - timedelta(days=1))

        assert [line.amount for line in statement.lines] == ["69.80", "57.45"]
        assert statement.total == str(sum(Decimal(line.amount) for line in statement.lines)) == "127.25"
        assert (before.lines, before.total) == ((), "0.00")
        assert "".join(write_statement(statement)).splitlines()[-1] == "total,,,,,127.25,EUR"


def _prices(desk: Desk) -> list[RowReport]:
    return list(desk.billing.take_prices(list(read_csv(LIST, PRICES))))


def _contract(desk: Desk, appliance_id: str, plan: str, *, valid_from: str = "2026-01-01", valid_to: str = "") -> None:
    row = f"c-{appliance_id},contract,{valid_from},{valid_to},{appliance_id},{plan}"
    text = f"external_id,basis,valid_from,valid_to,appliance_id,plan\n{row}\n"
    [report] = desk.billing.take_coverages(list(read_csv(text, COVERAGES)))
    assert report.outcome is Outcome.CHANGED, report.detail
