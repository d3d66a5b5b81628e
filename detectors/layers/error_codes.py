"""L1, error codes: what the appliance itself reports. No learning, at once.

A code of a known fault mode fires at once (of modes that share a code, the first of the profile); one of no known mode when
it came three times within fourteen days. What a code said is over when another comes and it has not for two weeks.
"""

from __future__ import annotations

from typing import ClassVar

from detectors.finding import FindingChannel
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece
from detectors.state.columns import Axis, Column
from ingest.sample import Event, EventType

CODE_WINDOW_S = 14 * 86_400
UNKNOWN_CODE_REPEATS = 3
COUNT_MAX = 250
CODE_PROBABILITY = 0.7


class ErrorCodes(Layer):
    """The error codes of one kind's appliances."""

    name: ClassVar[str] = "error_codes"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.unknown = setting.standing.unknown

    def columns(self) -> tuple[Column, ...]:
        """By fault mode: how often its code came within the window, and when last, in seconds since 1970."""
        axes = (Axis("fault_mode", self.setting.standing.modes[: self.unknown + 1]),)
        return (
            Column("code_count", "u1", axes, is_seldom=True),
            Column("code_last_s", "u4", axes, is_seldom=True),
        )

    def take(self, piece: Piece) -> None:
        """Raise a finding for a code that speaks; clear old ones of modes whose code has not come again."""
        event, row = piece.event, piece.row
        if event is None or event.type is not EventType.ERROR_CODE:
            return
        standing = self.setting.standing
        place = self.seldom.one(row)
        mode, count = self._note(place, event)
        piece.findings.extend(
            standing.clear(row, other, event.ts_ms)
            for other in standing.by(row, FindingChannel.ERROR_CODE)
            if other != mode and event.ts_ms // 1000 - int(self.seldom.own["code_last_s"][place, other]) > CODE_WINDOW_S
        )
        speaks = mode != self.unknown or count >= UNKNOWN_CODE_REPEATS
        if speaks and standing.may_rise(row, mode, FindingChannel.ERROR_CODE, event.ts_ms):
            piece.findings.append(standing.simple(
                row, mode, FindingChannel.ERROR_CODE, event.ts_ms, severity=min(1.0, 0.5 + 0.2 * count),
                probability=CODE_PROBABILITY, error_code=event.code,
            ))  # fmt: skip

    def _note(self, place: int, event: Event) -> tuple[int, int]:
        """Note one reported code: the number of its fault mode, and how often it came within the window."""
        name = self.setting.mode_of_code.get(event.code or "")
        mode = self.unknown if name is None else self.setting.standing.number[name]
        own, now_s = self.seldom.own, event.ts_ms // 1000
        counts, lasts = own["code_count"], own["code_last_s"]
        is_recent = now_s - int(lasts[place, mode]) <= CODE_WINDOW_S
        count = min(COUNT_MAX, int(counts[place, mode]) + 1) if is_recent else 1
        counts[place, mode] = count
        lasts[place, mode] = max(now_s, int(lasts[place, mode]))
        return mode, count
