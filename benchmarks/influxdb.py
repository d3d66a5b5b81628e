"""A fresh InfluxDB 2 for one run."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.influx_process import InfluxProcess, InfluxServer
from tests.servers.running import INFLUXD, cache_folder, find_program

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "telemetry"


def has_influxdb(figure: str) -> bool:
    """Whether the program is there; says what to do where it isn't."""
    if find_program("influxd", cache_folder() / INFLUXD) is not None:
        return True
    print(f"{figure} needs InfluxDB: bash deploy/servers.sh get influxdb", file=sys.stderr)
    return False


@contextmanager
def influxdb() -> Iterator[InfluxServer]:
    """A running server with an empty bucket :data:`BUCKET`."""
    with tempfile.TemporaryDirectory(prefix="fettle-influxdb-") as folder:
        process = InfluxProcess(Path(folder))
        process.start()
        try:
            yield process.set_up()
        finally:
            process.stop()
