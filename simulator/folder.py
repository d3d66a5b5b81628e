"""Fleet folder: a fleet's readings, events, appliances and truth as files, the contract's exchange format.

A file of readings per group of appliances, in time order, written a day at a time: memory stays bounded by one day.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.fleet import Fleet
from simulator.reports import Happening, Reports
from simulator.truth import rfc3339
from simulator.weather import DAY_MS


def write_folder(fleet: Fleet, folder: Path, *, days: float, told: Callable[[float, int], None] | None = None) -> int:
    """Run the fleet for ``days`` and write everything; how many samples. ``told`` hears (days, samples) after each day.

    A folder that holds readings already is refused by FileExistsError: two runs never mix.
    """
    readings = folder / "readings"
    if readings.is_dir() and any(readings.iterdir()):
        raise FileExistsError(f"{readings} already holds readings; name an empty folder.")
    readings.mkdir(parents=True, exist_ok=True)
    _write_appliances(fleet, folder / "appliances.csv")
    ids = np.array([appliance.id for appliance in fleet.appliances], dtype=object)
    writers: dict[int, pq.ParquetWriter] = {}
    samples, end_ms = 0, fleet.start_ms + round(days * DAY_MS)
    with (folder / "events.csv").open("w", newline="", encoding="utf-8") as events:
        sheet = csv.writer(events, lineterminator="\n")
        sheet.writerow(["id", "ts", "type", "code", "data"])
        try:
            while fleet.now_ms < end_ms:
                happenings: list[Happening] = []
                for chunk in fleet.advance(min(fleet.now_ms + DAY_MS, end_ms)):
                    group = _group_of(fleet, chunk)
                    table = _table(chunk, ids)
                    if group not in writers:
                        name = f"{chunk.kind}-{group:04d}.parquet"
                        writers[group] = pq.ParquetWriter(
                            readings / name,
                            table.schema,
                            compression="zstd",
                            use_dictionary=["id", "mode", "cycle"],
                            write_statistics=["id", "ts"],
                        )
                    writers[group].write_table(table)
                    samples += len(chunk)
                    happenings += chunk.happenings
                for one in sorted(happenings, key=lambda happening: (happening.ts_ms, happening.appliance)):
                    data = json.dumps(dict(one.data), separators=(",", ":")) if one.data else ""
                    sheet.writerow([ids[one.appliance], one.ts_ms, one.type, one.code or "", data])
                if told is not None:
                    told((fleet.now_ms - fleet.start_ms) / DAY_MS, samples)
        finally:
            for writer in writers.values():
                writer.close()
    fleet.truth.write(folder / "truth", until_ms=fleet.now_ms)
    return samples


def _group_of(fleet: Fleet, chunk: Reports) -> int:
    place = int(chunk.appliance[0]) if len(chunk) else chunk.happenings[0].appliance
    return max(number for number, group in enumerate(fleet.groups) if group.group.members.first <= place)


def _table(chunk: Reports, ids: np.ndarray) -> pa.Table:
    order = np.lexsort((chunk.appliance, chunk.ts_ms))
    names, places = np.unique(chunk.appliance[order], return_inverse=True)
    numbers, cycles = np.unique(chunk.cycle[order], return_inverse=True)
    told = [str(number) if number else None for number in numbers.tolist()]
    columns = {
        "id": _words(places, list(ids[names])),
        "ts": pa.array(chunk.ts_ms[order], pa.int64()),
        "mode": _words(chunk.mode[order], chunk.modes),
        "cycle": _words(cycles, told),
    }
    values = np.ascontiguousarray(chunk.values[order].T)
    for metric, column in zip(chunk.metrics, values, strict=True):
        columns[metric] = pa.array(column, pa.float64(), from_pandas=True)
    return pa.table(columns)


def _words(places: np.ndarray, words: Sequence[str | None]) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(places, pa.int32()))


def _write_appliances(fleet: Fleet, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "kind", "model", "firmware", "region", "home", "installed_at"])
        for one in fleet.appliances:
            writer.writerow(
                [one.id, one.kind, one.model, one.firmware, one.region, one.home, rfc3339(one.installed_ms)]
            )
