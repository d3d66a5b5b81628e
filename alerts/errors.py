"""What can go wrong at the desk; a class exists only where a caller acts differently on it.

::

    DeskError
    ├ UnknownError         there is no such thing                              (404)
    ├ InvalidError         what was asked makes no sense, whatever the state   (422)
    ├ ConflictError        it is not possible in the present state             (409)
    │ ├ IllegalStepError     the life cycle has no such step from here
    │ └ AlreadyOpenError     the ticket for this appliance and fault mode is open already
    ├ StaleViewError       the ticket has changed since it was read            (412)
    ├ RefusedError         never, or not with this consent                     (403)
    │ └ WrongCodeError       the consent code does not match
    ├ BusyError            too many ask for it at this moment                  (429)
    ├ UnavailableError     the database can't be reached now                 (503)
    └ DatabaseError        the database can't be used with this version
"""

from __future__ import annotations

from collections.abc import Sequence


class DeskError(Exception):
    """Root of the desk's errors; its text is a sentence for people."""


class UnknownError(DeskError):
    """There is no such thing."""


class InvalidError(DeskError):
    """What was asked makes no sense, whatever the state."""


class ConflictError(DeskError):
    """It is not possible in the present state; nothing was changed."""


class IllegalStepError(ConflictError):
    """The life cycle has no such step from this state. ``legal`` names the steps that it has."""

    def __init__(self, noun: str, *, state: str, step: str, legal: Sequence[str]) -> None:
        """Say what is not possible, and what is."""
        steps = ", ".join(legal) or "none"
        super().__init__(f"A {noun} that is {state} can't take the step {step}. Possible now: {steps}.")
        self.state = state
        self.step = step
        self.legal = tuple(legal)


class AlreadyOpenError(ConflictError):
    """The one ticket for this appliance and fault mode is open already."""

    def __init__(self, *, ticket_id: str, number: int) -> None:
        """Name the open ticket."""
        super().__init__(f"Ticket {number} is already open for this appliance and fault mode.")
        self.ticket_id = ticket_id
        self.number = number


class StaleViewError(DeskError):
    """The ticket has changed since it was read."""

    def __init__(self, *, expected: int, current: int) -> None:
        """Name both versions."""
        super().__init__(f"The ticket has changed: you saw version {expected}, it is at {current}. Read it again.")
        self.expected = expected
        self.current = current


class RefusedError(DeskError):
    """Never allowed, or not with the consent that was given. ``reason`` is one word for machines."""

    def __init__(self, message: str, *, reason: str) -> None:
        """Say why not."""
        super().__init__(message)
        self.reason = reason


class WrongCodeError(RefusedError):
    """The consent code does not match; ``tries_left`` 0 means that the session is over."""

    def __init__(self, *, tries_left: int) -> None:
        """Say how many tries are left."""
        over = "The session is over: request a new one." if tries_left == 0 else f"Tries left: {tries_left}."
        super().__init__(f"The code does not match. {over}", reason="wrong_code")
        self.tries_left = tries_left


class DatabaseError(DeskError):
    """The database can't be used with this version of Fettle."""


class BusyError(DeskError):
    """Too many ask for it at this moment; it may be tried again in ``retry_after_s``."""

    def __init__(self, sentence: str, *, retry_after_s: int) -> None:
        """Say why, and when it makes sense again."""
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class UnavailableError(DeskError):
    """The database can't be reached or is too busy now; the same may be tried again."""
