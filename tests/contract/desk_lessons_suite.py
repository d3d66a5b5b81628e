"""What verdicts teach, on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from alerts.desk import Desk
from alerts.lifecycle import TicketStep
from alerts.tickets.lessons import SETTLED_MS
from alerts.tickets.ticket import NewTicket, Verdict, VerdictRecord
from ingest.clock import ManualClock
from ingest.sample import Lesson
from tests.alerts.made import FINDING, step_of


class DeskLessonsSuite:
    """The promises of :mod:`alerts.tickets.lessons`."""

    def test_verdicts_are_lessons_in_the_order_in_which_they_were_given(self, desk: Desk, clock: ManualClock) -> None:
        """One of a prediction and one of a customer's ticket; one in another's place says so; each until it was noted."""
        desk.findings.commit(step_of(1, FINDING))
        new = NewTicket(FINDING.appliance_id, "It is loud")
        by_hand = desk.tickets.open(new)
        for ref in ("1", by_hand.id):
            desk.tickets.step(ref, TicketStep.START)
        desk.tickets.judge("1", VerdictRecord(Verdict.CONFIRMED))
        desk.tickets.judge("1", VerdictRecord(Verdict.NO_FAULT_FOUND))
        desk.tickets.judge(by_hand.id, VerdictRecord(Verdict.OTHER_FAULT, "drain_clog"))
        assert desk.tickets.lessons(after=0, limit=9) == []  # others may still be on their way
        clock.advance(SETTLED_MS)

        said = desk.tickets.lessons(after=0, limit=9)

        assert [_plain(one) for one in said] == [
            (FINDING.fault_mode, "confirmed", None, None, True),
            (FINDING.fault_mode, "no_fault_found", None, "confirmed", True),
            ("unknown", "other_fault", "drain_clog", None, False),
        ]
        assert [one.number for one in said] == sorted({one.number for one in said})
        assert {(one.appliance_id, one.kind) for one in said} == {(FINDING.appliance_id, FINDING.kind)}
        assert desk.tickets.lessons(after=said[0].number, limit=1) == [said[1]]
        desk.tickets.note_lessons(said[1].number)
        assert desk.tickets.lessons(after=0, limit=9) == [said[2]]


def _plain(one: Lesson) -> tuple[str, str, str | None, str | None, bool]:
    """What a lesson says."""
    return one.fault_mode, one.verdict, one.found, one.before, one.is_foreseen
