"""Pages of a list: newest first, opaque cursor, at most 500 at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from alerts.page import LIMIT_DEFAULT, LIMIT_MAX

ItemT = TypeVar("ItemT")


class Page(BaseModel, Generic[ItemT]):
    """One page of a list; ``next`` is the cursor of the page after it, null on the last."""

    items: list[ItemT]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted."""

    cursor: str | None
    limit: int


async def _page_request(
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> PageRequest:
    """The query parameters of every list."""
    return PageRequest(cursor=cursor, limit=limit)


PageQuery = Annotated[PageRequest, Depends(_page_request)]
