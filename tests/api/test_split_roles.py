"""Four processes of a role each say together what one process says of itself: every figure, and every reason."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.service import told
from api.service.role import ServiceRole
from api.service.rooms import Rooms
from api.service.service import Service
from api.service.surroundings import Surroundings
from api.service.table import LOOPS
from api.settings.settings import Settings
from ingest.clock import ManualClock
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker
from tests.api.test_service import wait_until
from tests.api.test_vital_signs import TROUBLES


def installation(broker: EmbeddedBroker, folder: Path) -> tuple[Settings, Surroundings]:
    """Settings and surroundings of an installation at a broker."""
    settings = Settings(data_dir=folder, mqtt_url=broker.url(), http_listen="127.0.0.1:0")
    return settings, Surroundings(connection=broker.options("fettle"), window=WINDOW, tells_every_s=0.1)


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    """A broker in a child process; the whole service and the split one are there one after the other."""
    with EmbeddedBroker() as running:
        yield running


@pytest.fixture(scope="module")
def figures_of_whole(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names and labels of what one process with all roles shows."""
    service = Service(*installation(broker, tmp_path_factory.mktemp("whole")))
    service.start()
    try:
        with httpx.Client(base_url=service.url, trust_env=False) as client:
            wait_until(lambda: client.get("/readyz").status_code == 200)
            return series(client.get("/metrics").text)
    finally:
        service.stop()


@pytest.fixture(scope="module")
def split(
    broker: EmbeddedBroker, figures_of_whole: set[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[ServiceRole, Service]]:
    """Four services of one role each, on one data folder."""
    del figures_of_whole  # before us at the broker
    settings, around = installation(broker, tmp_path_factory.mktemp("split"))
    services = {role: Service(settings, around, (role,)) for role in ServiceRole}
    for service in services.values():
        service.start()
    yield services
    for service in services.values():
        service.stop()


@pytest.fixture(scope="module")
def client(split: dict[ServiceRole, Service]) -> Iterator[httpx.Client]:
    """Somebody who asks the process that answers for all."""
    with httpx.Client(base_url=split[ServiceRole.API].url, trust_env=False) as made:
        wait_until(lambda: made.get("/readyz").status_code == 200)
        yield made


def series(exposition: str) -> set[str]:
    """Every name with its labels, without the values."""
    return {line.rpartition(" ")[0] for line in exposition.splitlines() if line and not line.startswith("#")}


def test_split_by_role_no_figure_vanishes(figures_of_whole: set[str], client: httpx.Client) -> None:
    """The API's process shows, of all four, exactly the series that one process with all roles shows."""
    assert len(figures_of_whole) > 40

    wait_until(lambda: series(client.get("/metrics").text) == figures_of_whole)


@pytest.mark.parametrize("part", TROUBLES)
def test_split_by_role_no_reason_vanishes(split: dict[ServiceRole, Service], client: httpx.Client, part: str) -> None:
    """What keeps the process at the broker from its work stands in the answer of the API's process, and goes again."""
    make, reason = TROUBLES[part]
    rooms = split[ServiceRole.INGEST].rooms
    session = rooms.ingest.ingester.session.stats
    before = session.sentence

    make(rooms)
    wait_until(lambda: client.get("/readyz").json()["reasons"] == [reason])
    session.is_connected, session.sentence = True, before
    rooms.ingest.ingester.commit_stats.sentence = rooms.ingest.line.admitter.stats.sentence = None
    rooms.ingest.writer.stats.trouble = None
    wait_until(lambda: client.get("/readyz").status_code == 200)


def test_a_role_that_is_not_heard_is_a_reason(tmp_path: Path) -> None:
    """A role that nobody has is named with its command; one that has not written for a while as well, and not before."""
    clock = ManualClock(1_000_000)
    signs = told.of_others(tmp_path, [ServiceRole.DETECT], clock)
    missing = f"detect: no process does this on {tmp_path}; start fettle detect"
    rooms = Rooms(Settings(data_dir=tmp_path), Surroundings(), (ServiceRole.DETECT,))

    never = list(signs.reasons())
    told.write(tmp_path, [ServiceRole.DETECT], rooms.signs, now_ms=clock.now_ms())
    clock.advance(told.SILENT_MS)
    heard = list(signs.reasons())
    clock.advance(1)
    silent = list(signs.reasons())
    (tmp_path / "detect.signs").write_text("{")
    garbled = list(signs.reasons())
    rooms.close()

    assert (never, heard, silent, garbled) == ([missing], [], [missing], [missing])


def test_every_counter_that_is_kept_is_told(split: dict[ServiceRole, Service]) -> None:
    """Each number in the stats of the process at the broker stands in the exposition: no counter is kept for nobody."""
    room = split[ServiceRole.INGEST].rooms.ingest
    kept = [
        room.ingester.stats,
        room.ingester.commit_stats,
        room.ingester.session.stats,
        room.courier.stats,
        room.line.admitter.stats,
        room.writer.stats,
    ]
    figures = split[ServiceRole.INGEST].rooms.signs

    for stats in kept:
        for field in dataclasses.fields(stats):  # type: ignore[arg-type]  # each of them is a dataclass
            value = getattr(stats, field.name)
            if re.fullmatch(r"int|int \| None", str(field.type)) and field.name not in {"position", "trouble_since_ms"}:
                setattr(stats, field.name, 77_123_456)
                shown = figures.exposition().decode()
                setattr(stats, field.name, value)
                assert re.search(r" 7\.7123456e\+07| 77123\.456", shown), f"nobody is told {field.name}"


def test_every_role_has_loops_and_no_name_is_there_twice() -> None:
    """The one table names each thread once; a role without loops would be a process that does nothing."""
    assert {loop.role for loop in LOOPS} == {*ServiceRole, None}
    assert len({loop.name for loop in LOOPS}) == len(LOOPS)
