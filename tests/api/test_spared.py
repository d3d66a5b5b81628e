"""A process that serves leaves what it stands on out of its collections of garbage."""

from __future__ import annotations

import gc
import signal
from pathlib import Path

from api.service.service import Service, run_until_signal
from api.settings.settings import Settings


class _Over(Service):
    """Starts nothing and is over at once."""

    def start(self) -> None:
        """Nothing."""
        self.spared_before = gc.get_freeze_count()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Not at all."""
        del timeout_s
        self.spared = gc.get_freeze_count()
        return True


def test_what_stands_when_all_is_started_is_no_work_for_the_collector(tmp_path: Path) -> None:
    """A full collection in the middle of a request goes through none of the modules, tables and routes."""
    service = _Over(Settings(data_dir=tmp_path))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        run_until_signal(service)
    finally:
        gc.unfreeze()
        for number, handler in before.items():
            signal.signal(number, handler)

    assert service.spared > service.spared_before + 10_000
