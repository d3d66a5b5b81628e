"""Exports as Home Assistant, Grafana, InfluxDB and Excel write them, made up, with what they say."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.recordings.reading import read_recording
from ingest.recordings.recording import CsvOptions, Recording

NAMES = ("power", "drum_speed", "boiler", "inlet", "flow", "level_2", "noise", "hum")
AWAY = ("unavailable", "unknown")
BERLIN = ZoneInfo("Europe/Berlin")
Truth = dict[tuple[str, int], float]
"""What was reported: metric and time → value."""


@dataclass
class Export:
    """A file as a tool writes it: lines of cells, how to read it, and what it says."""

    delimiter: str = ","
    lines: list[list[str]] = field(default_factory=list)
    truth: Truth = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)
    readings: dict[tuple[int, int], tuple[str, str, int]] = field(default_factory=dict)
    """Where a number stands (line and place) → column, metric and time."""
    times: list[tuple[int, int]] = field(default_factory=list)
    time_label: str = ""
    encoding: str = "utf-8"
    end: str = "\n"
    is_quoted: bool = False
    is_packed: bool = False

    def row(self, cells: Sequence[str], *, time: int | None = None) -> None:
        """One more line."""
        if time is not None:
            self.times.append((len(self.lines), time))
        self.lines.append(list(cells))

    def says(self, place: int, column: str, metric: str, moment: datetime, value: float) -> None:
        """Note a number of the line that comes next."""
        ms = round(moment.timestamp() * 1000)
        self.truth[metric, ms] = value
        self.readings[len(self.lines), place] = (column, metric, ms)

    def clutter(self, chance: random.Random) -> None:
        """Lines that say nothing, between those that do."""
        for _ in range(chance.choice((0, 0, 1, 3))):
            at = chance.randint(self.times[0][0] + 1, len(self.lines))
            self.lines.insert(at, chance.choice(([""], ["", ""], ["# moved to the cellar"])))
            self.times = [(line + (line >= at), place) for line, place in self.times]
            self.readings = {(line + (line >= at), place): one for (line, place), one in self.readings.items()}

    def write(self, folder: Path) -> Path:
        """The file."""
        path = folder / "export.csv"
        text = self.end.join(self.delimiter.join(self._cell(cell) for cell in line) for line in self.lines) + self.end
        content = text.encode(self.encoding)
        path.write_bytes(gzip.compress(content, 1) if self.is_packed else content)
        return path

    def _cell(self, cell: str) -> str:
        must = any(sign in cell for sign in (self.delimiter, '"', "\n"))
        return '"' + cell.replace('"', '""') + '"' if must or (self.is_quoted and cell) else cell

    def read(self, folder: Path, **options: object) -> Recording:
        """What is read of it."""
        return read_recording([self.write(folder)], CsvOptions(**{**self.options, **options}))  # type: ignore[arg-type]  # as the field is called


def moments(chance: random.Random, count: int) -> list[datetime]:
    """Times behind one another, none in an hour that comes twice."""
    at = datetime(2026, chance.randint(1, 9), chance.randint(13, 28), chance.randint(4, 20), tzinfo=UTC)
    found = []
    for _ in range(count):
        at += timedelta(seconds=chance.choice((1, 10, 60, 3600)))
        found.append(at)
    return found


def number(chance: random.Random) -> float:
    """Any number that an appliance may tell."""
    return round(
        chance.choice((1, -1, 1, 1)) * chance.uniform(0, chance.choice((1, 100, 5000))), chance.choice((0, 1, 2, 4))
    )


def plain(value: float) -> str:
    """As programs write it."""
    return f"{value:.4f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def history(chance: random.Random) -> Export:
    """Home Assistant's history: entity, state and time, one entity behind another or mixed; words where it was away."""
    made = Export(time_label="last_changed")
    names = chance.sample(NAMES, chance.randint(1, 4))
    rows = [(name, moment) for name in names for moment in moments(chance, chance.randint(4, 9))]
    if chance.random() < 0.5:
        rows.sort(key=lambda row: row[1])
    made.row(["entity_id", "state", "last_changed"])
    for name, moment in rows:
        column, cells = f"sensor.{name}", f"{moment:%Y-%m-%dT%H:%M:%S}.{chance.randrange(1000):03d}Z"
        exact = datetime.fromisoformat(cells)
        value = number(chance)
        is_away = chance.random() < 0.1
        if not is_away:
            made.says(1, column, name, exact, value)
        made.row([column, chance.choice(AWAY) if is_away else plain(value), cells], time=2)
    made.row(["sensor.program", "Eco 50", "2026-09-30T10:00:00Z"])
    return made


def statistics(chance: random.Random) -> Export:
    """Home Assistant's statistics: means of some, totals of others, with their units."""
    made = Export(time_label="start")
    units = {
        "W": (1.0, "w"),
        "kW": (1000.0, "w"),
        "Wh": (0.001, "kwh"),
        "kWh": (1.0, "kwh"),
        "°C": (1.0, "c"),
        "%": (1.0, "pct"),
        "": (1.0, ""),
    }
    made.row(["statistic_id", "unit", "start", "min", "max", "mean", "state", "sum"])
    for name in chance.sample(NAMES, chance.randint(1, 4)):
        unit, is_mean = chance.choice(list(units)), chance.random() < 0.6
        factor, suffix = units[unit]
        metric = f"{name}_{suffix}" if suffix else name
        for moment in moments(chance, chance.randint(4, 9)):
            value = number(chance)
            cells = [f"sensor.{name}", unit, moment.isoformat(), "", "", "", "", ""]
            place = 5 if is_mean else 6
            cells[place] = plain(value)
            if is_mean:
                cells[3:5] = [plain(value - 1), plain(value + 1)]
            else:
                cells[7] = plain(abs(value) * 2)
            made.says(place, f"sensor.{name}", metric, moment, value * factor)
            made.row(cells, time=2)
    return made


def grafana(chance: random.Random) -> Export:
    """Grafana's table: everything in quotes, local times, units behind numbers as the panel shows them, ``sep=`` for Excel."""
    made = Export(time_label="Time", is_quoted=True, options={"zone": "Europe/Berlin"}, end="\r\n")
    units = {"W": 1.0, "kW": 1000.0, "mW": 0.001}
    names = chance.sample(NAMES, chance.randint(1, 4))
    has_units = {name: chance.random() < 0.5 for name in names}
    if chance.random() < 0.3:
        made.row(["sep=,"])
        made.is_quoted = False
    made.row(["Time", *names])
    for row, moment in enumerate(moments(chance, chance.randint(5, 12))):
        cells = [moment.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S")]
        for name in names:
            unit = chance.choice(list(units))
            if row > 3 and chance.random() < 0.15:
                cells.append(chance.choice(("", "null")))
                continue
            value = number(chance)
            metric = f"{name}_w" if has_units[name] else name
            made.says(len(cells), name, metric, moment, value * units[unit] if has_units[name] else value)
            cells.append(f"{plain(value)} {unit}" if has_units[name] else plain(value))
        made.row(cells, time=0)
    return made


def grafana_series(chance: random.Random) -> Export:
    """Grafana's series as rows."""
    made = Export(time_label="Time", delimiter=";")
    made.row(["Series", "Time", "Value"])
    for name in chance.sample(NAMES, chance.randint(1, 3)):
        for moment in moments(chance, chance.randint(4, 9)):
            value = round(number(chance), 2)
            made.says(2, name, name, moment, value)
            made.row([name, moment.astimezone(BERLIN).isoformat(), plain(value)], time=1)
    return made


def influx(chance: random.Random) -> Export:
    """InfluxDB's annotated CSV: a table per field, each with annotations of its own or all under one."""
    made = Export(time_label="_time", options={"time": "_time"}, end="\r\n")
    names, is_apart = chance.sample(NAMES, chance.randint(1, 4)), chance.random() < 0.5
    for table, name in enumerate(names):
        if table == 0 or is_apart:
            if table:
                made.row([""])
            kind = ["string", "long", *["dateTime:RFC3339"] * 3, "double", "string", "string", "string"]
            made.row(["#group", "false", "false", "true", "true", "false", "false", "true", "true", "true"])
            made.row(["#datatype", *kind])
            made.row(["#default", "_result", *[""] * 8])
            made.row(
                ["", "result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement", "appliance_id"]
            )
        for moment in moments(chance, chance.randint(4, 9)):
            value = number(chance)
            made.says(6, name, name, moment, value)
            stamp = f"{moment:%Y-%m-%dT%H:%M:%S}" + chance.choice(("Z", ".000000000Z", ".000Z"))
            made.row(
                [
                    "",
                    "",
                    str(table),
                    "2026-01-01T00:00:00Z",
                    "2026-12-01T00:00:00Z",
                    stamp,
                    plain(value),
                    name,
                    "washer",
                    "w-1",
                ],
                time=5,
            )
    return made


def influx_pivoted(chance: random.Random) -> Export:
    """InfluxDB's rows after ``pivot()``: a column per field, and the mode beside them."""
    made = Export(time_label="_time", end="\r\n")
    names = chance.sample(NAMES, chance.randint(1, 4))
    made.row(["#datatype", "string", "long", "dateTime:RFC3339", "string", "string", *["double"] * len(names)])
    made.row(["#group", "false", "false", "false", "true", "false", *["false"] * len(names)])
    made.row(["#default", "_result", *[""] * (4 + len(names))])
    made.row(["", "result", "table", "_time", "appliance_id", "mode", *names])
    for row, moment in enumerate(moments(chance, chance.randint(5, 12))):
        cells = ["", "", "0", f"{moment:%Y-%m-%dT%H:%M:%SZ}", "w-1", chance.choice(("washing", "idle"))]
        for name in names:
            if row > 3 and chance.random() < 0.15:
                cells.append("")
                continue
            value = number(chance)
            made.says(len(cells), name, name, moment, value)
            cells.append(plain(value))
        made.row(cells, time=3)
    return made


def grafana_epoch(chance: random.Random) -> Export:
    """Grafana's table with times in ms and series called by their labels."""
    made = Export(time_label="time", delimiter=chance.choice((",", ";", "\t")))
    names = chance.sample(NAMES, chance.randint(1, 4))
    labels = {name: f'{name} {{appliance="w-1", room="cellar"}}' for name in names}
    made.row(["time", *labels.values()])
    for moment in moments(chance, chance.randint(5, 12)):
        cells = [str(round(moment.timestamp() * 1000))]
        for name in names:
            value = round(number(chance), 2)
            made.says(len(cells), labels[name], f"{name}_appliance_w_1_room_cellar", moment, value)
            cells.append(plain(value))
        made.row(cells, time=0)
    return made


def put(at: int, cell: str, cells: list[str]) -> list[str]:
    """A line with one more cell at a place."""
    return [*cells[:at], cell, *cells[at:]]


def german_excel(chance: random.Random) -> Export:
    """A German Excel: semicolons, decimal commas, points in thousands, units in brackets or below, in the encoding of its day."""
    made = Export(time_label="Zeit", delimiter=";", end="\r\n", options={"zone": "Europe/Berlin"})
    made.encoding = chance.choice(("utf-8-sig", "utf-16", "cp1252", "utf-8"))
    if made.encoding == "cp1252":
        made.options["encoding"] = "cp1252"
    units = {"W": ("w", 1.0), "°C": ("c", 1.0), "kWh": ("kwh", 1.0), "": ("", 1.0)}
    chosen = {name: chance.choice(list(units)) for name in chance.sample(NAMES, chance.randint(1, 4))}
    where, form = chance.choice(("brackets", "below")), chance.choice(("points", "days"))
    if chance.random() < 0.3:
        made.row(["sep=;"])
    labels = {name: f"{name} [{unit}]" if unit and where == "brackets" else name for name, unit in chosen.items()}
    at = chance.randint(0, len(chosen))
    made.row(put(at, "Zeit", list(labels.values())))
    if where == "below" and any(chosen.values()):
        made.row(put(at, "", list(chosen.values())))
    is_grouped = {name: chance.random() < 0.5 for name in chosen}
    for row, moment in enumerate(moments(chance, chance.randint(5, 12))):
        local = moment.astimezone(BERLIN).replace(tzinfo=UTC)
        days = f"{(local - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1):.7f}".replace(".", ",")
        cells: list[str] = []
        for name, unit in chosen.items():
            if row > 3 and chance.random() < 0.15:
                cells.append(chance.choice(("", "-", "#NV")))
                continue
            value = round(number(chance), 2)
            text = f"{value:,.2f}" if is_grouped[name] else f"{value:.2f}"
            suffix, factor = units[unit]
            metric = f"{name}_{suffix}" if suffix else name
            made.says(len(cells) + (len(cells) >= at), labels[name], metric, moment, value * factor)
            cells.append(text.translate(str.maketrans(",.", ".,")))
        made.row(put(at, days if form == "days" else local.strftime("%d.%m.%Y %H:%M:%S"), cells), time=at)
    return made


def american_excel(chance: random.Random) -> Export:
    """An American Excel: commas, thousands in quotes, the month first, am and pm."""
    made = Export(time_label="Date/Time", end="\r\n")
    names = chance.sample(NAMES, chance.randint(1, 4))
    at = chance.randint(0, len(names))
    made.row(put(at, "Date/Time", names))
    for row, moment in enumerate(moments(chance, chance.randint(5, 12))):
        cells: list[str] = []
        for name in names:
            if row > 3 and chance.random() < 0.15:
                cells.append(chance.choice(("", "#N/A")))
                continue
            value = round(number(chance), 2)
            made.says(len(cells) + (len(cells) >= at), name, name, moment, value)
            cells.append(f"{value:,.2f}")
        made.row(put(at, f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p}", cells), time=at)
    return made


FORMS: tuple[Callable[[random.Random], Export], ...] = (
    history, statistics, grafana, grafana_series, grafana_epoch, influx, influx_pivoted, german_excel, american_excel,
)  # fmt: skip
Made = tuple[Callable[[random.Random], Export], int]


def export_of(made: Made) -> tuple[Export, random.Random]:
    """The export of a form and a seed, and the chance that goes on."""
    form, seed = made
    chance = random.Random(seed)
    export = form(chance)
    export.clutter(chance)
    export.is_packed = chance.random() < 0.1
    return export, chance
