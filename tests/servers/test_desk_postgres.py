"""The desk on PostgreSQL: the same suite as on SQLite."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, text

from alerts.appliances.searching import is_found
from alerts.appliances.tables import appliances
from alerts.database import UnitOfWork
from alerts.desk import Desk
from ingest.clock import ManualClock
from tests.alerts.made import NOW_MS, PROFILES
from tests.contract.amends_suite import AmendsSuite
from tests.contract.billing_suite import BillingSuite
from tests.contract.capacity_suite import CapacitySuite
from tests.contract.care_suite import CareSuite
from tests.contract.customer_notices_suite import CustomerNoticesSuite, home
from tests.contract.customers_suite import CustomersSuite, desk_with_seal
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
from tests.contract.knowledge_suite import KnowledgeSuite
from tests.contract.letters_suite import LettersSuite
from tests.contract.people_suite import PeopleSuite
from tests.contract.repairs_suite import RepairsSuite
from tests.contract.saved_views_suite import SavedViewsSuite
from tests.contract.stock_suite import StockSuite
from tests.contract.tasks_suite import TasksSuite
from tests.contract.ticket_types_suite import TicketTypesSuite
from tests.contract.visits_suite import VisitsSuite
from tests.servers.conftest import PostgresServer
from tests.servers.empty_database import empty_database

__all__ = ["home"]

pytestmark = pytest.mark.servers


@pytest.fixture
def engine(postgres: PostgresServer) -> Iterator[Engine]:
    """A migrated, empty database."""
    with empty_database(postgres.url()) as engine:
        yield engine


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the tests' now."""
    return ManualClock(NOW_MS)


@pytest.fixture
def desk(engine: Engine, clock: ManualClock) -> Desk:
    """A desk over the database."""
    return Desk(UnitOfWork(engine, clock, random.Random(7)), PROFILES)


class _Sealed:
    """For suites over what is sealed."""

    @pytest.fixture
    def desk(self, desk: Desk) -> Desk:
        """A desk that can read and write it."""
        return desk_with_seal(desk.unit, desk)


class TestDeskOnPostgres(DeskSuite):
    """PostgreSQL keeps the desk's promises."""


class TestCustomersOnPostgres(_Sealed, CustomersSuite):
    """PostgreSQL keeps the customer file's promises."""


class TestCustomerNoticesOnPostgres(_Sealed, CustomerNoticesSuite):
    """PostgreSQL keeps the promises of customer notices."""


class TestLettersOnPostgres(_Sealed, LettersSuite):
    """PostgreSQL keeps the promises of letters."""


class TestPeopleOnPostgres(_Sealed, PeopleSuite):
    """PostgreSQL keeps the promises of people."""


class TestVisitsOnPostgres(_Sealed, VisitsSuite):
    """PostgreSQL keeps the promises of visits."""


class TestStockOnPostgres(_Sealed, StockSuite):
    """PostgreSQL keeps the promises of stock."""


class TestAmendsOnPostgres(_Sealed, AmendsSuite):
    """PostgreSQL keeps the promises of amends."""


class TestBillingOnPostgres(_Sealed, BillingSuite):
    """PostgreSQL keeps the promises of money."""


class TestCapacityOnPostgres(CapacitySuite):
    """PostgreSQL counts the weeks ahead."""


class TestCareOnPostgres(_Sealed, CareSuite):
    """PostgreSQL keeps the promises of care."""


class TestRepairsOnPostgres(RepairsSuite):
    """PostgreSQL keeps the promises of repairs."""


class TestTasksOnPostgres(TasksSuite):
    """PostgreSQL keeps the promises of tasks."""


class TestTicketTypesOnPostgres(TicketTypesSuite):
    """PostgreSQL keeps the promises of types."""


class TestKnowledgeOnPostgres(KnowledgeSuite):
    """PostgreSQL keeps the promises of knowledge."""


class TestGuardsOnPostgres(DeskGuardSuite):
    """PostgreSQL keeps the desk's guards."""


class TestIndicatorsOnPostgres(DeskIndicatorsSuite):
    """PostgreSQL counts the desk's figures as we do by hand."""


class TestTicketsOnPostgres(DeskTicketsSuite):
    """PostgreSQL keeps what tickets promise over their life."""


class TestChangesOnPostgres(DeskChangesSuite):
    """PostgreSQL keeps what changes by hand, orders and episodes promise."""


class TestSearchOnPostgres(DeskSearchSuite):
    """PostgreSQL finds what people look for."""


class TestStandingOnPostgres(DeskStandingSuite):
    """PostgreSQL keeps tickets true."""


class TestIncidentsOnPostgres(DeskIncidentsSuite):
    """PostgreSQL finds what many appliances have in common."""


class TestClocksOnPostgres(DeskClocksSuite):
    """PostgreSQL tells what is late, once."""


class TestLessonsOnPostgres(DeskLessonsSuite):
    """The same promises, on PostgreSQL."""


class TestReopeningOnPostgres(DeskReopeningSuite):
    """PostgreSQL knows a fault that comes back."""


class TestSinkOnPostgres(FindingSinkSuite):
    """The desk on PostgreSQL keeps the promises of every finding sink."""

    @pytest.fixture
    def open_sink(self, desk: Desk) -> OpenSink:
        """A new desk over the same database each time."""
        return lambda: Desk(desk.unit, desk.profiles).findings


class TestSavedViewsOnPostgres(SavedViewsSuite):
    """PostgreSQL keeps the promises of saved views."""


def test_an_appliance_is_found_by_the_index_of_trigrams(engine: Engine) -> None:
    """The index holds what is asked for: with it at hand nobody reads all appliances to find a word."""
    query = select(appliances.c.id).where(is_found("compressor"))
    with engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        asked = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
        plan = connection.exec_driver_sql(f"EXPLAIN {asked}").scalars().all()

    assert any("Bitmap Index Scan on appliances_search_trigrams" in step for step in plan)
