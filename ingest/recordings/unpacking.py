"""A file of recorded readings → its text, or its Parquet table: gzip, zip and encodings are undone here.

Refuses what is no such file, and what would unpack to more than :data:`BYTES_MAX`, with the way out.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.recordings.recording import RecordingError

BYTES_MAX = 1 << 30
_GZIP, _ZIP, _PARQUET, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def unpack(path: Path, encoding: str | None = None) -> str | pa.Table:
    """The text of a CSV file, or the table of a Parquet file; raises :class:`RecordingError`."""
    try:
        content = _unpacked(path)
        if content.startswith(_PARQUET):
            return pq.read_table(io.BytesIO(content))
    except OSError as error:
        raise RecordingError(f"{path} can't be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, pa.ArrowException, RuntimeError) as error:
        raise RecordingError(f"{path} is damaged: {error}; copy or export it again.") from error
    return _text(path, content, encoding)


def _unpacked(path: Path) -> bytes:
    """The content of a file, of the only file in a zip, or of a gzip."""
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if head.startswith(_GZIP):
            with gzip.open(file) as packed:
                return _bounded(path, packed)
        if head == _OLD_EXCEL:
            raise RecordingError(f"{path} is an Excel workbook; save the sheet as CSV and give that.")
        if head != _ZIP:
            return _bounded(path, file)
        with zipfile.ZipFile(file) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            if any(name.startswith("xl/") for name in names):
                raise RecordingError(f"{path} is an Excel workbook; save the sheet as CSV and give that.")
            names = [name for name in names if not name.startswith("__MACOSX/")]
            if len(names) != 1:
                raise RecordingError(
                    f"{path} holds {len(names)} files ({', '.join(names[:5])}); unpack it and give those of one series."
                )
            with archive.open(names[0]) as packed:
                return _bounded(path, packed)


def _bounded(path: Path, file: IO[bytes] | gzip.GzipFile) -> bytes:
    """All bytes, up to the limit."""
    content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise RecordingError(f"{path} holds more than {BYTES_MAX >> 20} MiB; cut it into files and give them in order.")
    return content


def _text(path: Path, content: bytes, encoding: str | None) -> str:
    """Bytes as text, by the byte order mark, the option, or as UTF-8."""
    for mark, name in _MARKS.items():
        if content.startswith(mark) and encoding is None:
            encoding = name
    if encoding is None and content[1:64:2].count(0) > len(content[1:64:2]) // 2:
        encoding = "utf-16-le"  # a tool that writes UTF-16 without its mark
    try:
        return content.decode(encoding or "utf-8")
    except LookupError as error:
        raise RecordingError(f"--encoding {encoding!r} is unknown; write utf-8, utf-16, cp1252 or gb18030.") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecordingError(
            f"{path}, line {line}: no CSV file in {(encoding or 'utf-8').upper()}, byte {content[error.start : error.start + 1]!r} "
            "can't be read; save it as UTF-8, or name its encoding with --encoding (Excel: cp1252)."
        ) from error
