"""A small town for the console: a real desk, a real store and the real app on a loopback port, filled from a seed.

One washing machine whose drain clogs and one refrigerator whose condenser fouls have their whole story; the others fill
lists. Appliances answer commands when :meth:`Town.answer_commands` is called. Nothing reads the wall clock.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from alerts.accounts.account import Role
from alerts.accounts.desk import Accounts
from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.inbox import Inbox
from alerts.lifecycle import TicketStep
from alerts.tickets.ticket import NewTicket, StepBody, TicketSource
from api.http.app import make_app
from api.http.context import Context
from api.http.listening import bind
from api.http.server import HttpServer
from api.settings.settings import Settings
from detectors.finding import DetectCommit, Evidence, Finding, FindingChannel
from ingest.books.books import Books
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from ingest.sample import AdmittedBatch, Event, EventType, Result, ResultState, SampleBlock, Status, StatusState
from ingest.store.embedded import EmbeddedStore
from tests.api.browser.cared import make_care
from tests.api.browser.news import RULES, condition_of, make_news
from tests.api.browser.people import make_people
from tests.contract.customers_suite import desk_with_seal

NOW_MS = 1_795_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PASSWORD = "an honest password"
TECHNICIAN = "mira"
HUMS = "It hums at night"
"""What a customer wrote stays as it was written."""
WASHER, FRIDGE, CARED = "WM-0231", "FR-0107", "FR-1231"
REGIONS = ("north", "south", "east")


class Batches:
    """A feed of what was put into it."""

    def __init__(self) -> None:
        self._batches: list[AdmittedBatch] = []

    def put(self, **parts: tuple[object, ...]) -> None:
        """Append a batch."""
        batch = AdmittedBatch(len(self._batches) + 1, NOW_MS, 1, **parts)  # type: ignore[arg-type]  # parts by name
        self._batches.append(batch)

    def next(self, after: int) -> AdmittedBatch | None:
        """The batch behind a position."""
        return self._batches[after] if after < len(self._batches) else None


@dataclass
class Town:
    """Everything behind a running console."""

    context: Context
    clock: ManualClock
    feed: Batches
    inbox: Inbox
    kept: list[Books] = field(default_factory=list)
    """The books, once something was refused."""
    troubles: list[str] = field(default_factory=list)
    """What keeps the service from its work."""
    port: int = 0
    _server: HttpServer | None = None
    _thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Where the console is."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        """Answer on loopback: on a free port the first time, on the same one later."""
        listening = bind("127.0.0.1", self.port)
        self.port = listening.getsockname()[1]
        self.context.is_closing.clear()
        server = HttpServer(make_app(self.context), listening)
        self._server = server
        self._thread = threading.Thread(target=lambda: asyncio.run(server.run()), name="town")
        self._thread.start()

    def hang_up(self) -> None:
        """Stop answering, as a service that is restarted."""
        self.context.is_closing.set()
        if self._server is not None and self._thread is not None:
            self._server.request_stop()
            self._thread.join(timeout=20)

    def stop(self) -> None:
        """End all of it."""
        self.hang_up()
        for books in self.kept:
            books.close()
        self.context.store.close()
        self.context.desk.unit.engine.dispose()

    def login_link(self) -> str:
        """An address that logs a technician in once."""
        return f"{self.address}/login/{self.context.accounts.login_link(TECHNICIAN)}"

    def admit(self, **parts: tuple[object, ...]) -> None:
        """Let the desk read something from appliances."""
        self.feed.put(**parts)
        while self.inbox.tick():
            pass
        self.inbox.write()

    def tell(self, appliance_id: str, kind: str, word: EventType, **data: object) -> None:
        """Let somebody do something to an appliance."""
        now_ms = self.clock.now_ms()
        self.admit(events=(Event(appliance_id, kind, now_ms, now_ms, word, data=data),))

    def answer_commands(self, *, mode: str = "drain", **measured: float) -> dict[str, str]:
        """Let every appliance answer what it was sent; gives the arguments ``code`` that were shown, by appliance.

        ``mode`` is what it says of itself, ``measured`` what a test brings to light.
        """
        shown = {}
        for command in self.context.desk.sessions.due(self.clock.now_ms()):
            if not self.context.desk.sessions.claim(command.command_id, self.clock.now_ms()):
                continue
            self.context.desk.sessions.sent(command.command_id, self.clock.now_ms())
            _, _, kind, appliance_id, _ = command.topic.split("/")
            message = json.loads(command.payload)
            data: dict[str, object] = {}
            if message["name"] == "consent.show":
                shown[appliance_id] = str(message["args"]["code"])
            elif "test" in message["args"]:
                data = dict(measured)
            else:
                newest = self.context.store.latest(kind, appliance_id)
                data = {"mode": mode, "metrics": {name: value for name, (_, value) in newest.items()}}
            now_ms = self.clock.now_ms()
            result = Result(appliance_id, kind, now_ms, now_ms, command.command_id, ResultState.SUCCEEDED, data=data)
            self.admit(results=(result,))
        return shown


def build_town(folder: Path, *, is_empty: bool = False, now_ms: int = NOW_MS, others: int = 36) -> Town:
    """A town on a free port of loopback; ``stop`` ends it."""
    engine = open_database(f"sqlite:///{folder / 'desk.db'}")
    migrate(engine)
    clock = ManualClock(now_ms)
    profiles = load_profiles()
    store = EmbeddedStore.open(folder / "telemetry.db")
    accounts = Accounts(UnitOfWork(engine, clock, random.Random(5)))
    accounts.add(TECHNICIAN, Role.ADMIN, password=PASSWORD)
    unit = UnitOfWork(engine, clock, random.Random(6), rules=RULES)
    desk = desk_with_seal(unit, Desk(unit, profiles))
    kept: list[Books] = []
    troubles: list[str] = []
    context = Context(
        settings=Settings(data_dir=folder),
        clock=clock,
        desk=desk,
        accounts=accounts,
        store=store,
        profiles=profiles,
        books=lambda: kept[0] if kept else None,
        not_ready=lambda: troubles,
    )
    feed = Batches()
    town = Town(context, clock, feed, Inbox(desk.unit, feed, profiles=profiles), kept, troubles)
    if not is_empty:
        fill(town, random.Random(1), others=others)
    town.serve()
    return town


def fill(town: Town, chance: random.Random, *, others: int) -> None:
    """Give the town its appliances, their readings, and its tickets."""
    now_ms = town.clock.now_ms()
    kinds = {WASHER: "washing_machine", FRIDGE: "refrigerator"}
    for number in range(others):
        kind = chance.choice(list(kinds.values()))
        kinds[f"{'WM' if kind == 'washing_machine' else 'FR'}-{1000 + number * 7}"] = kind
    statuses = tuple(_birth(name, kind, chance, now_ms) for name, kind in kinds.items())
    blocks = (washer_story(WASHER, chance, now_ms), fridge_story(FRIDGE, chance, now_ms))
    few = tuple(
        _last_reading(name, kind, chance, now_ms) for name, kind in kinds.items() if name not in {WASHER, FRIDGE}
    )
    town.context.store.write([*blocks, *few])
    town.admit(statuses=statuses, blocks=(*blocks, *few))
    findings = [drain_finding(now_ms), condenser_finding(now_ms)]
    findings += [_some_finding(name, kind, chance, now_ms) for name, kind in list(kinds.items())[2:14]]
    conditions = [condition_of(name, kind, findings, chance, now_ms) for name, kind in kinds.items()]
    town.context.desk.findings.commit(DetectCommit(1, {}, None, findings, conditions))
    _work_on_tickets(town)
    make_news(town.context.desk, TECHNICIAN)
    make_people(town.context.desk)
    if CARED in kinds:
        make_care(town.context.desk, CARED)


def _birth(name: str, kind: str, chance: random.Random, now_ms: int) -> Status:
    state = chance.choices([StatusState.ONLINE, StatusState.SLEEPING, StatusState.OFFLINE], [8, 1, 1])[0]
    if name in {WASHER, FRIDGE}:
        state = StatusState.ONLINE
    return Status(
        name,
        kind,
        now_ms - 60_000,
        now_ms - 60_000,
        state,
        until_ms=now_ms + HOUR_MS if state is StatusState.SLEEPING else None,
        interval_s=60 if kind == "washing_machine" else 900,
        model=chance.choice(["Aqua 7", "Aqua 9 S"] if kind == "washing_machine" else ["Polar 320", "Polar 410 XL"]),
        serial=f"S{chance.randrange(10**7):07d}",
        firmware=chance.choice(["2.3.1", "2.4.0"]),
        region=chance.choice(REGIONS),
        capabilities=("buffer", "session"),
    )


def _block(
    kind: str, name: str, ts_ms: np.ndarray, columns: dict[str, np.ndarray], mode: list[str | None]
) -> SampleBlock:
    count = len(ts_ms)
    return SampleBlock(
        kind=kind,
        metrics=tuple(columns),
        appliance_ids=[name] * count,
        ts_ms=ts_ms.astype(np.int64),
        values=np.column_stack(list(columns.values())).astype(np.float64),
        modes=mode,
        cycles=[None] * count,
        seq=np.arange(count, dtype=np.int64),
        index=np.zeros(count, np.int64),
        flags=np.zeros(count, np.uint8),
        received_ms=int(ts_ms[-1]),
    )


def washer_story(name: str, chance: random.Random, now_ms: int) -> SampleBlock:
    """Sixty days of one wash a day; from the twelfth day before now on, draining takes longer each time."""
    noise = np.random.default_rng(chance.randrange(2**32))
    times, rows = [], []
    for day in range(60, -1, -1):
        if day % 9 == 4:
            continue
        start_ms = now_ms - day * DAY_MS - 3 * HOUR_MS + int(noise.integers(0, 2 * HOUR_MS))
        worn = max(0.0, (12 - day) / 12)
        minutes = np.arange(75)
        draining, heating, spinning = minutes % 35 > 31, minutes < 18, minutes > 62
        power = np.where(heating, 2050, np.where(spinning, 340, 120)) + noise.normal(0, 12, 75)
        rows.append(
            np.column_stack(
                [
                    power,
                    np.clip(15 + minutes * 1.6, 15, 40) + noise.normal(0, 0.2, 75),
                    np.where(spinning, 1200, 50) + noise.normal(0, 4, 75),
                    np.where(draining, 28.5 - 6.5 * worn + noise.normal(0, 0.5, 75), np.nan),
                    np.where(draining, 58 + 38 * worn**1.3 + noise.normal(0, 2.2), np.nan),
                    np.where(spinning, 2.4 + noise.normal(0, 0.15, 75), np.nan),
                ]
            )
        )
        times.append(start_ms + minutes * 60_000)
    columns = np.vstack(rows)
    names = ("power_w", "water_c", "drum_rpm", "pump_w", "drain_s", "vibration_mm_s")
    return _block(
        "washing_machine",
        name,
        np.concatenate(times),
        {metric: columns[:, at] for at, metric in enumerate(names)},
        ["wash"] * len(columns),
    )


def fridge_story(name: str, chance: random.Random, now_ms: int) -> SampleBlock:
    """Forty days at a reading every 15 minutes, with a day of silence; from day 20 on the condenser gets warmer."""
    noise = np.random.default_rng(chance.randrange(2**32))
    ts_ms = now_ms - 40 * DAY_MS + np.arange(40 * 96) * 900_000
    age = np.arange(len(ts_ms)) / 96
    told = ~((age > 17) & (age < 18.2))
    ts_ms, age = ts_ms[told], age[told]
    worn = np.clip((age - 20) / 20, 0, 1)
    daily = np.sin(2 * np.pi * age)
    running = (np.arange(len(ts_ms)) % 5) < 2 + 2 * worn
    count = len(ts_ms)
    columns = {
        "power_w": np.where(running, 92 + 14 * worn, 3.5) + noise.normal(0, 2, count),
        "fresh_food_c": 4.2 + 0.5 * daily + 0.8 * worn + noise.normal(0, 0.25, count),
        "freezer_c": -18.4 + 0.7 * daily + 1.2 * worn + noise.normal(0, 0.3, count),
        "condenser_c": 31 + 3 * daily + 14 * worn + np.where(running, 3, -3) + noise.normal(0, 0.8, count),
        "ambient_c": 21.5 + 1.2 * daily + noise.normal(0, 0.2, count),
        "evaporator_fan_rpm": np.where(running, 2210 - 90 * worn + noise.normal(0, 6, count), 0),
        "compressor_duty_pct": 38 + 30 * worn + 4 * daily + noise.normal(0, 2, count),
        "door_open": (noise.random(count) < 0.03).astype(float),
    }
    return _block("refrigerator", name, ts_ms, columns, ["cooling" if on else "idle" for on in running])


def _last_reading(name: str, kind: str, chance: random.Random, now_ms: int) -> SampleBlock:
    columns = {"power_w": np.array([chance.uniform(2, 110)]), "mains_v": np.array([chance.gauss(230, 2)])}
    return _block(kind, name, np.array([now_ms - chance.randrange(30, 2000) * 1000]), columns, [None])


def drain_finding(now_ms: int) -> Finding:
    """The drain of the washing machine is clogging."""
    onset_ms = now_ms - 12 * DAY_MS
    return Finding(
        appliance_id=WASHER,
        kind="washing_machine",
        fault_mode="drain_pump_clog",
        component="drain_pump",
        channel=FindingChannel.EVIDENCE,
        raised_ms=now_ms - 2 * HOUR_MS,
        onset_ms=onset_ms,
        score=9.1,
        severity=0.55,
        probability=0.71,
        evidence=(
            Evidence("drain_time", 96.0, 52.4, 64.1, "s", onset_ms, 0.62),
            Evidence("pump_power", 22.1, 26.2, 31.0, "W", onset_ms + 2 * DAY_MS, 0.28),
            Evidence("vibration", 2.42, 2.0, 2.9, "mm/s", onset_ms, 0.02),
        ),
        alternatives=(("inlet_valve_clog", 0.17), ("unknown", 0.12)),
        failure_window_ms=(now_ms + 6 * DAY_MS, now_ms + 11 * DAY_MS, 0.8),
    )


def condenser_finding(now_ms: int) -> Finding:
    """The condenser of the refrigerator is fouled."""
    onset_ms = now_ms - 18 * DAY_MS
    return Finding(
        appliance_id=FRIDGE,
        kind="refrigerator",
        fault_mode="condenser_fouling",
        component="condenser",
        channel=FindingChannel.EVIDENCE,
        raised_ms=now_ms - 26 * HOUR_MS,
        onset_ms=onset_ms,
        score=6.4,
        severity=0.42,
        probability=0.83,
        evidence=(
            Evidence("condenser_rise", 24.1, 8.0, 14.5, "K", onset_ms, 0.7),
            Evidence("compressor_duty", 66.0, 34.0, 45.0, "%", onset_ms + 3 * DAY_MS, 0.25),
            Evidence("evaporator_fan_speed", 2126.0, 2200.0, 2220.0, "rpm", onset_ms + 4 * DAY_MS, 0.04),
        ),
        alternatives=(("refrigerant_leak", 0.09),),
    )


def _some_finding(name: str, kind: str, chance: random.Random, now_ms: int) -> Finding:
    modes = {
        "refrigerator": [("evaporator_fan_wear", "evaporator_fan"), ("condenser_fouling", "condenser")],
        "washing_machine": [("bearing_wear", "bearing"), ("inlet_valve_clog", "inlet_valve")],
    }
    fault_mode, component = chance.choice(modes[kind])
    onset_ms = now_ms - chance.randrange(3, 30) * DAY_MS
    metric, unit = ("mean_power", "W") if kind == "refrigerator" else ("vibration", "mm/s")
    window = (now_ms + 9 * DAY_MS, now_ms + 20 * DAY_MS, 0.8) if chance.random() < 0.4 else None
    return Finding(
        appliance_id=name,
        kind=kind,
        fault_mode=fault_mode,
        component=component,
        channel=FindingChannel.EVIDENCE,
        raised_ms=now_ms - chance.randrange(1, 40) * HOUR_MS,
        onset_ms=onset_ms,
        score=chance.uniform(4, 9),
        severity=chance.uniform(0.2, 0.7),
        probability=chance.uniform(0.4, 0.9),
        evidence=(Evidence(metric, chance.uniform(5, 8), 2.0, 4.0, unit, onset_ms, 0.8),),
        failure_window_ms=window,
    )


def _work_on_tickets(town: Town) -> None:
    desk = town.context.desk
    desk.by(TECHNICIAN).tickets.step("3", TicketStep.TRIAGE, StepBody())
    desk.by(TECHNICIAN).tickets.step("4", TicketStep.START, StepBody(note="called the customer"))
    desk.by(TECHNICIAN).tickets.step("5", TicketStep.HOLD, StepBody(reason="waiting for the customer"))
    desk.by(TECHNICIAN).tickets.step("6", TicketStep.CLOSE, StepBody(note="cleaned by the customer"))
    new = NewTicket(FRIDGE, HUMS, "Louder than last year.", None, TicketSource.CUSTOMER, 4)
    desk.by("customer").tickets.open(new)
