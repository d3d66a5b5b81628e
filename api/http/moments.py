"""Times in bodies: RFC 3339 or milliseconds since 1970, as in parameters, within what a desk plans for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from api.http.times import parse_rfc3339
from ingest.clock import from_ms

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _taken_at_its_word(value: Any) -> Any:
    """A text of RFC 3339, or a whole number, which is in ms whatever its size."""
    if isinstance(value, str):
        return parse_rfc3339(value)
    if isinstance(value, int | float):
        if isinstance(value, bool) or not EARLIEST.timestamp() <= value / 1000 < LATEST.timestamp():
            raise ValueError("a time is a text such as 2026-11-30T12:00:00Z, or ms between 2000 and 2100")
        return from_ms(round(value))
    return value


def _bounded(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError("a time lies between 2000 and 2100")
    return moment


Moment = Annotated[datetime, BeforeValidator(_taken_at_its_word), AfterValidator(_bounded)]
