"""Times in bodies: RFC 3339, UTC where no zone is given, within what a desk plans for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _bounded(moment: datetime) -> datetime:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not EARLIEST <= moment < LATEST:
        raise ValueError("a time lies between 2000 and 2100")
    return moment


Moment = Annotated[datetime, AfterValidator(_bounded)]
