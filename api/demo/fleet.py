"""The demo's fleet: a simulated fleet in a child process, seen from its parent.

Whatever ends the child is told with its cause: its own last words, the signal that killed it, or its exit code.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from ingest.clock import AcceleratedClock
from simulator.child import FleetOrder, SentAt, WhenSent, run_child
from simulator.driver import Progress
from simulator.kitchen import Deed, Display, LookAt, Seen, Touch

JOIN_S = 5.0
ANSWER_S = 5.0
"""How long an appliance's display may take to be read."""
ANSWERS_KEPT = 64


class FleetError(Exception):
    """The fleet can't go on; the text says why."""


class FleetProcess:
    """One fleet's process and our end of its pipe; any thread may ask it something."""

    def __init__(self, child: BaseProcess, pipe: Connection, may_end: Callable[[], bool]) -> None:
        self.progress = Progress()
        self.sent_at: SentAt | None = None
        self._child, self._pipe = child, pipe
        self._may_end = may_end
        self._is_told = False
        self._lock = threading.RLock()
        self._asked = 0
        self._seen: dict[int, Display | None] = {}

    @classmethod
    def start(cls, order: FleetOrder, *, may_end: Callable[[], bool]) -> FleetProcess:
        """Start the process. ``may_end`` answers whether somebody has ended the parent, and so perhaps the fleet, too."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        child = context.Process(target=run_child, args=(order, theirs), name="fettle-fleet", daemon=True)
        child.start()
        theirs.close()
        return cls(child, ours, may_end)

    def look_at(self, appliance_id: str) -> Display | None:
        """An appliance's display; None where there is no such appliance. Raises :class:`FleetError` like :meth:`look`."""
        return self._ask(LookAt(self._next_number(), appliance_id))

    def touch(self, appliance_id: str, deed: Deed, *, is_on: bool = True) -> Display | None:
        """Do something at an appliance; its display afterwards, None where there is no such appliance."""
        return self._ask(Touch(self._next_number(), appliance_id, deed, is_on))

    def _next_number(self) -> int:
        with self._lock:
            self._asked += 1
            return self._asked

    def _ask(self, word: LookAt | Touch) -> Display | None:
        self.say(word)
        end_s = time.monotonic() + ANSWER_S
        while time.monotonic() < end_s:
            self.look(wait_s=0.02)
            with self._lock:
                if word.number in self._seen:
                    return self._seen.pop(word.number)
        raise FleetError("The fleet is too busy to show its displays.")

    def say(self, word: AcceleratedClock | WhenSent | LookAt | Touch | str) -> None:
        """Tell the fleet something; raises :class:`FleetError` where nobody hears it any more."""
        try:
            with self._lock:
                self._pipe.send(word)
        except OSError as error:
            self.look()
            if not self.has_ended_well:
                raise self._end() from error

    def look(self, wait_s: float = 0.0) -> None:
        """Hear what the fleet says; raises :class:`FleetError` where it has failed, or has ended without being told to."""
        try:
            with self._lock:
                while self._pipe.poll(wait_s):
                    self._take(self._pipe.recv())
                    wait_s = 0.0
        except (EOFError, OSError) as error:
            if not self.has_ended_well:
                raise self._end() from error
        if not self._child.is_alive() and not self.has_ended_well:
            raise self._end()

    def _take(self, word: object) -> None:
        if isinstance(word, Progress):
            self.progress = word
        elif isinstance(word, SentAt):
            self.sent_at = word
        elif isinstance(word, Seen):
            self._seen[word.number] = word.display
            for number in list(self._seen)[:-ANSWERS_KEPT]:
                del self._seen[number]  # nobody waited for it
        else:
            assert isinstance(word, tuple)  # noqa: S101  (what a child sends that fails)
            raise FleetError(f"The fleet can't go on: {word[1]}")

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
