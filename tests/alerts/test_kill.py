"""A process that is killed at any moment leaves whole steps behind, and only those."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from alerts.alerting.tables import alerts
from alerts.database import UnitOfWork
from alerts.desk import Desk
from alerts.notices.tables import outbox
from alerts.tickets.tables import ticket_history, tickets
from ingest.clock import ManualClock
from tests.alerts.made import NOW_MS, PROFILES
from tests.contract.desk_suite import count
from tests.examples import some_of

ROOT = Path(__file__).parent.parent.parent

COMMIT_FOR_EVER = """
import random, sys
from dataclasses import replace
import structlog
from alerts.database import UnitOfWork, open_database
from alerts.desk import Desk
from ingest.clock import ManualClock
from tests.alerts.made import FINDING, NOW_MS, PROFILES, step_of

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
desk = Desk(UnitOfWork(open_database(sys.argv[1]), ManualClock(NOW_MS), random.Random(sys.argv[2])), PROFILES)
position = desk.findings.load().position
while True:
    position += 1
    name = f"WM-{position}"
    desk.findings.commit(step_of(position, replace(FINDING, appliance_id=name), rows={name: b"state"}))
    print(position, flush=True)
"""


def run_and_kill(engine: Engine, *, seed: int, commits: int) -> int:
    """Let a process commit so many steps, kill it in the middle of the next ones; the last position it spoke of."""
    child = subprocess.Popen(
        [sys.executable, "-c", COMMIT_FOR_EVER, str(engine.url), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    try:
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(commits)]
    finally:
        child.kill()
    rest, _ = child.communicate(timeout=30)
    return ([*said, *map(int, rest.splitlines())])[-1]


@pytest.mark.parametrize("commits", some_of([[3], [3, 8, 5]], 1), ids=["once", "again and again"])
def test_killed_process_leaves_whole_steps(engine: Engine, commits: list[int]) -> None:
    """After each kill, checkpoint, alerts, tickets, histories and notices agree, and nothing acknowledged is missing."""
    desk = Desk(UnitOfWork(engine, ManualClock(NOW_MS), random.Random(1)), PROFILES)

    for seed, count_to in enumerate(commits):
        last = run_and_kill(engine, seed=seed, commits=count_to)

        position = desk.findings.load().position
        assert last <= position <= last + 1
        assert {count(engine, table) for table in (alerts, tickets, ticket_history, outbox)} == {position}
        assert len(desk.findings.load().rows) == position
