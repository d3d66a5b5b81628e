"""One page of a list, newest first, and the opaque cursor to the next.

A cursor is the number of the last row that was shown: rows that arrive meanwhile move nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Connection, Row, Select

from alerts.errors import InvalidError
from ingest.clock import from_ms

LIMIT_DEFAULT = 50
LIMIT_MAX = 500
_NUMBER = re.compile(rb"-?\d{1,18}")
_NOT_OURS = "cursor: it is not one of this list; begin again without it."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Up to ``limit`` things, newest first; ``next`` is the cursor to the next page, ``None`` at the end."""

    items: tuple[T, ...]
    next: str | None


def encode_cursor(*place: int, of: str) -> str:
    """The opaque text of a place in one list: of a row's number, or of all that the list is sorted by."""
    return base64.urlsafe_b64encode(" ".join([of, *map(str, place)]).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, of: str, numbers: int = 1) -> tuple[int, ...]:
    """The place in a cursor that :func:`encode_cursor` made for the same list."""
    try:
        plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidError(_NOT_OURS) from error
    name, *place = plain.split(b" ")
    if name != of.encode() or len(place) != numbers or not all(_NUMBER.fullmatch(number) for number in place):
        raise InvalidError(_NOT_OURS)
    return tuple(int(number) for number in place)


def select_page(
    connection: Connection,
    query: Select[Any],
    number: Column[int],
    *,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Row[Any]], str | None]:
    """The rows of one page, newest first, and the cursor to the next; the query must select ``number``."""
    check_limit(limit)
    if cursor is not None:
        query = query.where(number < decode_cursor(cursor, of=number.table.name)[0])
    rows = connection.execute(query.order_by(number.desc()).limit(limit + 1)).all()
    if len(rows) <= limit:
        return rows, None
    rows = rows[:limit]
    return rows, encode_cursor(rows[-1]._mapping[number], of=number.table.name)  # noqa: SLF001 - the public name of a row as a mapping


def check_limit(limit: int) -> None:
    """Raise :class:`InvalidError` where a page would be empty or too large."""
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidError(f"limit is 1 to {LIMIT_MAX}, not {limit}.")


def all_pages(page: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """Everything of a list, page by page, each read when it is wanted; the first at once, so that what makes no sense is told here."""
    return _pages_from(page(None), page)


def _pages_from(found: Page[T], page: Callable[[str | None], Page[T]]) -> Iterator[T]:
    while True:
        yield from found.items
        if found.next is None:
            return
        found = page(found.next)


def moment(ms: int | None) -> datetime | None:
    """The datetime of a column that may be empty."""
    return None if ms is None else from_ms(ms)
