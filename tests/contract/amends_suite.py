"""What amends promise on every database; a subclass provides ``desk``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from alerts.billing.amends_rows import CLAIMS, CREDITS, OUTCOMES, write_claims, write_credits, write_outcomes
from alerts.billing.bill import Payer, Receipt, WantedLine
from alerts.billing.claiming import CLAIM, ClaimState, NewClaim
from alerts.billing.crediting import CreditReason, NewCredit
from alerts.billing.csv_rows import COVERAGES
from alerts.billing.outcomes import NewOutcome, OutcomeKind
from alerts.billing.taxes import TaxRate
from alerts.csv_file import read_csv
from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.importing import Outcome, RowReport
from alerts.lifecycle import TicketStep
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS
from tests.contract.visits_suite import ticket

TODAY = date(2026, 11, 21)
CLAIM_1 = NewClaim("c-1", "1", "Pumps & Co", "00145", "39.90", "EUR", serial="SN-7")


class AmendsSuite:
    """The promises of :class:`alerts.billing.amends.Amends`."""

    def test_no_more_is_given_back_than_was_paid(self, desk: Desk) -> None:
        """Tax included, in parts, to the last cent; what was written is not changed, only when it was paid."""
        receipt = _charged(desk)
        first = NewCredit("g-1", receipt.id, "10.00", CreditReason.GOODWILL)

        one = desk.amends.put_credit(first)
        same = desk.amends.put_credit(first)
        with pytest.raises(ConflictError, match=r"90\.03 EUR can be given back"):
            desk.amends.put_credit(NewCredit("g-2", receipt.id, "90.04", CreditReason.NOT_DONE))
        with pytest.raises(ConflictError, match=r"0\.00 EUR"):
            desk.amends.put_credit(replace(first, external_id="g-3", payer=Payer.MANUFACTURER))
        with pytest.raises(ConflictError, match="not changed"):
            desk.amends.put_credit(replace(first, total="9.00"))
        with pytest.raises(ConflictError, match="above 0"):
            desk.amends.put_credit(replace(first, external_id="g-4", total="0"))
        with pytest.raises(UnknownError, match="no receipt"):
            desk.amends.put_credit(replace(first, external_id="g-5", receipt_id="rc_0"))
        rest = desk.amends.put_credit(NewCredit("g-2", receipt.id, "90.03", CreditReason.NOT_DONE))
        paid = desk.amends.put_credit(replace(first, paid_on=TODAY))

        assert same == one
        assert (receipt.net, receipt.tax, receipt.total) == ("84.06", "15.97", "100.03")
        assert (one.net, one.tax) == ("8.40", "1.60")
        assert (rest.net, rest.tax) == ("75.66", "14.37")
        assert Decimal(one.tax) + Decimal(rest.tax) == Decimal(receipt.tax)
        assert (paid.paid_on, paid.total) == (TODAY, "10.00")
        assert [entry.action for entry in desk.audit.page().items][:3] == [
            "credit.put",
            "billing.credit_note",
            "billing.credit_note",
        ]
        assert [one.event for one in desk.tickets.read("1").history].count("credit_note") == 2

    def test_what_is_given_back_is_no_revenue(self, desk: Desk, clock: ManualClock) -> None:
        """Before tax, in the period in which it is given back, and listed with its ticket; what a maker gets back was no customer's."""
        number, _ = ticket(desk, "WM-2")
        terms = "external_id,basis,valid_from,appliance_id\nm,recall,2026-01-01,WM-2\n"
        list(desk.billing.take_coverages(list(read_csv(terms, COVERAGES))))
        theirs = desk.billing.charge(number, [WantedLine("visit", amount="50.00")], currency="EUR")
        receipt = _charged(desk)
        clock.advance(1)
        before = timedelta(days=30)
        paid = desk.indicators.families(before)["revenue"]["paid_by_customers"].value
        clock.advance(40 * DAY_MS)
        desk.amends.put_credit(NewCredit("g-1", receipt.id, "10.00", CreditReason.GOODWILL))
        desk.amends.put_credit(NewCredit("g-2", theirs.id, "5.00", CreditReason.WRONG_PRICE, payer=Payer.MANUFACTURER))
        clock.advance(1)

        found = desk.indicators.families(timedelta(days=30))["revenue"]
        listed = desk.indicators.cases("revenue", "paid_by_customers", timedelta(days=30)).items

        assert paid == 84.06
        assert found["paid_by_customers"].value == -8.4
        assert found["paid_maintenance"].value == 0
        assert [(one.ticket_number, one.value) for one in listed] == [(receipt.ticket_number, -8.4)]
        assert desk.indicators.families(timedelta(days=80))["revenue"]["paid_by_customers"].value == 75.66

    def test_a_claim_goes_its_way(self, desk: Desk) -> None:
        """Opened when the repair is done, once per part; each state has its next ones, and no more is accepted than was claimed."""
        number = _charged(desk).ticket_number
        assert number == 1

        with pytest.raises(ConflictError, match="when the repair is done"):
            desk.amends.put_claim(CLAIM_1)
        desk.tickets.step("1", TicketStep.CLOSE)
        with pytest.raises(ConflictError, match="begins as opened"):
            desk.amends.put_claim(replace(CLAIM_1, status=ClaimState.SENT))
        desk.amends.put_claim(CLAIM_1)
        with pytest.raises(ConflictError, match="claimed already: c-1"):
            desk.amends.put_claim(replace(CLAIM_1, external_id="c-2"))
        with pytest.raises(ConflictError, match="opened becomes sent, not paid"):
            desk.amends.put_claim(replace(CLAIM_1, status=ClaimState.PAID, paid_on=TODAY))
        desk.amends.put_claim(replace(CLAIM_1, status=ClaimState.SENT))
        with pytest.raises(ConflictError, match="what was sent"):
            desk.amends.put_claim(replace(CLAIM_1, status=ClaimState.SENT, claimed="50"))
        with pytest.raises(InvalidError, match="at most what was claimed"):
            replace(CLAIM_1, status=ClaimState.ACCEPTED, accepted="40")
        with pytest.raises(InvalidError, match="has its day"):
            replace(CLAIM_1, status=ClaimState.PAID)
        desk.amends.put_claim(replace(CLAIM_1, status=ClaimState.ACCEPTED, accepted="30"))
        with pytest.raises(ConflictError, match="accepted is not changed"):
            desk.amends.put_claim(replace(CLAIM_1, status=ClaimState.PAID, paid_on=TODAY, accepted="29"))
        paid = desk.amends.put_claim(replace(CLAIM_1, status=ClaimState.PAID, paid_on=TODAY))

        assert (paid.status, paid.claimed, paid.accepted, paid.paid_on) == (ClaimState.PAID, "39.90", "30.00", TODAY)
        assert set(CLAIM) == set(ClaimState)
        assert desk.amends.claims(ref="1", status=ClaimState.PAID).items == (paid,)
        assert desk.amends.claims(status=ClaimState.OPENED).items == ()

    def test_an_appliance_ends_once(self, desk: Desk) -> None:
        """Traded in or recycled, with what it was worth, what it cost and its proof; another one for the same episode is refused."""
        ticket(desk, "WM-1")
        kept = NewOutcome("o-1", "1", OutcomeKind.TRADE_IN, "EUR", TODAY, value="120", carrier="Old & Gold")

        made = desk.amends.put_outcome(kept)
        with pytest.raises(ConflictError, match="has its outcome: o-1"):
            desk.amends.put_outcome(replace(kept, external_id="o-2"))
        with pytest.raises(InvalidError, match="record"):
            replace(kept, kind=OutcomeKind.RECYCLED)
        changed = desk.amends.put_outcome(
            replace(kept, kind=OutcomeKind.RECYCLED, value="0", fee="15", record="WEEE-5")
        )

        assert (made.value, made.fee) == ("120.00", "0.00")
        assert (changed.kind, changed.value, changed.fee) == (OutcomeKind.RECYCLED, "0.00", "15.00")
        assert desk.amends.outcomes().items == (changed,)

    def test_files_come_out_as_they_went_in(self, desk: Desk) -> None:
        """Twice changes nothing; what makes no sense is refused alone; a dry run keeps nothing."""
        receipt = _charged(desk)
        desk.tickets.step("1", TicketStep.CLOSE)
        gifts = f"external_id,receipt_id,total,reason\ng,{receipt.id},5,goodwill\nh,{receipt.id},500,goodwill\n"
        asked = "external_id,ticket,maker,sku,claimed,currency\nc,1,Pumps,00145,39.90,EUR\nd,1,Pumps,9,1.234,EUR\n"
        ended = "external_id,ticket,kind,currency,fee,done_on,record\no,1,recycled,EUR,15,2026-11-21,W-5\n"

        tried = _taken(desk.amends.take_credits(list(read_csv(gifts, CREDITS)), is_dry_run=True))
        assert desk.amends.credit_notes().items == ()
        assert tried == _taken(desk.amends.take_credits(list(read_csv(gifts, CREDITS))))
        assert tried == [Outcome.CHANGED, Outcome.REFUSED]
        assert tried == _taken(desk.amends.take_claims(list(read_csv(asked, CLAIMS))))
        assert tried[:1] == _taken(desk.amends.take_outcomes(list(read_csv(ended, OUTCOMES))))

        out = "".join(write_credits(desk.amends.credit_notes().items))
        claims = "".join(write_claims(desk.amends.claims().items))
        ends = "".join(write_outcomes(desk.amends.outcomes().items))
        sent = claims.replace("opened", "sent")
        assert _taken(desk.amends.take_credits(list(read_csv(out, CREDITS)))) == [Outcome.UNCHANGED]
        assert _taken(desk.amends.take_claims(list(read_csv(claims, CLAIMS)))) == [Outcome.UNCHANGED]
        assert _taken(desk.amends.take_claims(list(read_csv(sent, CLAIMS)))) == [Outcome.CHANGED]
        assert _taken(desk.amends.take_outcomes(list(read_csv(ends, OUTCOMES)))) == [Outcome.UNCHANGED]


def _charged(desk: Desk) -> Receipt:
    """A receipt of 100.03 with 19 % of tax, agreed to."""
    number, _ = ticket(desk, "WM-1")
    desk.billing.put_tax(TaxRate("de", "19", date(2026, 1, 1)))
    work = [WantedLine("visit", amount="84.06")]
    quote = desk.billing.offer(number, work, currency="EUR")
    desk.billing.answer(number, quote.id, is_approved=True)
    return desk.billing.charge(number, work, currency="EUR")


def _taken(reports: Iterable[RowReport]) -> list[Outcome]:
    return [one.outcome for one in reports]
