"""The registry: appliances, their credentials, and mosquitto's password file."""

from __future__ import annotations

import base64
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.books.books import FILE_NAME, Books
from ingest.books.registry import Registry, RegistryError, mosquitto_hash, write_password_lines

NOW = 1_795_293_552_250


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Empty books."""
    made = Books.open(tmp_path / FILE_NAME)
    yield made
    made.close()


def test_hash_is_what_mosquitto_writes() -> None:
    """The hash equals that of a line which mosquitto_passwd wrote."""
    line = (
        "$7$101$XGqlnUTGdHV4bsbQ$"
        "XsmZziCX1DzQEB3R6U17+6bh4HygXg5AhKPwv+1NvAfwQz+ojHH6xQRhFWiVhhHFHD2HjvfZW+Z3cLIzyn7LcQ=="
    )

    assert mosquitto_hash("hello", salt=base64.b64decode("XGqlnUTGdHV4bsbQ")) == line


def test_added_appliance_has_a_password_once(books: Books) -> None:
    """Adding gives a fresh password; the books keep only its hash."""
    registry = Registry(books)

    first, second = registry.add("w1", "dryer", now_ms=NOW), registry.add("w1", "dryer", now_ms=NOW + 1)

    assert first.password != second.password
    assert len(first.password) >= 32
    stored = books.connection.execute("SELECT password_hash, first_seen_ms FROM appliance").fetchone()
    assert stored == (second.password_hash, NOW)
    assert first.password not in "".join(map(str, books.connection.iterdump()))


@pytest.mark.parametrize(
    ("appliance_id", "kind"), [("", "dryer"), ("a b", "dryer"), ("x" * 65, "dryer"), ("w1", "Dryer")]
)
def test_impossible_names_are_refused(books: Books, appliance_id: str, kind: str) -> None:
    """An id or kind that can't stand in a topic is refused with a sentence."""
    with pytest.raises(RegistryError, match="must be"):
        Registry(books).add(appliance_id, kind, now_ms=NOW)


def test_id_keeps_its_kind(books: Books) -> None:
    """An id can't become another kind."""
    Registry(books).add("w1", "dryer", now_ms=NOW)

    with pytest.raises(RegistryError, match="w1 is a dryer; an id keeps its kind"):
        Registry(books).add("w1", "oven", now_ms=NOW)


def test_retired_appliance_can_come_back(books: Books) -> None:
    """Retiring ends the service of an appliance; adding it again takes it back."""
    registry = Registry(books)
    registry.add("w1", "dryer", now_ms=NOW)
    registry.retire("w1", now_ms=NOW + 5)
    retired = list(registry.list())
    with pytest.raises(RegistryError, match="no appliance 'w1' in service"):
        registry.retire("w1", now_ms=NOW + 6)
    registry.add("w1", "dryer", now_ms=NOW + 7)

    assert [(item.retired_ms, item.has_password) for item in retired] == [(NOW + 5, False)]
    assert [(item.retired_ms, item.has_password) for item in registry.list()] == [(None, True)]


def test_import_is_all_or_nothing(books: Books, tmp_path: Path) -> None:
    """A CSV file is registered as a whole, and not at all where one line is wrong."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("\ufeffid,kind,model\nw1,dryer,X\nw2, oven ,Y\n", encoding="utf-8")
    bad.write_text("id,kind\nw3,dryer\nw 4,dryer\n", encoding="utf-8")
    registry = Registry(books)

    made = registry.import_csv(good, now_ms=NOW)
    with pytest.raises(RegistryError, match=r"bad\.csv, line 3: the id 'w 4'"):
        registry.import_csv(bad, now_ms=NOW)

    assert [item.appliance_id for item in made] == ["w1", "w2"]
    assert [(item.appliance_id, item.kind) for item in registry.list()] == [("w1", "dryer"), ("w2", "oven")]


@pytest.mark.parametrize(("content", "says"), [(b"name\nw1\n", "columns id and kind"), (b"\xff\xfe", "can't be read")])
def test_unreadable_import(books: Books, tmp_path: Path, content: bytes, says: str) -> None:
    """A file that is no such CSV is refused with a sentence."""
    path = tmp_path / "x.csv"
    path.write_bytes(content)

    with pytest.raises(RegistryError, match=says):
        Registry(books).import_csv(path, now_ms=NOW)


def test_password_file_is_changed_in_place(tmp_path: Path) -> None:
    """Lines of other users stay; a user's line is replaced or taken out; its mode stays."""
    path = tmp_path / "passwords"
    path.write_text("service:old\nw1:old\nw2:old\n", encoding="utf-8")
    path.chmod(0o600)

    write_password_lines(path, [("w1", "new"), ("w2", None), ("w3", "new")])

    assert path.read_text(encoding="utf-8") == "service:old\nw1:new\nw3:new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(RegistryError, match="can't be written"):
        write_password_lines(tmp_path / "nowhere" / "x", [("w1", "new")])


def test_behind_a_link_it_is_the_brokers_file_that_is_written(tmp_path: Path) -> None:
    """The link stays one, and who is taken out is out of the file that the broker reads."""
    (tmp_path / "etc").mkdir()
    path, link = tmp_path / "etc" / "passwords", tmp_path / "passwords"
    path.write_text("w1:old\n")
    link.symlink_to(path)

    write_password_lines(link, [("w1", None), ("w2", "new")])

    assert link.is_symlink()
    assert path.read_text() == "w2:new\n"


@pytest.mark.servers
def test_mosquitto_takes_the_file(tmp_path: Path) -> None:
    """Mosquitto's own program reads our file and keeps our line."""
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed")
    path = tmp_path / "passwords"
    line = mosquitto_hash("secret", salt=b"0123456789ab")
    write_password_lines(path, [("w1", line)])

    subprocess.run([program, "-b", str(path), "w2", "other"], check=True, capture_output=True)

    assert f"w1:{line}" in path.read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")
def test_the_brokers_password_file_stays_the_brokers(tmp_path: Path) -> None:
    """Written by root, the file keeps owner, group and mode, so that the broker can still read it."""
    path = tmp_path / "passwords"
    path.write_text("a:1\n")
    os.chown(path, 1234, 1235)
    path.chmod(0o640)

    write_password_lines(path, [("b", "2"), ("a", None)])

    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (1234, 1235, 0o640)
    assert path.read_text() == "b:2\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["passwords"]
