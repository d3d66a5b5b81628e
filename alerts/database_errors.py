"""What a database's error means for us: translated by SQLSTATE, in one place.

What may pass by itself, or by an operator's hand while we wait, is :class:`~alerts.errors.UnavailableError` with a sentence
that says what to do: loops wait, requests are answered 503, and nothing ends the service. A value that can't be kept is the
caller's (:class:`~alerts.errors.InvalidError`). Anything else is a programmer's error and stays what it is.
"""

from __future__ import annotations

from sqlalchemy.exc import DatabaseError as ForeignDatabaseError
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from alerts.errors import DeskError, InvalidError, UnavailableError

CONFLICTS = frozenset({"40001", "40P01"})
"""PostgreSQL: serialization failure, deadlock; the same may be tried at once."""

SENTENCES = {
    "25006": "it is read-only, as a standby is: point FETTLE_DATABASE_URL at the primary, or wait for the failover",
    "55P03": "another connection has held a lock for too long: look for it in pg_stat_activity",
    "57014": "it cancelled what took too long",
    "42501": "the role lacks a right: GRANT CREATE, USAGE ON SCHEMA public and its tables to the role in FETTLE_DATABASE_URL",
    "3F000": "there is no schema to make tables in: check the role's search_path",
    "3D000": "the database does not exist: CREATE DATABASE it with ENCODING 'UTF8'",
    "42P01": "a table is missing: run 'fettle migrate'",
    "42703": "a column is missing: run 'fettle migrate'",
    "26000": "a prepared statement was lost on the way: the pooler in between must not share them",
    "42P05": "a prepared statement stands twice: the pooler in between must not share them",
    "53100": "its disk is full",
    "53300": "it takes no more connections",
}
CLASSES = {
    "08": "the line to it broke",
    "28": "it refuses the role or its password",
    "40": "others were in the way again and again",
    "53": "it is short of something",
    "57": "it is starting or stopping",
    "58": "its machine fails",
    "XX": "it is damaged",
}
"""By the first two characters, where the whole code says no more."""


def is_conflict(error: Exception) -> bool:
    """Whether the same may be tried again at once."""
    return isinstance(error, DBAPIError) and (
        sqlstate_of(error) in CONFLICTS or "database is locked" in str(error.orig)
    )


def sqlstate_of(error: DBAPIError) -> str:
    """The five characters in which PostgreSQL says what is wrong; empty where the driver or SQLite says it in words."""
    return getattr(error.orig, "sqlstate", None) or ""


def translate(error: Exception, *, verb: str) -> DeskError | None:
    """Our error for a database's, where it is no programmer's; ``verb`` is what it couldn't do with a value."""
    if isinstance(error, DataError | UnicodeError):
        return InvalidError(f"A value holds characters that the database can't {verb}.")
    if isinstance(error, PoolTimeoutError):
        return UnavailableError("The database is busy: all connections are in use.")
    if isinstance(error, DBAPIError) and (what := _what_to_do(error)) is not None:
        cause = " ".join(str(error.orig).split()).rstrip(".")
        return UnavailableError(f"The database can't be used now ({cause}): {what}.")
    return None


def _what_to_do(error: DBAPIError) -> str | None:
    sqlstate = sqlstate_of(error)
    said = SENTENCES.get(sqlstate) or CLASSES.get(sqlstate[:2])
    if said is not None:
        return said
    if type(error) is ForeignDatabaseError and hasattr(error.orig, "sqlite_errorcode"):
        return "restore a copy of the file, or give FETTLE_DATABASE_URL another"
    if "unsupported startup parameter" in str(error.orig):
        return (
            "PgBouncer in between passes no options on: take them out of FETTLE_DATABASE_URL"
            " and give them to the role, as in ALTER ROLE fettle SET search_path = ..."
        )
    if "invalid connection option" in str(error.orig):
        return "FETTLE_DATABASE_URL has an option that is none"
    if isinstance(error, OperationalError | InterfaceError):
        return "check that it runs, and FETTLE_DATABASE_URL"
    return None
