"""Layout: which columns stand in a record, in which order, under which labels; small, for it is stored beside the records."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import msgspec

from detectors.state.columns import Axis, Column


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """A column whose axes are numbers into the layout's list of axes."""

    name: str
    type: str
    axes: tuple[int, ...]
    codes: int | None = None
    is_seldom: bool = False


class _Owner(msgspec.Struct, frozen=True, array_like=True):
    """The columns of one part."""

    name: str
    version: int
    columns: tuple[_Place, ...]


class Layout(msgspec.Struct, frozen=True, array_like=True):
    """The columns of all parts in the order of a record's bytes."""

    axes: tuple[tuple[str, tuple[str, ...]], ...]
    parts: tuple[_Owner, ...]

    @classmethod
    def of(cls, parts: Iterable[tuple[str, int, Iterable[Column]]]) -> Layout:
        """The layout of parts given as (name, version, columns)."""
        axes: dict[Axis, int] = {}
        owners = []
        for name, version, columns in parts:
            kept = tuple(
                _Place(
                    column.name,
                    column.type,
                    tuple(axes.setdefault(axis, len(axes)) for axis in column.axes),
                    None if column.codes is None else axes.setdefault(column.codes, len(axes)),
                    column.is_seldom,
                )
                for column in columns
            )
            owners.append(_Owner(name, version, kept))
        return cls(tuple((axis.name, axis.labels) for axis in axes), tuple(owners))

    @property
    def number(self) -> int:
        """A number that changes with any name, type or label."""
        return zlib.crc32(msgspec.msgpack.encode(self))

    @property
    def size(self) -> int:
        """The bytes of one record."""
        return sum(column.size for _, _, column in self.columns())

    def columns(self) -> Iterator[tuple[str, int, Column]]:
        """(part, version, column), in the order of a record's bytes."""
        axes = [Axis(*axis) for axis in self.axes]
        for owner in self.parts:
            for place in owner.columns:
                codes = None if place.codes is None else axes[place.codes]
                yield (
                    owner.name,
                    owner.version,
                    Column(place.name, place.type, tuple(axes[a] for a in place.axes), 0, codes, place.is_seldom),
                )

    def holding(self, has: int) -> Layout:
        """The layout of a record that leaves out the seldom columns of some parts.

        Bit n of ``has`` says whether those of the n-th part that has any are there.
        """
        number, parts = 0, []
        for owner in self.parts:
            columns = owner.columns
            if any(place.is_seldom for place in columns):
                if not has >> number & 1:
                    columns = tuple(place for place in columns if not place.is_seldom)
                number += 1
            parts.append(_Owner(owner.name, owner.version, columns))
        return Layout(self.axes, tuple(parts))

    def labels(self, axis_name: str) -> tuple[str, ...]:
        """All labels of the axes of one name, each once, in the order in which they stand."""
        return tuple(dict.fromkeys(label for name, labels in self.axes if name == axis_name for label in labels))
