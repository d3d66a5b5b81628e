"""How one foreign message came, and where a codec says what it could not read of it.

Nothing that a device says is left out without a trace: a codec that passes over a field, a component or a whole message
calls :meth:`Heard.leave_out` with one of the reasons here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Unread(StrEnum):
    """Why something that was said is no reading."""

    TEXT = "text"
    """Words, where only numbers and two states are kept."""
    NO_NUMBER = "no_number"
    """Something else stands where a number is promised."""
    IMPLAUSIBLE = "implausible"
    """A number that this quantity can't have, as a sensor's mark for "none"."""
    ABSENT = "absent"
    """What a description promises is not in the message."""
    TEMPLATE = "template"
    """It takes more of the template language than is read here."""
    PLATFORM = "platform"
    """A component that carries no reading, or none that is understood."""
    NESTED = "nested"
    """An object or a list of them, of which nothing is known."""
    UNKNOWN = "unknown"
    """A component or a field that this convention's codec does not know."""
    DERIVED = "derived"
    """It follows from another reading."""
    RETAINED = "retained"
    """Kept by the broker, without a time of its own: a state, and no news."""
    DUPLICATE_KEY = "duplicate_key"
    """Said twice in one message, differently."""
    TOPIC_SHARED = "topic_shared"
    """Its topic was described for another device before."""
    TOO_MANY = "too_many"
    """Beyond the number of readings that a sample may hold."""
    CLOCK = "clock"
    """Its time can't be right: the time of arrival stands."""
    REFUSED = "refused"
    """The whole message is a dead letter."""


class Notebook(Protocol):
    """Takes down what was left out of the messages of devices."""

    def leave_out(self, device: str, what: str, why: Unread, said: object) -> None:
        """One more time."""
        ...

    def advise(self, device: str, sentence: str) -> None:
        """Say once what its owner should do."""
        ...

    def miss(self, topic: str, now_ms: int, sentence: str) -> None:
        """A topic that is heard and not read."""
        ...

    def behind(self, root: str) -> tuple[tuple[str, str], ...]:
        """(appliance id, kind) of all devices heard whose names begin so."""
        ...

    def named(self, name: str) -> tuple[tuple[str, str], ...]:
        """(appliance id, kind) of one device, where something of it was read before."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a message beside topic and payload; ``received_ms`` is None where nobody says."""

    received_ms: int | None = None
    is_retained: bool = False
    topic: str = ""
    device: str = ""
    notebook: Notebook | None = None

    def leave_out(self, what: str, why: Unread, said: object = None) -> None:
        """Note that something was said and not read; where it is no device's, that its topic is read by no codec."""
        if not self.device:
            self.miss(f"{what}: {why}" if said is None else f"{what}: {why}: {said}")
        elif self.notebook is not None:
            self.notebook.leave_out(self.device, what, why, said)

    def miss(self, sentence: str) -> None:
        """Note that nothing is read under this topic."""
        if self.notebook is not None:
            self.notebook.miss(self.topic, self.received_ms or 0, sentence)

    def advise(self, sentence: str) -> None:
        """Note what the device's owner should do, once."""
        if self.notebook is not None:
            self.notebook.advise(self.device, sentence)

    def behind(self, root: str) -> tuple[tuple[str, str], ...]:
        """Whom a bridge speaks for."""
        return () if self.notebook is None else self.notebook.behind(root)

    @property
    def is_known(self) -> bool:
        """Whether the device was heard before."""
        return bool(self.named(self.device))

    def named(self, name: str) -> tuple[tuple[str, str], ...]:
        """(appliance id, kind) of one device, where something of it was read before."""
        return () if self.notebook is None else self.notebook.named(name)


UNSAID = Heard()
"""Nothing is known but topic and payload."""
