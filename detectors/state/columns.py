"""Column: what a part remembers under one name, its axes labelled by the names of features, metrics or fault modes.

Labels make a state outlive a change of what it describes: :func:`carried` takes stored values over name by name. What is
new starts as :attr:`Column.fill` says, what is gone is dropped, everything else goes on. Where places stood before, and
in which order, decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of a column; labels are unique."""

    name: str
    labels: tuple[str, ...]


def places(name: str, count: int) -> Axis:
    """An axis whose places have no names, like a ring of so many rows."""
    return Axis(name, tuple(map(str, range(count))))


@dataclass(frozen=True, slots=True)
class Column:
    """One array: ``type`` as numpy writes it, an entry per label of each axis.

    ``fill`` is what stands in a place of which nothing was learned. ``codes``: the values are numbers of these labels, and
    -1 for a label that is gone. ``is_seldom``: most appliances have nothing here, and the others are held apart
    (:mod:`detectors.state.seldom`).
    """

    name: str
    type: str
    axes: tuple[Axis, ...] = ()
    fill: float = 0
    codes: Axis | None = None
    is_seldom: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one appliance's values."""
        return tuple(len(axis.labels) for axis in self.axes)

    @property
    def size(self) -> int:
        """The bytes of one appliance's values."""
        return int(np.dtype(self.type).itemsize * np.prod(self.shape, dtype=int))

    def empty(self, *leading: int) -> NDArray[Any]:
        """Values (leading, axes) of which nothing was learned; ``leading`` dimensions come first."""
        if self.fill == 0:
            return np.zeros((*leading, *self.shape), self.type)
        return np.full((*leading, *self.shape), self.fill, self.type)

    def is_empty(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """(N,): of which appliances' values (N, ...) nothing was learned."""
        is_fill = np.isnan(values) if np.isnan(self.fill) else values == self.fill
        empty: NDArray[np.bool_] = is_fill.reshape(len(values), -1).all(axis=1)
        return empty


def carried(stored: Column, values: NDArray[Any], wanted: Column) -> NDArray[Any]:
    """Values (N, ...) of one column as those of another: by labels, and what has no value yet as ``wanted`` fills it.

    >>> before, now = (Column("mean", "f4", (Axis("metric", names),)) for names in (("a", "b"), ("b", "c", "a")))
    >>> carried(before, np.array([[1, 2]], "f4"), now).tolist()
    [[2.0, 0.0, 1.0]]
    """
    values = _recoded(stored, values, wanted)
    if stored.axes == wanted.axes and stored.type == wanted.type:
        return values
    target = wanted.empty(len(values))
    if [axis.name for axis in stored.axes] != [axis.name for axis in wanted.axes]:
        return target
    if values.dtype != target.dtype and values.dtype.kind in "iu" and target.dtype.kind in "iu":
        values = np.clip(values, np.iinfo(target.dtype).min, np.iinfo(target.dtype).max)
    if stored.axes == wanted.axes:
        target[:] = values
        return target
    known = [{label: place for place, label in enumerate(axis.labels)} for axis in stored.axes]
    both = [
        [(there[label], here) for here, label in enumerate(axis.labels) if label in there]
        for there, axis in zip(known, wanted.axes, strict=True)
    ]
    rows = np.arange(len(values))
    taken, put = ([np.array([pair[side] for pair in axis], np.intp) for axis in both] for side in (0, 1))
    target[np.ix_(rows, *put)] = values[np.ix_(rows, *taken)]
    return target


def _recoded(stored: Column, values: NDArray[Any], wanted: Column) -> NDArray[Any]:
    """Numbers of the stored labels as numbers of the wanted ones."""
    if stored.codes is None or wanted.codes is None or stored.codes == wanted.codes:
        return values
    number = {label: place for place, label in enumerate(wanted.codes.labels)}
    table = np.array([number.get(label, -1) for label in stored.codes.labels] + [-1])
    return table[np.where((values < 0) | (values >= len(table)), -1, values)]
