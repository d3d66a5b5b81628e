"""What people do to a service desk, case by case: each has its id, what is right, and the tests that hold it.

The cases were found by trying on a running service. A case whose test is elsewhere names it; that the named test is there
and demands something is tested here, so that no case is lost when a test is renamed or emptied.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from alerts.accounts.account import Role
from api.settings.settings import Settings
from tests.api.house import House
from tests.api.test_cli import Run, run

__all__ = ["run"]

ROOT = Path(__file__).resolve().parents[3]
HERE = "tests/api/cases/test_desk_cases.py"
TICKETS = "tests/contract/desk_tickets_suite.py"
CHANGES = "tests/contract/desk_changes_suite.py"
STANDING = "tests/contract/desk_standing_suite.py"
OUTBOX = "tests/alerts/test_outbox.py"

CASES: dict[str, tuple[str, ...]] = {
    "D01 a ticket ends while its fault stands: asked again after the grace": (
        f"{TICKETS}::test_a_fault_that_stands_behind_its_ticket_is_asked_about_again",
    ),
    "D04 cleared and raised again: the ticket leads to the alert that stands": (
        f"{STANDING}::test_a_ticket_leads_to_the_alert_that_stands",
    ),
    "D05 severity rises: priority, a line of history, a notice; a person's priority is never lowered": (
        f"{STANDING}::test_what_rises_on_a_standing_ticket_is_told",
        f"{STANDING}::test_a_persons_priority_is_raised_and_never_lowered",
    ),
    "D08 refreshes day by day: a line a week, and no version that guards people": (
        f"{STANDING}::test_a_season_of_news_is_a_line_a_week_and_guards_nobodys_view",
    ),
    "D10 a retired appliance takes no ticket by hand, and there is a way back": (
        "tests/alerts/test_lifecycle.py::test_retired_appliance_gets_alerts_and_no_tickets",
        "tests/api/test_keeping.py::test_a_retired_appliance_is_refused_everywhere_and_comes_back",
        f"{HERE}::test_d10_the_refusal_names_the_way_back",
    ),
    "D11 silences have an entrance": ("tests/api/test_keeping.py::test_a_silence_is_made_seen_and_lifted",),
    "D18 receivers wait for nobody": (
        "tests/api/test_notices.py::test_no_receiver_waits_for_another",
        f"{OUTBOX}::test_behind_a_receiver_that_misses_one_notice_is_tried_and_all_go_when_it_answers",
    ),
    "D20 letters beyond ASCII in an address": (
        "tests/alerts/test_webhook.py::test_letters_beyond_ascii_in_an_address_are_encoded",
        f"{OUTBOX}::test_whatever_a_target_raises_is_a_miss",
    ),
    "D21 a secret that is none": (
        "tests/alerts/test_webhook.py::test_a_webhook_that_can_not_work_is_refused_at_once",
        f"{HERE}::test_d21_a_service_with_such_a_secret_does_not_start",
    ),
    "D23 Retry-After and 410": (
        f"{OUTBOX}::test_a_receiver_is_left_in_peace_as_long_as_it_asks_also_over_a_restart",
        f"{OUTBOX}::test_a_receiver_that_is_gone_is_switched_off_and_says_so",
        "tests/alerts/test_webhook.py::test_a_redirect_is_not_followed",
    ),
    "D25 notices of a ticket arrive in order": (
        f"{OUTBOX}::test_the_notices_of_a_ticket_arrive_in_order_through_a_receiver_that_fails",
    ),
    "D26 parked notices are seen and tried again": (
        "tests/api/test_notices.py::test_a_parked_notice_is_listed_and_tried_again",
        "tests/api/test_notices.py::test_parked_notices_stand_on_the_command_line",
    ),
    "D28 a clock that was set back delays nothing": (
        f"{OUTBOX}::test_a_clock_that_was_set_back_makes_nothing_wait_longer",
    ),
    "D33 a key that was used for another command": (
        "tests/alerts/test_sessions.py::test_a_key_that_was_used_for_another_command_is_refused",
        "tests/api/test_repeats.py::test_a_key_stands_for_one_request",
    ),
    "D37 another journal beside the same database": (
        "tests/api/test_other_journal.py::test_a_new_journal_beside_an_old_database_is_read_from_its_beginning",
        "tests/api/test_other_journal.py::test_cursors_behind_the_journals_end_are_not_ready",
    ),
    "D40 a read-only standby is waited for": (
        "tests/servers/test_postgres_faults.py::test_a_read_only_standby_is_waited_for",
        "tests/alerts/test_database_errors.py::test_what_may_pass_is_waited_for_with_a_sentence",
    ),
    "D42 a database without an encoding": (
        "tests/servers/test_postgres_faults.py::test_a_database_without_an_encoding_is_refused_in_one_sentence",
    ),
    "D44 a damaged file and unknown options are one sentence": (
        "tests/alerts/test_database_errors.py::test_a_damaged_file_is_told_in_one_sentence",
        "tests/alerts/test_database_errors.py::test_an_option_that_is_none_is_one_sentence_of_the_command",
        "tests/servers/test_postgres_faults.py::test_a_role_without_rights_is_told_what_it_lacks",
    ),
    "D48 two episodes, each by its own deadlines; the figures agree": (
        f"{CHANGES}::test_a_ticket_that_is_opened_again_begins_a_new_episode",
    ),
    "D49 a reopened ticket carries no verdict of before": (
        f"{TICKETS}::test_a_reopened_ticket_carries_no_verdict_of_before",
    ),
    "D51 a pause is never negative": (f"{TICKETS}::test_deadlines_stand_still_while_a_ticket_is_held",),
    "D53 a visit ends after the beginning that stands": (
        f"{TICKETS}::test_a_visit_ends_after_the_beginning_that_stands",
        f"{HERE}::test_d53_the_visit_that_would_stand_is_judged",
    ),
    "D55 unassign, clear the visit, nobody of that name": (
        f"{CHANGES}::test_a_step_takes_assignee_and_visit_away",
        f"{HERE}::test_d55_null_clears_and_a_name_that_nobody_has_is_refused",
    ),
    "D57 filters, orders and an export": (
        f"{TICKETS}::test_lists_are_narrowed_by_what_people_sort_their_day_by",
        f"{CHANGES}::test_lists_come_in_the_order_of_due_and_of_urgency",
        "tests/api/test_ticket_changes.py::test_a_list_is_exported_as_it_is_filtered_and_sorted",
    ),
    "D58 a misspelt filter and a misspelt key are named": (
        "tests/api/test_every_route.py::test_a_parameter_that_nobody_knows_is_refused_by_every_route",
        "tests/api/test_every_route.py::test_a_key_that_nobody_knows_is_refused_in_every_body",
        f"{HERE}::test_d58_misspelt_words_are_named",
    ),
    "D60, D63 words are found in any case, in every field, on both databases": (
        "tests/contract/desk_search_suite.py::test_tickets_are_found_by_what_is_said_of_them",
        "tests/contract/desk_search_suite.py::test_appliances_are_found_in_any_case",
    ),
    "D67 a cursor of another list": (f"{HERE}::test_d67_a_cursor_belongs_to_its_list",),
    "D68 HEAD": ("tests/api/test_manners.py::test_head_answers_as_get_without_the_body",),
    "D73 a fault mode that nobody knows": (
        f"{TICKETS}::test_a_fault_mode_that_the_profile_does_not_know_is_refused",
        f"{HERE}::test_d73_a_misspelt_fault_mode_is_answered_with_those_that_there_are",
    ),
    "D75 a last event that is ahead of the newest, or older than what is kept": (
        "tests/api/test_streams.py::test_a_stream_whose_last_event_nobody_knows_is_told_to_begin_anew",
        "tests/api/test_streams.py::test_a_stream_from_before_what_is_kept_is_told_to_begin_anew",
    ),
    "D77 an account is shut out while its streams are open": (
        "tests/api/test_streams.py::test_a_stream_ends_with_the_login_that_opened_it",
        "tests/api/test_streams.py::test_a_live_view_ends_with_the_login_that_opened_it",
    ),
    "D78 clients that never read": (
        "tests/api/test_streams.py::test_all_streams_are_told_from_one_reading_of_the_database",
        "tests/api/test_guests.py::test_an_answer_that_nobody_reads_is_given_up",
    ),
    "D80 accounts are kept": (
        "tests/api/test_keeping.py::test_an_account_is_made_changed_and_shut_out",
        "tests/api/test_cli.py::test_an_account_is_kept_from_the_command_line",
    ),
    "D52 deadlines by priority; a breach is told, once": (
        "tests/contract/desk_clocks_suite.py::test_deadlines_follow_the_priority_and_keep_what_was_spent",
        "tests/contract/desk_clocks_suite.py::test_a_breach_is_told_once_and_survives_a_restart",
    ),
    "D82 the retention speaks of telemetry alone; work is kept": (
        f"{HERE}::test_d82_the_setting_promises_telemetry_only",
    ),
    "D83 a repair that nobody answers for": (
        f"{TICKETS}::test_a_repair_that_nobody_answers_for_closes_by_itself",
        f"{TICKETS}::test_how_long_a_repair_waits_for_an_answer_is_the_installations",
        "tests/api/test_settings.py::test_how_long_a_repair_waits_is_a_setting_that_reaches_the_desk",
    ),
}


@cache
def functions(path: str) -> dict[str, ast.FunctionDef]:
    """All tests in a file by their names."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def demands(function: ast.FunctionDef) -> bool:
    """Whether a test can fail by what it finds: it asserts, or waits for an error."""
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and node.attr == "raises")
        for node in ast.walk(function)
    ) or "wait_until" in ast.unparse(function)


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_its_test(case: str) -> None:
    """The tests that a case names are there, run, and demand something."""
    for reference in CASES[case]:
        path, _, name = reference.partition("::")

        assert name in functions(path), f"{case}: {reference} is gone"
        assert demands(functions(path)[name]), f"{case}: {reference} demands nothing"
        marks = [ast.unparse(mark) for mark in functions(path)[name].decorator_list]
        assert not [mark for mark in marks if "skip" in mark or "xfail" in mark], f"{case}: {reference} does not run"


def test_d10_the_refusal_names_the_way_back(house: House) -> None:
    """A ticket by hand at a retired appliance is 409, and says what brings it back; that step is there."""
    house.register("fridge-1")
    house.post("/appliances/fridge-1/retire")

    refused = house.post("/tickets", {"appliance_id": "fridge-1", "title": "noise"})

    assert (refused.status_code, "revive it first" in refused.json()["detail"]) == (409, True)
    assert house.post("/appliances/fridge-1/revive").status_code == 200
    assert house.post("/tickets", {"appliance_id": "fridge-1", "title": "noise"}).status_code == 201


@pytest.mark.parametrize("secret", ["whsec_!!!", "plainsecret"])
def test_d21_a_service_with_such_a_secret_does_not_start(
    run: Run, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    """One sentence, exit code 1, and the secret stands in neither."""
    monkeypatch.setenv("FETTLE_WEBHOOK_URL", "http://127.0.0.1:9/hook")
    monkeypatch.setenv("FETTLE_WEBHOOK_SECRET", secret)
    monkeypatch.setenv("FETTLE_HTTP_LISTEN", "127.0.0.1:0")

    ended = run("serve")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert "webhook's secret" in ended.err
    assert secret not in ended.err


def test_d53_the_visit_that_would_stand_is_judged(house: House) -> None:
    """An end alone, before the beginning that stands, is 422 and changes nothing."""
    house.find()
    house.post("/tickets/1/triage")
    house.post("/tickets/1/schedule", {"from": "2026-12-01T08:00:00Z", "to": "2026-12-01T10:00:00Z"})

    answer = house.post("/tickets/1/schedule", {"to": "2026-11-01T08:00:00Z"})

    assert answer.status_code == 422
    assert "from" in answer.json()["detail"]
    assert house.get("/tickets/1").json()["visit"]["to"] == "2026-12-01T10:00:00Z"


def test_d55_null_clears_and_a_name_that_nobody_has_is_refused(house: House) -> None:
    """Empty is no name, null is nobody, and a person who is not there gets no work."""
    house.find()
    house.post("/tickets/1/triage")
    window = {"from": "2026-12-01T08:00:00Z", "to": "2026-12-01T10:00:00Z"}
    house.post("/tickets/1/schedule", {"assignee": "technician", **window})

    answers = [house.post("/tickets/1/schedule", {"assignee": name}).status_code for name in ("", "nobody-such")]
    cleared = house.post("/tickets/1/schedule", {"assignee": None, "from": None, "to": None}).json()

    assert answers == [422, 422]
    assert (cleared["assignee"], cleared["visit"], cleared["status"]) == (None, None, "scheduled")


def test_d58_misspelt_words_are_named(house: House) -> None:
    """`state` is no filter of tickets, `assigne` no key of a body; nothing is done."""
    house.find()
    before = house.get("/tickets/1").json()

    wrong = {
        "state": house.get("/tickets?state=closed"),
        "assigne": house.post("/tickets/1/start", {"assigne": "bob"}),
        "number": house.post("/tickets", {"appliance_id": "fridge-1", "title": "x", "number": 5}),
    }

    for name, answer in wrong.items():
        assert answer.status_code == 422
        assert name in answer.json()["detail"]
    assert house.get("/tickets/1").json() == before


def test_d67_a_cursor_belongs_to_its_list(house: House) -> None:
    """The cursor of tickets at alerts, and of one order at another, is 422."""
    for number in range(3):
        house.find(f"fridge-{number}")
    cursor = house.get("/tickets?limit=1").json()["next"]

    for path in ("/alerts", "/appliances", "/audit", "/incidents", "/notices"):
        assert house.get(f"{path}?cursor={cursor}").status_code == 422, path
    assert house.get(f"/tickets?sort=due&cursor={cursor}").status_code == 422


def test_d73_a_misspelt_fault_mode_is_answered_with_those_that_there_are(house: House) -> None:
    """Opening and judging refuse it, and `other_fault` says which it was."""
    house.find()
    house.post("/tickets/1/start")
    odd = [
        house.post("/tickets", {"appliance_id": "fridge-1", "title": "x", "fault_mode": "condenser_foulin"}),
        house.post("/tickets/1/verdict", {"verdict": "other_fault", "fault_mode": "zzz"}),
        house.post("/tickets/1/verdict", {"verdict": "other_fault"}),
        house.post("/silences", {"fault_mode": "zzz", "until": "2026-12-01T00:00:00Z", "reason": "r"}),
    ]

    assert [answer.status_code for answer in odd] == [422] * 4
    assert "condenser_fouling" in odd[0].json()["detail"]


def test_d82_the_setting_promises_telemetry_only() -> None:
    """What is dropped after the retention is telemetry; closed work, alerts and the audit are kept."""
    said = Settings.model_fields["retention_days"].description or ""

    assert "telemetry" in said
    assert "work" not in said


def test_times_that_no_desk_plans_for_are_refused(house: House) -> None:
    """A visit in 2020, a silence until 2300, a filter by the year 20000."""
    house.find()
    house.post("/tickets/1/triage")

    assert house.post("/tickets/1/schedule", {"from": "2020-01-01T00:00:00Z"}).status_code == 422
    assert (
        house.post(
            "/silences", {"appliance_id": "fridge-1", "until": "2300-01-01T00:00:00Z", "reason": "r"}
        ).status_code
        == 422
    )
    assert house.get("/tickets?opened_from=20000-01-01").status_code == 422
    assert house.get("/tickets?opened_from=-5").status_code == 422


def test_a_technician_is_told_what_the_role_may(house: House) -> None:
    """403 names the role that is needed and the one that asks."""
    house.find()

    answer = house.post("/tickets/1/cancel", {"note": "n"}, Role.TECHNICIAN)

    assert answer.status_code == 403
    assert {"dispatcher", "technician"} <= set(answer.json()["detail"].replace(";", "").replace(".", "").split())
