"""Opens the telemetry store that a URL names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.store import StoreAddressError
from ingest.store.embedded import EmbeddedStore
from ingest.store.influx_address import InfluxAddress

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.store import TelemetryStore

FILE_NAME = "telemetry.db"


def open_store(url: str | None, *, token: str | None = None, data_dir: Path) -> TelemetryStore:
    """The store at ``url``; without one, the embedded store in the data folder."""
    if not url:
        return EmbeddedStore.open(data_dir / FILE_NAME)
    if url.startswith(("influxdb://", "influxdbs://")):
        from ingest.store.influx import InfluxStore  # noqa: PLC0415 - the client takes .3 s to import

        return InfluxStore.open(InfluxAddress.parse(url), token=token or "")
    raise StoreAddressError(
        f"The store URL {url!r} is not understood: leave it out for the embedded store, or write "
        "influxdb://HOST:PORT?org=ORG&bucket=BUCKET (influxdbs:// for TLS)."
    )
