"""The visit gate and the rules of notices on PostgreSQL: the same tests as on SQLite."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from alerts.database import UnitOfWork
from alerts.desk import Desk
from ingest.clock import ManualClock
from tests.alerts.made import NOW_MS, PROFILES
from tests.alerts.test_gate import (
    test_a_mode_that_sends_in_vain_falls_to_watch_and_comes_back,
    test_a_ticket_shows_the_arithmetic_and_follows_the_finding,
    test_what_if_reads_what_the_desk_has_lived_through,
)
from tests.alerts.test_subscriptions import (
    test_a_message_that_was_not_taken_is_sent_again_as_the_same,
    test_facts_are_those_of_the_ticket,
    test_what_comes_together_is_one_message,
)
from tests.alerts.test_waiting_stages import (
    test_a_rule_rests_after_it_has_cleared,
    test_what_comes_and_goes_is_shown_and_opens_a_ticket_when_it_has_stood,
)
from tests.servers.conftest import PostgresServer
from tests.servers.empty_database import empty_database

pytestmark = pytest.mark.servers

__all__ = [
    "test_a_message_that_was_not_taken_is_sent_again_as_the_same",
    "test_a_mode_that_sends_in_vain_falls_to_watch_and_comes_back",
    "test_a_rule_rests_after_it_has_cleared",
    "test_a_ticket_shows_the_arithmetic_and_follows_the_finding",
    "test_facts_are_those_of_the_ticket",
    "test_what_comes_and_goes_is_shown_and_opens_a_ticket_when_it_has_stood",
    "test_what_comes_together_is_one_message",
    "test_what_if_reads_what_the_desk_has_lived_through",
]


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the tests' now."""
    return ManualClock(NOW_MS)


@pytest.fixture
def desk(postgres: PostgresServer, clock: ManualClock) -> Iterator[Desk]:
    """A desk over a migrated, empty database."""
    with empty_database(postgres.url()) as engine:
        yield Desk(UnitOfWork(engine, clock, random.Random(7)), PROFILES)
