"""L4, peers: what many like appliances show on the same day is the weather, the mains or new firmware, and no fault of one.

Idea: from each deviation goes what its peers deviate by. Peers are the whole kind, within it those of one model, and among
these those of one firmware and region; each level is held against what the wider one leaves. What a group shows is in the
feature's unit, for firmware that reads half a kelvin higher does so by half a kelvin, however steady an appliance is. Formula, for
each group and feature, at the end of each portion of teaching (kinds/portions.py), with n its deviations z of width σ, as they
were judged, since the group was last moved::

    m = Σ clip(z, ±2)        d = m / Σ (1 / σ)        offset += d if |m| > 3 √n, else d / 4

A group is moved by no fewer than :data:`PEERS_MIN` deviations, and what too few tell is soon forgotten, so a small group
goes by the wider one alone. The clipped mean is near the median: a tenth of the peers with a fault moves it by a fifth of a
standard deviation. A day is judged by what others had shown before it, so a shift is an appliance's own for one day: too
short for an alarm.

What an appliance is comes from its births, and from events that say which firmware it has now. It holds for days and cycles that
begin later, so where a batch ends makes no difference.

Reference: Lapira and Lee 2012 for peers as the baseline of a fleet's machines (cluster-based fault detection); Huber 1981,
Robust Statistics, for the clipped mean.
"""

from __future__ import annotations

import zlib
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import PEER_FACT_TYPE, PEER_MODELS_END, PEER_PLACES, Piece
from detectors.state.columns import Axis, Column, places
from ingest.sample import EventType, Status

KIND = 0
"""The place of the kind; behind it those of models, then of groups. Whoever finds none any more goes by the wider level."""
PEERS_MIN = 50
CLIP_SIGMA = 2.0
SURE_SIGMA = 3.0
UNSURE_GAIN = 0.25
KEPT = 0.5
"""What is left, at the end of a portion, of what too few have told, and of the offset of a group that has become small."""
MS_PER_MIN = 60_000

Floats = NDArray[np.float64]


class Peers(Layer):
    """The groups of one kind's appliances."""

    name: ClassVar[str] = "peers"
    version: ClassVar[int] = 2

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.told = {name: np.zeros_like(array) for name, array in self.fleet.items()}

    def columns(self) -> tuple[Column, ...]:
        """The places of its model and group (0: none), of the group before, and since when (minutes since 1970)."""
        return Column("model", "u1"), Column("group", "u1"), Column("group_before", "u1"), Column("group_since", "u4")

    def fleet_columns(self) -> tuple[Column, ...]:
        """By place: who it is, its model's place and region, and all that in words.

        By feature: offset, sums of clipped deviations, how many, and 1 / σ.
        """
        place, feature = places("group", PEER_PLACES), self.setting.values.feature_axis()
        return (
            Column("name", "u4", (place,)),
            Column("model", "u1", (place,)),
            Column("region", "u4", (place,)),
            Column("facts", PEER_FACT_TYPE, (place, Axis("fact", ("model", "firmware", "region")))),
            Column("offset", "f4", (place, feature)),
            Column("sum", "f8", (place, feature)),
            Column("count", "f8", (place, feature)),
            Column("weight", "f8", (place, feature)),
        )

    def know(self, row: int, status: Status) -> None:
        """Take in a birth."""
        model, region = _number(status.model), _number(status.region)
        if model or region or status.firmware:
            group = self._join(row, self._place("model", model), region, status.firmware, status.ts_ms)
            self._name(group, status.model, status.firmware, status.region)

    def take(self, piece: Piece) -> None:
        """Take out of deviations what the peers show."""
        if piece.event is not None and piece.event.type is EventType.FIRMWARE_UPDATED:
            group = int(self.own["group"][piece.row])
            if group:
                model, region = int(self.fleet["model"][group]), int(self.fleet["region"][group])
                firmware, names = str(piece.event.data.get("to", "")), self.fleet["facts"][group]
                now = self._join(piece.row, model, region, firmware, piece.event.ts_ms)
                self._name(now, bytes(names[0]), firmware, bytes(names[2]))
        deviations = piece.deviations
        if deviations is None:
            return
        offset, groups = self.fleet["offset"], self._groups(piece)
        deviations.facts = self.fleet["facts"]
        deviations.groups = np.stack([np.full(len(deviations.z), KIND), *groups]).astype(np.intp)
        shown = sum((offset[of] * (of > 0)[:, None] for of in groups), np.zeros(deviations.z.shape))
        shown += offset[KIND]
        deviations.z = deviations.z - shown / deviations.sigma
        deviations.expected = deviations.expected + shown

    def learn(self, piece: Piece) -> None:
        """Tell the groups what their members showed beyond what was known of them."""
        if piece.deviations is None:
            return
        z = piece.deviations.z
        given = ~np.isnan(z) & piece.deviations.is_taught[:, None]
        clipped = np.where(given, np.clip(z, -CLIP_SIGMA, CLIP_SIGMA), 0.0)
        weight = np.where(given, 1 / piece.deviations.sigma, 0.0)
        for name, told in (("sum", clipped), ("count", given), ("weight", weight)):
            self.told[name][KIND] += told.sum(axis=0)
            for of in self._groups(piece):
                is_member = of > 0
                np.add.at(self.told[name], of[is_member], told[is_member])

    def take_over(self) -> None:
        """Move the offsets, the widest first; what it leaves is for the narrower."""
        fleet, told = self.fleet, self.told
        for name in ("sum", "count", "weight"):
            fleet[name] += told[name]
            told[name][:] = 0
        models, groups = slice(KIND + 1, PEER_MODELS_END), slice(PEER_MODELS_END, PEER_PLACES)
        moved = np.zeros_like(fleet["sum"])
        moved[:] = self._moved(slice(KIND, KIND + 1))
        fleet["sum"][KIND + 1 :] -= moved[KIND + 1 :] * fleet["weight"][KIND + 1 :]
        by_model = np.zeros_like(moved)
        by_model[models] = self._moved(models)
        further = by_model[fleet["model"][groups]]
        fleet["sum"][groups] -= further * fleet["weight"][groups]
        self._moved(groups)

    def _moved(self, places_of: slice) -> Floats:
        """Move the offsets of some places as far as they are known: by how much; what was told is used up."""
        fleet = self.fleet
        total, count, weight = (fleet[name][places_of] for name in ("sum", "count", "weight"))
        is_known = count >= PEERS_MIN
        gain = np.where(np.abs(total) > SURE_SIGMA * np.sqrt(count), 1.0, UNSURE_GAIN)
        moved: Floats = np.where(is_known, gain * total / np.where(is_known, weight, 1.0), 0.0)
        fleet["offset"][places_of] = fleet["offset"][places_of] * np.where(is_known, 1.0, KEPT) + moved
        kept = np.where(is_known, 0.0, KEPT)
        for name in ("sum", "count", "weight"):
            fleet[name][places_of] *= kept
        return moved

    def _groups(self, piece: Piece) -> tuple[NDArray[Any], NDArray[Any]]:
        """The places of model and group of each usable unit, as they were when it began; 0 for none."""
        if piece.deviations is None:
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        rows, own = piece.deviations.units.rows, self.own
        is_before = piece.deviations.units.start_ms // MS_PER_MIN < own["group_since"][rows]
        group = np.where(is_before & (own["group_before"][rows] > 0), own["group_before"][rows], own["group"][rows])
        return own["model"][rows], group

    def _join(self, row: int, model: int, region: int, firmware: str | None, since_ms: int) -> int:
        """Count an appliance among those of one model, region and firmware: the place of these, 0 for none."""
        own, group = self.own, self._place("group", _number(f"{model} {region} {firmware}"))
        own["model"][row] = model
        if group and group != own["group"][row]:
            self.fleet["model"][group], self.fleet["region"][group] = model, region
            own["group_before"][row] = own["group"][row]
            own["group"][row], own["group_since"][row] = group, max(since_ms, 0) // MS_PER_MIN
        return group

    def _name(self, group: int, *facts: str | bytes | None) -> None:
        """Keep in words what a group has in common."""
        if group:
            self.fleet["facts"][group] = [fact.encode() if isinstance(fact, str) else fact or b"" for fact in facts]

    def _place(self, level: str, number: int) -> int:
        """Where a model or group stands, a free place for a new one; 0 for none."""
        first, end = (KIND + 1, PEER_MODELS_END) if level == "model" else (PEER_MODELS_END, PEER_PLACES)
        names = self.fleet["name"][first:end]
        for wanted in (number, 0):
            found = np.flatnonzero(names == wanted)
            if number and len(found):
                names[found[0]] = number
                return first + int(found[0])
        return KIND


def _number(text: str | None) -> int:
    """A name as a number, 0 for none."""
    return zlib.crc32(text.encode()) or 1 if text else 0
