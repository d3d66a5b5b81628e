"""Which fault modes there are: those of the profiles, and the one that stands for none of them."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.errors import InvalidError
from ingest.profiles.definition import Profile

UNKNOWN = "unknown"
"""What the detectors say where an appliance behaves unlike itself and no mode of its profile fits."""


def known_modes(profiles: Mapping[str, Profile]) -> frozenset[str]:
    """Every fault mode of every kind."""
    return frozenset({UNKNOWN}.union(*(profile.fault_modes for profile in profiles.values())))


def check_fault_mode(name: str | None, profile: Profile | None) -> None:
    """Raise :class:`InvalidError`, with the modes that there are, where the kind's profile knows none of this name.

    A kind without profile, or with one that names no fault modes, may be given any.
    """
    if name is None or profile is None or not profile.fault_modes or name == UNKNOWN or name in profile.fault_modes:
        return
    modes = ", ".join(sorted(profile.fault_modes))
    raise InvalidError(f"fault_mode: a {profile.kind} has no {name!r}; it has {modes}, {UNKNOWN}.")
