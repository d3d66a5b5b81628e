"""The desk under load: a hundred thousand alerts asked again, lists and counts of fifty thousand tickets, a storm, a restart.

On SQLite; on PostgreSQL where ``FETTLE_BENCH_DATABASE_URL`` names an empty database.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from alerts.lifecycle import TicketState
from alerts.notices.tables import outbox
from alerts.silences.muting import Scope
from alerts.tickets.reading import Sort, TicketFilter
from alerts.tickets.ticket import TicketSource
from alerts.timers import Timers
from api.service.service import spare_what_stays
from benchmarks.desk_town import DAY_MS, NOW_MS, count, drop_all, open_tickets, raise_alerts, settle, town
from benchmarks.figure import Figure
from ingest.clock import from_ms

FIGURES = (
    "desk_alerts_100k_cpu_s",
    "desk_list_p99_ms",
    "desk_list_p99_cpu_ms",
    "desk_counts_ms",
    "desk_storm_10k_s",
    "desk_restart_50k_s",
)
ALERTS, TICKETS, APPLIANCES = 100_000, 50_000, 10_000
LOOKS = 25
MINUTE_MS = 60_000


def measure() -> Iterator[Figure]:
    """All figures of the desk."""
    yield _alerts()
    yield from _lists()
    yield _storm()
    yield _restart()


def _alerts() -> Figure:
    """CPU of one round over 100,000 standing alerts, all of them held by silences."""
    with town() as (desk, _clock):
        settle(desk, APPLIANCES)
        until = from_ms(NOW_MS + 30 * DAY_MS)
        for region in range(8):
            desk.silences.add(Scope(region=f"r{region}"), until=until, reason="heat")
        raise_alerts(desk, ALERTS, reason="silenced")
        begun = time.process_time()
        after: int | None = 0
        while after is not None:
            after = desk.alerts.ask_again(after)
        return Figure("desk_alerts_100k_cpu_s", time.process_time() - begun, "s", ALERTS)


def _lists() -> Iterator[Figure]:
    """The slowest of a hundred pages, filtered, sorted, searched and paged on; and the queue's counts."""
    with town() as (desk, _clock):
        settle(desk, APPLIANCES)
        open_tickets(desk, TICKETS)
        opened = TicketFilter(statuses=(TicketState.OPEN, TicketState.TRIAGED))
        asked = (
            TicketFilter(),
            TicketFilter(statuses=opened.statuses, sort=Sort.URGENCY),
            TicketFilter(sort=Sort.DUE, region="r3"),
            TicketFilter(q="compressor labours"),
            TicketFilter(q="a-4711"),
            TicketFilter(assignee="anna", priority=1, source=TicketSource.PREDICTION),
            TicketFilter(opened_from_ms=NOW_MS - 3 * DAY_MS, kind="refrigerator", sort=Sort.URGENCY),
        )
        spare_what_stays()  # as a service does when it has started
        took, spent = [], []
        for wanted in asked:
            cursor: str | None = None
            for _ in range(LOOKS):
                begun = time.process_time()
                took.append(_ms(partial(desk.tickets.page, wanted, cursor=cursor)))
                spent.append((time.process_time() - begun) * 1000)
                cursor = desk.tickets.page(wanted, cursor=cursor).next
                if cursor is None:
                    break
        yield Figure("desk_list_p99_ms", statistics.quantiles(took, n=100)[98], "ms", len(took))
        yield Figure("desk_list_p99_cpu_ms", statistics.quantiles(spent, n=100)[98], "ms", len(spent))
        counts = [_ms(desk.tickets.counts) for _ in range(LOOKS)]
        yield Figure("desk_counts_ms", max(counts), "ms", len(counts))


def _storm() -> Figure:
    """From the moment at which 10,000 appliances are gone until everything is decided; few incidents, few notices."""
    with town() as (desk, clock):
        settle(desk, APPLIANCES)
        drop_all(desk)
        clock.advance(3 * MINUTE_MS)
        begun = time.perf_counter()
        Timers(desk, pause_s=0.0).tick(clock.now_ms())
        took_s = time.perf_counter() - begun
        notices = count(desk, outbox)
        if notices > 3:
            raise AssertionError(f"a storm told {notices} notices")
        return Figure("desk_storm_10k_s", took_s, "s", APPLIANCES)


def _restart() -> Figure:
    """The first round of a desk that finds 50,000 running clocks; nothing is told twice, as nothing is due."""
    with town() as (desk, clock):
        settle(desk, APPLIANCES)
        open_tickets(desk, TICKETS, states=("open",))
        before = count(desk, outbox)
        begun = time.perf_counter()
        Timers(desk, pause_s=0.0).tick(clock.now_ms())
        took_s = time.perf_counter() - begun
        if count(desk, outbox) != before:
            raise AssertionError("a restart has told something again")
        return Figure("desk_restart_50k_s", took_s, "s", TICKETS)


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
