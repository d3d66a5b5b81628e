"""What a process may do: the four roles of an installation; ``fettle serve`` is all of them in one process."""

from __future__ import annotations

from enum import StrEnum


class ServiceRole(StrEnum):
    """What a process may do alone."""

    INGEST = "ingest"
    DETECT = "detect"
    DESK = "desk"
    API = "api"


ALL = tuple(ServiceRole)
