"""Lived group: a group to which life happens: moves and settings before a span, silences and occasions in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.group import Group, Members, Span
from simulator.homes import Homes
from simulator.physics.programme import Conditions
from simulator.reports import Happening, Reports


class LivedGroup:
    """One group with its life; ``new_homes`` has a row for each of its moves."""

    def __init__(self, group: Group, new_homes: Homes) -> None:
        self.group, self.new_homes = group, new_homes
        self.life = group.members.life
        self._moved = self._set = self._told = 0

    @property
    def members(self) -> Members:
        """Who they are."""
        return self.group.members

    def conditions(self, member: int, ts_ms: int, rng: np.random.Generator) -> Conditions:
        """What surrounds a member at a moment, its wear too."""
        who, when = np.array([member]), np.array([ts_ms], dtype=np.int64)
        return self.group.homes.conditions(when, who, severity=self.members.wear.at(who, when), rng=rng)

    def advance(self, span: Span) -> Reports | None:
        """Everything told in that span, which follows the last one; ``None`` where there is nothing."""
        happenings = self._prepare(span)
        chunk = self.group.advance(span)
        while self._told < len(self.life.occasions) and self.life.occasions[self._told].at_ms < span.end_ms:
            one = self.life.occasions[self._told]
            happenings.append(Happening(one.member + self.members.first, one.at_ms, one.type, None, one.data))
            self._told += 1
        if happenings:
            chunk = _nothing(self.group) if chunk is None else chunk
            merged = sorted((*chunk.happenings, *happenings), key=lambda one: (one.appliance, one.ts_ms))
            chunk = replace(chunk, happenings=tuple(merged))
        return None if chunk is None else self._heard(chunk, span)

    def _prepare(self, span: Span) -> list[Happening]:
        """Moves and settings that fall into this span hold from its beginning."""
        moves, settings = self.life.moves, self.life.settings
        while self._moved < len(moves) and moves[self._moved][1] < span.end_ms:
            self.group.move(moves[self._moved][0], self.new_homes, self._moved)
            self._moved += 1
        told = []
        while self._set < len(settings) and settings[self._set].at_ms < span.end_ms:
            one = settings[self._set]
            column = self.group.settings[one.parameter]
            before, column[one.member] = float(column[one.member]), one.to
            if before != one.to:
                data: dict[str, object] = {"name": one.parameter, "from": before, "to": one.to}
                told.append(Happening(one.member + self.members.first, span.begin_ms, "setting_changed", None, data))
            self._set += 1
        return told

    def _heard(self, chunk: Reports, span: Span) -> Reports:
        """Without what was said in a silence; nothing of it comes later."""
        heard = np.ones(len(chunk), np.bool_)
        happenings, first = chunk.happenings, self.members.first
        for one in self.life.silences:
            if one.start_ms >= span.end_ms:
                break
            if one.end_ms <= span.begin_ms:
                continue
            who = one.member + first
            heard &= (chunk.appliance != who) | (chunk.ts_ms < one.start_ms) | (chunk.ts_ms >= one.end_ms)
            happenings = tuple(
                told for told in happenings if told.appliance != who or not one.start_ms <= told.ts_ms < one.end_ms
            )
        return chunk.chosen(heard, happenings)


def _nothing(group: Group) -> Reports:
    kind = group.kind
    none = np.zeros(0, np.int64)
    values = np.zeros((0, len(kind.metrics)))
    return Reports(kind.name, tuple(kind.metrics), kind.modes, none, none, none.astype(np.int8), none, values)
