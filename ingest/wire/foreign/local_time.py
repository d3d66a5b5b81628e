"""Times as foreign devices write them: RFC 3339, or without zone in the device's own.

Where summer time ends, an hour comes twice, and where it begins one is left out. A time without zone in such an hour may be
either of two, so it is none: the sample counts as said when it arrived, and is flagged so. Such devices keep nothing, so
that is right to the second, while a guess would be an hour off and meet the samples that were really said then.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from ingest.clock import to_ms
from ingest.wire.timestamp import parse_ms


def local_ms(text: str, timezone: tzinfo) -> int | None:
    """Milliseconds since 1970, None where the zone leaves two to choose from; raises ValueError for what is no time.

    >>> local_ms("2026-11-21T10:13:52", UTC) == local_ms("2026-11-21T11:13:52+01:00", UTC)
    True
    """
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"):
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=timezone)
        except ValueError:
            continue
        try:
            first, second = (to_ms(moment.replace(fold=fold).astimezone(UTC)) for fold in (0, 1))
        except OverflowError as error:
            raise ValueError("a time beyond the calendar") from error
        return first if first == second else None
    return parse_ms(text)
