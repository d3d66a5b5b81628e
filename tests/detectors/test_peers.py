"""Peers: what many like appliances show at once is taken out of each; what one shows alone is left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.backtest.fleet_folder import FleetFolder
from detectors.kinds.kind import KindDetector
from detectors.layering.piece import PEER_PLACES, Deviations, Piece, UnitRows
from detectors.layers.peers import PEERS_MIN, Peers
from detectors.pipeline import Pipeline
from ingest.sample import AdmittedBatch, Event, EventType, Status, StatusState
from tests.detectors.made_fleet import DAY_MS, PROFILES, START_MS

KIND = "refrigerator"
FLEET = 120


def fleet(firmware: tuple[str, ...] = ("1",)) -> tuple[KindDetector, Peers]:
    """A detector that has this layer only, and appliances that have said at birth what they are."""
    detector = KindDetector(PROFILES[KIND], [Peers], alarms_per_year=0.2)
    for number in range(FLEET):
        birth(detector, number, firmware[number % len(firmware)])
    layer = detector.layers[0]
    assert isinstance(layer, Peers)
    return detector, layer


def birth(detector: KindDetector, number: int, firmware: str, day: int = 0) -> None:
    """An appliance says what it is."""
    ts_ms = START_MS + day * DAY_MS
    facts = Status(f"F{number}", KIND, ts_ms, ts_ms, StatusState.ONLINE, model="M", firmware=firmware, region="north")
    detector.know(facts)


def day(
    layer: Peers, z: NDArray[np.float64], number: int = 1, sigma: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """What is left (appliances, F) of the deviations of a day, which is then learned; ``sigma`` is 1 unless given."""
    layer.take_over()
    rows = np.arange(len(z), dtype=np.intp)
    start = np.full(len(z), START_MS + number * DAY_MS, np.int64)
    wide = np.tile(z[:, None], (1, len(layer.setting.profile.features)))
    units = UnitRows(rows, start, start + DAY_MS, np.ones(len(z), bool), wide, np.zeros((len(z), 0)))
    seen = np.full(len(z), 99, np.int64)
    width = np.ones_like(wide) if sigma is None else np.repeat(sigma[:, None], wide.shape[1], axis=1)
    piece = Piece([], [], deviations=Deviations(units, wide.copy(), np.zeros_like(wide), width, seen, 14))
    layer.take(piece)
    layer.learn(piece)
    assert piece.deviations is not None
    np.testing.assert_allclose(piece.deviations.z * width + piece.deviations.expected, wide * width)
    return piece.deviations.z[:, 0]


def test_what_all_show_is_nobodys_own_and_what_one_shows_is() -> None:
    """From the second day on, and its end is followed as well; one at fault stays as far out as it is."""
    _, layer = fleet()
    rng = np.random.default_rng(3)
    odd = np.where(np.arange(FLEET) == 7, 5.0, 0.0)
    days = [day(layer, rng.normal(0, 0.5, FLEET) + odd + (1.8 if 2 <= n < 6 else 0.0), n) for n in range(9)]

    others = [float(np.delete(left, 7).mean()) for left in days]
    assert others[2] > 1.5
    assert np.abs(np.array(others)[[3, 4, 5, 7, 8]]).max() < 0.3
    assert min(left[7] for left in days) > 3


def test_a_day_is_judged_by_earlier_ones_only() -> None:
    """Nothing of the day itself takes part, so the order of appliances and the size of batches change nothing."""
    _, layer = fleet()

    left = day(layer, np.full(FLEET, 4.0))

    assert (left == 4).all()


def test_new_firmware_on_a_half_moves_that_half() -> None:
    """The wider group sees half of it; the rest is seen by those of one firmware."""
    _, layer = fleet(("1", "2"))
    shift = np.where(np.arange(FLEET) % 2, 3.0, 0.0)

    left = [day(layer, shift, number) for number in range(5)]

    assert np.abs(left[0]).max() == 3
    assert np.abs(left[-1]).max() < 0.2


def test_what_firmware_shifts_is_taken_out_of_steady_and_unsteady_appliances_alike() -> None:
    """It reads half a kelvin higher in each: three of its own standard deviations in one, one in another."""
    _, layer = fleet()
    sigma = np.where(np.arange(FLEET) % 3, 0.5, 1.5)

    left = [day(layer, 1.5 / sigma, number, sigma) for number in range(6)]

    assert left[0].max() == 3
    assert np.abs(left[-1]).max() < 0.1


def test_too_few_are_no_peers() -> None:
    """Whoever they are: a handful that shift are a handful of faults."""
    detector = KindDetector(PROFILES[KIND], [Peers], alarms_per_year=0.2)
    few = PEERS_MIN // 3
    for number in range(few):
        birth(detector, number, "1")
    layer = detector.layers[0]
    assert isinstance(layer, Peers)

    assert all((day(layer, np.full(few, 3.0), number) == 3).all() for number in range(9))


@pytest.mark.parametrize("told_by", ["birth", "event"])
def test_firmware_counts_from_the_day_that_begins_with_it(told_by: str) -> None:
    """A day that began before is judged by the peers of before, however late it ends."""
    detector, layer = fleet(("1", "2"))
    for number in range(4):
        day(layer, np.where(np.arange(FLEET) % 2, 3.0, 0.0), number)
    at_ms = START_MS + 5 * DAY_MS + 60_000
    if told_by == "birth":
        birth(detector, 0, "2", 6)
    else:
        detector.happen([Event("F0", KIND, at_ms, at_ms, EventType.FIRMWARE_UPDATED, data={"to": "2"})])

    left = [day(layer, np.where(np.arange(FLEET) % 2, 3.0, 0.0), number)[0] for number in (5, 6)]

    assert abs(left[0]) < 0.3
    assert left[1] < -2.5


def test_more_groups_than_there_are_places_go_by_the_wider_level() -> None:
    """A fleet of many firmwares costs no more memory."""
    detector, layer = fleet(tuple(map(str, range(FLEET))))

    assert layer.fleet["name"].all() or int((layer.fleet["name"] > 0).sum()) <= PEER_PLACES
    assert (layer.own["group"][:FLEET] == 0).any()
    assert (layer.own["model"][:FLEET] == layer.own["model"][0]).all()
    assert len(detector.packed_changes()) == FLEET


def test_births_of_a_batch_and_of_a_fleet_folder_are_heard(tmp_path: Path) -> None:
    """A will is none, and a kind without features has no peers."""
    (tmp_path / "readings").mkdir()
    (tmp_path / "appliances.csv").write_text(f"id,kind,model,firmware,region\nF0,{KIND},M,1,north\nX,toaster,,,\n")
    (tmp_path / "readings" / "a.csv").write_text(f"id,ts,mode,cycle,power_w\nF0,{START_MS},,,80\n")
    pipeline = Pipeline(PROFILES)

    (batch,) = FleetFolder(tmp_path).batches()
    pipeline.fold(batch)
    pipeline.fold(AdmittedBatch(2, 0, 1, statuses=(Status("F1", KIND, 0, 0, None, model="M"),)))

    detector = pipeline.detectors[KIND]
    assert isinstance(detector, KindDetector)
    assert detector.ids == ["F0"]
    assert detector.own("peers")["group"][0] > 0
    assert list(pipeline.detectors) == [KIND]
