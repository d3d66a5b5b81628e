"""What a service lives in, beside its settings: clocks, chance, the broker's habits."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alerts.remote.policy import SessionLimits
from ingest.admission.answers import ACK_EVERY_MS
from ingest.clock import Clock, SystemClock

if TYPE_CHECKING:
    from api.http.kitchens import Kitchens
    from ingest.mqtt.connection import ConnectionOptions
    from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The demo and the tests give their own."""

    clock: Clock = field(default_factory=SystemClock)
    """The time of appliances, journal, detectors and desk."""
    people_clock: Clock = field(default_factory=SystemClock)
    """The time of logins, signatures, deliveries and acknowledgements, whatever time the desk lives in."""
    chance: random.Random = field(default_factory=random.SystemRandom)
    profiles: Mapping[str, Profile] | None = None
    connection: ConnectionOptions | None = None
    """How to speak to the broker; None: as brokers are in general."""
    window: int | None = None
    """How many unacknowledged messages the broker sends at most, where that is known."""
    limits: SessionLimits = field(default_factory=SessionLimits)
    kitchens: Kitchens | None = None
    """The homes of the demo's appliances."""
    ack_every_ms: Callable[[], int] = lambda: ACK_EVERY_MS
    """How often at most an appliance hears what we have of it, by the time of people."""
    tells_every_s: float = 2.0
    """How often a process writes down how it is, for the processes of the other roles."""
