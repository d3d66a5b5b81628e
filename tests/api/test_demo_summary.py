"""The demo's summary counts honestly."""

from __future__ import annotations

from pathlib import Path

from api.demo.summary import PredictedTicket, RealFault, judge, percentile_99, read_truth

DAY = 86_400_000


def fault(appliance: str, onset: int, failure: int | None) -> RealFault:
    """A fault with times in days."""
    return RealFault(appliance, "pump", "drain_pump_clog", onset * DAY, None if failure is None else failure * DAY)


def ticket(appliance: str, day: float) -> PredictedTicket:
    """A ticket with its time in days."""
    return PredictedTicket(appliance, round(day * DAY), 0)


def test_a_ticket_between_onset_and_failure_is_early() -> None:
    """A ticket between onset and failure counts as caught early, with its lead to the failure."""
    verdict = judge([ticket("a", 12)], [fault("a", 10, 20)])

    expected = {"faults_injected": 1, "faults_caught_early": 1, "false_tickets": 0, "median_lead_days": 8.0}
    assert verdict == expected | {"tickets_per_fault": 1.0, "double_tickets": 0, "late_names": 0}


def test_a_ticket_before_onset_or_on_a_healthy_appliance_is_false() -> None:
    """A ticket without a fault that had begun is false, whatever comes later."""
    verdict = judge([ticket("a", 9), ticket("b", 9)], [fault("a", 10, None)])

    assert verdict["false_tickets"] == 2
    assert verdict["faults_caught_early"] == 0


def test_a_ticket_after_the_failure_is_late_but_not_false() -> None:
    """A ticket behind the failure catches nothing early and is no false one."""
    verdict = judge([ticket("a", 21)], [fault("a", 10, 20)])

    assert (verdict["faults_caught_early"], verdict["false_tickets"]) == (0, 0)


def test_a_failure_that_was_not_reached_gives_no_lead() -> None:
    """Without a failure there is a catch and no lead."""
    verdict = judge([ticket("a", 12)], [fault("a", 10, None)])

    assert verdict["faults_caught_early"] == 1
    assert verdict["median_lead_days"] is None


def test_the_percentile_is_a_measured_value() -> None:
    """The 99th percentile of few values is their largest; of none, nothing."""
    assert percentile_99([1.0, 3.0, 2.0]) == 3.0
    assert percentile_99(list(map(float, range(1, 201)))) == 198.0
    assert percentile_99([]) is None


def test_truth_is_read_as_the_fleet_writes_it(tmp_path: Path) -> None:
    """An empty failure time means that the failure was not reached."""
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "faults.csv").write_text(
        "id,component,fault_mode,onset,failure_at,kind_of_onset\na,pump,drain_pump_clog,1970-01-02T00:00:00Z,,gradual\n"
    )

    assert read_truth(tmp_path) == [RealFault("a", "pump", "drain_pump_clog", DAY, None)]
    assert read_truth(tmp_path / "nowhere") == []


def test_tickets_per_fault_counts_doubles_and_late_names() -> None:
    """Two faults of one appliance and one of another, four tickets: one double, one named late; a false one counts nowhere."""
    faults = [
        RealFault("a", "pump", "clog", 1 * DAY, None),
        RealFault("a", "fan", "stuck", 5 * DAY, None),
        RealFault("b", "pump", "clog", 1 * DAY, None),
        RealFault("c", "pump", "clog", 1 * DAY, None),
    ]
    tickets = [
        PredictedTicket("a", 2 * DAY, 0, fault_mode="clog", first_named="unknown"),
        PredictedTicket("a", 6 * DAY, 0, fault_mode="stuck"),
        PredictedTicket("b", 2 * DAY, 0, fault_mode="clog"),
        PredictedTicket("b", 3 * DAY, 0, fault_mode="warm"),
        PredictedTicket("d", 3 * DAY, 0, fault_mode="clog"),
    ]

    found = judge(tickets, faults)

    assert (found["tickets_per_fault"], found["double_tickets"], found["late_names"]) == (round(4 / 3, 3), 1, 1)
    assert judge([], faults)["tickets_per_fault"] is None
