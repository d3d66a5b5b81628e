"""Recordings in every mixture of separators, shapes, units, times and packages: what was written is what is read."""

from __future__ import annotations

import gzip
import io
import itertools
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ingest.recordings.reading import read_recording
from tests.ingest.recorded import TEN_MS

ROWS = 16
ABSENT = ("", "unavailable", "n/a", "-")
DIALECTS = ((",", "."), (";", ","), (";", "."), ("\t", ","), ("|", "."))
"""What separates cells, and the decimal sign."""
SHAPES = ("wide", "long", "quoted")
PACKAGES = ("plain", "marked", "gzip", "zip", "utf-16", "sep", "commented")


@dataclass(frozen=True)
class Unit:
    """How one is written, and what it is in ours, worked out here once more and by hand."""

    written: str
    suffix: str
    in_ours: Callable[[float], float]


UNITS = {
    "power": (Unit("W", "w", lambda x: x), Unit("kW", "w", lambda x: x * 1000), Unit("mW", "w", lambda x: x / 1000)),
    "temp": (
        Unit("°C", "c", lambda x: x),
        Unit("°F", "c", lambda x: (x - 32) * 5 / 9),
        Unit("K", "k", lambda x: x),
    ),
    "energy": (
        Unit("kWh", "kwh", lambda x: x),
        Unit("Wh", "kwh", lambda x: x / 1000),
        Unit("MJ", "kwh", lambda x: x / 3.6),
    ),
}
WHERE = ("in cells", "in the header", "nowhere")


def moment(row: int) -> datetime:
    """When a row was taken."""
    return datetime.fromtimestamp(TEN_MS / 1000, UTC) + timedelta(minutes=row)


TIMES: dict[str, Callable[[datetime], str]] = {
    "RFC 3339": lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "with an offset": lambda t: t.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(),
    "with a blank": lambda t: t.strftime("%Y-%m-%d %H:%M"),
    "German": lambda t: t.strftime("%d.%m.%Y %H:%M:%S"),
    "American": lambda t: t.strftime("%m/%d/%Y %I:%M:%S %p"),
    "compact": lambda t: t.strftime("%Y%m%d%H%M%S"),
    "seconds": lambda t: str(int(t.timestamp())),
    "milliseconds": lambda t: str(int(t.timestamp()) * 1000),
    "days": lambda t: f"{(t - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1):.7f}",
}


@dataclass(frozen=True)
class Mixture:
    """One file that somebody's tool might write."""

    dialect: tuple[str, str]
    shape: str
    time: str
    where: str
    package: str

    def __str__(self) -> str:
        """For the name of the test."""
        return f"{self.dialect[0]!r}{self.dialect[1]}-{self.shape}-{self.time}-{self.where}-{self.package}".replace(
            " ", "_"
        )


def mixtures() -> list[Mixture]:
    """A hundred and twenty of all that there are, each way of writing among them many times."""
    everything = list(itertools.product(DIALECTS, SHAPES, TIMES, WHERE, PACKAGES))
    return [Mixture(*chosen) for chosen in random.Random(20).sample(everything, 120)]


Truth = dict[str, list[float | None]]


def written(mixture: Mixture, chance: random.Random) -> tuple[str, Truth]:
    """A file's text, and what it says: per metric a value per row, None where nothing was reported."""
    chosen = {name: chance.choice(units) for name, units in UNITS.items()}
    says: dict[str, list[tuple[str, float | None]]] = {name: [] for name in chosen}
    for row, name in itertools.product(range(ROWS), chosen):
        number = round(chance.uniform(-20, 900), chance.choice((0, 1, 3)))
        is_absent = row > 1 and chance.random() < 0.15
        says[name].append((chance.choice(ABSENT), None) if is_absent else (_number(number, mixture), number))
    truth: Truth = {}
    for name, unit in chosen.items():
        is_told = mixture.where != "nowhere"
        metric = f"{name}_{unit.suffix}" if is_told else name
        truth[metric] = [None if x is None else unit.in_ours(x) if is_told else x for _, x in says[name]]
    labels = {
        name: f"{name} [{one.written}]" if mixture.where == "in the header" else name for name, one in chosen.items()
    }
    cells = {
        name: [
            f"{text} {chosen[name].written}" if x is not None and mixture.where == "in cells" else text
            for text, x in told
        ]
        for name, told in says.items()
    }
    return _text(mixture, labels, cells), truth


def _number(number: float, mixture: Mixture) -> str:
    """A number with this decimal sign."""
    return f"{number:g}".replace(".", mixture.dialect[1])


def _text(mixture: Mixture, labels: dict[str, str], cells: dict[str, list[str]]) -> str:
    """Lines of a file."""
    times = [TIMES[mixture.time](moment(row)) for row in range(ROWS)]
    if mixture.dialect[1] == "," and mixture.time == "days":
        times = [time.replace(".", ",") for time in times]
    if mixture.shape == "long":
        rows = [["time", "sensor", "value"]]
        rows += [[times[row], labels[name], cells[name][row]] for name in labels for row in range(ROWS)]
    else:
        rows = [
            ["time", *labels.values()],
            *([times[row], *(cells[name][row] for name in labels)] for row in range(ROWS)),
        ]
    quote = '"' if mixture.shape == "quoted" else ""
    lines = [mixture.dialect[0].join(f"{quote}{cell}{quote}" for cell in row) for row in rows]
    if mixture.package == "sep":
        lines.insert(0, f"sep={mixture.dialect[0]}")
    if mixture.package == "commented":
        lines[:0] = ["# written by a logger", ""]
    return "\r\n".join(lines) + "\r\n"


def packed(mixture: Mixture, text: str) -> bytes:
    """The bytes of the file."""
    if mixture.package == "utf-16":
        return text.encode("utf-16")
    content = text.encode("utf-8-sig" if mixture.package == "marked" else "utf-8")
    if mixture.package == "gzip":
        return gzip.compress(content, 1)
    if mixture.package == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("export/log.csv", content)
        return archive.getvalue()
    return content


@pytest.mark.parametrize("mixture", mixtures(), ids=str)
def test_what_was_written_is_read(tmp_path: Path, mixture: Mixture) -> None:
    """Every time to the millisecond, every number in our unit, nothing where nothing was reported."""
    text, truth = written(mixture, random.Random(str(mixture)))
    path = tmp_path / "log.csv"
    path.write_bytes(packed(mixture, text))

    recording = read_recording([path])

    assert set(recording.metrics) == set(truth)
    assert recording.ts_ms.tolist() == [TEN_MS + row * 60_000 for row in range(ROWS)]
    for name, values in truth.items():
        read = recording.values[:, recording.metrics.index(name)].tolist()
        expected = [float("nan") if value is None else value for value in values]
        assert read == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), name
