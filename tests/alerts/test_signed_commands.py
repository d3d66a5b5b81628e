"""Commands are signed: an appliance that knows the keys obeys nobody else, whatever comes over the broker."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from alerts.database import Transaction
from alerts.desk import Desk
from alerts.remote.command import take_result
from alerts.remote.policy import Scope
from ingest.clock import ManualClock
from ingest.sample import Result, ResultState
from ingest.wire.signature import SigningKeys, is_signed, key_id, new_signing_key, read_signing_keys
from simulator.agent import Agent, Identity

NOW_MS = 1_790_000_000_000
KEYS = SigningKeys((new_signing_key(),))
OTHER = SigningKeys((new_signing_key(),))


def _command(**more: Any) -> dict[str, Any]:
    command = {"id": "c1", "session": "s1", "name": "snapshot.read", "class": "R0", "args": {}, "issued_at": NOW_MS}
    return command | {"not_after": NOW_MS + 30_000} | more


def _agent() -> Agent:
    agent = Agent(Identity("w1", "washing_machine"), boot="b1", command_keys=KEYS.public_keys)
    agent.report([b'{"ts":1,"mode":"idle","metrics":{"water_c":21}}'])
    return agent


def _answer(agent: Agent, command: dict[str, Any]) -> tuple[str, str | None]:
    (told,) = agent.receive(agent.topic("command"), msgspec.json.encode(command), NOW_MS)
    result = msgspec.json.decode(told.payload)
    return result["state"], result.get("reason")


def test_a_signed_command_is_obeyed() -> None:
    """The signature of a known key, for this appliance, over exactly these words."""
    command = _command()

    assert _answer(_agent(), command | {"sig": KEYS.sign("w1", command)}) == ("succeeded", None)


@pytest.mark.parametrize(
    "forged",
    [
        _command(),
        _command(sig=""),
        _command(sig="nonsense"),
        _command(sig=f"{key_id(KEYS.public_keys[0])}:!!!"),
        _command(sig=OTHER.sign("w1", _command())),
        _command(sig=KEYS.sign("w2", _command())),
        _command(not_after=NOW_MS + 90_000, sig=KEYS.sign("w1", _command())),
        _command(name="identify", args={"seconds": 5}, sig=KEYS.sign("w1", _command())),
        {**_command(sig=KEYS.sign("w1", _command())), "extra": 1},
    ],
    ids=[
        "unsigned",
        "empty",
        "nonsense",
        "no base64",
        "another key",
        "another appliance",
        "later",
        "other words",
        "more",
    ],
)
def test_a_forged_command_does_nothing(forged: dict[str, Any]) -> None:
    """It is rejected, counted, and leaves no trace: the sound command of that id is obeyed afterwards."""
    agent = _agent()

    assert _answer(agent, forged) == ("rejected", "signature")
    assert (agent.obedience.done, agent.counts.spurned) == (0, 1)
    sound = _command()
    assert _answer(agent, sound | {"sig": KEYS.sign("w1", sound)}) == ("succeeded", None)


def test_a_replayed_and_a_late_command_do_nothing_new() -> None:
    """A repeat answers the old result, and past its time a command is refused however well it is signed."""
    agent = _agent()
    command = _command()
    signed = command | {"sig": KEYS.sign("w1", command)}
    late = _command(id="c2", not_after=NOW_MS - 1)

    first, again = _answer(agent, signed), _answer(agent, signed)

    assert first == again
    assert agent.obedience.done == 1
    assert _answer(agent, late | {"sig": KEYS.sign("w1", late)}) == ("rejected", "too_late")


def test_a_ring_lets_a_key_be_replaced() -> None:
    """The new key signs, and who trusts both obeys both; a file without a key is none."""
    ring = read_signing_keys(f"# new first\n{OTHER.keys[0]}\n\n{KEYS.keys[0]}\n")
    command = _command()

    assert is_signed("w1", command | {"sig": ring.sign("w1", command)}, OTHER.public_keys)
    assert is_signed("w1", command | {"sig": KEYS.sign("w1", command)}, ring.public_keys)
    for text in ("", "# nothing", "not a key"):
        with pytest.raises(ValueError, match=r"."):
            read_signing_keys(text)


def test_what_the_desk_sends_is_signed(desk: Desk, clock: ManualClock) -> None:
    """Every command that leaves bears the signature that the appliance checks."""
    from tests.alerts.made import FINDING, step_of  # noqa: PLC0415

    desk = replace(desk, signer=KEYS)
    desk.findings.commit(step_of(1, FINDING))
    desk.by("tess").sessions.request("1", Scope.READ)

    (outgoing,) = desk.sessions.due(clock.now_ms())

    command = msgspec.json.decode(outgoing.payload, type=dict[str, Any])
    assert is_signed("WM-0231", command, KEYS.public_keys)
    assert not is_signed("WM-0232", command, KEYS.public_keys)


def test_a_command_that_the_broker_had_kept_is_refused() -> None:
    """However well it is signed: the service never leaves one lying about."""
    command, agent = _command(), _agent()
    payload = msgspec.json.encode(command | {"sig": KEYS.sign("w1", command)})

    (told,) = agent.receive(agent.topic("command"), payload, NOW_MS, is_retained=True)

    assert msgspec.json.decode(told.payload)["reason"] == "retained"
    assert _answer(agent, command | {"sig": KEYS.sign("w1", command)}) == ("succeeded", None)


def test_what_strangers_try_is_audited_and_a_flood_of_it_cut_off(desk: Desk) -> None:
    """An appliance tells that it refused what we never sent: so often in an hour, and no oftener."""

    def work(t: Transaction) -> None:
        for number in range(25):
            refused = Result("w1", "dryer", NOW_MS, NOW_MS, f"x{number}", ResultState.REJECTED, "signature", {})
            take_result(t, refused)

    desk.unit.write(work)

    found = [entry for entry in desk.audit.page(limit=100).items if entry.action == "command.stranger"]
    assert len(found) == 20
    assert found[-1].data == {"command_id": "x0", "reason": "signature"}
