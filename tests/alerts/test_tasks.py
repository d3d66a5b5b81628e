"""Tasks of other departments on SQLite."""

from __future__ import annotations

from tests.contract.tasks_suite import TasksSuite


class TestTasksOnSqlite(TasksSuite):
    """SQLite keeps the promises of tasks."""
