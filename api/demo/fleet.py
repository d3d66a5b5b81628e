"""The demo's fleet: a simulated fleet in a child process, seen from its parent.

Whatever ends the child is told with its cause: its own last words, the signal that killed it, or its exit code.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from ingest.clock import AcceleratedClock
from simulator.child import FleetOrder, SentAt, WhenSent, run_child
from simulator.driver import Progress

JOIN_S = 5.0


class FleetError(Exception):
    """The fleet can't go on; the text says why."""


class FleetProcess:
    """One fleet's process and our end of its pipe."""

    def __init__(self, child: BaseProcess, pipe: Connection, may_end: Callable[[], bool]) -> None:
        self.progress = Progress()
        self.sent_at: SentAt | None = None
        self._child, self._pipe = child, pipe
        self._may_end = may_end
        self._is_told = False

    @classmethod
    def start(cls, order: FleetOrder, *, may_end: Callable[[], bool]) -> FleetProcess:
        """Start the process. ``may_end`` answers whether somebody has ended the parent, and so perhaps the fleet, too."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        child = context.Process(target=run_child, args=(order, theirs), name="fettle-fleet", daemon=True)
        child.start()
        theirs.close()
        return cls(child, ours, may_end)

    def say(self, word: AcceleratedClock | WhenSent | str) -> None:
        """Tell the fleet something; raises :class:`FleetError` where nobody hears it any more."""
        try:
            self._pipe.send(word)
        except OSError as error:
            self.look()
            if not self.has_ended_well:
                raise self._end() from error

    def look(self) -> None:
        """Hear what the fleet says; raises :class:`FleetError` where it has failed, or has ended without being told to."""
        try:
            while self._pipe.poll():
                word = self._pipe.recv()
                if isinstance(word, Progress):
                    self.progress = word
                elif isinstance(word, SentAt):
                    self.sent_at = word
                else:
                    raise FleetError(f"The fleet can't go on: {word[1]}")
        except (EOFError, OSError) as error:
            if not self.has_ended_well:
                raise self._end() from error
        if not self._child.is_alive() and not self.has_ended_well:
            raise self._end()

    @property
    def has_ended_well(self) -> bool:
        """Whether the fleet was told to stop and has said its last word."""
        return (self._is_told or self._may_end()) and self.progress.phase == "ended"

    def stop(self) -> None:
        """Tell the fleet to send what it still holds, and to end; :meth:`look` hears how far it is."""
        self._is_told = True
        self.say("stop")

    def close(self) -> None:
        """End the process, whatever state it is in."""
        self._pipe.close()
        self._child.join(1.0)
        for end in (self._child.terminate, self._child.kill):
            if self._child.is_alive():
                end()
                self._child.join(JOIN_S)

    def _end(self) -> FleetError:
        """Why the fleet is gone, from what the system knows of its process."""
        self._child.join(JOIN_S)
        code = self._child.exitcode
        if code is None:
            return FleetError("The fleet's process speaks no more, and does not end.")
        if code < 0:
            name = signal.Signals(-code).name
            cause = "; the machine may be out of memory" if name == "SIGKILL" else ""
            return FleetError(f"The fleet's process was ended by {name}{cause}.")
        if code > 0:
            return FleetError(f"The fleet's process has failed with exit code {code}; its last words stand above.")
        return FleetError(
            f"The fleet's process was told by somebody else to end, in its phase '{self.progress.phase}'."
        )
