"""Names to small numbers, for the process that writes the embedded store.

Kinds, metrics and appliances stand in their tables once; everything else refers to them by number. What is cached here is
dropped when another connection has changed the file (an appliance may have been erased) or when it grows too large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingest.store.rows import EMPTY, NO_WORD, Rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ingest.sample import SampleBlock

METRICS_MAX = 262_144
"""More than admission lets a fleet invent (admission/names.py); a bound of last resort."""
APPLIANCES_CACHED = 200_000


class Numbering:
    """Gives out numbers inside the transaction of a write."""

    def __init__(self, *, metrics_max: int = METRICS_MAX) -> None:
        self._metrics_max = metrics_max
        self._version = -1
        self._kinds: dict[str, int] = {}
        self._metrics: dict[str, int] = {}
        self._appliances: dict[str, dict[str, int]] = {}

    def forget(self) -> None:
        """Drop all that is cached."""
        self._kinds.clear()
        self._metrics.clear()
        self._appliances.clear()

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Begin a write: forget what may no longer be so."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version != self._version or sum(map(len, self._appliances.values())) > APPLIANCES_CACHED:
            self.forget()
            self._version = version

    def kind(self, connection: sqlite3.Connection, name: str) -> int:
        """The number of an appliance kind."""
        if name not in self._kinds:
            connection.execute("INSERT OR IGNORE INTO kind (name) VALUES (?)", (name,))
            self._kinds[name] = _one(connection, "SELECT number FROM kind WHERE name = ?", (name,))
        return self._kinds[name]

    def rows_of(
        self, connection: sqlite3.Connection, block: SampleBlock, refused: Sequence[int]
    ) -> tuple[Rows, list[int]]:
        """A block as rows without the refused ones, and the further rows for whose metrics no number is left."""
        columns = self._columns(connection, block)
        beyond = [column for column, number in enumerate(columns) if number is None]
        values = block.values
        overflow: list[int] = []
        if beyond:
            overflow = np.flatnonzero(~np.isnan(values[:, beyond]).all(axis=1)).tolist()
            values = np.delete(values, beyond, axis=1)
        is_kept = np.ones(len(block), np.bool_)
        is_kept[[*refused, *overflow]] = False
        if not is_kept.any():
            return EMPTY, sorted(set(overflow) - set(refused))
        words: dict[str | None, int] = {None: NO_WORD, "": NO_WORD}
        rows = Rows(
            self._appliance_numbers(connection, block, is_kept),
            block.time_ns(),
            tuple(number for number in columns if number is not None),
            np.asarray(values, np.float64),
            _codes(block.modes, words),
            _codes(block.cycles, words),
            tuple(word for word in words if word),
        )
        return (rows if is_kept.all() else rows.take(is_kept)), sorted(set(overflow) - set(refused))

    def _columns(self, connection: sqlite3.Connection, block: SampleBlock) -> list[int | None]:
        """The numbers of a block's metrics that have a reading; None where no number is left."""
        found: list[int | None] = []
        for name in block.metrics:
            if name not in self._metrics:
                number = _one(connection, "SELECT number FROM metric WHERE name = ?", (name,))
                if not number:
                    if _one(connection, "SELECT count(*) FROM metric", ()) >= self._metrics_max:
                        found.append(None)
                        continue
                    number = connection.execute("INSERT INTO metric (name) VALUES (?)", (name,)).lastrowid or 0
                self._metrics[name] = number
            found.append(self._metrics[name])
        return found

    def _appliance_numbers(
        self, connection: sqlite3.Connection, block: SampleBlock, is_kept: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        """Each row's appliance as its number; 0 for refused rows."""
        known = self._appliances.setdefault(block.kind, {})
        try:
            return np.array([known[name] for name in block.appliance_ids], np.int32)
        except KeyError:
            kind = self.kind(connection, block.kind)
            kept = {name for name, is_in in zip(block.appliance_ids, is_kept.tolist(), strict=True) if is_in}
            for name in sorted(kept - known.keys()):
                connection.execute("INSERT OR IGNORE INTO appliance (kind, id) VALUES (?, ?)", (kind, name))
                known[name] = _one(connection, "SELECT number FROM appliance WHERE kind = ? AND id = ?", (kind, name))
        return np.array([known.get(name, 0) for name in block.appliance_ids], np.int32)


def _codes(texts: Sequence[str | None], words: dict[str | None, int]) -> NDArray[np.int32]:
    """Texts as codes into ``words``, which grows."""
    distinct = set(texts)
    for text in distinct - words.keys():
        words[text] = len(words) - 2
    if len(distinct) == 1:
        return np.full(len(texts), words[distinct.pop()], np.int32)
    return np.array([words[text] for text in texts], np.int32)


def _one(connection: sqlite3.Connection, query: str, parameters: tuple[object, ...]) -> int:
    """The single number that a query gives, 0 where it gives none."""
    row = connection.execute(query, parameters).fetchone()
    return int(row[0]) if row else 0
