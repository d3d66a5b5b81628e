"""Surface: what can be seen and touched at one appliance, and what was set there for a while.

Everything that was set for a while ends by itself: at its time, and when the power goes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.fast_sampling import Capture

ERRORS_KEPT = 16
SESSIONS_KEPT = 64
PRESENCE_MS = 120_000
"""How long a key pressed at the appliance counts as somebody being there."""
SERVICE_MODE_MS = 900_000


@dataclass(frozen=True, slots=True)
class Consent:
    """What the display shows the customer."""

    code: str
    expires_at: str
    scope: str
    session: str = ""


@dataclass(frozen=True, slots=True)
class Gentle:
    """A gentle mode that was set until somebody comes, and until when it lasts if it is not renewed."""

    mode: str
    session: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """Readings every so often for a session, until then at the latest."""

    interval_s: float
    session: str
    until_ms: int


@dataclass(slots=True)
class Surface:
    """What can be seen and touched at the appliance: its newest sample, its errors, its display and its keys."""

    sample: bytes = b"{}"
    errors: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=ERRORS_KEPT))
    consent: Consent | None = None
    guest: Consent | None = None
    """The session in which commands have come since its code was shown."""
    stopped: deque[str] = field(default_factory=lambda: deque(maxlen=SESSIONS_KEPT))
    """Sessions that are over for this appliance, whoever ended them."""
    key_pressed_ms: int | None = None
    service_mode_ms: int | None = None
    is_door_open: bool = False
    gentle: Gentle | None = None
    sampling: Sampling | None = None
    capture: Capture | None = None
    is_identifying_until_ms: int = 0
    pace: float = 1.0
    """How many times faster its clock runs than that of the people around it: their times are as many times longer."""

    def newest(self) -> dict[str, Any]:
        """The newest sample as a JSON object."""
        return msgspec.json.decode(self.sample, type=dict[str, Any])

    def press_key(self, now_ms: int, *, service_mode: bool = False) -> None:
        """Somebody at the appliance confirms by a key that a test may run, and may switch the service mode on."""
        self.key_pressed_ms = now_ms
        if service_mode:
            self.service_mode_ms = now_ms

    @property
    def is_open(self) -> bool:
        """Whether its door is open, by the switch or by the hand."""
        return self.is_door_open or bool((self.newest().get("metrics") or {}).get("door_open"))

    def is_attended(self, now_ms: int) -> bool:
        """Whether somebody has confirmed lately to be there."""
        return is_recent(self.key_pressed_ms, PRESENCE_MS * self.pace, now_ms)

    def is_in_service_mode(self, now_ms: int) -> bool:
        """Whether somebody has switched the service mode on by hand, not long ago."""
        return is_recent(self.service_mode_ms, SERVICE_MODE_MS * self.pace, now_ms)

    def open_door(self, *, is_open: bool) -> None:
        """Open or close the door; the service mode does not outlive an open one."""
        self.is_door_open = is_open
        if is_open:
            self.service_mode_ms = None

    def welcome(self, session: str) -> None:
        """A command of a session has come: its code has done its work."""
        if self.consent is not None and self.consent.session == session:
            self.guest, self.consent = self.consent, None

    def dismiss(self, session: str) -> None:
        """A session is over: nothing of it is obeyed or shown any more, and nobody counts as being there for it."""
        self.stopped.append(session)
        if self.consent is not None and self.consent.session == session:
            self.consent = None
        if self.guest is not None and self.guest.session == session:
            self.guest = None
        if self.sampling is not None and self.sampling.session == session:
            self.sampling = None
        self.key_pressed_ms = self.service_mode_ms = None

    def lose_power(self) -> None:
        """What a power cut takes away: consent, presence, the service mode, and what was set for a while."""
        for shown in (self.consent, self.guest):
            if shown is not None:
                self.dismiss(shown.session)
        self.key_pressed_ms = self.service_mode_ms = self.gentle = self.sampling = self.capture = None
        self.is_identifying_until_ms = 0

    def sampling_at(self, now_ms: int) -> Sampling | None:
        """How often it reads for a session now; what nobody has ended ends by itself."""
        if self.sampling is not None and now_ms >= self.sampling.until_ms:
            self.sampling = None
        return self.sampling

    def gentle_at(self, now_ms: int) -> Gentle | None:
        """The gentle mode that it is in now; one whose time is over has fallen back by itself."""
        if self.gentle is not None and now_ms >= self.gentle.until_ms:
            self.gentle = None
        return self.gentle


def is_recent(then_ms: int | None, life_ms: float, now_ms: int) -> bool:
    """Whether something that happened still counts."""
    return then_ms is not None and 0 <= now_ms - then_ms <= life_ms
