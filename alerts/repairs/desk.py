"""Repairs, as they are asked for, settled by time, and answered by customers who are called back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import update

from alerts.audit.chain import difference, record_audit
from alerts.choices import check_choice
from alerts.database import Transaction, UnitOfWork
from alerts.errors import ConflictError
from alerts.fault_modes import known_modes
from alerts.page import LIMIT_DEFAULT, LIMIT_MAX, Page, all_pages
from alerts.repairs.lifecycle import RepairEvent, RepairState
from alerts.repairs.reading import RepairFilter, list_repairs, read_repair, repair_row
from alerts.repairs.repair import CallAnswer, Repair
from alerts.repairs.tables import repairs
from alerts.repairs.training import PERSON_FIRST_MS, TrainingNeed, training_needs
from alerts.repairs.watching import decide, has_unsettled, settle
from alerts.tickets.steps import WhenOver
from alerts.words import check_words
from ingest.profiles.definition import Profile

NOTE_LENGTH_MAX = 2000
_MEANS = {CallAnswer.HELD: RepairEvent.HOLD_OUT, CallAnswer.CAME_BACK: RepairEvent.COME_BACK}


@dataclass(frozen=True, slots=True)
class Repairs:
    """What was closed as done, and whether it held; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]
    when_over: WhenOver

    def page(
        self, wanted: RepairFilter | None = None, *, cursor: str | None = None, limit: int = LIMIT_DEFAULT
    ) -> Page[Repair]:
        """One page of repairs, the last begun first."""
        asked = wanted or RepairFilter()

        def work(t: Transaction) -> Page[Repair]:
            check_choice(t, "fault_mode", asked.fault_mode, [repairs.c.fault_mode], known_modes(self.profiles))
            return list_repairs(t, asked, cursor=cursor, limit=limit)

        return self.unit.look(work)

    def all(self, wanted: RepairFilter) -> Iterator[Repair]:
        """All repairs that are wanted, page by page."""
        return all_pages(lambda cursor: self.page(wanted, cursor=cursor, limit=LIMIT_MAX))

    def settle(self) -> int:
        """Begin watches and end those that are decided; returns how many were decided."""
        if not self.unit.look(has_unsettled):
            return 0
        return self.unit.write(lambda t: settle(t, self.profiles, self.when_over))

    def own_training(self) -> Sequence[TrainingNeed]:
        """What whoever asks may learn, from their own repairs, as it is known now."""
        return self.unit.look(lambda t: training_needs(t, at_ms=t.now_ms, account=t.who))

    def training(self) -> Sequence[TrainingNeed]:
        """What people may learn, as it was known two weeks ago: each of them has seen it before."""
        return self.unit.look(lambda t: training_needs(t, at_ms=t.now_ms - PERSON_FIRST_MS))

    def call(self, repair_id: str, answer: CallAnswer, note: str | None = None) -> Repair:
        """Write down what a customer said who was called back; a repair that the readings could not judge is judged by it."""

        def work(t: Transaction) -> Repair:
            _answer(t, repair_id, answer, note, self.when_over)
            return read_repair(t, repair_id)

        return self.unit.write(work)


def _answer(t: Transaction, repair_id: str, answer: CallAnswer, note: str | None, when_over: WhenOver) -> None:
    check_words("note", note, longest=NOTE_LENGTH_MAX)
    row = repair_row(t, repair_id)
    if not row.is_call_owed:
        raise ConflictError("No call is owed for this repair: the readings have spoken, or the call was made.")
    if row.state == RepairState.UNKNOWN and answer in _MEANS:
        decide(t, row, _MEANS[answer], {"by": "customer"}, when_over)
    told = {"called_ms": t.now_ms, "called_by": t.who, "call_answer": answer.value, "call_note": note}
    is_owed = answer is CallAnswer.NOT_REACHED
    t.connection.execute(update(repairs).where(repairs.c.id == repair_id).values(told | {"is_call_owed": is_owed}))
    about = {"number": row.number, "answer": answer.value}
    record_audit(t, "repair.call", repair_id, **difference(row, told | {"is_call_owed": is_owed}), about=about)
