"""The telemetry store: what was admitted, as series.

Promises of every implementation, held by tests/contract/store_suite.py:

- :meth:`TelemetryStore.write` is idempotent: a sample's identity is (appliance, :meth:`SampleBlock.time_ns`), so a
  repeated write is the same point. When it returns, the samples are durable and readable.
- It ends in one of three ways: accepted; :class:`StoreUnavailable`, keep and try again; :class:`StoreRejected`, which
  names the samples that can never be stored while all others have been.
- Reads of one appliance agree between implementations, value for value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.sample import SampleBlock


class StoreError(Exception):
    """Root of the store's errors."""


class StoreAddressError(StoreError):
    """The address of the store is wrong; the message says what to write instead."""


class StoreUnavailable(StoreError):  # noqa: N818 - reads as what it says
    """The store can't take or give data now; keep what was to be written and try again.

    ``kind`` says why in one word for the metrics: ``down``, ``timeout``, ``busy``, ``denied``, ``missing``, ``error``.
    """

    def __init__(self, message: str, *, kind: str = "error", retry_after_s: float | None = None) -> None:
        """Say what is wrong; ``retry_after_s`` where the store itself asked for a pause."""
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s


class StoreRejected(StoreError):  # noqa: N818 - the same
    """Some samples can never be stored; all others of the call are. ``rejected`` = (block number, row, why)."""

    def __init__(self, rejected: Sequence[tuple[int, int, str]]) -> None:
        """Name the rejected samples."""
        super().__init__(f"{len(rejected)} samples refused by the store: {rejected[0][2] if rejected else ''}")
        self.rejected = rejected


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Columns of one appliance: ``ts_ms`` (R,) int64 ascending, ``values`` metric → (R,) float64 with NaN for no reading."""

    ts_ms: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]


class TelemetryStore(Protocol):
    """Writes sample blocks and reads one appliance's series, a fleet's scan, or the latest values."""

    def write(self, blocks: Sequence[SampleBlock]) -> None:
        """Store all samples of all blocks; see the module's promises."""
        ...

    def read(
        self,
        kind: str,
        appliance_id: str,
        metrics: Sequence[str] | None,
        *,
        start_ms: int,
        end_ms: int,
        mode: str | None = None,
    ) -> Series:
        """All rows of [start, end) as stored, ascending; ``metrics=None`` gives every metric that has a reading.

        With ``mode`` only the rows of samples that were reported in that mode.
        """
        ...

    def latest(self, kind: str, appliance_id: str) -> Mapping[str, tuple[int, float]]:
        """Newest reading of each metric: metric → (ts_ms, value)."""
        ...

    def scan(self, kind: str, *, start_ms: int, end_ms: int) -> Iterator[SampleBlock]:
        """All samples of a kind in [start, end), in bounded blocks, each appliance's in time order."""
        ...

    def count_readings(self, kind: str, appliance_id: str | None = None) -> int:
        """How many readings (one per metric and sample) are stored, of a kind or of one appliance."""
        ...

    def erase(self, kind: str, appliance_id: str) -> None:
        """Remove everything of one appliance, for good."""
        ...

    def prune(self, before_ms: int) -> None:
        """Drop what is older than ``before_ms``, where the store doesn't see to that by itself; may leave some for later."""
        ...

    def check(self) -> None:
        """Raise :class:`StoreUnavailable` with a sentence if the store can't be used now."""
        ...

    def close(self) -> None:
        """Release connections and files."""
        ...
