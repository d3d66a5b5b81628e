"""A file of recorded readings → its text, or its Parquet table: gzip, zip and encodings are undone here.

Refuses what is no such file, and what would unpack to more than :data:`BYTES_MAX`, with the way out: another kind of file is
named as what it is, damage and foreign bytes with the line where they stand.
"""

from __future__ import annotations

import errno
import gzip
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.recordings.recording import RecordingError

BYTES_MAX = 1 << 30
_GZIP, _ZIPS, _PARQUET, _OLD_EXCEL = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06"), b"PAR1", b"\xd0\xcf\x11\xe0"
_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_OTHERS: Mapping[bytes, str] = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3\0": "a SQLite database",
    b"\x7fELF": "a program",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xfd7zXZ": "an xz archive",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"ARROW1": "an Arrow file",
    b"Obj\x01": "an Avro file",
}
_HTML, _JSON = re.compile(r"\s*<(!doctype|\?xml|html)", re.IGNORECASE), re.compile(r"\s*(\{|\[\s*[{\[\"])")
_NO_TEXT = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_PADDING = "\0\x1a"
"""What loggers that lost their power, and DOS, leave behind the last line."""
_CURES: Mapping[int, str] = {
    errno.ENOENT: "check its name",
    errno.ENOTDIR: "check its name",
    errno.ENAMETOOLONG: "check its name",
    errno.EACCES: "let your user read it (chmod), or run this as its owner",
    errno.EPERM: "let your user read it (chmod), or run this as its owner",
    errno.EIO: "its disk fails; read a copy",
}


def unpack(path: Path, encoding: str | None = None) -> str | pa.Table:
    """The text of a CSV file, or the table of a Parquet file; raises :class:`RecordingError`."""
    try:
        _check_file(path)
        content = _unpacked(path)
        if content.startswith(_PARQUET):
            return pq.read_table(io.BytesIO(content))
    except OSError as error:
        if error.errno is None:
            raise _damaged(path, error) from error
        cure = _CURES.get(error.errno, "read a copy of it")
        raise RecordingError(f"{path} can't be read: {error.strerror or error}; {cure}.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, pa.ArrowException, RuntimeError, NotImplementedError) as error:
        raise _damaged(path, error) from error
    return _text(path, content, encoding)


def _check_file(path: Path) -> None:
    """A file that has an end; raises OSError and :class:`RecordingError`."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise RecordingError(f"{path} is a folder; give the files in it, in the order of time: {path}/*.csv")
    if not stat.S_ISREG(mode):
        raise RecordingError(f"{path} is a pipe or device and no file; write what comes out of it into a file first.")


def _damaged(path: Path, error: Exception) -> RecordingError:
    """What a library found, on one line."""
    return RecordingError(f"{path} is damaged: {' '.join(str(error).split()).rstrip('.')}; copy or export it again.")


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
        if head not in _ZIPS:
            return _bounded(path, file)
        with zipfile.ZipFile(file) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            if any(name.startswith("xl/") for name in names):
                raise RecordingError(f"{path} is an Excel workbook; save the sheet as CSV and give that.")
            names = [name for name in names if not name.startswith("__MACOSX/")]
            if len(names) != 1:
                held = f"{len(names)} files ({', '.join(names[:5])})" if names else "no file"
                raise RecordingError(f"{path} holds {held}; unpack it and give those of one series.")
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
    what = next((name for mark, name in _OTHERS.items() if content.startswith(mark)), None)
    if what is not None:
        raise RecordingError(f"{path} is {what}; give an export as CSV or Parquet.")
    encoding = encoding or next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    if encoding is None and content[1:64:2].count(0) > len(content[1:64:2]) // 2:
        encoding = "utf-16-le"  # a tool that writes UTF-16 without its mark
    try:
        text = content.decode(encoding or "utf-8").rstrip(_PADDING)
    except LookupError as error:
        raise RecordingError(f"--encoding {encoding!r} is unknown; write utf-8, utf-16, cp1252 or gb18030.") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecordingError(
            f"{path}, line {line}: no CSV file in {(encoding or 'utf-8').upper()}, byte {content[error.start : error.start + 1]!r} "
            "can't be read; save it as UTF-8, or name its encoding with --encoding (Excel: cp1252)."
        ) from error
    _check_text(path, text)
    return text


def _check_text(path: Path, text: str) -> None:
    """Raise :class:`RecordingError` for text that is no table."""
    if _HTML.match(text):
        raise RecordingError(f"{path} is a web page, maybe that of a login; get the export itself, as CSV or Parquet.")
    if _JSON.match(text):
        raise RecordingError(f"{path} is JSON; give an export as CSV or Parquet, a row per time.")
    found = _NO_TEXT.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise RecordingError(
            f"{path}, line {line}: no CSV file, {found[0]!r} is no character of a text; export it again, or name its "
            "encoding with --encoding (utf-16, cp1252, gb18030)."
        )
