"""What the service says of itself: the figures that others rely on, and each reason why it is not ready."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from alerts.database import UnitOfWork
from alerts.errors import UnavailableError
from alerts.tickets.desk import Tickets
from api.service import table
from api.service.role import ALL
from api.service.rooms import Rooms
from api.service.service import Service
from api.service.signs import Signs, VitalSigns, figures_of, gauges_of
from api.service.surroundings import Surroundings
from api.settings.settings import Settings
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker
from ingest.wire.dead_letter import RefusalReason
from tests.api.test_service import wait_until

RELIED_ON = {
    "fettle_messages_received_total": set[str](),
    "fettle_dead_letters_total": {"reason"},
    "fettle_ledger_gap": set[str](),
    "fettle_cursor_lag_messages": {"cursor"},
    "fettle_cursor_lag_seconds": {"cursor"},
    "fettle_journal_bytes": set[str](),
    "fettle_store_errors_total": {"kind"},
    "fettle_tickets_open": set[str](),
    "fettle_notices_parked": set[str](),
    "fettle_notices_waiting": set[str](),
    "fettle_receiver_off": {"receiver"},
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service at a broker."""
    with EmbeddedBroker() as broker:
        settings = Settings(data_dir=tmp_path_factory.mktemp("signs"), mqtt_url=broker.url(), http_listen="127.0.0.1:0")
        running = Service(settings, Surroundings(connection=broker.options("fettle"), window=WINDOW))
        running.start()
        yield running
        running.stop()


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx.Client]:
    """Somebody without a login."""
    with httpx.Client(base_url=service.url, trust_env=False) as made:
        wait_until(lambda: made.get("/readyz").status_code == 200)
        yield made


def test_every_figure_relied_on_is_there_from_the_start(client: httpx.Client) -> None:
    """Before anything has happened each figure is there under its exact name, with exactly its labels."""
    answer = client.get("/metrics")
    found: dict[str, set[frozenset[str]]] = {}
    for line in answer.text.splitlines():
        match = re.fullmatch(r"(\w+)(?:\{(.*)\})? \S+", line)
        if match and not line.startswith("#"):
            labels = frozenset(re.findall(r'(\w+)="', match[2] or ""))
            found.setdefault(match[1], set()).add(labels)

    assert answer.headers["content-type"].startswith("text/plain")
    assert {name: found.get(name) for name in RELIED_ON} == {
        name: {frozenset(labels)} for name, labels in RELIED_ON.items()
    }
    for reason in RefusalReason:
        assert f'fettle_dead_letters_total{{reason="{reason}"}} ' in answer.text
    for cursor in ("admit", "store", "detect", "desk"):
        assert f'fettle_cursor_lag_messages{{cursor="{cursor}"}} ' in answer.text


def lose_broker(rooms: Rooms) -> None:
    """The broker is gone."""
    stats = rooms.ingest.ingester.session.stats
    stats.is_connected, stats.sentence = False, "no broker at mqtt://b:1883"


def fill_disk(rooms: Rooms) -> None:
    """The journal can't be written."""
    rooms.ingest.ingester.commit_stats.sentence = "the disk is full"


def lock_books(rooms: Rooms) -> None:
    """The books can't be written."""
    rooms.ingest.line.admitter.stats.sentence = "the books are locked"


def stop_store(rooms: Rooms) -> None:
    """The telemetry store is away."""
    rooms.ingest.writer.stats.trouble = "InfluxDB does not answer"


TROUBLES: dict[str, tuple[Callable[[Rooms], None], str]] = {
    "broker": (lose_broker, "broker: no broker at mqtt://b:1883"),
    "journal": (fill_disk, "journal: the disk is full"),
    "books": (lock_books, "books: the books are locked"),
    "store": (stop_store, "telemetry store: InfluxDB does not answer"),
}


@pytest.mark.parametrize("part", TROUBLES)
def test_each_part_that_is_away_is_named(service: Service, client: httpx.Client, part: str) -> None:
    """One part in trouble: 503 with its one reason; alive all the while; ready again when it is back."""
    make, reason = TROUBLES[part]
    rooms = service.rooms
    before = (rooms.ingest.ingester.session.stats.sentence,)

    make(rooms)
    away, alive = client.get("/readyz"), client.get("/livez")
    session = rooms.ingest.ingester.session.stats
    session.is_connected, session.sentence = True, before[0]
    rooms.ingest.ingester.commit_stats.sentence = None
    rooms.ingest.line.admitter.stats.sentence = None
    rooms.ingest.writer.stats.trouble = None
    back = client.get("/readyz")

    assert (away.status_code, away.json()) == (503, {"ready": False, "reasons": [reason]})
    assert alive.status_code == 200
    assert (back.status_code, back.json()) == (200, {"ready": True, "reasons": []})


def test_a_desk_database_that_is_away_is_named(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the database: 503 with the reason, and the figures that need it are left out while all others stay."""

    def away(_asked: object) -> dict[str, int]:
        raise UnavailableError("PostgreSQL does not answer")

    monkeypatch.setattr(UnitOfWork, "check", away)
    monkeypatch.setattr(Tickets, "counts", away)

    ready, figures = client.get("/readyz"), client.get("/metrics")

    assert ready.json() == {"ready": False, "reasons": ["desk database: PostgreSQL does not answer"]}
    assert "\nfettle_tickets_open" not in figures.text
    assert "\nfettle_messages_received_total" in figures.text


def test_several_reasons_are_all_told(service: Service, client: httpx.Client) -> None:
    """Whoever looks sees everything that is amiss at once."""
    fill_disk(service.rooms)
    stop_store(service.rooms)

    answer = client.get("/readyz")
    service.rooms.ingest.ingester.commit_stats.sentence = None
    service.rooms.ingest.writer.stats.trouble = None

    assert answer.json()["reasons"] == ["journal: the disk is full", "telemetry store: InfluxDB does not answer"]


def test_why_a_loop_waits_is_a_reason_not_to_be_ready(tmp_path: Path) -> None:
    """A loop's own trouble is told on ``/readyz`` with the loop's name, as long as it stands."""
    rooms = Rooms(Settings(data_dir=tmp_path), Surroundings(), ALL)
    trouble = rooms.trouble("detect")

    well = rooms.signs.not_ready()
    trouble.sentence = "The database can't be used now: away"
    ill = rooms.signs.not_ready()
    trouble.sentence = None

    assert (well, rooms.signs.not_ready()) == ([], [])
    assert ill == ["detect waits: The database can't be used now: away"]


def test_no_loop_keeps_its_trouble_to_itself() -> None:
    """Every loop of the table that may wait has its trouble from the rooms, where it is told."""
    text = Path(table.__file__).read_text(encoding="utf-8")

    assert "Trouble()" not in text
    assert text.count("rooms.trouble") >= 4


def test_a_gauge_of_several_labels_is_exposed_with_all_of_them() -> None:
    """Each value stands under its own labels, in their order."""
    signs = VitalSigns()
    signs.add(
        Signs(figures=lambda: (gauges_of("fettle_odd", "how odd", ["kind", "mode"], [(("dryer", "vent"), 2.0)]),))
    )

    assert list(figures_of(signs.exposition())) == [("fettle_odd", {"kind": "dryer", "mode": "vent"}, 2.0)]
