"""Knowledge on SQLite."""

from __future__ import annotations

from tests.contract.knowledge_suite import KnowledgeSuite


class TestKnowledgeOnSqlite(KnowledgeSuite):
    """SQLite keeps the promises of knowledge."""
