"""A statement is put into SQL once for all tests of a process.

SQLAlchemy keeps what it has made of a statement with the engine. The service has one engine; nearly every test has its own,
over a database of its own, and a quarter of what the desk's tests cost was the same text made anew. Only SQLite: what a
PostgreSQL engine knows of its server is its own.
"""

from __future__ import annotations

import functools
from typing import Any

from sqlalchemy import Dialect, Engine, create_engine
from sqlalchemy.util import LRUCache

KEPT = 4000
"""So many statements, some 20 kB each."""
_MADE: LRUCache[Any, Any] = LRUCache(KEPT)


@functools.cache
def _dialect() -> Dialect:
    """SQLite as an engine knows it once it is connected."""
    engine = create_engine("sqlite://")
    engine.connect().close()
    engine.dispose()
    return engine.dialect


def put_once(engine: Engine) -> Engine:
    """The same engine, which takes what the tests before have made of a statement."""
    if engine.dialect.name == "sqlite":
        engine.dialect = _dialect()
        engine.update_execution_options(compiled_cache=_MADE)
    return engine


def create_engine_once(*args: Any, **options: Any) -> Engine:
    """In place of :func:`sqlalchemy.create_engine`."""
    return put_once(create_engine(*args, **options))
