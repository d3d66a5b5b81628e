"""What others were not told is seen and tried again: by HTTP, on the command line, in the figures."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from typer.testing import CliRunner

from alerts.accounts.account import Role
from alerts.database import UnitOfWork
from alerts.notices.notice import DeliveryError, Notice, ReceiverGoneError
from alerts.notices.outbox import Outbox
from api.cli import app
from api.service import loops
from api.service.loops import Trouble, deliver
from ingest.clock import SystemClock
from tests.api.house import House


@dataclass
class Gone:
    """A receiver that wants no more notices."""

    name: str = "webhook:https://gone.example/hook"
    taken: list[Notice] = field(default_factory=list)
    is_back: bool = False

    def deliver(self, notice: Notice) -> None:
        """Refuse for good, until it is back."""
        if not self.is_back:
            raise ReceiverGoneError("the receiver answered 410")
        self.taken.append(notice)


@dataclass
class Hanging:
    """A receiver that answers nobody until it is let go."""

    name: str = "hanging"
    asked: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def deliver(self, notice: Notice) -> None:
        """Wait."""
        del notice
        self.asked.set()
        self.let_go.wait(30)
        raise DeliveryError("no answer")


@dataclass
class Willing:
    """A receiver that takes everything, and says when it has enough."""

    enough: int
    name: str = "willing"
    taken: list[Notice] = field(default_factory=list)
    has_enough: threading.Event = field(default_factory=threading.Event)

    def deliver(self, notice: Notice) -> None:
        """Take it."""
        self.taken.append(notice)
        if len(self.taken) >= self.enough:
            self.has_enough.set()


def outbox_of(house: House, *targets: Gone | Hanging | Willing) -> Outbox:
    """The outbox beside a house, begun."""
    outbox = Outbox(UnitOfWork(house.context.desk.unit.engine, SystemClock(), random.Random(3)), targets)
    outbox.begin()
    return outbox


def test_a_parked_notice_is_listed_and_tried_again(house: House) -> None:
    """A dispatcher sees what was given up, and why, and gives it another day; a second time there is nothing to try."""
    receiver = Gone()
    outbox = outbox_of(house, receiver)
    house.find()
    outbox.run_once()

    [parked] = house.get("/notices?state=parked", Role.DISPATCHER).json()["items"]
    [state] = house.get("/receivers", Role.DISPATCHER).json()["items"]
    assert (parked["type"], parked["receiver"], parked["attempts"]) == ("ticket.opened", receiver.name, 1)
    assert parked["last_error"] == "the receiver answered 410"
    assert (state["said"], state["off_since"] is None) == ("the receiver answered 410", False)
    again = house.post(f"/notices/{parked['id']}/retry", role=Role.DISPATCHER)
    assert (again.status_code, again.json()["state"]) == (200, "waiting")
    assert house.post(f"/notices/{parked['id']}/retry").status_code == 409
    assert house.post("/notices/999/retry").status_code == 404
    receiver.is_back = True
    outbox.run_once()
    assert [notice.id for notice in receiver.taken] == [parked["notice_id"]]
    assert house.get("/notices?state=parked").json()["items"] == []


def test_parked_notices_stand_on_the_command_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """``fettle notices`` lists what was given up and says which receiver is off; ``retry`` tries one again."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(house.context.settings.data_dir))
    receiver = Gone()
    outbox = outbox_of(house, receiver)
    house.find()
    outbox.run_once()
    runner = CliRunner()

    listed, as_json = runner.invoke(app, ["notices"]), runner.invoke(app, ["notices", "--json"])
    [number] = [json.loads(line)["id"] for line in as_json.stdout.splitlines()]
    first, second = (runner.invoke(app, ["notices", "retry", str(number)]) for _ in range(2))

    assert listed.exit_code == 0
    assert "ticket.opened" in listed.stdout
    assert f"{receiver.name} is switched off since" in listed.stderr
    assert "1 parked, 0 waiting." in listed.stderr
    assert (first.exit_code, second.exit_code) == (0, 1)
    assert f"Notice {number} is on its way" in first.stderr
    receiver.is_back = True
    outbox.run_once()
    assert len(receiver.taken) == 1


def at_once(work: Callable[[], object], stop: threading.Event, trouble: Trouble, *, name: str) -> bool:
    """In place of :func:`api.service.loops.patient`."""
    del stop, trouble, name
    work()
    return True


def test_no_receiver_waits_for_another(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one receiver hangs, another has all of twelve tickets; the loop ends when it is asked to."""
    monkeypatch.setattr(loops, "OUTBOX_EVERY_S", 0.001)
    hanging, willing, stop = Hanging(), Willing(enough=12), threading.Event()
    outbox = outbox_of(house, hanging, willing)
    for number in range(12):
        house.find(f"fridge-{number}")
    running = threading.Thread(target=deliver(outbox, lambda _name: Trouble()), args=(stop,))
    running.start()

    has_enough = hanging.asked.wait(20) and willing.has_enough.wait(20)
    was_hanging = not hanging.let_go.is_set()
    stop.set()
    hanging.let_go.set()
    running.join(20)

    assert has_enough
    assert was_hanging
    assert not running.is_alive()


def test_other_receivers_are_told_without_a_restart(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever the rules name anew has a lane within a turn of the loop."""
    monkeypatch.setattr(loops, "OUTBOX_EVERY_S", 0.001)
    first, late, stop = Willing(enough=1), Willing(enough=1, name="late"), threading.Event()
    others = [outbox_of(house, late)]
    begun = outbox_of(house, first)
    house.find("fridge-1")
    running = threading.Thread(
        target=deliver(
            begun,
            lambda _name: Trouble(),
            lambda: others.pop() if others and first.has_enough.is_set() else None,
        ),
        args=(stop,),
    )
    running.start()
    assert first.has_enough.wait(20)
    house.find("fridge-2")

    was_told = late.has_enough.wait(20)
    stop.set()
    running.join(20)

    assert was_told
    assert not running.is_alive()


def test_a_lane_that_dies_ends_the_loop_with_its_cause(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A programmer's error in one lane is told, as in every loop, and is not hidden behind the lanes that go on."""
    monkeypatch.setattr(loops, "OUTBOX_EVERY_S", 0.001)
    monkeypatch.setattr(loops, "patient", at_once)
    outbox = outbox_of(house, Willing(enough=1), Willing(enough=1, name="other"))
    house.context.desk.unit.engine.dispose()

    def die(*_args: object, **_more: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr("alerts.notices.lane.begin_receiver", die)
    monkeypatch.setattr("alerts.notices.lane.Lane._is_new", lambda _self, _t: True)

    with pytest.raises(AssertionError, match="a bug"):
        deliver(outbox, lambda _name: Trouble())(threading.Event())


def test_rules_are_tried_on_what_was_and_nothing_is_sent(house: House) -> None:
    """A manager sees who would have been told; an address is not needed, and a slip is named."""
    tried = {"people": {"anna": {"role": "manager"}}, "notices": [{"name": "all", "roles": ["manager"]}]}

    answer = house.post("/notices/dry-run", {"days": 7, "rules": tried}, Role.MANAGER)
    wrong = house.post("/notices/dry-run", {"rules": {"notices": [{"name": "all"}]}}, Role.MANAGER)
    other = house.post("/notices/dry-run", {"rules": {"gate": {}}}, Role.MANAGER)

    assert answer.status_code == 200
    assert [one["person"] for one in answer.json()["people"]] == ["anna"]
    assert (wrong.status_code, other.status_code) == (422, 422)
    assert "tells nobody" in wrong.json()["detail"]
    assert house.post("/notices/retry-parked", {}, Role.MANAGER).json() == {"count": 0}
