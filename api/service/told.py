"""What the processes of one installation tell each other of themselves: a small file each, in the data folder.

A process writes every two seconds how it is. Whoever answers ``/readyz`` and ``/metrics`` adds what the other roles wrote:
their reasons, and their figures. A role that has not written for a while is itself a reason. Files, and not the
database, because that a database is away is one of the things to be told.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client.core import Metric

from api.service.role import ServiceRole
from api.service.signs import Signs, VitalSigns, gauges

if TYPE_CHECKING:
    from ingest.clock import Clock

log = structlog.get_logger()

SILENT_MS = 15_000
"""A role that has written nothing for so long does not run, or stands still."""
_SUFFIX = ".signs"


@dataclass(frozen=True, slots=True)
class Told:
    """What one process last wrote."""

    roles: tuple[str, ...]
    pid: int
    at_ms: int
    is_ended: bool
    reasons: tuple[str, ...]
    figures: tuple[dict[str, Any], ...]

    def is_fresh(self, now_ms: int) -> bool:
        """Whether that process still lives, as far as it has said."""
        return not self.is_ended and abs(now_ms - self.at_ms) <= SILENT_MS

    def metrics(self, *, counters_only: bool) -> Iterator[Metric]:
        """The figures; of a process that is gone only the counters, as nothing else of it is still true."""
        for one in self.figures:
            if counters_only and one["type"] != "counter":
                continue
            metric = Metric(one["name"], one["doc"], one["type"])
            for name, labels, value in one["samples"]:
                metric.add_sample(name, labels, value)
            yield metric


def write(
    folder: Path, roles: Sequence[ServiceRole], signs: VitalSigns, *, now_ms: int, is_ended: bool = False
) -> None:
    """Write down how this process is; the file is replaced as a whole."""
    document = {
        "roles": [role.value for role in roles],
        "pid": os.getpid(),
        "at_ms": now_ms,
        "is_ended": is_ended,
        "reasons": list(signs.not_ready()),
        "figures": [
            {
                "name": figure.name,
                "doc": figure.documentation,
                "type": figure.type,
                "samples": [(sample.name, sample.labels, sample.value) for sample in figure.samples],
            }
            for figure in signs.collect()
        ],
    }
    path = folder / f"{roles[0]}{_SUFFIX}"
    fresh = path.with_suffix(".signs-new")
    fresh.write_text(json.dumps(document), encoding="utf-8")
    fresh.replace(path)


def read(folder: Path) -> Mapping[ServiceRole, Told]:
    """Of each role the newest word."""
    found: dict[ServiceRole, Told] = {}
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        told = _read_one(path)
        for name in told.roles if told is not None else ():
            role = ServiceRole(name)
            if told is not None and (role not in found or found[role].at_ms < told.at_ms):
                found[role] = told
    return found


def _read_one(path: Path) -> Told | None:
    """One process's word; None where it can't be read now."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Told(
            roles=tuple(ServiceRole(name).value for name in document["roles"]),
            pid=document["pid"],
            at_ms=document["at_ms"],
            is_ended=document["is_ended"],
            reasons=tuple(document["reasons"]),
            figures=tuple(document["figures"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("signs_not_read", file=str(path), sentence=str(error))
        return None


def of_others(folder: Path, elsewhere: Sequence[ServiceRole], clock: Clock) -> Signs:
    """The signs of the roles that other processes have."""

    def reasons() -> Iterator[str]:
        told, now_ms = read(folder), clock.now_ms()
        for role in elsewhere:
            if role in told and told[role].is_fresh(now_ms):
                yield from told[role].reasons
            else:
                yield silent(role, folder)

    def figures() -> Iterator[Metric]:
        told, now_ms = read(folder), clock.now_ms()
        is_up = {role.value: float(role in told and told[role].is_fresh(now_ms)) for role in elsewhere}
        yield gauges(UP, UP_DOC, "role", {role.value: is_up.get(role.value, 1.0) for role in ServiceRole})
        for role in elsewhere:
            if role in told:
                yield from told[role].metrics(counters_only=not is_up[role.value])

    return Signs(figures, reasons)


UP, UP_DOC = "fettle_role_up", "1 while a process does this"


def silent(role: ServiceRole, folder: Path) -> str:
    """What is to be said of a role that nobody does."""
    return f"{role.value}: no process does this on {folder}; start fettle {role.value}"


def telling(
    folder: Path, roles: Sequence[ServiceRole], signs: VitalSigns, clock: Clock, *, every_s: float
) -> Callable[[threading.Event], None]:
    """The loop that writes down how this process is; a disk that is full hinders nothing but that."""

    def tell(*, is_ended: bool = False) -> None:
        try:
            write(folder, roles, signs, now_ms=clock.now_ms(), is_ended=is_ended)
        except OSError as error:
            log.warning("signs_not_written", sentence=str(error))

    def run(stop: threading.Event) -> None:
        tell()
        while not stop.wait(every_s):
            tell()
        tell(is_ended=True)

    return run
