"""Collects the readings of one foreign message: what is no reading is left out with its reason, and loses only itself.

A message of which nothing could be read because something was wrong with it is refused, with the first thing that was.
"""

from __future__ import annotations

import math

from ingest.plausible import is_plausible
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign.heard import Heard, Unread
from ingest.wire.foreign.odd_json import Odd
from ingest.wire.telemetry import METRICS_MAX, TelemetryMessage, WireSample

_FAULTS = (Unread.NO_NUMBER, Unread.IMPLAUSIBLE, Unread.DUPLICATE_KEY)


class Readings:
    """The readings of one message, by metric. Used once."""

    def __init__(self, heard: Heard) -> None:
        self.metrics: dict[str, float] = {}
        self.impossible: dict[str, float] = {}
        self._heard = heard
        self._fault: str | None = None

    def take(self, metric: str, value: float, *, what: str) -> None:
        """One reading; an implausible one, and what goes beyond a sample, is left out. The first of a name stays."""
        if not math.isfinite(value):
            self.leave_out(what, Unread.NO_NUMBER, value)
        elif not is_plausible(metric, value):
            self.leave_out(what, Unread.IMPLAUSIBLE, value)
            if len(self.impossible) < METRICS_MAX:
                self.impossible[metric] = value
        elif metric in self.metrics:
            if self.metrics[metric] != value:
                self.leave_out(what, Unread.DUPLICATE_KEY, value)
        elif len(self.metrics) >= METRICS_MAX:
            self.leave_out(what, Unread.TOO_MANY, value)
        else:
            self.metrics[metric] = round(value, 9)

    def leave_out(self, what: str, why: Unread, said: object = None) -> None:
        """Something that is no reading."""
        if isinstance(said, Odd):
            why = Unread.DUPLICATE_KEY if said.is_duplicate else Unread.NO_NUMBER
            said = said.sentence
        self._heard.leave_out(what, why, said)
        if why in _FAULTS and self._fault is None:
            words = {Unread.NO_NUMBER: "is no number", Unread.IMPLAUSIBLE: "can't be"}.get(why, "is said twice")
            self._fault = f"{what[:64]}: {str(said)[:40]!r} {words}"

    def message(self, ts_ms: int | None) -> TelemetryMessage | None:
        """The sample of it all, nothing where nothing was said; raises :class:`Refused` where all of it is wrong.

        What a broker kept, and carries no time of its own, is a state and no news.
        """
        self.check()
        if not self.metrics and not self.impossible:
            return None
        if self._heard.is_retained and ts_ms is None:
            self._heard.leave_out("message", Unread.RETAINED)
            return None
        return TelemetryMessage((WireSample(self.metrics, ts_ms, impossible=self.impossible),))

    def check(self) -> None:
        """Raise :class:`Refused` where something was wrong, and nothing could be read; a value that can't be is told on."""
        if not self.metrics and not self.impossible and self._fault is not None:
            raise Refused(RefusalReason.SCHEMA, self._fault)

    def keep(self, metric: str, value: float) -> None:
        """A reading of before that still holds."""
        if metric not in self.metrics and len(self.metrics) < METRICS_MAX:
            self.metrics[metric] = value
