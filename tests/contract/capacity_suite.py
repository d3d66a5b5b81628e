"""What the weeks ahead ask for, against what shifts give, on every database; a subclass provides ``desk``."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import insert

from alerts.appliances.directory import ensure_appliance
from alerts.customers.access_hours import parse_hours
from alerts.desk import Desk
from alerts.errors import InvalidError
from alerts.lifecycle import TicketStep
from alerts.people.technician import AbsenceReason, NewTechnician
from alerts.tickets.tables import tickets
from ingest.clock import from_ms
from tests.alerts.made import DAY_MS, FINDING, NOW_MS, step_of

MONDAY = date(2026, 11, 16)
ADA = NewTechnician("Ada", areas=("west",), skills={"washing_machine": 2}, shifts=parse_hours("mon-fri 08:00-18:00"))


def fleet(desk: Desk, number: int) -> None:
    """So many washing machines in service."""
    desk.unit.write(lambda t: [ensure_appliance(t, f"WM-{n:04d}", "washing_machine") for n in range(number)])


class CapacitySuite:
    """The promises of :mod:`alerts.visits.capacity`."""

    def test_shifts_without_absences_are_what_is_given(self, desk: Desk) -> None:
        """Seventy per cent of fifty hours a week; a week of holiday gives nothing, another region neither; this Saturday is over."""
        ada = desk.technicians.add(ADA)
        away = datetime.combine(MONDAY + timedelta(weeks=2), datetime.min.time(), tzinfo=from_ms(NOW_MS).tzinfo)
        desk.technicians.be_absent(ada.id, away, away + timedelta(weeks=1), AbsenceReason.HOLIDAY)

        weeks = desk.visits.capacity(4, None)

        assert [one.start for one in weeks] == [MONDAY + timedelta(weeks=n) for n in range(4)]
        assert [one.given for one in weeks] == [0, 2100, 0, 2100]
        assert [one.given for one in desk.visits.capacity(4, "north")] == [0, 0, 0, 0]
        with pytest.raises(InvalidError, match="weeks"):
            desk.visits.capacity(27, None)

    def test_a_peak_is_named_weeks_ahead(self, desk: Desk) -> None:
        """Two hundred machines ask by their hazard for a visit in five weeks; a failure is foreseen for one week, which is a peak."""
        fleet(desk, 200)
        desk.technicians.add(replace(ADA, shifts=parse_hours("mon 08:00-13:00")))
        start = NOW_MS + 16 * DAY_MS
        for number in range(4):
            finding = replace(FINDING, appliance_id=f"WM-{number:04d}", failure_window_ms=(start, start + DAY_MS, 0.8))
            desk.findings.commit(step_of(desk.findings.load().position + 1, finding))
        for ticket in desk.tickets.page().items:
            desk.tickets.step(str(ticket.number), TicketStep.TRIAGE)

        weeks = desk.visits.capacity(5, None)

        assert weeks[1].by_chance == round(200 * 0.05 * 7 / 365 * 60)
        assert [one.foreseen for one in weeks] == [0, 0, 0, 240, 0]
        assert [one.is_peak for one in weeks[1:]] == [False, False, True, False]
        assert (weeks[3].most_by, weeks[3].given) == ("washing_machine", 210)
        assert weeks[3].likely_at_most > weeks[3].asked > 210

    def test_season_is_the_desks_own_year(self, desk: Desk) -> None:
        """Half of a year's tickets were in December: that month asks for six times as much; with less than a year it is one."""
        fleet(desk, 100)
        row = {"kind": "washing_machine", "appliance_id": "WM-0001", "title": "x", "status": "closed", "priority": 3}
        row |= {"source": "customer", "respond_by_ms": 0, "resolve_by_ms": 0, "version": 1}
        december = [datetime(2025, 12, 1 + n % 28, tzinfo=from_ms(NOW_MS).tzinfo) for n in range(36)]
        others = [datetime(2025, 11, 1, tzinfo=from_ms(NOW_MS).tzinfo) + timedelta(days=0)] + [
            datetime(2026, 1 + n % 10, 5, tzinfo=from_ms(NOW_MS).tzinfo) for n in range(35)
        ]
        rows = [
            row | {"id": f"tk_{n}", "number": 1000 + n, "opened_ms": round(one.timestamp() * 1000)}
            for n, one in enumerate([*december, *others])
        ]
        before = desk.visits.capacity(4, None)
        desk.unit.write(lambda t: t.connection.execute(insert(tickets), rows))

        weeks = desk.visits.capacity(4, None)

        assert [one.season for one in before] == [1.0] * 4
        assert (weeks[3].start.month, weeks[3].season) == (12, 6.0)
        assert weeks[0].season < 1
