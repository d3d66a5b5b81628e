"""While the desk's database is away, loops wait and go on, and commands stay due."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from alerts.errors import UnavailableError
from api.service.loops import Trouble, patient
from api.service.patient_commands import PatientCommands
from tests.api.house import NOON_MS, House


@dataclass
class Flaky:
    """Work that fails a given number of times because the database is away."""

    failures: int
    calls: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        """Fail until it has failed often enough."""
        self.calls += 1
        if self.calls <= self.failures:
            raise UnavailableError("The database can't be used now: away")


def test_a_loop_waits_for_the_database_and_goes_on() -> None:
    """Work that fails for a while is repeated until it is done, and the trouble is over then."""
    flaky, trouble = Flaky(failures=1), Trouble()

    is_done = patient(flaky.work, flaky.stop, trouble, name="test")

    assert (is_done, flaky.calls, trouble.sentence) == (True, 2, None)


def test_a_waiting_loop_ends_when_it_is_asked_to() -> None:
    """A stop ends the waiting at once and leaves the reason readable."""
    flaky, trouble = Flaky(failures=1000), Trouble()
    flaky.stop.set()

    is_done = patient(flaky.work, flaky.stop, trouble, name="test")

    assert not is_done
    assert trouble.sentence == "The database can't be used now: away"


def test_commands_stay_due_while_the_database_is_away(house: House) -> None:
    """Without the database nothing is due and nothing fails; with it, commands are due until their sending is noted."""
    house.find()
    ticket = house.get("/tickets").json()["items"][0]["id"]
    house.post(f"/tickets/{ticket}/sessions", {"scope": "read"})
    commands = PatientCommands(house.context.desk)
    (due,) = commands.due(NOON_MS)

    path = house.context.settings.data_dir / "desk.db"
    house.context.desk.unit.engine.dispose()
    away = path.rename(path.with_suffix(".away"))
    path.mkdir()
    without = commands.due(NOON_MS)
    commands.sent(due.command_id, NOON_MS)
    house.context.desk.unit.engine.dispose()
    path.rmdir()
    away.rename(path)

    assert list(without) == []
    assert [command.command_id for command in commands.due(NOON_MS)] == [due.command_id]
    commands.sent(due.command_id, NOON_MS)
    assert list(commands.due(NOON_MS)) == []
