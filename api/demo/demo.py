"""``fettle demo``: the whole service on embedded parts in this process, and a simulated fleet in a child process.

The fleet speaks MQTT as real appliances do, first 60 days of history in buffered batches, then live at ``speed``; both
sides share one clock. What the fleet knows of its own faults is written to a folder that the service never opens, and
is read for the summary when all is over. Everything lies in a temporary folder that goes when the demo ends.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from alerts.accounts.account import Role
from alerts.remote.policy import SessionLimits
from api.demo.crew import Crew
from api.demo.fleet import FleetError, FleetProcess
from api.demo.kitchens import FleetKitchens
from api.demo.service import fleet_lag_in_words, is_caught_up, lag_in_words, predicted_tickets, ticket_count
from api.demo.summary import Summary, judge, percentile_99, read_truth
from api.demo.town import Town
from api.settings.settings import Settings
from api.settings.sources import load
from ingest.clock import AcceleratedClock, SystemClock
from ingest.mqtt.connection import ConnectionOptions
from ingest.mqtt.embedded_broker import LOG_BYTES, WINDOW, EmbeddedBroker
from simulator.child import FleetOrder, SharedClock, WhenSent
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet

if TYPE_CHECKING:
    from api.service.service import Service

FLEET = "demo"
HISTORY_DAYS = 60
PAST_DAYS = 3 * HISTORY_DAYS
"""How old a sample may be: the history is older than what a service takes from an appliance in general."""
DAY_MS = 86_400_000
SERVICE_USER = "fettle"
CATCH_UP_S = 60.0
FLEET_END_S = 30.0
SILENCE_S = 10.0
"""Wall time after which an appliance counts as stale; what is behind by a second here is behind by hours there."""
LOOK_S = 0.25
"""How often the demo looks at its fleet."""
LOG_BYTES_EACH = 256 * 1024
"""What the broker keeps for each appliance: with a quarter of it the past of 200 took 75 s instead of 42, waiting for acks."""
PAST_ACK_EVERY_MS = 200
"""The fleet tells of its past as fast as it is acknowledged."""
LIVE_ACK_EVERY_MS = 20_000
"""Live, where each appliance speaks every second: the broker keeps the acks of each, 460 bytes a piece. Acks are spaced by the
wall clock, whatever the demo's speed."""
CREW_S = 1.0
"""How often the demo's people look at their tickets."""


class DemoError(Exception):
    """The demo can't go on; the text says why."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line says."""

    appliances: int
    speed: float
    duration_s: float | None
    seed: int


def run_demo(*, appliances: int, speed: float, duration_s: float | None, summary: Path | None, seed: int) -> int:
    """Run the demo until its time is over or it is interrupted; 0, or 1 where it could not do its work."""
    options = DemoOptions(appliances, speed, duration_s, seed)
    talk = Console(stderr=True)
    with _interruptible() as interrupted:
        try:
            result = Demo(options, talk, interrupted).run()
        except (DemoError, FleetError) as error:
            talk.print(f"fettle: {error}", style="red", highlight=False)
            return 1
    _tell_summary(talk, result)
    text = json.dumps(result.as_dict(), indent=2) + "\n"
    if summary is not None:
        summary.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


class Demo:
    """One demo run: broker, service, fleet; started, watched and ended here."""

    def __init__(self, options: DemoOptions, talk: Console, interrupted: threading.Event) -> None:
        self._options = options
        self._talk = talk
        self._interrupted = interrupted
        self._began_s = time.monotonic()
        wall_ms = SystemClock().now_ms()
        self._history_until_ms = wall_ms
        self._clock = SharedClock(AcceleratedClock(wall_ms, wall_ms, 1.0))
        self._delays_ms: list[int] = []
        self._kitchens = FleetKitchens()
        self._ack_every_ms = PAST_ACK_EVERY_MS

    def run(self) -> Summary:
        """The whole run; raises :class:`DemoError` where a part can't start or dies."""
        with ExitStack() as stack:
            folder, settings = _place(stack, self._options.speed)
            passwords = self._passwords()
            broker = EmbeddedBroker(passwords, log_bytes=max(LOG_BYTES, LOG_BYTES_EACH * self._options.appliances))
            try:
                broker.start()
            except OSError as error:
                raise DemoError(f"The embedded broker can't start: {error}.") from error
            stack.callback(broker.stop)
            settings = settings.model_copy(update={"mqtt_url": broker.url(SERVICE_USER)})
            service = self._start_service(settings, broker.options(settings.mqtt_client_id))
            stack.callback(service.stop)
            fleet = self._start_fleet(broker, passwords, folder, service.rooms.command_keys.public_keys)
            stack.callback(fleet.close)
            self._kitchens.fleet = fleet
            self._greet(service, settings)
            town = Town(service.rooms.desk, self._clock.now())
            town.settle("colleague")
            self._follow_history(service, fleet, town)
            self._live(service, fleet)
            self._ask_when_sent(service, fleet)
            self._end_fleet(service, fleet)
            self._catch_up(service)
            return self._summary(service, fleet, folder)

    def _passwords(self) -> Mapping[str, str]:
        """A broker password for each appliance and for the service."""
        chance = random.SystemRandom()
        names = [SERVICE_USER, *fleet_ids(FLEET, seed=self._options.seed, appliances=self._options.appliances)]
        return {name: f"{chance.getrandbits(96):024x}" for name in names}

    def _start_service(self, settings: Settings, connection: ConnectionOptions) -> Service:
        """The service on the demo's clock; on another port where the usual one is taken."""
        from api.service.service import Service, ServiceError  # noqa: PLC0415
        from api.service.surroundings import Surroundings  # noqa: PLC0415  (the rooms cost a second, and bad options none)

        limits = SessionLimits().at_speed(self._options.speed)
        around = Surroundings(
            clock=self._clock, limits=limits, connection=connection, window=WINDOW, kitchens=self._kitchens,
            ack_every_ms=lambda: self._ack_every_ms,
        )  # fmt: skip
        listen = settings.http_listen
        for attempt in (listen, f"{settings.http_address[0]}:0"):
            service = Service(settings.model_copy(update={"http_listen": attempt}), around)
            try:
                service.start()
            except ServiceError as error:
                if attempt == listen and "listen" in str(error):
                    self._talk.print(f"{listen} is taken, so the console gets another port.", highlight=False)
                    continue
                raise DemoError(str(error)) from error
            return service
        raise DemoError(f"No port is free at {settings.http_address[0]}.")

    def _start_fleet(
        self, broker: EmbeddedBroker, passwords: Mapping[str, str], folder: Path, command_keys: tuple[str, ...]
    ) -> FleetProcess:
        """The fleet, in a process of its own."""
        return FleetProcess.start(
            FleetOrder(
                fleet=FLEET,
                seed=self._options.seed,
                appliances=self._options.appliances,
                start_ms=self._history_until_ms - HISTORY_DAYS * DAY_MS,
                history_until_ms=self._history_until_ms,
                mqtt_url=broker.old_url(),
                clock=AcceleratedClock(self._history_until_ms, self._history_until_ms, 1.0),
                truth_folder=folder / "fleet",
                command_keys=command_keys,
                passwords={name: word for name, word in passwords.items() if name != SERVICE_USER},
                outstanding_bytes=broker.log_bytes // 4,
            ),
            may_end=self._interrupted.is_set,
        )

    def _greet(self, service: Service, settings: Settings) -> None:
        """Where to look, and how to come in."""
        accounts = service.rooms.accounts
        accounts.add("demo", Role.ADMIN)
        accounts.add("colleague", Role.TECHNICIAN)
        link, second = accounts.login_link("demo"), accounts.login_link("colleague")
        self._talk.print(f"\nConsole   {service.url}/login/{link}", highlight=False, soft_wrap=True)
        self._talk.print(
            f"Colleague {service.url}/login/{second}  (the second person)", highlight=False, soft_wrap=True
        )
        self._talk.print(f"Data      {settings.data_dir}", highlight=False, soft_wrap=True)
        self._talk.print("Ctrl-C ends it.\n", highlight=False)

    def _follow_history(self, service: Service, fleet: FleetProcess, town: Town) -> None:
        """Show how the fleet's past comes in, until the fleet is live and the detectors have read it."""
        with _bar(self._talk) as bar:
            task = bar.add_task(f"{HISTORY_DAYS} days of history", total=HISTORY_DAYS, tickets=0, lag="")
            while not self._interrupted.is_set():
                self._look(service, fleet)
                if len(town.housed) < self._options.appliances:
                    town.move_in()
                bar.update(
                    task,
                    completed=fleet.progress.history_days,
                    tickets=ticket_count(service),
                    lag=lag_in_words(service),
                )
                if fleet.progress.phase == "live" and is_caught_up(service):
                    bar.update(task, completed=HISTORY_DAYS)
                    return
                self._interrupted.wait(LOOK_S)

    def _live(self, service: Service, fleet: FleetProcess) -> None:
        """Let time run at the demo's speed until it is over."""
        if self._interrupted.is_set():
            return
        crew = Crew(service.rooms.desk, self._clock.now)
        crew.arrive(service.rooms.accounts)
        now_ms, speed = SystemClock().now_ms(), self._options.speed
        self._ack_every_ms = LIVE_ACK_EVERY_MS
        self._clock.clock = AcceleratedClock(now_ms, self._clock.now_ms(), speed)
        fleet.say(self._clock.clock)
        began_s, duration_s = time.monotonic(), self._options.duration_s
        worked_s = began_s
        with _bar(self._talk) as bar:
            task = bar.add_task(f"live, {speed:g} times as fast", total=duration_s, tickets=0, lag="")
            while not self._interrupted.is_set():
                self._look(service, fleet)
                elapsed_s = time.monotonic() - began_s
                if time.monotonic() - worked_s >= CREW_S:
                    worked_s = time.monotonic()
                    crew.work()
                lag = lag_in_words(service) or fleet_lag_in_words(fleet.progress.lag_s / speed)
                bar.update(task, completed=elapsed_s, tickets=ticket_count(service), lag=lag)
                if duration_s is not None and elapsed_s >= duration_s:
                    return
                self._interrupted.wait(LOOK_S)

    def _look(self, service: Service, fleet: FleetProcess) -> None:
        """Hear what the fleet says; raise where the fleet or the service has died."""
        fleet.look()
        if service.failure is not None:
            raise DemoError(str(service.failure))

    def _ask_when_sent(self, service: Service, fleet: FleetProcess) -> None:
        """Ask the fleet when it published the sample that decided each ticket, and note how long the ticket took.

        A ticket's time is that of the transaction that made it visible; both moments are wall time.
        """
        told = [
            (ticket.appliance_id, ticket.raised_ms, self._wall_ms(ticket.opened_ms))
            for ticket in predicted_tickets(service)
        ]
        fleet.say(WhenSent(tuple((appliance_id, raised_ms) for appliance_id, raised_ms, _ in told)))
        end_s = time.monotonic() + FLEET_END_S
        while fleet.sent_at is None and not fleet.has_ended_well and time.monotonic() < end_s:
            self._look(service, fleet)
            time.sleep(LOOK_S / 5)
        if fleet.sent_at is not None:
            pairs = zip(told, fleet.sent_at.wall_ms, strict=True)
            self._delays_ms = [opened_ms - sent_ms for (_, _, opened_ms), sent_ms in pairs if sent_ms is not None]

    def _wall_ms(self, ms: int) -> int:
        """The wall clock's reading when the demo's clock showed ``ms``."""
        live = self._clock.clock
        if not isinstance(live, AcceleratedClock) or ms < live.anchor_ms:
            return ms  # before the live part the demo's clock is the wall clock
        return live.anchor_wall_ms + round((ms - live.anchor_ms) / live.speed)

    def _end_fleet(self, service: Service, fleet: FleetProcess) -> None:
        """Let the fleet send what it still holds, and end."""
        self._ack_every_ms = PAST_ACK_EVERY_MS
        fleet.stop()
        end_s = time.monotonic() + FLEET_END_S
        while fleet.progress.phase != "ended" and time.monotonic() < end_s:
            self._look(service, fleet)
            time.sleep(LOOK_S / 5)

    def _catch_up(self, service: Service) -> None:
        """Wait until everything that was acknowledged is stored and scored."""
        end_s = time.monotonic() + CATCH_UP_S
        while not is_caught_up(service) and time.monotonic() < end_s:
            time.sleep(LOOK_S / 5)

    def _summary(self, service: Service, fleet: FleetProcess, folder: Path) -> Summary:
        """What it all came to."""
        rooms = service.rooms
        rows = list(rooms.ingest.books.ledger_rows())
        stored = sum(row.stored for row in rows)
        predicted = list(predicted_tickets(service))
        wall_s = time.monotonic() - self._began_s
        published = fleet.progress.published
        dead = sum(row.dead_lettered for row in rows)
        return Summary(
            wall_s=round(wall_s, 2),
            sim_days=round((self._clock.now_ms() - self._history_until_ms) / DAY_MS + HISTORY_DAYS, 2),
            appliances=self._options.appliances,
            published=published,
            stored=stored,
            dead_lettered=dead,
            gap=published - stored - dead,
            readings=sum(rooms.store.count_readings(kind) for kind in rooms.profiles),
            tickets_opened=ticket_count(service),
            **judge(predicted, read_truth(folder / "fleet")),
            messages_per_s=round(stored / wall_s, 1),
            alert_delay_p99_ms=percentile_99(self._delays_ms),
        )


def fleet_ids(name: str, *, seed: int, appliances: int) -> list[str]:
    """The ids of a fleet's appliances."""
    fleet = Fleet(read_fleet(name), seed=seed, appliances=appliances, start_ms=0)
    return [one.id for one in fleet.appliances]


def _place(stack: ExitStack, speed: float) -> tuple[Path, Settings]:
    """A folder that goes with the demo, and settings whose data lie in it, or in the empty folder that was asked for."""
    loaded = load()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fettle-demo-", ignore_cleanup_errors=True)))
    settings = loaded.settings
    data_dir = settings.data_dir if "data_dir" in loaded.sources else folder / "data"
    if data_dir.is_dir() and any(data_dir.iterdir()):
        raise DemoError(f"{data_dir} holds data already; give the demo an empty folder, or leave FETTLE_DATA_DIR out.")
    kept = Settings.model_fields.keys() & {"http_listen", "alarms_per_year", "log_format", "profiles_dir"}
    values = {name: getattr(settings, name) for name in kept}
    stale_after_s = max(settings.stale_after_s, SILENCE_S * speed)
    return folder, Settings(**values, data_dir=data_dir, accept_past_days=PAST_DAYS, stale_after_s=stale_after_s)


def _bar(talk: Console) -> Progress:
    """A line that shows how far we are."""
    columns = (
        TextColumn("{task.description:<26}"),
        BarColumn(),
        TextColumn("{task.fields[tickets]} tickets  {task.fields[lag]}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=talk, refresh_per_second=4)


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (or SIGTERM) sets; the second ends the process at once."""
    interrupted = threading.Event()

    def hear(number: int, _frame: FrameType | None) -> None:
        if interrupted.is_set():
            os._exit(128 + number)
        interrupted.set()

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_summary(talk: Console, result: Summary) -> None:
    """The summary in words."""
    talk.print(
        f"\n{result.stored:,} of {result.published:,} messages stored, gap {result.gap}; {result.readings:,} readings of"
        f" {result.appliances} appliances over {result.sim_days:g} days.\n"
        f"{result.tickets_opened} tickets: {result.faults_caught_early} of {result.faults_injected} faults caught before"
        f" they failed, {result.false_tickets} without a fault; {result.tickets_per_fault or 0:g} tickets per fault found,"
        f" {result.double_tickets} doubles, {result.late_names} named late.",
        highlight=False,
    )
