"""The desk on SQLite."""

from __future__ import annotations

import pytest

from alerts.desk import Desk
from tests.contract.desk_changes_suite import DeskChangesSuite
from tests.contract.desk_clocks_suite import DeskClocksSuite
from tests.contract.desk_guard_suite import DeskGuardSuite
from tests.contract.desk_incidents_suite import DeskIncidentsSuite
from tests.contract.desk_indicators_suite import DeskIndicatorsSuite
from tests.contract.desk_lessons_suite import DeskLessonsSuite
from tests.contract.desk_reopening_suite import DeskReopeningSuite
from tests.contract.desk_search_suite import DeskSearchSuite
from tests.contract.desk_standing_suite import DeskStandingSuite
from tests.contract.desk_suite import DeskSuite
from tests.contract.desk_tickets_suite import DeskTicketsSuite
from tests.contract.finding_sink_suite import FindingSinkSuite, OpenSink


class TestDeskOnSqlite(DeskSuite):
    """SQLite keeps the desk's promises."""


class TestGuardsOnSqlite(DeskGuardSuite):
    """SQLite keeps the desk's guards."""


class TestIndicatorsOnSqlite(DeskIndicatorsSuite):
    """SQLite counts the desk's figures as we do by hand."""


class TestTicketsOnSqlite(DeskTicketsSuite):
    """SQLite keeps what tickets promise over their life."""


class TestChangesOnSqlite(DeskChangesSuite):
    """SQLite keeps what changes by hand, orders and episodes promise."""


class TestSearchOnSqlite(DeskSearchSuite):
    """SQLite finds what people look for."""


class TestStandingOnSqlite(DeskStandingSuite):
    """SQLite keeps tickets true."""


class TestIncidentsOnSqlite(DeskIncidentsSuite):
    """SQLite finds what many appliances have in common."""


class TestClocksOnSqlite(DeskClocksSuite):
    """SQLite tells what is late, once."""


class TestLessonsOnSqlite(DeskLessonsSuite):
    """The same promises, on SQLite."""


class TestReopeningOnSqlite(DeskReopeningSuite):
    """SQLite knows a fault that comes back."""


class TestSinkOnSqlite(FindingSinkSuite):
    """The desk on SQLite keeps the promises of every finding sink."""

    @pytest.fixture
    def open_sink(self, desk: Desk) -> OpenSink:
        """A new desk over the same database each time."""
        return lambda: Desk(desk.unit, desk.profiles).findings
