"""``fettle inspect`` of files that can't be read: one sentence that says where it stands and what to do, and never a traceback."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.recordings.reading import read_recording
from ingest.recordings.recording import RecordingError
from tests.api.test_cli import Run, run

__all__ = ["run"]

ISO = [f"2026-11-29T10:{minute:02d}:00Z" for minute in range(60)]
Make = Callable[[Path], Path]


def of(name: str, content: str | bytes) -> Make:
    """A file with this content."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def csv(*rows: str) -> str:
    """Lines of a file."""
    return "".join(f"{row}\n" for row in rows)


def zipped(**files: str) -> bytes:
    """A zip of these files; ``_`` in a name stands for a point."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return packed.getvalue()


def parquet(**columns: pa.Array | list[object]) -> bytes:
    """A Parquet file of these columns."""
    packed = io.BytesIO()
    pq.write_table(pa.table(columns), packed)
    return packed.getvalue()


def flipped(content: bytes, place: int) -> bytes:
    """One byte of it is another."""
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def fifo(folder: Path) -> Path:
    """A pipe that nobody writes to."""
    os.mkfifo(folder / "pipe.csv")
    return folder / "pipe.csv"


def nobodys(folder: Path) -> Path:
    """A file that its owner alone may read, and they are somebody else."""
    path = of("mine.csv", GOOD)(folder)
    path.chmod(0)
    return path


GOOD = csv("ts,power_w", *(f"{ts},{number}" for number, ts in enumerate(ISO)))
PACKED = gzip.compress(GOOD.encode())
TABLE = parquet(ts=pa.array([1, 2], pa.timestamp("ms")), a=[1.0, 2.0])
NO_TIME = "is no time"
CASES: dict[str, tuple[Make, list[str]]] = {
    "a gzip cut short": (of("a.csv.gz", PACKED[:-40]), ["is damaged", "copy or export it again"]),
    "a gzip with a wrong byte": (of("a.csv.gz", flipped(PACKED, len(PACKED) // 2)), ["is damaged", "export it again"]),
    "a gzip of nothing": (of("a.csv.gz", gzip.compress(b"")), ["is empty", "begins with a line of column names"]),
    "a zip of two": (of("a.zip", zipped(a_csv=GOOD, b_csv=GOOD)), ["2 files (a.csv, b.csv)", "give those of one series"]),
    "a zip of nothing": (of("a.zip", zipped()), ["holds no file", "unpack it"]),
    "a zip cut short": (of("a.zip", zipped(a_csv=GOOD)[:-30]), ["is damaged", "export it again"]),
    "a zip with a wrong byte": (of("a.zip", flipped(zipped(a_csv=GOOD), 99)), ["is damaged", "a.csv", "export it again"]),
    "a workbook": (of("a.xlsx", zipped(xl__workbook_xml="<x/>")), ["an Excel workbook", "save the sheet as CSV"]),
    "an old workbook": (of("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99)), ["an Excel workbook", "save the sheet"]),
    "cp1252": (of("a.csv", "ts;°C\n".encode("cp1252")), ["line 1", r"b'\xb0'", "--encoding (Excel: cp1252)"]),
    "gb18030": (of("a.csv", csv("ts,a", f"{ISO[0]},1", "时间,2").encode("gb18030")), ["line 3", "--encoding"]),
    "UTF-16 cut short": (of("a.csv", GOOD.encode("utf-16")[:-1]), ["line 61", "UTF-16", "save it as UTF-8"]),
    "bytes of a machine": (of("a.csv", bytes(range(256)) * 9), ["line 2", r"b'\x80'", "--encoding"]),
    "a NUL within": (of("a.csv", csv("ts,a", f"{ISO[0]},1\0")), ["line 2", r"'\x00'", "export it again"]),
    "a colour of a terminal": (of("a.csv", csv("ts,a", f"{ISO[0]},\x1b[31m5")), ["line 2", r"'\x1b'", "export it again"]),
    "a PDF": (of("a.csv", b"%PDF-1.4\n%\xe2\xe3"), ["is a PDF document", "as CSV or Parquet"]),
    "a page of a login": (of("a.csv", "<!DOCTYPE html><html>Login</html>"), ["is a web page", "get the export itself"]),
    "JSON": (of("a.csv", '[{"ts": 1, "a": 2}]'), ["is JSON", "a row per time"]),
    "nothing": (of("a.csv", b""), ["is empty", "a line of column names"]),
    "blanks": (of("a.csv", "\n \n,,\n"), ["is empty", "a line of column names"]),
    "a header alone": (of("a.csv", csv("ts,power_w")), ["(ts, power_w)", "no row below", "export it with its rows"]),
    "a time alone": (of("a.csv", csv("ts", ISO[0])), ["no numeric column beside the time", "such as 100.5"]),
    "words alone": (of("a.csv", csv("ts,state", f"{ISO[0]},on fire")), ["line 2, column 'state': 'on fire'", "such as 100.5"]),
    "no time": (of("a.csv", csv("a,b", "1,2")), ["no time column", "name it with --time, one of: a, b"]),
    "two times of one name": (of("a.csv", csv("ts,ts,a", f"{ISO[0]},{ISO[1]},1")), ["--time, one of: ts#1, ts#2, a"]),
    "two columns of one metric": (of("a.csv", csv("ts,power,power_w", f"{ISO[0]},5 W,2")), ["'power' and 'power_w'", "--metric '"]),
    "an unset clock": (of("a.csv", csv("ts,a", "1970-01-01T00:00:05Z,1")), ["line 2, column 'ts': '1970", NO_TIME, "--time"]),
    "a far year": (of("a.csv", csv("ts,a", f"{ISO[0]},1", "3026-01-01,1")), ["line 3, column 'ts': '3026-01-01'", "--time"]),
    "a day that is none": (of("a.csv", csv("ts,a", "2026-02-30T10:00:00Z,1")), ["line 2, column 'ts': '2026-02-30", NO_TIME]),
    "no time in a row": (of("a.csv", csv("ts,a", f"{ISO[0]},1", ",2")), ["line 3, column 'ts': ''", NO_TIME, "write RFC 3339"]),
    "days before months and behind": (
        of("a.csv", csv("ts,a", "13/05/2026 10:00,1", "05/14/2026 10:00,2")),
        ["line 3, column 'ts': '05/14/2026 10:00'", "'13/05/2026 10:00' in line 2", "best as YYYY-MM-DD"],
    ),
    "a ragged row": (of("a.csv", csv("ts,a", f"{ISO[0]},1", f"{ISO[1]},1,5")), ["line 3: 3 cells under 2", "'5'", "in quotes"]),
    "a huge cell": (of("a.csv", csv("ts,a", f"{ISO[0]},1", f"{ISO[1]},{'9' * 200_000}")), ["line 3, column 'a': '999", "export"]),
    "a quote that never closes": (of("a.csv", f'ts,a\n{ISO[0]},"1\n{ISO[1]},2\n'), ["line 2: a quote opens there and never closes", "1 more line(s)"]),
    "a word among numbers": (
        of("a.csv", csv("ts,a", f"{ISO[0]},1", f"{ISO[1]},OVR")), ["line 3, column 'a': 'OVR'", "--missing 'OVR'", "--drop 'a'"]
    ),
    "units of two kinds": (of("a.csv", csv("ts,a", f"{ISO[0]},5 W", f"{ISO[1]},21 °C")), ["line 3, column 'a': '21 °C'", "--drop"]),
    "a Parquet cut short": (of("a.parquet", TABLE[:-10]), ["is damaged", "export it again"]),
    "a Parquet with wrong bytes": (of("a.parquet", TABLE[:8] + b"\xff" * 32 + TABLE[40:]), ["is damaged", "export it again"]),
    "a Parquet of lists": (
        of("a.parquet", parquet(ts=pa.array([1], pa.timestamp("ms")), a=[[1.0]])), ["column 'a' holds list", "leave it out"]
    ),
    "a Parquet without rows": (of("a.parquet", parquet(ts=pa.array([], pa.timestamp("ms")))), ["(ts)", "export it with its rows"]),
    "a Parquet of unknown times": (
        of("a.parquet", parquet(ts=pa.array([None], pa.timestamp("ms")), a=[1.0])), ["line 1, column 'ts': ''", NO_TIME]
    ),
    "a folder": (lambda folder: folder, ["is a folder", "give the files in it"]),
    "a pipe": (fifo, ["is a pipe or device", "into a file first"]),
    "nothing of that name": (lambda folder: folder / "nothing.csv", ["No such file", "check its name"]),
    "a name without end": (lambda folder: folder / ("x" * 300), ["too long", "check its name"]),
    "below a file": (lambda folder: of("a.csv", GOOD)(folder) / "b.csv", ["Not a directory", "check its name"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_can_not_be_read_is_told_in_a_sentence(run: Run, tmp_path: Path, name: str) -> None:
    """File, line, column, cell and cure; exit code 1, nothing on stdout, nothing of ours in it."""
    make, told = CASES[name]
    path = make(tmp_path)

    ended = run("inspect", str(path))

    assert (ended.code, ended.out) == (1, "")
    sentence = ended.err.strip().splitlines()[-1]
    assert sentence.startswith(f"fettle: {path}")
    assert [part for part in told if part not in sentence] == [], sentence
    assert "Traceback" not in ended.err


def test_a_file_that_one_may_not_read_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Permission is named with the way to get it; where we are root another user asks."""
    path = nobodys(tmp_path)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(RecordingError, match=r"Permission denied; let your user read it \(chmod\)"):
            read_recording([path])
    finally:
        os.seteuid(was)
