"""fettle replay: recorded readings arrive reading for reading."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from api.commands.replay import ReplayError, run_replay
from api.settings.settings import Settings
from ingest.mqtt.embedded_broker import EmbeddedBroker
from ingest.recordings.recording import CsvOptions
from tests.simulator.made import Acknowledger

ROWS = [
    "timestamp,activePower,doorOpen,label",
    *(f"2020-03-01 12:{m:02d}:{s:02d},{m + s / 10},,1" for m in range(20) for s in (0, 30)),
]


class _Service(threading.Thread):
    """The acknowledging service on a thread of its own, for a command that runs its own loop."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.acknowledger = Acknowledger("127.0.0.1", port)
        self.loop = asyncio.new_event_loop()
        self.task: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Serve until stopped."""
        self.task = self.loop.create_task(self.acknowledger.run())
        self.loop.run_until_complete(asyncio.gather(self.task, return_exceptions=True))
        self.loop.close()

    def stop(self) -> None:
        """End the thread."""
        if self.task is not None:
            self.loop.call_soon_threadsafe(self.task.cancel)
        self.join()


@pytest.fixture
def service() -> Iterator[tuple[Acknowledger, Settings]]:
    """A broker with a service that acknowledges, and the settings that lead there."""
    with EmbeddedBroker() as broker:
        thread = _Service(broker.old_port)
        thread.start()
        yield thread.acknowledger, Settings(mqtt_url=f"mqtt://127.0.0.1:{broker.old_port}")
        thread.stop()


def _replay(files: list[Path], settings: Settings, **more: object) -> None:
    options: dict[str, object] = {
        "kind": "refrigerator", "appliance_id": "pcad1", "speed": 0.0, "original_times": False,
        "options": CsvOptions(names={"activePower": "power_w"}),
    }  # fmt: skip
    run_replay(files=files, settings=settings, **(options | more))  # type: ignore[arg-type]  # the options are a plain table


def _write(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def _samples(acknowledger: Acknowledger) -> list[dict[str, object]]:
    ((_, seen),) = acknowledger.seen.items()
    found: list[dict[str, object]] = []
    for seq in sorted(seen):
        message = msgspec.json.decode(seen[seq])
        found += message.get("samples") or [message]
    return found


def test_a_recording_arrives_reading_for_reading(
    service: tuple[Acknowledger, Settings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every row arrives once and in order, labels and empty readings left out, times moved by the printed constant."""
    acknowledger, settings = service

    _replay([_write(tmp_path / "day.csv", ROWS)], settings)

    samples = _samples(acknowledger)
    assert [sample["metrics"] for sample in samples] == [{"power_w": m + s / 10} for m in range(20) for s in (0, 30)]
    told = capsys.readouterr()
    shift_ms = int(told.out.removeprefix("shift_ms "))
    assert samples[0]["ts"] == 1_583_064_000_000 + shift_ms
    assert "label" in told.err
    topic = next(iter(acknowledger.seen))[0]
    assert topic == "fettle/v1/refrigerator/pcad1"


def test_original_times_stay_and_files_are_one_series(service: tuple[Acknowledger, Settings], tmp_path: Path) -> None:
    """With --original-times nothing is moved; several files are one series in the order given."""
    acknowledger, settings = service
    files = [_write(tmp_path / "a.csv", ROWS[:5]), _write(tmp_path / "b.csv", [ROWS[0], *ROWS[5:9]])]

    _replay(files, settings, original_times=True)

    assert [sample["ts"] for sample in _samples(acknowledger)] == [1_583_064_000_000 + 30_000 * i for i in range(8)]


def test_a_pace_sends_row_by_row(service: tuple[Acknowledger, Settings], tmp_path: Path) -> None:
    """At a speed each row is a message of its own."""
    acknowledger, settings = service

    _replay([_write(tmp_path / "day.csv", ROWS[:9])], settings, speed=10_000.0)

    ((_, seen),) = acknowledger.seen.items()
    assert len(seen) == 8
    assert all(b'"samples"' not in payload for payload in seen.values())


@pytest.mark.parametrize(
    ("rows", "option", "told"),
    [
        (ROWS, {"kind": "Fridge!"}, "no appliance kind"),
        (ROWS, {"appliance_id": "a b"}, "is no id"),
        (["when,x", "2020-01-01,1"], {"options": CsvOptions()}, "no time column"),
        (["ts,x", "2020-01-01T00:00:00Z,"], {"options": CsvOptions()}, "."),
        (["ts," + ",".join(f"m{i}" for i in range(70)), "1577836800," + ",".join("1" * 70)], {"options": CsvOptions()}, "leave some out"),
    ],
)  # fmt: skip
def test_what_can_t_be_replayed_is_refused(
    rows: list[str], option: dict[str, object], told: str, tmp_path: Path
) -> None:
    """A wrong kind, id or file is answered with one sentence before anything is sent."""
    with pytest.raises(ReplayError, match=told):
        _replay([_write(tmp_path / "day.csv", rows)], Settings(), **option)
