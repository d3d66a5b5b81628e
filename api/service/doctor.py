"""What may keep an installation from working: settings, files, servers, versions, clock; each with its cause and cure.

Looks and changes nothing. The broker is only reached, not logged in to: a second session under the service's name would end
the first, and with it what the broker keeps for it.
"""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.database import open_database
from alerts.database_check import check_database
from alerts.errors import DeskError
from api.service import told
from api.service.private_folder import open_to_others
from api.service.role import ServiceRole
from api.settings.masking import without_secrets
from ingest.journal import JournalError
from ingest.journal.opening import open_journal_reader
from ingest.mqtt.address import AddressError, parse_address
from ingest.profiles import ProfileError, load_profiles
from ingest.store import StoreError
from ingest.store.opening import open_store
from ingest.wire.foreign.devices import Device, DevicesError, load_devices
from ingest.wire.foreign.traces import FILE_NAME, read_told
from ingest.wire.foreign.unheard import unheard_rows

if TYPE_CHECKING:
    from api.settings.settings import Settings
    from ingest.clock import Clock

REACH_S = 5.0
FREE_BYTES_MIN = 1 << 30
FILES_MIN = 4096
CLOCK_OFF_MS = 5_000
BUILT_AT_MS = 1_780_000_000_000
"""A clock that stands before this is wrong."""


class Grade(StrEnum):
    """How a thing is."""

    OK = "ok"
    DOUBT = "doubt"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing: how it is, what was found, and what to do about it where it is not well."""

    subject: str
    grade: Grade
    found: str
    cure: str = ""


Look = Callable[["Settings", "Clock"], Iterator[Diagnosis]]


def examine(settings: Settings, clock: Clock) -> Iterator[Diagnosis]:
    """All there is to look at; what can't even be looked at is a diagnosis too."""
    for look in LOOKS:
        try:
            for one in look(settings, clock):
                yield Diagnosis(one.subject, one.grade, without_secrets(one.found), one.cure)
        except OSError as error:
            yield Diagnosis(
                look.__name__.strip("_"), Grade.BAD, without_secrets(str(error)), "Look at the path or address."
            )


def _versions(_settings: Settings, _clock: Clock) -> Iterator[Diagnosis]:
    """Of what we stand on."""
    python = ".".join(map(str, sys.version_info[:3]))
    is_right = sys.version_info >= (3, 11)
    yield _graded("python", is_right, python, "Install Python 3.11 or later.")
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    cure = f"Allow {FILES_MIN} open files: LimitNOFILE= in the unit, or ulimit -n."
    yield _graded("open files", files >= FILES_MIN, f"{files} allowed", cure, bad=Grade.DOUBT)


def _clock(_settings: Settings, clock: Clock) -> Iterator[Diagnosis]:
    """Nothing that is dated by a clock that was never set is of use."""
    is_set = clock.now_ms() > BUILT_AT_MS
    yield _graded(
        "clock", is_set, clock.now().isoformat(timespec="seconds"), "Set the clock: timedatectl set-ntp true."
    )


def _folder(settings: Settings, _clock: Clock) -> Iterator[Diagnosis]:
    """The data folder: ours, shut to others, with room."""
    folder = settings.data_dir
    if not folder.exists():
        parent = next(one for one in (folder, *folder.resolve().parents) if one.exists())
        may = os.access(parent, os.W_OK)
        cure = f"Make it, or give FETTLE_DATA_DIR a folder that this user may write: install -d -m 700 {folder}"
        yield _graded("data folder", may, f"{folder} is not there yet", cure)
        return
    may = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    cure = f"Run it as the folder's owner, or: chown -R {os.getlogin() if os.isatty(0) else 'fettle'} {folder}"
    yield _graded("data folder", may, str(folder), cure)
    others = open_to_others(folder) if may else []
    found = f"{len(others)} files can be read by others, as {others[0]}" if others else "shut to others"
    yield _graded("data rights", not others, found, f"chmod -R go= {folder}", bad=Grade.DOUBT)
    free = shutil.disk_usage(folder).free
    cure = "Free some space, or lower FETTLE_RETENTION_DAYS and FETTLE_JOURNAL_KEEP_MIB."
    yield _graded("disk", free >= FREE_BYTES_MIN, f"{free / 2**30:.1f} GiB free", cure)


def _files(settings: Settings, _clock: Clock) -> Iterator[Diagnosis]:
    """What the operator wrote."""
    try:
        count = len(load_profiles(settings.profiles_dir))
        yield Diagnosis("profiles", Grade.OK, f"{count} kinds")
    except ProfileError as error:
        yield Diagnosis("profiles", Grade.BAD, str(error), "Mend the file that is named.")
    if settings.devices_file is not None:
        try:
            yield _rows(settings, load_devices(settings.devices_file))
        except DevicesError as error:
            yield Diagnosis("devices file", Grade.BAD, str(error), "Mend the line that is named.")


def _rows(settings: Settings, devices: Mapping[str, Device]) -> Diagnosis:
    """Whether each row of the devices file names something that was heard, once anything was."""
    heard = read_told(settings.data_dir / FILE_NAME)
    unheard = unheard_rows(devices, heard)
    if not heard.devices or not unheard:
        return Diagnosis("devices file", Grade.OK, f"{len(devices)} devices")
    found = f"{len(unheard)} of {len(devices)} rows match nothing that was heard: {unheard[0].name}"
    return Diagnosis("devices file", Grade.DOUBT, found, f"{unheard[0].sentence} `fettle devices` lists all.")


def _broker(settings: Settings, _clock: Clock) -> Iterator[Diagnosis]:
    """Whether something listens there, and speaks TLS as it should."""
    try:
        address = parse_address(
            settings.mqtt_url, ca_file=settings.mqtt_ca_file, cert_file=settings.mqtt_cert_file,
            key_file=settings.mqtt_key_file,
        )  # fmt: skip
        context = address.ssl_context()
    except AddressError as error:
        yield Diagnosis("broker", Grade.BAD, str(error), "Mend FETTLE_MQTT_URL or the TLS files.")
        return
    try:
        with socket.create_connection((address.host, address.port), REACH_S) as line:
            if context is not None:
                context.wrap_socket(line, server_hostname=address.host).close()
    except OSError as error:
        cure = "Start the broker (deploy/mosquitto.conf), or correct FETTLE_MQTT_URL."
        yield Diagnosis("broker", Grade.BAD, f"{address} is not reached: {error}", cure)
    else:
        yield Diagnosis("broker", Grade.OK, f"{address} is reached")


def _journal(settings: Settings, _clock: Clock) -> Iterator[Diagnosis]:
    """Whether it can be read."""
    url = settings.resolved_journal_url
    if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:///")).exists():
        yield Diagnosis("journal", Grade.OK, "not there yet; the first start makes it")
        return
    try:
        journal = open_journal_reader(url)
        found = f"{journal.tip()} commits, {journal.size_bytes() / 2**20:.0f} MiB"
        journal.close()
        yield Diagnosis("journal", Grade.OK, found)
    except JournalError as error:
        yield Diagnosis("journal", Grade.BAD, str(error), "Correct FETTLE_JOURNAL_URL, or start that server.")


def _store(settings: Settings, _clock: Clock) -> Iterator[Diagnosis]:
    """Whether it takes and gives data."""
    token = settings.store_token.get_secret_value() if settings.store_token else None
    if not settings.store_url and not settings.data_dir.exists():
        yield Diagnosis("telemetry store", Grade.OK, "not there yet; the first start makes it")
        return
    try:
        store = open_store(settings.store_url, token=token, data_dir=settings.data_dir)
        try:
            store.check()
        finally:
            store.close()
        yield Diagnosis("telemetry store", Grade.OK, "InfluxDB" if settings.store_url else "embedded")
    except StoreError as error:
        cure = "Correct FETTLE_STORE_URL or FETTLE_STORE_TOKEN, or start that server."
        yield Diagnosis("telemetry store", Grade.BAD, str(error), cure)


def _database(settings: Settings, clock: Clock) -> Iterator[Diagnosis]:
    """Whether it can be used by this version, and has our time."""
    url = settings.resolved_database_url
    if not settings.has_desk:
        yield Diagnosis("desk database", Grade.OK, "not there yet; the first start makes it")
        return
    try:
        engine = open_database(url)
        try:
            found = check_database(engine)
        finally:
            engine.dispose()
    except DeskError as error:
        yield Diagnosis("desk database", Grade.BAD, str(error), "Correct FETTLE_DATABASE_URL, or start that server.")
        return
    if found.is_newer:
        cure = "Install the newer version of Fettle, or restore the copy made before the upgrade."
        yield Diagnosis("desk database", Grade.BAD, f"a newer version has changed it ({found.revision})", cure)
    elif found.revision != found.newest:
        cure = "Run fettle migrate; fettle serve does the same at its start."
        yield Diagnosis(
            "desk database", Grade.DOUBT, f"{found.server}, tables of {found.revision or 'no version'}", cure
        )
    else:
        yield Diagnosis("desk database", Grade.OK, f"{found.server}, tables of this version")
    cure = "GRANT CREATE ON SCHEMA public TO the role of FETTLE_DATABASE_URL."
    yield _graded(
        "database rights", found.may_create, "may make tables" if found.may_create else "may not make tables", cure
    )
    off_ms = found.clock_ms - clock.now_ms()
    cure = "Set both clocks by NTP: deadlines of tickets are counted by them."
    yield _graded("database clock", abs(off_ms) < CLOCK_OFF_MS, f"{off_ms / 1000:+.1f} s from ours", cure)


def _processes(settings: Settings, clock: Clock) -> Iterator[Diagnosis]:
    """What the processes say of themselves; where none runs, whether the port is free."""
    words, now_ms = told.read(settings.data_dir), clock.now_ms()
    alive = {role for role, word in words.items() if word.is_fresh(now_ms)}
    for role in ServiceRole:
        if role in alive:
            reasons = words[role].reasons
            cure = "fettle status tells more." if reasons else ""
            yield _graded(role.value, not reasons, "; ".join(reasons) or f"runs, pid {words[role].pid}", cure)
        elif alive:
            yield Diagnosis(role.value, Grade.BAD, "no process does this", f"Start fettle {role.value}.")
    if not alive:
        yield Diagnosis("service", Grade.DOUBT, "does not run on this data folder", "Start fettle serve.")
        host, port = settings.http_address
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                line.bind((host, port))
                yield Diagnosis("http", Grade.OK, f"{settings.http_listen} is free")
            except OSError as error:
                cure = "End what listens there, or give another FETTLE_HTTP_LISTEN."
                yield Diagnosis("http", Grade.BAD, f"{settings.http_listen}: {error.strerror}", cure)


LOOKS: tuple[Look, ...] = (
    _versions, _clock, _folder, _files, _broker, _journal, _store, _database, _processes,
)  # fmt: skip


def _graded(subject: str, is_well: bool, found: str, cure: str, *, bad: Grade = Grade.BAD) -> Diagnosis:
    """Well, or not with its cure."""
    return Diagnosis(subject, Grade.OK if is_well else bad, found, "" if is_well else cure)
