"""The service in one process: from a message at the broker to what the API shows, its locks, its health, its end."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import aiomqtt
import httpx
import pytest
import websockets.sync.client

from alerts.accounts.account import Role
from alerts.appliances.directory import ensure_appliance
from api.service.process_lock import ProcessLock
from api.service.role import ALL, ServiceRole
from api.service.rooms import Rooms
from api.service.service import Service, ServiceError
from api.service.service_thread import ServiceThread
from api.service.surroundings import Surroundings
from api.settings.settings import Settings
from ingest.clock import ManualClock, SystemClock
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker

USERS = {"fettle": "f", "fridge-1": "a"}
TOPIC = "fettle/v1/refrigerator/fridge-1/telemetry"


def wait_until(is_there: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Let other threads work until something is there."""
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while not is_there():
        assert time.monotonic() < deadline, "it did not come in time"
        pause.wait(0.02)


def publish(broker: EmbeddedBroker, payloads: list[bytes]) -> None:
    """Send payloads as the fridge does."""

    async def send() -> None:
        async with aiomqtt.Client(
            "127.0.0.1",
            broker.old_port,
            username="fridge-1",
            password=USERS["fridge-1"],
            identifier="fridge-1",
            protocol=aiomqtt.ProtocolVersion.V311,
        ) as client:
            for payload in payloads:
                await client.publish(TOPIC, payload, qos=1)

    asyncio.run(send())


def readings(count: int, *, boot: str = "b") -> list[bytes]:
    """Telemetry of the last minutes, one message a second."""
    now_ms = SystemClock().now_ms()
    return [
        json.dumps(
            {"boot": boot, "seq": i, "ts": now_ms - (count - i) * 1000, "metrics": {"power_w": 90 + i % 3}}
        ).encode()
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    """A broker in a child process."""
    with EmbeddedBroker(users=USERS) as running:
        yield running


@pytest.fixture
def service(broker: EmbeddedBroker, tmp_path: Path) -> Iterator[Service]:
    """A running service on that broker."""
    settings = Settings(data_dir=tmp_path, mqtt_url=broker.url("fettle"), http_listen="127.0.0.1:0")
    running = Service(settings, Surroundings(connection=broker.options("fettle"), window=WINDOW))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """An administrator's client."""
    service.rooms.accounts.add("root", Role.ADMIN)
    key = service.rooms.accounts.issue_key("root")
    with httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as made:
        yield made


def test_what_an_appliance_sends_is_seen_over_the_api(
    broker: EmbeddedBroker, service: Service, client: httpx.Client
) -> None:
    """Readings reach the store one by one, a refused message the dead letters, where it is judged again, and nothing is missing."""
    wait_until(lambda: client.get("/readyz").status_code == 200)

    publish(broker, [*readings(50), b"{nonsense"])
    wait_until(lambda: client.get("/api/v1/appliances/fridge-1").status_code == 200)
    wait_until(lambda: service.rooms.ingest.writer.stats.readings_stored == 50)
    telemetry = client.get("/api/v1/appliances/fridge-1/telemetry?metric=power_w").json()
    letters = client.get("/api/v1/dead-letters").json()["items"]
    (row,) = service.rooms.ingest.books.ledger_rows()
    figures = client.get("/metrics").text

    assert len([value for value in telemetry["series"]["power_w"] if value is not None]) == 50
    assert [(letter["reason"], letter["payload"]) for letter in letters] == [("not_json", "{nonsense")]
    assert (row.id, row.max_seq, row.stored, row.gap) == ("fridge-1", 49, 50, 0)
    assert "fettle_messages_received_total 51.0" in figures
    assert 'fettle_dead_letters_total{reason="not_json"} 1.0' in figures
    for name in ("fettle_ledger_gap", "fettle_cursor_lag_messages{", "fettle_journal_bytes", "fettle_tickets_open"):
        assert f"\n{name}" in figures
    assert "\nfettle_store_errors_total{" in figures
    client.post(f"/api/v1/dead-letters/{letters[0]['number']}/replay")
    wait_until(lambda: client.get("/api/v1/dead-letters").json()["items"][0]["replayed_at"] is not None)
    assert [(one.stored, one.gap) for one in service.rooms.ingest.books.ledger_rows()] == [(50, 0)]


def test_live_samples_come_by_websocket(broker: EmbeddedBroker, service: Service, client: httpx.Client) -> None:
    """Whoever watches an appliance gets its samples as they are admitted; without a login nobody watches."""
    wait_until(lambda: client.get("/readyz").status_code == 200)
    address = service.url.replace("http", "ws") + "/api/v1/live?appliance_id=fridge-1"
    headers = {"Authorization": client.headers["Authorization"]}

    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        websockets.sync.client.connect(address, proxy=None)
    with websockets.sync.client.connect(address, additional_headers=headers, proxy=None) as socket:
        publish(broker, readings(2, boot="live"))
        shown = [json.loads(socket.recv(timeout=20)) for _ in range(2)]

    assert refused.value.response.status_code == 401
    assert [item["seq"] for item in shown] == [0, 1]
    assert [item["metrics"]["power_w"] for item in shown] == [90.0, 91.0]
    assert {item["appliance_id"] for item in shown} == {"fridge-1"}


def test_events_resume_where_a_page_left_off(service: Service, client: httpx.Client) -> None:
    """A stream with Last-Event-ID gives what came behind it, each with kind, id and subject."""
    desk = service.rooms.desk
    desk.unit.write(lambda t: ensure_appliance(t, "fridge-1", "refrigerator"))
    first = client.post("/api/v1/tickets", json={"appliance_id": "fridge-1", "title": "one"}).raise_for_status().json()
    seen = desk.changes.last()
    second = client.post("/api/v1/tickets", json={"appliance_id": "fridge-1", "title": "two"}).raise_for_status().json()

    with client.stream("GET", "/api/v1/events", headers={"Last-Event-ID": str(seen)}, timeout=10) as stream:
        lines: list[str] = []
        for line in stream.iter_lines():
            if not line and any(seen_line.startswith("data:") for seen_line in lines):
                break
            lines.append(line)

    event = {key: value.strip() for key, _, value in (line.partition(":") for line in lines) if key}
    assert first["id"] != second["id"]
    assert event["event"] == "ticket"
    assert int(event["id"]) > seen
    assert json.loads(event["data"])["id"] == second["id"]


def test_a_second_service_on_the_folder_names_the_first(service: Service) -> None:
    """A second process of a role on one data folder is refused with the pid of the first."""
    second = Service(service.settings)

    with pytest.raises(ServiceError, match=r"pid \d+"):
        second.start()


def test_a_taken_port_is_told_before_anything_starts(service: Service, tmp_path: Path) -> None:
    """A port in use is one sentence with a remedy, and nothing stays locked."""
    taken = service.url.removeprefix("http://")
    other = Service(Settings(data_dir=tmp_path / "other", http_listen=taken))

    with pytest.raises(ServiceError, match=r"Can't listen on .*FETTLE_HTTP_LISTEN"):
        other.start()

    lock = ProcessLock(tmp_path / "other", ("ingest",))
    lock.acquire()
    lock.release()


def test_a_restart_goes_on_where_the_first_run_ended(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """What was acknowledged before a stop is there after the next start, once."""
    settings = Settings(data_dir=tmp_path, mqtt_url=broker.url("fettle"), http_listen="127.0.0.1:0")
    around = Surroundings(connection=broker.options("fettle"), window=WINDOW)
    first = Service(settings, around)
    first.start()
    wait_until(lambda: first.rooms.ingest.ingester.session.stats.is_connected)
    publish(broker, readings(20, boot="r"))
    wait_until(lambda: first.rooms.ingest.ingester.stats.messages_acknowledged >= 20)
    first.stop()

    second = Service(settings, around)
    second.start()
    try:
        wait_until(lambda: second.rooms.store.count_readings("refrigerator", "fridge-1") == 20)
        rows = list(second.rooms.ingest.books.ledger_rows())
    finally:
        second.stop()

    assert [(row.stored, row.gap, row.duplicates) for row in rows] == [(20, 0, 0)]
    assert first.failure is None
    assert second.failure is None


def test_without_a_broker_the_service_waits_and_says_so(tmp_path: Path) -> None:
    """Readiness is 503 and names the broker; everything else answers."""
    settings = Settings(data_dir=tmp_path, mqtt_url="mqtt://127.0.0.1:1", http_listen="127.0.0.1:0")
    service = Service(settings)
    service.start()
    try:
        with httpx.Client(base_url=service.url, trust_env=False) as client:
            wait_until(lambda: "no broker" in client.get("/readyz").text)
            ready = client.get("/readyz")
            live = client.get("/livez")
    finally:
        service.stop()

    assert ready.status_code == 503
    assert "mqtt://127.0.0.1:1" in ready.json()["reasons"][0]
    assert live.status_code == 200


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mqtt_url": "mqtt://127.0.0.1:1883/path"}, "FETTLE_MQTT_URL"),
        ({"mqtt_url": "mqtts://127.0.0.1:1", "mqtt_ca_file": Path("none.pem")}, "none.pem"),
        ({"devices_file": Path("none.toml")}, "none.toml"),
        ({"webhook_url": "https://x.test"}, "FETTLE_WEBHOOK_SECRET"),
        ({"journal_url": "kafka://127.0.0.1/t"}, "is no host:port"),
        ({"journal_url": "redis://127.0.0.1/t"}, "kafka://host:port/topic"),
        ({"database_url": "sqlite:////nonexistent/folder/desk.db"}, "database"),
    ],
)
def test_what_can_not_be_used_stops_the_start_with_a_sentence(
    tmp_path: Path, values: dict[str, object], said: str
) -> None:
    """Each part that can't be opened is named before anything connects."""
    settings = Settings(data_dir=tmp_path, http_listen="127.0.0.1:0").model_copy(update=values)
    service = Service(settings)

    with pytest.raises(ServiceError, match=said):
        service.start()


def test_the_death_of_a_thread_is_told_with_its_cause() -> None:
    """A loop that raises, or ends by itself, is told by name; one that was asked to stop is not."""
    deaths: list[tuple[str, str]] = []

    def fail(_stop: threading.Event) -> None:
        raise ZeroDivisionError("why")

    def until_stopped(stop: threading.Event) -> None:
        stop.wait()

    threads = [
        ServiceThread("failing", fail, on_death=lambda name, cause: deaths.append((name, str(cause)))),
        ServiceThread("leaving", lambda _stop: None, on_death=lambda name, _: deaths.append((name, ""))),
        ServiceThread("good", until_stopped, on_death=lambda name, _: deaths.append((name, ""))),
    ]
    for thread in threads:
        thread.start()
    threads[2].ask_to_stop()

    assert all(thread.join(10) for thread in threads)
    assert sorted(deaths) == [("failing", "why"), ("leaving", "")]


def test_deliveries_are_given_up_by_the_time_of_people(tmp_path: Path) -> None:
    """However fast the appliances' time runs, the receiver of a notice has a real day to come back."""
    around = Surroundings(clock=ManualClock(1), people_clock=ManualClock(2))
    rooms = Rooms(Settings(data_dir=tmp_path), around, ALL)
    clocks = rooms.desk.unit.clock, rooms.outbox.unit.clock
    rooms.close()

    assert clocks == (around.clock, around.people_clock)


def test_a_missing_message_is_waited_for_by_the_time_of_people(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """However fast the appliances' time runs, a message that comes late on a real line is not given up before."""
    settings = Settings(data_dir=tmp_path, mqtt_url=broker.url("fettle"), http_listen="127.0.0.1:0")
    now_ms = SystemClock().now_ms()
    fast, people = ManualClock(now_ms), ManualClock(now_ms)
    around = Surroundings(clock=fast, people_clock=people, connection=broker.options("fettle"), window=WINDOW)
    service = Service(settings, around)
    acked: list[int] = []

    def is_stored(count: int) -> bool:
        return sum(row.stored for row in service.rooms.ingest.books.ledger_rows() if row.boot == "g") == count

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            told = json.loads(message.payload if isinstance(message.payload, bytes) else b"")
            acked.extend([told["upto"]] if told["boot"] == "g" else [])

    async def acked_upto(seq: int) -> None:
        async with asyncio.timeout(30):
            while not acked or acked[-1] < seq:
                for clock in (people, fast):
                    clock.advance(2_000)
                await asyncio.sleep(0.02)

    async def speak() -> None:
        async with aiomqtt.Client(
            "127.0.0.1", broker.old_port, username="fridge-1", password=USERS["fridge-1"], identifier="fridge-1",
            protocol=aiomqtt.ProtocolVersion.V311,
        ) as client:  # fmt: skip
            await client.subscribe("fettle/v1/refrigerator/fridge-1/ack", qos=1)
            hears = asyncio.create_task(listen(client))
            birth = {"state": "online", "capabilities": ["buffer"]}
            await client.publish("fettle/v1/refrigerator/fridge-1/status", json.dumps(birth), qos=1)
            for count, seq in enumerate((0, *range(2, 20), 1), start=1):
                said = {"boot": "g", "seq": seq, "metrics": {"power_w": 90}}
                await client.publish(TOPIC, json.dumps(said), qos=1)
                await asyncio.to_thread(wait_until, partial(is_stored, count))
                if seq == 0:
                    await acked_upto(0)
                fast.advance(60_000)
            await acked_upto(19)
            hears.cancel()

    service.start()
    try:
        asyncio.run(speak())
    finally:
        service.stop()

    assert set(acked) == {0, 19}


def test_four_processes_of_one_role_each_do_what_one_does(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """Ingest, detect, desk and api on one folder meet in files and database; a whole service beside them is refused."""
    settings = Settings(data_dir=tmp_path, mqtt_url=broker.url("fettle"), http_listen="127.0.0.1:0")
    around = Surroundings(connection=broker.options("fettle"), window=WINDOW)
    roles = {role: Service(settings, around, (role,)) for role in ServiceRole}
    for service in roles.values():
        service.start()
    try:
        accounts = roles[ServiceRole.API].rooms.accounts
        accounts.add("root", Role.ADMIN)
        headers = {"Authorization": f"Bearer {accounts.issue_key('root')}"}
        with httpx.Client(base_url=roles[ServiceRole.API].url, headers=headers, trust_env=False) as client:
            wait_until(roles[ServiceRole.INGEST].rooms.ingest.is_connected)
            publish(broker, [*readings(30, boot="roles"), b"{nonsense"])
            wait_until(lambda: client.get("/api/v1/appliances/fridge-1").status_code == 200)
            wait_until(lambda: len(client.get("/api/v1/appliances/fridge-1/telemetry").json()["ts"]) == 30)
            letters = client.get("/api/v1/dead-letters").json()["items"]
            wait_until(lambda: client.get("/readyz").status_code == 200)
            roles[ServiceRole.INGEST].stop()
            figures, ready = client.get("/metrics").text, client.get("/readyz").json()
        with pytest.raises(ServiceError, match=r"is in use: pid .* already works there"):
            Service(settings, around).start()
    finally:
        for service in roles.values():
            service.stop()

    assert [letter["reason"] for letter in letters] == ["not_json"]
    assert 'fettle_dead_letters_total{reason="not_json"} 1.0' in figures
    assert 'fettle_cursor_lag_messages{cursor="admit"} 0.0' in figures
    assert "\nfettle_journal_bytes " in figures
    assert "\nfettle_messages_received_total 31.0" in figures
    assert 'fettle_store_errors_total{kind="down"} 0.0' in figures
    assert 'fettle_role_up{role="detect"} 1.0' in figures
    assert 'fettle_role_up{role="ingest"} 0.0' in figures
    assert "fettle_broker_connected" not in figures
    assert ready["reasons"] == [f"ingest: no process does this on {tmp_path}; start fettle ingest"]
    assert [service.failure for service in roles.values()] == [None] * 4
