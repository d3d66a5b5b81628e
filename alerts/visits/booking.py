"""Booking a visit, moving it, and its steps; each leaves its line in the history of every ticket that it is for.

Whoever can't be sent (skill, area, time and so on) is refused with the reason; a dispatcher may override with one of
their own, which is kept. A licence that is missing or over is never overridden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select, update

from alerts.audit.chain import difference, record_audit
from alerts.database import Transaction
from alerts.errors import ConflictError, InvalidError, StaleViewError
from alerts.lifecycle import OVER, TicketState, TicketStep, next_state
from alerts.notices.changes import Subject, record_change
from alerts.people.technician import Technician
from alerts.stock.ledger import van_of
from alerts.stock.reserving import is_kept, use
from alerts.tickets.reading import find_row
from alerts.tickets.steps import WhenOver, take_step, write_ticket
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import StepBody
from alerts.visits.crew import MINUTE_MS, Fit, Hindrance
from alerts.visits.hours import Span
from alerts.visits.job import Job
from alerts.visits.lifecycle import VISIT, VISIT_MOVABLE, VisitState, VisitStep
from alerts.visits.reading import standing_visit, tickets_of, visit_row
from alerts.visits.tables import visit_tickets, visits
from alerts.visits.visit import VisitRecord
from alerts.visits.weighing import judge
from alerts.words import check_words
from ingest.clock import from_ms

TOLD_LATER_MAX_MS = 7 * 24 * 3_600_000
AHEAD_MAX_MS = 366 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Booking:
    """Who is to go when; ``override`` is why, where something speaks against it, ``promised`` what the customer was told."""

    technician_id: str
    starts_ms: int
    override: str | None = None
    promised: Span | None = None
    apart: frozenset[str] = frozenset()
    """Visits that are thought away: they are about to move, too."""


def book(t: Transaction, job: Job, booking: Booking, when_over: WhenOver) -> str:
    """Send somebody to a job and return the visit's id; its tickets are triaged where nobody did, and scheduled."""
    for ticket_id in job.ticket_ids:
        if standing_visit(t, ticket_id) is not None:
            raise ConflictError(f"Ticket {find_row(t, ticket_id).number} has a visit already: move that one.")
    technician, fit, override = _judge(t, job, booking)
    visit_id = t.new_id("vi")
    place = job.home.place
    values = {
        "id": visit_id,
        "site_id": job.home.site_id,
        "customer_id": job.home.customer_id,
        "region": job.home.region,
        "time_zone": job.home.time_zone,
        "latitude": place and place.latitude,
        "longitude": place and place.longitude,
        "status": VisitState.PLANNED.value,
        "is_locked": False,
        "created_by": t.who,
        "created_ms": t.now_ms,
        **_when(technician, fit, booking, override),
    }
    t.connection.execute(insert(visits).values(**values))
    of_visit = [{"visit_id": visit_id, "ticket_id": one, "is_standing": True} for one in job.ticket_ids]
    t.connection.execute(insert(visit_tickets), of_visit)
    for ticket_id in job.ticket_ids:
        _schedule(t, ticket_id, technician, fit, booking, when_over)
    told = {"technician_id": technician.id, "from_ms": fit.start_ms, "override": override}
    _tell(t, visit_id, "book", told, before=None)
    return visit_id


def move(
    t: Transaction, visit_id: str, job: Job, booking: Booking, when_over: WhenOver, *, expected_version: int | None
) -> None:
    """Let somebody go at another time, or somebody else; what the customer was told stands where nothing new is said."""
    row = visit_row(t, visit_id)
    check_version(row, expected_version)
    status = next_state("visit", VISIT, VisitState(row.status), VisitStep.MOVE)
    technician, fit, override = _judge(t, job, booking, but=visit_id)
    values = _when(technician, fit, booking, override)
    if booking.promised is None and row.promised_from_ms is not None:
        is_kept = row.promised_from_ms <= fit.start_ms < (row.promised_to_ms or fit.end_ms)
        kept = (row.promised_from_ms, row.promised_to_ms) if is_kept else (None, None)
        values |= dict(zip(("promised_from_ms", "promised_to_ms"), kept, strict=True))
        status = VisitState(row.status) if is_kept else status
    _write(t, row, status=status.value, **values)
    for ticket_id in tickets_of(t, visit_id):
        _schedule(t, ticket_id, technician, fit, booking, when_over)
    told = {"technician_id": technician.id, "from_ms": fit.start_ms, "was_ms": row.starts_ms, "override": override}
    _tell(t, visit_id, "move", told, before=row)


def lock(t: Transaction, visit_id: str, *, is_locked: bool) -> None:
    """Hold a visit where it is, whatever is planned around it; or let it go again."""
    row = visit_row(t, visit_id)
    if VisitState(row.status) not in VISIT_MOVABLE:
        raise ConflictError(f"A visit that is {row.status} is not planned any more.")
    if row.is_locked != is_locked:
        _write(t, row, is_locked=is_locked)
        _tell(t, visit_id, "lock" if is_locked else "unlock", {}, before=row)


def step(
    t: Transaction,
    visit_id: str,
    taken: VisitStep,
    when_over: WhenOver,
    *,
    note: str | None = None,
    record: VisitRecord | None = None,
    at_ms: int | None = None,
) -> None:
    """Take a step of a visit that moves nothing; a step that was taken already is not taken twice, and is no error.

    ``at_ms`` is when it was, where it is told later: without network for up to a week.
    """
    row = visit_row(t, visit_id)
    if at_ms is not None and not t.now_ms - TOLD_LATER_MAX_MS <= at_ms <= t.now_ms + MINUTE_MS:
        raise InvalidError("at: a step is told within a week, and not before it is taken.")
    was_ms = t.now_ms if at_ms is None else min(at_ms, t.now_ms)
    check_words("note", note, longest=2000)
    before = VisitState(row.status)
    if taken is VisitStep.MOVE:
        raise InvalidError("move says who goes when; this step moves nothing.")
    if before is _LEADS_TO[taken] and (record is None or row.record == _as_json(record)):
        return  # sent twice from a cellar
    if before in _BEHIND.get(taken, ()):
        return  # what came later was told first
    status = next_state("visit", VISIT, before, taken)
    if taken is VisitStep.FINISH and record is None:
        raise InvalidError("The step finish needs what was done: is_repaired and work.")
    times = {VisitStep.DEPART: "departed_ms", VisitStep.ARRIVE: "arrived_ms"}
    values: dict[str, Any] = {times[taken]: was_ms} if taken in times else {}
    if not VISIT[status]:
        values["ended_ms"] = was_ms
        _release(t, visit_id)
    if record is not None and taken is VisitStep.FINISH:
        _check_record(record)
        values["record"] = _as_json(record)
        _use_parts(t, row, record)
    _write(t, row, status=status.value, **values)
    for ticket_id in tickets_of(t, visit_id):
        _follow(t, ticket_id, taken, note, record, when_over)
    _tell(t, visit_id, taken.value, {"note": note} if note else {}, before=row)


def cancel_visits_of(t: Transaction, ticket_id: str, reason: str, when_over: WhenOver) -> None:
    """Call off what is still to come for a ticket that is over; a visit goes on for its other tickets."""
    visit_id = standing_visit(t, ticket_id)
    if visit_id is None:
        return
    where = (visit_tickets.c.visit_id == visit_id) & (visit_tickets.c.ticket_id == ticket_id)
    t.connection.execute(update(visit_tickets).where(where).values(is_standing=False))
    others = select(visit_tickets.c.ticket_id).where(
        visit_tickets.c.visit_id == visit_id, visit_tickets.c.is_standing.is_(True)
    )
    if t.connection.execute(others).first() is None and VisitState(visit_row(t, visit_id).status) in VISIT_MOVABLE:
        step(t, visit_id, VisitStep.CANCEL, when_over, note=reason)


def check_version(row: Any, expected_version: int | None) -> None:
    """Raise :class:`StaleViewError` where the visit has changed since it was read."""
    if expected_version is not None and expected_version != row.version:
        raise StaleViewError(expected=expected_version, current=row.version)


_LEADS_TO = {
    VisitStep.CONFIRM: VisitState.CONFIRMED,
    VisitStep.DEPART: VisitState.ON_THE_WAY,
    VisitStep.ARRIVE: VisitState.ON_SITE,
    VisitStep.FINISH: VisitState.DONE,
    VisitStep.MISS: VisitState.MISSED,
    VisitStep.CANCEL: VisitState.CANCELLED,
}

_BEHIND = {
    VisitStep.CONFIRM: {VisitState.ON_THE_WAY, VisitState.ON_SITE, VisitState.DONE},
    VisitStep.DEPART: {VisitState.ON_SITE, VisitState.DONE},
    VisitStep.ARRIVE: {VisitState.DONE},
}


def _judge(t: Transaction, job: Job, booking: Booking, *, but: str = "") -> tuple[Technician, Fit, str | None]:
    """Who goes, what it costs on their way, and the reason where something spoke against it."""
    check_words("override", booking.override, longest=1000)
    if not t.now_ms - MINUTE_MS <= booking.starts_ms < t.now_ms + AHEAD_MAX_MS:
        raise InvalidError("start: a visit is planned from now on, at most a year ahead.")
    judged = judge(t, job, booking.technician_id, booking.starts_ms, but=booking.apart | {but})
    technician, against = judged.technician, judged.against
    fit = judged.fit or Fit(booking.starts_ms, booking.starts_ms + job.minutes * MINUTE_MS, 0.0, 0.0)
    if not against:
        return technician, fit, None
    words = ", ".join(_SENTENCES[one] for one in against)
    if judged.is_never or booking.override is None:
        way_out = "This can't be overridden." if judged.is_never else "Say why, to send them all the same."
        raise ConflictError(f"{technician.name} can't be sent: {words}. {way_out}")
    return technician, fit, booking.override


_SENTENCES: Mapping[Hindrance, str] = {
    Hindrance.INACTIVE: "they are not active",
    Hindrance.AREA: "they don't go to this region",
    Hindrance.SKILL: "they don't know this well enough",
    Hindrance.LICENCE: "a licence that it takes is missing or over on that day",
    Hindrance.EXCLUDED: "the customer does not want them",
    Hindrance.TIME: "it does not fit their day (shift, absence, other visits and the way there)",
    Hindrance.HOME: "the home is not open then",
}


def _when(technician: Technician, fit: Fit, booking: Booking, override: str | None) -> dict[str, Any]:
    promised = booking.promised or (None, None)
    return {
        "technician_id": technician.id,
        "starts_ms": fit.start_ms,
        "ends_ms": fit.end_ms,
        "promised_from_ms": promised[0],
        "promised_to_ms": promised[1],
        "travel_min": round(fit.travel_min),
        "override_reason": override,
    }


def _schedule(
    t: Transaction, ticket_id: str, technician: Technician, fit: Fit, booking: Booking, when_over: WhenOver
) -> None:
    """The ticket's own steps behind a booked visit."""
    if find_row(t, ticket_id).status == TicketState.OPEN:
        take_step(t, ticket_id, TicketStep.TRIAGE, StepBody(), expected_version=None, when_over=when_over)
    start_ms, end_ms = booking.promised or (fit.start_ms, fit.end_ms)
    body = StepBody(assignee=technician.account, visit_from=from_ms(start_ms), visit_to=from_ms(end_ms))
    take_step(t, ticket_id, TicketStep.SCHEDULE, body, expected_version=None, when_over=when_over)


def _follow(
    t: Transaction,
    ticket_id: str,
    taken: VisitStep,
    note: str | None,
    record: VisitRecord | None,
    when_over: WhenOver,
) -> None:
    """What a step of a visit means for a ticket; where the ticket went its own way meanwhile, it stays there."""
    row = find_row(t, ticket_id)
    if row.status in OVER:
        return
    if taken is VisitStep.ARRIVE and row.status == TicketState.SCHEDULED:
        take_step(t, ticket_id, TicketStep.START, StepBody(note=note), expected_version=None, when_over=when_over)
        return
    if taken is VisitStep.FINISH and record is not None and record.is_repaired:
        if row.status == TicketState.IN_PROGRESS:
            body = StepBody(note=record.work)
            take_step(t, ticket_id, TicketStep.FINISH, body, expected_version=None, when_over=when_over)
        return
    columns: dict[str, Any] = {"status": row.status}
    if taken in {VisitStep.MISS, VisitStep.CANCEL, VisitStep.FINISH}:
        columns |= {"visit_from_ms": None, "visit_to_ms": None}
    said = record.work if record is not None else note
    write_ticket(t, row, f"visit_{taken.value}", columns, note=said, data={})


def _check_record(record: VisitRecord) -> None:
    check_words("work", record.work, longest=10_000, is_needed=True)
    for words in (*record.photos, record.signed_by):
        check_words("photos and signed_by", words, longest=500)
    for part in record.parts:
        check_words("sku", part.sku, longest=64, is_needed=True)
        if not 1 <= part.quantity <= 1000:
            raise InvalidError("parts: a quantity is 1 to 1000.")


def _use_parts(t: Transaction, row: Any, record: VisitRecord) -> None:
    """What was put in leaves the stock, for the first ticket of the visit that it was kept for, else for its first."""
    ids = tickets_of(t, row.id)
    van_id = van_of(t, row.technician_id)
    for part in record.parts:
        ticket_id = next((one for one in ids if is_kept(t, one, part.sku)), ids[0])
        use(t, ticket_id, part.sku, part.quantity, van_id=van_id, serial=part.serial)


def _as_json(record: VisitRecord) -> dict[str, Any]:
    told = asdict(record)
    return told | {"parts": [dict(part) for part in told["parts"]], "photos": list(record.photos)}


def _release(t: Transaction, visit_id: str) -> None:
    of_visit = visit_tickets.c.visit_id == visit_id
    t.connection.execute(update(visit_tickets).where(of_visit).values(is_standing=False))


def _write(t: Transaction, row: Any, **values: Any) -> None:
    t.connection.execute(update(visits).where(visits.c.id == row.id).values(**values, version=row.version + 1))


_AUDITED = ("status", "technician_id", "starts_ms", "ends_ms", "is_locked", "promised_from_ms", "promised_to_ms")


def _audited(row: Any) -> dict[str, Any]:
    return {name: row._mapping[name] for name in _AUDITED}  # noqa: SLF001 - a row as a mapping


def _tell(t: Transaction, visit_id: str, event: str, data: dict[str, Any], *, before: Any) -> None:
    ids: Sequence[str] = tickets_of(t, visit_id)
    numbers = t.connection.execute(select(tickets.c.number).where(tickets.c.id.in_(ids))).scalars().all()
    record_change(t, Subject.VISIT, visit_id, {"tickets": sorted(numbers), "step": event})
    after = _audited(visit_row(t, visit_id))
    told = {"before": None, "after": after} if before is None else difference(_audited(before), after, "status")
    record_audit(t, f"visit.{event}", visit_id, **told, about=data)
