"""Hazard: a fault mode that may harm people or flood a home; no stage that only waits may hold it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from detectors.finding import FindingChannel
from ingest.profiles.definition import Profile

HAZARD = 3
"""The danger of a profile from which on nothing waits for calm."""


def is_hazard(alert: Row[Any], profile: Profile | None) -> bool:
    """Whether the alert speaks of a hazard."""
    mode = profile.fault_modes.get(alert.fault_mode) if profile else None
    return mode is not None and mode.danger >= HAZARD


def speaks_for_itself(alert: Row[Any], profile: Profile | None) -> bool:
    """Whether the appliance itself reports it, or it is a hazard: then no waiting is worth what it may cost."""
    return alert.channel == FindingChannel.ERROR_CODE or is_hazard(alert, profile)
