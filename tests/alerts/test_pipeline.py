"""The alert pipeline is a list: whatever a stage decides, what follows comes from the decision alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Row, text

from alerts import database
from alerts.alerting import decision, pipeline
from alerts.alerting.alert import Alert
from alerts.alerting.decision import FOLLOWS, Action, Decision, DecisionReason, Follows, Stage
from alerts.database import Transaction, UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.lifecycle import AlertState, TicketStep
from alerts.silences.muting import Scope
from alerts.tickets.ticket import StepBody
from ingest.clock import ManualClock, from_ms
from ingest.profiles.definition import Profile
from tests.alerts.made import DAY_MS, FINDING, NOW_MS, PROFILES, cleared, step_of

FULL_MOON = DecisionReason("full_moon", "The moon is full.", "满月。")


def add_stage(monkeypatch: pytest.MonkeyPatch, action: Action, until: Callable[[], bool] = lambda: False) -> None:
    """A stage that nobody has seen before stands at the head of the pipeline and answers until told otherwise."""

    def decide(_t: Transaction, _alert: Row[Any], _profile: Profile | None) -> Decision | None:
        return None if until() else Decision(action, FULL_MOON)

    monkeypatch.setattr(pipeline, "STAGES", (Stage(decide, (FULL_MOON,)), *pipeline.STAGES))


def only_alert(desk: Desk) -> Alert:
    """The one alert."""
    [alert] = desk.alerts.page().items
    return alert


@pytest.mark.parametrize("action", Action)
def test_what_a_new_stage_decides_is_shown_and_acted_upon(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, action: Action
) -> None:
    """Each action of a stage that is new leads to its state, its ticket or none, and its reason in both languages."""
    add_stage(monkeypatch, action)

    desk.findings.commit(step_of(1, FINDING))

    alert = only_alert(desk)
    assert alert.state is (AlertState.PENDING if action is Action.HOLD else AlertState.FIRING)
    assert (alert.decision, alert.reason) == (action, "full_moon")
    assert alert.reason_label == {"en": "The moon is full.", "zh": "满月。"}
    assert len(desk.tickets.page().items) == (action is Action.OPEN)


@pytest.mark.parametrize("action", [Action.HOLD, Action.NOTE])
@pytest.mark.parametrize("news", [False, True])
def test_an_alert_that_is_not_settled_is_asked_about_until_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, action: Action, *, news: bool
) -> None:
    """Held or noted by a stage that is new, an alert gets its ticket once the stage lets go: in time, or with news."""
    waning = [False]
    add_stage(monkeypatch, action, until=lambda: waning[0])
    desk.findings.commit(step_of(1, FINDING))
    desk.alerts.ask_again()
    assert desk.tickets.page().items == ()

    waning[0] = True
    if news:
        desk.findings.commit(step_of(2, replace(FINDING, severity=0.6)))
    else:
        desk.alerts.ask_again()

    assert only_alert(desk).reason == "ticket_opened"
    assert [ticket.number for ticket in desk.tickets.page().items] == [1]
    assert desk.alerts.ask_again() is None


@pytest.mark.parametrize("action", [Action.HOLD, Action.NOTE])
def test_the_end_of_a_stage_leaves_nothing_pending(desk: Desk, monkeypatch: pytest.MonkeyPatch, action: Action) -> None:
    """An alert that waits for a stage which the next version no longer has is still read, shown and asked about."""
    with monkeypatch.context() as before:
        add_stage(before, action)
        desk.findings.commit(step_of(1, FINDING))
    assert only_alert(desk).reason_label == {"en": "full_moon", "zh": "full_moon"}

    desk.alerts.ask_again()

    assert only_alert(desk).reason == "ticket_opened"


def test_an_alert_that_is_never_asked_again_would_be_noticed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the table's word that a held alert is asked again switched off, it stays pending for ever."""
    waning = [False]
    add_stage(monkeypatch, Action.HOLD, until=lambda: waning[0])
    forgets = {**FOLLOWS, Action.HOLD: Follows(fires=False, is_asked_again=False)}
    monkeypatch.setattr("alerts.alerting.following.FOLLOWS", forgets)
    desk.findings.commit(step_of(1, FINDING))

    waning[0] = True
    desk.alerts.ask_again()

    assert only_alert(desk).state is AlertState.PENDING


def test_every_action_settles_an_alert_or_asks_again() -> None:
    """No action leaves an alert pending without asking again; so no stage can."""
    assert set(FOLLOWS) == set(Action)
    assert all(follows.fires or follows.is_asked_again for follows in FOLLOWS.values())


def test_never_is_settled_until_the_fault_comes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A settled alert is not asked about again within its episode; a new episode is a new question."""
    waning = [False]
    add_stage(monkeypatch, Action.NEVER, until=lambda: waning[0])
    desk.findings.commit(step_of(1, FINDING))
    waning[0] = True
    desk.alerts.ask_again()
    desk.findings.commit(step_of(2, replace(FINDING, severity=0.6)))
    assert desk.tickets.page().items == ()

    desk.findings.commit(step_of(3, cleared(FINDING, FINDING.raised_ms + 1)))
    desk.findings.commit(step_of(4, replace(FINDING, raised_ms=FINDING.raised_ms + 2)))

    assert [ticket.number for ticket in desk.tickets.page().items] == [1]


def test_a_reason_that_its_stage_does_not_name_is_a_programmers_error(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage names every reason that it may give, so that each can be shown in words."""

    def decide(_t: Transaction, _alert: Row[Any], _profile: Profile | None) -> Decision:
        return Decision(Action.HOLD, FULL_MOON)

    monkeypatch.setattr(pipeline, "STAGES", (Stage(decide, ()),))

    with pytest.raises(AssertionError, match="full_moon"):
        desk.findings.commit(step_of(1, FINDING))


def test_every_file_of_the_stages_stands_in_the_list() -> None:
    """A stage that is written and not listed would decide nothing."""
    folder = Path(decision.__file__).parent / "stages"
    listed = {Path(stage.decide.__code__.co_filename).stem for stage in pipeline.STAGES}

    assert listed == {path.stem for path in folder.glob("*.py")} - {"__init__"}
    words = [reason.word for stage in pipeline.STAGES for reason in stage.reasons]
    assert len(words) == len(set(words)) == len(set(words) - {pipeline.TICKET_OPENED.word, pipeline.ALREADY_OPEN.word})


def test_alerts_of_an_older_version_stay_settled_or_are_asked_again(tmp_path: Path, clock: ManualClock) -> None:
    """The migration reads what was decided from the reason; what waited then is asked about from now on."""
    engine = open_database(f"sqlite:///{tmp_path / 'desk.db'}")
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for number, reason in enumerate(("ticket_opened", "already_open", "data_fault_no_ticket", "silenced")):
            connection.execute(text(OLD_ALERT), {"id": f"al_{number}", "reason": reason, "evidence": "[]"})

    migrate(engine)

    desk = Desk(UnitOfWork(engine, clock, random.Random(1)), PROFILES)
    found = {alert.reason: alert.decision for alert in desk.alerts.page().items}
    assert found == {
        "ticket_opened": Action.OPEN,
        "already_open": Action.OPEN,
        "data_fault_no_ticket": Action.NEVER,
        "silenced": Action.HOLD,
    }
    desk.alerts.ask_again()
    assert [ticket.appliance_id for ticket in desk.tickets.page().items] == ["al_3"]
    engine.dispose()


OLD_ALERT = """
INSERT INTO alerts (id, appliance_id, kind, fault_mode, component, channel, state, reason, severity, probability,
                    score, onset_ms, raised_ms, created_ms, evidence)
VALUES (:id, :id, 'washing_machine', 'drain_clog', 'drain_pump', 'evidence', 'pending', :reason, 0.5, 0.7,
        9.1, 1, 2, 3, :evidence)
"""


def test_what_is_surely_held_is_not_asked_one_by_one_and_is_let_go_in_time(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silenced, retired or flapping alerts cost one look together; each is asked again when its reason ends."""
    desk.findings.commit(step_of(1, replace(FINDING, appliance_id="A"), replace(FINDING, appliance_id="R")))
    for ticket in desk.tickets.page().items:
        desk.tickets.step(ticket.id, TicketStep.CANCEL, StepBody(note="n"))
    desk.silences.add(Scope(appliance_id="A"), until=from_ms(NOW_MS + 9 * DAY_MS), reason="r")
    desk.appliances.retire("R")
    clock.advance(4 * DAY_MS)
    desk.alerts.ask_again()
    assert {alert.reason for alert in desk.alerts.page().items} == {"silenced", "appliance_retired"}

    asked: list[str] = []

    def decide(_t: Transaction, alert: Row[Any], _profile: Profile | None) -> None:
        asked.append(alert.appliance_id)

    monkeypatch.setattr(pipeline, "STAGES", (Stage(decide, ()), *pipeline.STAGES))
    desk.alerts.ask_again()
    assert asked == []
    desk.appliances.register(("R", "washing_machine"))
    desk.alerts.ask_again()
    assert asked == ["R"]
    clock.advance(5 * DAY_MS)
    desk.alerts.ask_again()

    assert asked == ["R", "A"]
    assert {alert.reason for alert in desk.alerts.page().items} == {"ticket_opened"}
