"""The registry: which appliances there are, and the credentials with which they reach the broker.

A password is made here, shown once, and kept as a hash only: mosquitto's own format (``$7$``, PBKDF2-SHA512), so that the
line for mosquitto's password file is the hash itself and no other program is needed. A retired appliance is refused by
admission and its line leaves the password file. Changes reach a running service at its next batch.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import fcntl
import hashlib
import os
import secrets
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.books.books import Books
from ingest.wire.topic import is_appliance_id, is_kind

ITERATIONS = 101
"""What mosquitto itself writes; a generated password has 192 bits, so that guessing is hopeless at any count."""

_SALT_BYTES = 12
_PASSWORD_BYTES = 24
_IMPORT_ROWS_MAX = 1_000_000


_COLUMNS = "SELECT id, kind, first_seen_ms, retired_ms, is_buffered, password_hash IS NOT NULL FROM appliance"


class RegistryError(Exception):
    """A change that can't be made, in a whole sentence."""


@dataclass(frozen=True, slots=True)
class RegisteredAppliance:
    """One appliance of the registry."""

    appliance_id: str
    kind: str
    first_seen_ms: int
    retired_ms: int | None
    is_buffered: bool
    has_password: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """An appliance's user name at the broker, which is its id, and the password that is shown once."""

    appliance_id: str
    password: str
    password_hash: str
    kind: str


class Registry:
    """Changes and lists the appliances in the books."""

    def __init__(self, books: Books, *, token: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._books = books
        self._token = token

    def add(self, appliance_id: str, kind: str, *, now_ms: int) -> Credentials:
        """Register an appliance, or give a known one of this kind a new password; a retired one is back in service."""
        _check(appliance_id, kind)
        credentials = self._credentials(appliance_id, kind)
        with self._books.transaction() as connection:
            _insert(connection, credentials, kind, now_ms)
            _count_change(connection)
        return credentials

    def import_csv(self, path: Path, *, now_ms: int) -> list[Credentials]:
        """Register every line of a CSV file with the columns ``id`` and ``kind``; all or nothing."""
        wanted = list(_read_csv(path))
        made = [(self._credentials(appliance_id, kind), kind) for appliance_id, kind in wanted]
        with self._books.transaction() as connection:
            for credentials, kind in made:
                _insert(connection, credentials, kind, now_ms)
            _count_change(connection)
        return [credentials for credentials, _ in made]

    def retire(self, appliance_id: str, *, now_ms: int) -> None:
        """Take an appliance out of service: from now on it is refused."""
        with self._books.transaction() as connection:
            changed = connection.execute(
                "UPDATE appliance SET retired_ms = ?, password_hash = NULL WHERE id = ? AND retired_ms IS NULL",
                (now_ms, appliance_id),
            ).rowcount
            if not changed:
                raise RegistryError(f"no appliance {appliance_id!r} in service; see: fettle appliances list")
            _count_change(connection)

    def revive(self, appliance_id: str) -> None:
        """Bring a retired appliance back into service; the password that it had is gone."""
        with self._books.transaction() as connection:
            connection.execute("UPDATE appliance SET retired_ms = NULL WHERE id = ?", (appliance_id,))
            _count_change(connection)

    def assign(self, appliance_id: str, kind: str) -> None:
        """Give an id to another kind: from now on it is that kind's, and refused to whoever had it."""
        _check(appliance_id, kind)
        with self._books.transaction() as connection:
            if not connection.execute("UPDATE appliance SET kind = ? WHERE id = ?", (kind, appliance_id)).rowcount:
                raise RegistryError(f"no appliance {appliance_id!r}; see: fettle appliances list")
            _count_change(connection)

    def erase(self, appliance_id: str) -> int:
        """Drop what a retired appliance said and was refused, and the names of what it measured; returns the dead letters.

        That there was such an appliance, and how many messages it sent, stays: it is refused by that, and the ledger holds.
        """
        with self._books.transaction() as connection:
            connection.execute("DELETE FROM metric_name WHERE id = ?", (appliance_id,))
            connection.execute("DELETE FROM window WHERE id = ?", (appliance_id,))
            return connection.execute("DELETE FROM dead_letter WHERE speaker = ?", (appliance_id,)).rowcount

    def find(self, appliance_id: str) -> RegisteredAppliance | None:
        """One appliance, if it is registered."""
        with self._books.snapshot() as connection:
            row = connection.execute(f"{_COLUMNS} WHERE id = ?", (appliance_id,)).fetchone()
        return None if row is None else _registered(row)

    def list(self) -> Iterator[RegisteredAppliance]:
        """All appliances by id, retired ones included."""
        with self._books.snapshot() as connection:
            for row in connection.execute(f"{_COLUMNS} ORDER BY id"):
                yield _registered(row)

    def _credentials(self, appliance_id: str, kind: str) -> Credentials:
        password = base64.urlsafe_b64encode(self._token(_PASSWORD_BYTES)).decode("ascii")
        return Credentials(appliance_id, password, mosquitto_hash(password, salt=self._token(_SALT_BYTES)), kind)


def _registered(row: tuple[Any, ...]) -> RegisteredAppliance:
    """What a row says."""
    return RegisteredAppliance(row[0], row[1], row[2], row[3], bool(row[4]), bool(row[5]))


def mosquitto_hash(password: str, *, salt: bytes, iterations: int = ITERATIONS) -> str:
    """A password hash as mosquitto 2 reads it: ``$7$iterations$salt$hash``."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode("utf-8"), salt, iterations)
    return f"$7${iterations}${base64.b64encode(salt).decode('ascii')}${base64.b64encode(digest).decode('ascii')}"


def write_password_lines(path: Path, hashes: Iterable[tuple[str, str | None]]) -> None:
    """Put ``user:hash`` lines into a mosquitto password file, replacing those users; ``None`` removes the user.

    The file is replaced as a whole, one writer at a time, and keeps its owner, group and mode, so that the broker can still
    read it; a new one is readable by its owner only. A running mosquitto rereads it on SIGHUP.
    """
    changes, path = dict(hashes), path.resolve()  # behind a link it is the file that the broker reads
    try:
        with _locked(path.parent):
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            kept = [line for line in lines if line.partition(":")[0] not in changes]
            kept += [f"{user}:{digest}" for user, digest in changes.items() if digest is not None]
            _replace(path, "".join(line + "\n" for line in kept))
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryError(f"the password file {path} can't be written: {error}") from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer in a folder at a time."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, text: str) -> None:
    """Put a new file in the place of one, whose owner, group and mode it takes over."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            if path.exists():
                before, mine = path.stat(), os.fstat(file.fileno())
                if (before.st_uid, before.st_gid) != (mine.st_uid, mine.st_gid):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
                os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _insert(connection: sqlite3.Connection, credentials: Credentials, kind: str, now_ms: int) -> None:
    """Write one appliance; an id keeps the kind under which it was first seen."""
    row = connection.execute("SELECT kind FROM appliance WHERE id = ?", (credentials.appliance_id,)).fetchone()
    if row is not None and row[0] != kind:
        raise RegistryError(f"{credentials.appliance_id} is a {row[0]}; an id keeps its kind, give this one another id")
    connection.execute(
        "INSERT INTO appliance (id, kind, first_seen_ms, password_hash) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash, retired_ms = NULL",
        (credentials.appliance_id, kind, now_ms, credentials.password_hash),
    )


def _count_change(connection: sqlite3.Connection) -> None:
    """Let a running service notice."""
    connection.execute(
        "INSERT INTO meta VALUES ('registry_version', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1"
    )


def _check(appliance_id: str, kind: str) -> None:
    """Names as the wire allows them."""
    if not is_appliance_id(appliance_id):
        raise RegistryError(f"the id {appliance_id!r} must be 1 to 64 characters of A-Z a-z 0-9 _ -")
    if not is_kind(kind):
        raise RegistryError(f"the kind {kind!r} must be lower_snake, at most 32 characters, such as washing_machine")


def _read_csv(path: Path) -> Iterator[tuple[str, str]]:
    """(id, kind) of each line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not {"id", "kind"} <= set(reader.fieldnames or []):
                raise RegistryError(f"{path} needs a first line that names the columns id and kind")
            for number, row in enumerate(reader, start=2):
                if number > _IMPORT_ROWS_MAX:
                    raise RegistryError(f"{path} has more than {_IMPORT_ROWS_MAX} lines; split it")
                appliance_id, kind = (row["id"] or "").strip(), (row["kind"] or "").strip()
                try:
                    _check(appliance_id, kind)
                except RegistryError as error:
                    raise RegistryError(f"{path}, line {number}: {error}") from error
                yield appliance_id, kind
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RegistryError(f"{path} can't be read: {error}") from error
