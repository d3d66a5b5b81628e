"""Notices as lines of the service's structured log."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from alerts.delivery.kind import Kind
from alerts.notices.notice import Notice

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LogTarget:
    """Writes each notice as one event of the log; never fails."""

    name: str = "log"

    def deliver(self, notice: Notice) -> None:
        """Log the notice."""
        log.info("notice", notice_id=notice.id, type=notice.type, subject_id=notice.subject_id, data=dict(notice.data))


KIND = Kind(("log",), "log:", lambda _receiver: LogTarget())
