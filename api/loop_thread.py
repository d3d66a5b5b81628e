"""A thread that drives one loop object step by step, until it is stopped or the loop dies.

The loops themselves know no thread: each does one step and says whether there was anything to do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()

Step = Callable[[], bool]
Idle = Callable[[float], object]
OnDeath = Callable[[str, BaseException], None]


class LoopThread:
    """Runs ``step`` again and again; where it finds nothing to do, ``idle`` blocks until there may be something.

    An exception that a step lets out is final: it is logged with its cause and told to ``on_death``.
    """

    def __init__(self, name: str, step: Step, *, idle: Idle, on_death: OnDeath, idle_s: float = 0.25) -> None:
        self.name = name
        self._step = step
        self._idle = idle
        self._idle_s = idle_s
        self._on_death = on_death
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the present step be the last."""
        self._stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False where it did not come in time."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        """Step until told to stop."""
        try:
            while not self._stopping.is_set():
                if not self._step():
                    self._idle(self._idle_s)
        except Exception as error:
            log.critical("thread_died", thread=self.name, cause=repr(error), exc_info=error)
            self._on_death(self.name, error)
