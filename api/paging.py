"""Pages of a list: newest first, opaque cursor, at most 500 at once.

A cursor is where the page before ended, as the desk understands it, in URL-safe base64; a made-up one is a wrong value
(422), never an error of ours.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from api.problems import Problem

LIMIT_DEFAULT = 50
LIMIT_MAX = 500

ItemT = TypeVar("ItemT")


class Page(BaseModel, Generic[ItemT]):
    """One page of a list; ``next`` is the cursor of the page after it, null on the last."""

    items: list[ItemT]
    next: str | None = None


class PageRequest(BaseModel):
    """Which page is wanted; ``after`` is the decoded cursor."""

    after: str | None = None
    limit: int = LIMIT_DEFAULT


def _page_request(
    cursor: Annotated[str | None, Query(max_length=512, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> PageRequest:
    """The query parameters of every list."""
    return PageRequest(after=None if cursor is None else decode_cursor(cursor), limit=limit)


PageQuery = Annotated[PageRequest, Depends(_page_request)]


def encode_cursor(after: str) -> str:
    """Where a page ended, as an opaque word."""
    return base64.urlsafe_b64encode(after.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The end of the page before; 422 for a word that was never given out."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise Problem(422, "cursor: it is none that a list has answered; start without one.") from error
