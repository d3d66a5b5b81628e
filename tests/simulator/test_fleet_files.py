"""Fleet files: the packaged ones are sound, a broken one is refused with file, key and fix."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from ingest.profiles import load_profiles
from simulator.fleet_file import read_fleet
from simulator.fleet_table import FleetFileError

TEXT = (resources.files("simulator") / "fleets" / "demo.toml").read_text("utf-8")


@pytest.mark.parametrize("name", ["demo", "household", "easy", "hard", "wild"])
def test_packaged_fleets_can_be_read(name: str) -> None:
    """Each packaged fleet has homes, regions, and kinds with faults that their profiles know where they know any."""
    fleet = read_fleet(name)
    profiles = load_profiles()

    assert fleet.name == name
    assert sum(region.share for region in fleet.regions.values()) == pytest.approx(1.0)
    for kind in fleet.kinds.values():
        known = set(profiles[kind.kind].fault_modes)
        assert not known or set(kind.faults) <= known


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("cop_rated = [1.6, 1.2]", "cop_rated = [1.25, 1.60]", "kinds.refrigerator.parameters.cop_rated goes from 1.6 to 1.2"),
        ("cop_rated = true", "cop_rated = [1.25, 1.60]", "kinds.refrigerator.parameters.cop_rated is True"),
        ("", "cop_rated = [1.25, 1.60]", "kinds.refrigerator.parameters.cop_rated is missing"),
        ("cop_rated = 1.4\ncolour = 3", "cop_rated = [1.25, 1.60]", "kinds.refrigerator.parameters.colour is unknown"),
        ("[kinds.toaster]", "[kinds.washing_machine]", "kinds.toaster has no physics"),
        ('law = "cubic"', 'law = "gamma"', "law is 'cubic'; write one of exponential, linear, sqrt, gamma, shocks, step"),
        ("history_interval_s = 100", "history_interval_s = 900", "history_interval_s is 100; write a multiple of step_s = 300"),
        ("history_interval_s = 2100", "history_interval_s = 900", "that divides twelve hours"),
        ("step_s = 900 ", "step_s = 300 ", "step_s is 900; write a whole number of seconds from 1 to 600"),
        ("history_interval = 900", "history_interval_s = 900", "history_interval has no unit; write history_interval_s"),
        ("defrost = [150, 250]", "defrost_w = [150, 250]", "defrost has no unit; write defrost_w"),
        ("defrost_w = [-150, 250]", "defrost_w = [150, 250]", "defrost_w goes from -150 to 250, which is impossible; write numbers from 0"),
        ("fresh_set_c = [3, 600]", "fresh_set_c = [3, 6]", "which is impossible; write numbers from -60 to 400"),
        ("", "onset_days = [15, 56]", "onset_days is missing; write one of onset_days, onset_weibull_days, onset_weibull_uses"),
        ("onset_days = [1, 2]\nonset_weibull_days = {shape = 2, scale = 900}", "onset_days = [15, 56]", "onset_weibull_days stands beside onset_days"),
        ("residual = [0, 2]", "residual = [0, 0.05]", "wear.residual goes below 0 or up to 1"),
        ("at_most_one = 3", "at_most_one = true", "wear.at_most_one is 3; write true or false"),
        ("abrupt_share = 30", "abrupt_share = 0", "wear.abrupt_share is 30; write a share from 0 to 1"),
        ('faulty_ways = ["lazy"]', 'faulty_ways = ["stuck", "offset", "drift", "noise"]', "faulty_ways has 'lazy'; write some of stuck"),
        ("spike_size = {median = -1, sigma = 1, low = 1, high = 2}", "spike_size = [8, 30]", "sensors.spike_size is {'median': -1"),
        ("[sensors]\nabsent.nose_c = 0.1", "[sensors]", "sensors.absent.nose_c is no metric of any kind"),
        ("appliances_per_home = 0.5", "appliances_per_home = 1", "appliances_per_home is 0.5; write 1 or more"),
        ("gaps_per_year = -1", "gaps_per_year = 0", "life.gaps_per_year is -1; write 0 or more"),
        ("mains_v = 23", "mains_v = 231", "regions.north.mains_v is 23, which is impossible; write a number from 90 to 260"),
        ("mean = 900", "mean = 9.5", "regions.north.outdoor_c.mean is 900, which is impossible"),
        ("humidity_pct = 780", "humidity_pct = 78", "humidity_pct is 780, which is impossible"),
        ("spikes = 2", "spikes = 0 ", "sensors.spikes is 2; write a share from 0 to 1"),
        ("[kinds.washing_machine.faults.ennui]", "[kinds.washing_machine.faults.bearing_wear]", "is no fault mode of washing_machine"),
        ("[[regions", "[regions.north]", "is no TOML"),
    ],
)  # fmt: skip
def test_a_wrong_fleet_file_is_refused_with_its_key(wrong: str, right: str, told: str, tmp_path: Path) -> None:
    """The refusal names the file, the key, what stands there, and what to write instead."""
    assert right in TEXT
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(right, wrong, 1), "utf-8")

    with pytest.raises(FleetFileError) as refused:
        read_fleet(str(path))

    assert str(path) in str(refused.value)
    assert told in str(refused.value)


def test_an_unknown_fleet_is_refused_with_the_known_ones() -> None:
    """A name that is no fleet is answered with the names that are."""
    with pytest.raises(FleetFileError, match="demo, easy, hard, household, wild"):
        read_fleet("atlantis")


def test_a_fleet_can_say_only_what_differs_from_another(tmp_path: Path) -> None:
    """Tables are laid over the base, distributions are replaced; what is left out stays as it was."""
    path = tmp_path / "mine.toml"
    path.write_text('base = "demo"\nlive_interval_s = 600\n[homes]\nkitchen_c = 30\n', "utf-8")

    mine, demo = read_fleet(str(path)), read_fleet("demo")

    assert mine.intervals["live_interval_s"] == 600
    assert mine.homes["kitchen_c"].low == mine.homes["kitchen_c"].high == 30
    assert mine.homes["cooking_k"] == demo.homes["cooking_k"]
    assert mine.kinds == demo.kinds


@pytest.mark.parametrize(
    ("base", "told"), [('"mine.toml"', "leads back"), ("3", "base is 3"), ('"atlantis"', "no fleet")]
)
def test_a_wrong_base_is_refused(base: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base must be another fleet that is there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(f"base = {base}\n", "utf-8")

    with pytest.raises(FleetFileError, match=told):
        read_fleet("mine.toml")


def test_the_hard_fleet_is_as_hard_as_said() -> None:
    """30 % abrupt faults, effects lognormal .4, no kitchen temperature, holidays, moves, gaps up to 15 days, an update of half."""
    hard = read_fleet("hard")

    assert hard.wear.abrupt_share == 0.3
    assert (hard.wear.effect.is_log, hard.wear.effect.sd) == (True, 0.4)
    assert hard.sensors.absent == {"ambient_c": 1.0}
    assert hard.life.moves_per_year > 0
    assert hard.life.gap_days.high == 15
    assert hard.network.disconnect_s.high == 15 * 86_400
    assert hard.homes["away_days_per_year"].low >= 10
    assert hard.cohorts.update_share == 0.5
    assert not hard.wear.at_most_one
