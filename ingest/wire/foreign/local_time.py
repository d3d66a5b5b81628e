"""Times as foreign devices write them: RFC 3339, or without zone in the device's own."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from ingest.clock import to_ms
from ingest.wire.timestamp import parse_ms


def local_ms(text: str, timezone: tzinfo) -> int:
    """Milliseconds since 1970; raises ValueError for what is no time.

    >>> local_ms("2026-11-21T10:13:52", UTC) == local_ms("2026-11-21T11:13:52+01:00", UTC)
    True
    """
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"):
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=timezone)
        except ValueError:
            continue
        try:
            return to_ms(moment.astimezone(UTC))
        except OverflowError as error:
            raise ValueError("a time beyond the calendar") from error
    return parse_ms(text)
