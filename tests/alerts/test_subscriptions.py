"""Who is told what, by rules: matched, gathered, held over night, tried beforehand; and words through a real channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.database import Transaction
from alerts.delivery.apprise_channel import KIND, AppriseTarget
from alerts.delivery.kind import Receiver as ReceiverSetting
from alerts.delivery.wording import words_of
from alerts.desk import Desk
from alerts.errors import InvalidError
from alerts.notices.changes import put_notice
from alerts.notices.notice import DeliveryError, DeliveryState, Notice
from alerts.rules.desk_rules import DeskRules
from alerts.rules.reading import parse_rules
from alerts.subscriptions.desk import lanes_of
from alerts.subscriptions.matching import Facts, recipients
from alerts.subscriptions.person_lane import PersonLane
from ingest.clock import ManualClock, to_ms
from tests.alerts.made import FINDING, HOUR_MS, step_of
from tests.alerts.receivers import FakeTarget, receiving

MINUTE_MS = 60_000
NIGHT: dict[str, Any] = {"timezone": "Europe/Berlin", "quiet": "22:00-07:00"}
BREACHES: dict[str, Any] = {
    "name": "breaches",
    "types": ["ticket.sla_breached", "ticket.escalated"],
    "roles": ["manager"],
}
ALL: dict[str, Any] = {"name": "all", "people": ["anna"]}


def rules_of(*notices: Mapping[str, Any], **people: Mapping[str, Any]) -> DeskRules:
    """Rules with these people, each reached somehow."""
    return parse_rules(
        {"people": {name: {"address": "log:", **says} for name, says in people.items()}, "notices": list(notices)}
    )


def told(rules: DeskRules, at: datetime | None = None, **facts: Any) -> dict[str, float]:
    """Who is told, and how many minutes later."""
    at_ms = to_ms(at or datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
    found = recipients(rules, Facts(**{"type": "ticket.sla_breached", **facts}), at_ms=at_ms)
    return {one.person: (one.due_ms - at_ms) / MINUTE_MS for one in found}


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        ({"roles": ["manager"]}, {}, {"anna"}),
        ({"teams": ["north"]}, {}, {"bo"}),
        ({"people": ["bo"], "types": ["ticket.*"]}, {}, {"bo"}),
        ({"people": ["bo"], "types": ["incident.*"]}, {}, set()),
        ({"people": ["bo"], "priorities": [1]}, {"priority": 2}, set()),
        ({"people": ["bo"], "severity_at_least": 0.7}, {"severity": 0.6}, set()),
        ({"people": ["bo"], "severity_at_least": 0.7}, {"severity": None}, {"bo"}),
        ({"people": ["bo"], "regions": ["ry"]}, {"region": "rx"}, set()),
        ({"people": ["anna"]}, {"region": "elsewhere"}, {"anna"}),
        ({"people": ["cy"]}, {"region": "elsewhere"}, set()),
        ({"addressed": True}, {"to": "manager"}, {"anna"}),
        ({"addressed": True}, {"assignee": "bo"}, {"bo"}),
        ({"addressed": True}, {"assignee": "bo", "to": "manager"}, {"anna"}),
        ({"addressed": True}, {"assignee": "bo", "to": "assignee"}, {"bo"}),
        ({"people": ["bo"], "hours": "mon-fri 08:00-17:00"}, {}, set()),
        ({"people": ["bo"], "hours": "sat 12:00-12:01"}, {}, {"bo"}),
    ],
)
def test_a_rule_tells_whom_it_names_where_all_it_asks_for_fits(
    rule: dict[str, Any], facts: dict[str, Any], expected: set[str]
) -> None:
    """By role, team, name or address; by type, priority, severity, region and hour."""
    people: dict[str, Any] = {"anna": {"role": "manager"}, "bo": {"teams": ["north"]}, "cy": {"regions": ["rx"]}}

    assert set(told(rules_of({"name": "r", **rule}, **people), **facts)) == expected


def test_quiet_by_default() -> None:
    """Nobody is told without a rule; what comes is gathered for an hour; a night is left in peace, but not by a priority 1."""
    assert told(rules_of(anna={"role": "manager"})) == {}
    assert told(rules_of(ALL, anna={})) == {"anna": 60}
    assert told(rules_of(dict(ALL, at_once=True), anna={})) == {"anna": 0}
    midnight = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    assert told(rules_of(dict(ALL, at_once=True), anna=NIGHT), midnight, priority=2) == {"anna": 7 * 60}
    assert told(rules_of(ALL, anna=NIGHT), midnight, priority=1) == {"anna": 0}
    assert told(rules_of(ALL, anna=dict(NIGHT, quiet_priority=0)), midnight, priority=1) == {"anna": 7 * 60}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"people": {"a": {"address": "log:", "quiet": "late"}}}, "people.a.quiet: 'late' is no span"),
        ({"people": {"a": {"address": "log:", "timezone": "Mars"}}}, "people.a.timezone"),
        ({"notices": [{"name": "r"}]}, "rule 'r' tells nobody"),
        ({"notices": [{"name": "r", "people": ["zoe"]}]}, "rule 'r' names somebody who is not there: 'zoe'"),
        ({"notices": [{"name": "r", "roles": ["boss"]}]}, "rule 'r' names a role that nobody has: 'boss'"),
    ],
)
def test_rules_that_reach_nobody_are_refused(document: dict[str, Any], sentence: str) -> None:
    """A slip of the pen is told at the start, and not by the silence when it matters."""
    with pytest.raises(InvalidError, match=sentence):
        parse_rules(document)


def lane_of(desk: Desk, rules: DeskRules, target: FakeTarget, person: str = "anna") -> PersonLane:
    """The lane of one person, through a receiver that remembers."""
    [lane] = [one for one in lanes_of(desk.unit, rules, lambda _name, _person: target) if one.person == person]
    lane.begin()
    return lane


def put(desk: Desk, *keys: str, type_: str = "ticket.sla_breached", **data: Any) -> None:
    """Lay notices into the outbox."""

    def work(t: Transaction) -> None:
        for key in keys:
            put_notice(t, type_, key, {"number": 7, **data}, dedupe_key=key)

    desk.unit.write(work)


def test_what_comes_together_is_one_message(desk: Desk, clock: ManualClock) -> None:
    """Fifty notices within the hour: nothing for an hour, then one message with all of them, in the log by its rule."""
    target = FakeTarget(name="person:anna")
    lane = lane_of(desk, rules_of(ALL, anna={}), target)
    for n in range(50):
        put(desk, f"k{n}")
        lane.run_once()
        clock.advance(MINUTE_MS)
    assert target.tried == []
    clock.advance(10 * MINUTE_MS)

    assert lane.run_once() == 50
    assert lane.run_once() == 0

    [message] = target.taken
    assert (message.type, len(message.data["notices"])) == ("digest", 50)
    log = desk.notices.page(receiver="person:anna").items
    assert {(one.state, one.rule) for one in log} == {(DeliveryState.DELIVERED, "all")}


def test_a_message_that_was_not_taken_is_sent_again_as_the_same(desk: Desk, clock: ManualClock) -> None:
    """The same id and the same notices, after a wait; parked as a whole after a day, and replayed."""
    errors = [DeliveryError("the channel is down") for _ in range(200)]
    target = FakeTarget(*errors, name="person:anna")
    lane = lane_of(desk, rules_of(dict(ALL, at_once=True), anna={}), target)
    put(desk, "a", "b")
    for _ in range(60):
        lane.run_once()
        clock.advance(HOUR_MS)

    ids = {message.id for message in target.tried}
    parked = desk.notices.page(state=DeliveryState.PARKED).items
    assert (len(ids), len(parked)) == (1, 2)
    target.answers.clear()
    assert desk.notices.retry_parked(receiver="person:anna") == 2
    lane.run_once()
    assert [message.id for message in target.taken] == list(ids)


def test_the_dry_run_says_what_would_have_happened(desk: Desk, clock: ManualClock) -> None:
    """A week of notices: as many messages as the lane has really sent, at the same times; and who is told nothing."""
    rules = rules_of(ALL, BREACHES, anna=NIGHT, ben={"role": "manager", "digest_minutes": 600}, carl={})
    target = FakeTarget(name="person:anna")
    lane = lane_of(desk, rules, target)
    sent = []
    for hour in range(7 * 24):
        if hour % 5 == 0:
            put(desk, f"a{hour}", f"b{hour}", type_="ticket.sla_breached" if hour % 2 else "ticket.opened", priority=3)
        for _ in range(2):
            if lane.run_once():
                sent.append(clock.now())
            clock.advance(30 * MINUTE_MS)

    trial = desk.subscriptions.try_rules(rules, over=timedelta(days=8))

    anna, ben, carl = trial.people
    assert (trial.notices, trial.untold, carl.notices) == (68, 0, 0)
    assert anna.notices == sum(len(one.data.get("notices", [0])) for one in target.taken)
    finished = [one.at for one in anna.messages if one.at < clock.now()]
    assert finished == sent
    assert 0 < ben.message_count < ben.notices
    quiet = desk.subscriptions.try_rules(DeskRules(), over=timedelta(days=8))
    assert (quiet.people, quiet.untold) == ((), 68)


def test_facts_are_those_of_the_ticket(desk: Desk) -> None:
    """A rule by source and severity finds the ticket behind a notice that says neither."""
    rule = {"name": "bad", "people": ["anna"], "sources": ["prediction"], "severity_at_least": 0.5, "at_once": True}
    target = FakeTarget(name="person:anna")
    lane = lane_of(desk, rules_of(rule, anna={}), target)
    desk.findings.commit(step_of(1, FINDING))
    desk.findings.commit(step_of(2, replace(FINDING, appliance_id="WM-2", severity=0.4)))

    lane.run_once()

    assert [message.data["appliance_id"] for message in target.taken] == ["WM-0231"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_reach_a_channel(language: str) -> None:
    """Through apprise to a small real receiver: title and body in the person's language; a no is an error with its reason."""
    at = datetime(2026, 11, 21, tzinfo=UTC)
    notice = Notice("no_1", at, "ticket.sla_breached", "tk_1", {"number": 7, "clock": "resolve", "due_ms": to_ms(at)})
    with receiving(200, 500) as receiver:
        target = AppriseTarget("person:anna", f"json://127.0.0.1:{receiver.server_port}/hook", language)
        target.deliver(notice)
        with pytest.raises(DeliveryError, match=r"did not take it: .*500"):
            target.deliver(notice)

    said = receiver.requests[0][1].decode()
    assert words_of(notice, language)[0] in said.encode().decode("unicode_escape" if "\\u" in said else "utf-8")


def test_an_address_that_no_channel_knows_is_refused_without_its_secrets() -> None:
    """Before anything starts, and without saying what stands in it."""
    with pytest.raises(InvalidError) as refused:
        KIND.open(ReceiverSetting("slack://secret"))

    assert "secret" not in str(refused.value)
