"""What the fault tests share: when their loads begin, which tickets are due, and the figures they have measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.clock import SystemClock
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.installation import FEEDER, Installation, Ticket, remove
from tests.servers.faults.load import ROUND_MS, Load

Tell = Callable[[str, object], None]
"""Tell a figure under a name."""
LONGEST_ROUNDS = 300


@pytest.fixture(scope="session")
def start_ms() -> int:
    """When every load begins: the same for all tests, and long enough ago that no load reaches the present."""
    return SystemClock().now_ms() // ROUND_MS * ROUND_MS - LONGEST_ROUNDS * ROUND_MS


@pytest.fixture(scope="session")
def tickets_due(start_ms: int, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Load], list[Ticket]]:
    """The tickets of a run without faults: the same rounds of the four faulty appliances, and of a few healthy ones."""
    found: dict[int, list[Ticket]] = {}

    def run(load: Load) -> list[Ticket]:
        assert load.start_ms == start_ms
        if load.rounds not in found:
            few = Load(start_ms, appliances=8, rounds=load.rounds, is_clean=True)
            with Installation(tmp_path_factory.mktemp("fault-free")) as installation:
                installation.service.start()
                installation.service.wait_until_connected()  # before its first subscription, nobody keeps anything
                with Fleet(installation.broker.port, FEEDER, few.messages) as fleet:
                    fleet.release()
                    installation.wait_until_settled(few.distinct)
                installation.service.stop()
                found[load.rounds] = installation.outcome().tickets
            assert len(found[load.rounds]) == 4
        return found[load.rounds]

    return run


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that is gone after the test: journals of a hundred thousand messages aren't kept."""
    folder = tmp_path_factory.mktemp("faults") / "installation"
    folder.mkdir()
    yield folder
    remove(folder)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Tells a figure; all of them are printed at the end of the run."""

    def add(name: str, value: object) -> None:
        said = f"{value:.3g}" if isinstance(value, float) else str(value)
        request.node.user_properties.append((name, said))

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all tests, also of those that ran in another process."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    figures = [
        (report.nodeid, *figure) for report in reports if report.when == "call" for figure in report.user_properties
    ]
    if figures:
        terminalreporter.section("measured")
    for test, name, value in figures:
        terminalreporter.line(f"{test.partition('::')[2]}: {name} = {value}")
