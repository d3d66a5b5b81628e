"""Periods of figures: how long, and the moment at which they end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query

from api.http.times import parse_time
from ingest.clock import from_ms

Period = Annotated[str, Query(max_length=20, description="day, week, month, quarter, year, or 30d")]
At = Annotated[
    str | None,
    Query(
        max_length=40,
        description="the moment at which the period ends (RFC 3339 or ms); now where left out. The answer for a past one never changes",
    ),
]


def moment_of(at: str | None) -> datetime | None:
    """The moment that was asked for."""
    return None if at is None else from_ms(parse_time(at, name="at"))
