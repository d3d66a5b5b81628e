"""A thread that runs one loop until it is stopped or dies; a death is told with its cause.

The loops themselves know no thread: each runs until a given event is set.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()

Run = Callable[[threading.Event], None]
OnDeath = Callable[[str, BaseException], None]


class ServiceThread:
    """Runs ``run`` with the event that ends it. An exception that it lets out is final: logged, and told to ``on_death``."""

    def __init__(self, name: str, run: Run, *, on_death: OnDeath) -> None:
        self.name = name
        self._run_loop = run
        self._on_death = on_death
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"fettle-{name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the present step be the last."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False where it did not come in time."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, timeout_s))
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        """Run the loop; nobody else sees what it raises."""
        try:
            self._run_loop(self._stop)
        except Exception as error:  # noqa: BLE001 - the top of a loop: whatever it is ends the process with its cause
            self._die(error)
        else:
            if not self._stop.is_set():
                self._die(RuntimeError(f"the loop {self.name} has ended by itself"))

    def _die(self, error: Exception) -> None:
        """Say what happened, and tell whoever must act."""
        log.critical("thread_died", thread=self.name, cause=repr(error), exc_info=error)
        self._on_death(self.name, error)
