"""What letters promise on every database; a subclass provides a ``desk`` that can seal, and ``clock``."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts.audit.tables import audit
from alerts.customers.answering import AnswerKind, NewAnswer
from alerts.customers.customer import Contact, NewCustomer, NewOwnership, Purpose
from alerts.customers.references import About, reference
from alerts.customers.tables import letters
from alerts.desk import Desk
from alerts.errors import ConflictError, UnknownError
from alerts.letters import taking
from alerts.letters.letter import LetterReason, LetterState, Taken
from alerts.letters.parsing import parse
from alerts.lifecycle import TicketState, TicketStep
from alerts.notices.tables import outbox
from alerts.tickets.ticket import NewTicket, StepBody, Ticket
from ingest.clock import ManualClock


def mail(
    subject: str = "Re: your fridge", *, sender: str = "js@example.org", text: str = "It drips.", identity: str = "1"
) -> bytes:
    """A mail as a person writes one."""
    head = (
        f"From: J <{sender}>\r\nTo: desk@example.org\r\nSubject: {subject}\r\nMessage-ID: <{identity}@example.org>\r\n"
    )
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def opened(desk: Desk, appliance_id: str = "WM-1") -> Ticket:
    """A ticket of an appliance whose owner has an address of mail."""
    desk.appliances.register((appliance_id, "washing_machine"))
    owner = desk.customers.add(NewCustomer(Contact("Jürgen Schmidt", (), ("JS@example.org",))))
    desk.customers.give(owner.id, NewOwnership(appliance_id))
    return desk.by("eve").tickets.open(NewTicket(appliance_id, "It leaks"))


class LettersSuite:
    """The promises of :class:`alerts.letters.desk.Letters`."""

    def test_a_reply_joins_its_ticket_once(self, desk: Desk) -> None:
        """By the signed reference, under the name of the owner; the same mail again changes nothing; whoever has it is told."""
        ticket = opened(desk)
        raw = mail(f"AW: It leaks {desk.letters.reference(ticket.number)}")

        taken = [desk.letters.take(parse(raw)) for _ in range(3)]

        assert taken == [Taken.JOINED, Taken.REPEATED, Taken.REPEATED]
        [letter] = desk.letters.page(ticket_ref=ticket.id).items
        assert (letter.state, letter.content.text, letter.ticket_number) == (
            LetterState.JOINED,
            "It drips.",
            ticket.number,
        )
        lines = [one for one in desk.tickets.read(ticket.id).history if one.event == "letter"]
        assert [(one.actor, one.data) for one in lines] == [
            ("customer", {"letter": letter.number, "by_owner": True, "attached": 0})
        ]
        told = desk.unit.look(
            lambda t: (
                t.connection.execute(select(outbox.c.type).where(outbox.c.subject_id == ticket.id)).scalars().all()
            )
        )
        assert told.count("ticket.letter") == 1

    def test_an_answer_ends_the_wait_for_the_customer_and_no_other(self, desk: Desk, clock: ManualClock) -> None:
        """The clock has stood for as long as nobody answered; a wait for a part, or a mail of somebody else, ends nothing."""
        ticket = opened(desk)
        reference = desk.letters.reference(ticket.number)
        by_eve = desk.by("eve").tickets
        due_at = ticket.sla.resolve_by
        by_eve.step(ticket.id, TicketStep.HOLD, StepBody(reason="waiting for the part", pause="part"))
        desk.letters.take(parse(mail(reference, identity="early")))
        assert desk.tickets.read(ticket.id).status is TicketState.ON_HOLD
        by_eve.step(ticket.id, TicketStep.HOLD, StepBody(reason="which floor?", pause="customer"))
        desk.letters.take(parse(mail(reference, identity="other", sender="who@else.example")))
        assert desk.tickets.read(ticket.id).status is TicketState.ON_HOLD
        clock.advance(3 * 3_600_000)

        desk.letters.take(parse(mail(reference, identity="answer")))

        after = desk.tickets.read(ticket.id)
        assert (after.status, after.sla.paused_reason) == (TicketState.OPEN, None)
        assert after.sla.resolve_by == due_at + timedelta(hours=3)
        line = after.history[-1]
        assert (line.event, line.actor) == ("resume", "customer")
        assert line.data == {"answered_by": "letter", "waited_for": "which floor?"}
        audited = select(audit.c.data).where(audit.c.action == "ticket.resume")
        [row] = desk.unit.look(lambda t: t.connection.execute(audited).scalars().all())
        assert (row["before"]["pause"], row["after"]["pause"]) == ("customer", None)

    def test_an_answer_on_the_customers_page_ends_the_wait_too(self, desk: Desk) -> None:
        """Words and a yes to remote diagnosis alike; what is not held stays where it is."""
        ticket = opened(desk)
        _link, secret = desk.by("eve").customer_pages.make(ticket.id)
        pages, by_eve = desk.customer_pages, desk.by("eve").tickets
        hold = StepBody(reason="which floor?", pause="customer")

        by_eve.step(ticket.id, TicketStep.HOLD, hold)
        pages.answer(secret, NewAnswer(AnswerKind.MESSAGE, "The third."))
        by_eve.step(ticket.id, TicketStep.HOLD, hold)
        pages.consent(secret, Purpose.REMOTE_DIAGNOSIS, is_given=True)
        pages.answer(secret, NewAnswer(AnswerKind.MESSAGE, "Hello?"))

        resumed = [one for one in desk.tickets.read(ticket.id).history if one.event == "resume"]
        assert [(one.actor, (one.data or {})["answered_by"]) for one in resumed] == [
            ("customer", "message"),
            ("customer", "consent"),
        ]

    def test_it_is_audited_with_before_and_after(self, desk: Desk) -> None:
        """Joining says what was and what is; no word of the letter stands there."""
        ticket = opened(desk)
        desk.letters.take(parse(mail(desk.letters.reference(ticket.number), text="Secret words")))

        rows = desk.unit.look(
            lambda t: t.connection.execute(select(audit).where(audit.c.action == "letter.join")).all()
        )

        [row] = rows
        assert row.data["before"]["state"] == "waiting"
        assert row.data["after"] == {"state": "joined", "ticket_id": ticket.id}
        assert "Secret" not in str(row)

    def test_strangers_join_no_ticket_and_do_not_vanish(self, desk: Desk) -> None:
        """Without a reference, with a wrong signature, or with another ticket's: it waits, with the reason."""
        ticket = opened(desk)
        right = desk.letters.reference(ticket.number)
        forged = right.replace(f"#{ticket.number}-", f"#{ticket.number + 1}-")
        desk.letters.take(parse(mail("Hello", identity="a", sender="who@else.example")))
        desk.letters.take(parse(mail(forged, identity="b")))
        desk.letters.take(parse(mail(f"[#{ticket.number}-aaaaaaaaaaaaaaaa]", identity="c")))

        waiting = desk.letters.page(state=LetterState.WAITING).items

        wrong = LetterReason.WRONG_REFERENCE
        assert [one.reason for one in waiting] == [wrong, wrong, LetterReason.NO_REFERENCE]
        assert not desk.letters.page(ticket_ref=ticket.id).items
        assert waiting[2].customer_id is None
        assert waiting[1].customer_id is not None

    def test_a_person_puts_a_letter_to_a_ticket_or_away(self, desk: Desk) -> None:
        """By their name; one that has joined a ticket stays there."""
        ticket = opened(desk)
        for identity in ("a", "b"):
            desk.letters.take(parse(mail("Hello", identity=identity)))
        second, first = desk.letters.page(state=LetterState.WAITING).items

        assert desk.by("eve").letters.join(first.number, str(ticket.number)).ticket_id == ticket.id
        assert desk.by("eve").letters.dismiss(second.number).state is LetterState.DISMISSED

        assert desk.tickets.read(ticket.id).history[-1].actor == "eve"
        for refused in (desk.letters.dismiss, lambda number: desk.letters.join(number, ticket.id)):
            with pytest.raises(ConflictError):
                refused(first.number)
        with pytest.raises(UnknownError):
            desk.letters.dismiss(99)
        assert not desk.letters.page(state=LetterState.WAITING).items

    def test_a_reply_to_a_customer_notice_waits_with_its_appliance(self, desk: Desk) -> None:
        """There is no ticket to join: a person sees of which appliance it speaks."""
        named = reference(desk.letters.sealed.seal(), About.CUSTOMER, 7)

        assert desk.letters.take(parse(mail(f"Re: silent [{named}]"))) is Taken.WAITING
        assert desk.letters.page().items[0].reason is LetterReason.OF_A_NOTICE

    def test_machines_that_answer_each_other_end(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """Beyond so many a day letters to one ticket wait; and of those that wait the oldest go beyond a bound."""
        ticket = opened(desk)
        monkeypatch.setattr(taking, "A_DAY_MAX", 2)
        monkeypatch.setattr(taking, "WAITING_MAX", 2)
        subject = desk.letters.reference(ticket.number)

        taken = [desk.letters.take(parse(mail(subject, identity=str(n)))) for n in range(6)]

        assert taken == [Taken.JOINED] * 2 + [Taken.WAITING] * 4
        assert [one.reason for one in desk.letters.page(state=LetterState.WAITING).items] == [LetterReason.TOO_MANY] * 2

    def test_what_nobody_wrote_is_not_kept(self, desk: Desk) -> None:
        """An out-of-office note with the right reference neither joins nor waits."""
        ticket = opened(desk)
        raw = b"Auto-Submitted: auto-replied\r\n" + mail(desk.letters.reference(ticket.number))

        assert desk.letters.take(parse(raw)) is Taken.IGNORED
        assert not desk.letters.page().items

    def test_words_lie_sealed_and_go_with_their_customer(self, desk: Desk, clock: ManualClock) -> None:
        """Nobody reads them in the table; who is erased leaves none."""
        del clock
        ticket = opened(desk)
        desk.letters.take(parse(mail(desk.letters.reference(ticket.number), text="My door code is 4711")))

        def content() -> bytes | None:
            found: bytes | None = desk.unit.look(lambda t: t.connection.execute(select(letters.c.content)).scalar_one())
            return found

        assert b"4711" not in (content() or b"4711")
        customer_id = desk.letters.page().items[0].customer_id
        assert customer_id is not None
        desk.customers.erase(customer_id)
        assert content() is None
        assert desk.letters.page().items[0].content.text == ""
