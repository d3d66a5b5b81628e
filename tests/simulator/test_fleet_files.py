"""Fleet files: the packaged ones are sound, a broken one is refused with file, key and fix."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from ingest.profiles import load_profiles
from simulator.specification import FleetFileError, read_fleet

TEXT = (resources.files("simulator") / "fleets" / "demo.toml").read_text("utf-8")


@pytest.mark.parametrize("name", ["demo", "household"])
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
        ('law = "cubic"', 'law = "gamma"', "law is 'cubic'; write one of exponential, linear, sqrt, gamma"),
        ("history_interval_s = 100", "history_interval_s = 900", "history_interval_s is 100; write a multiple of step_s = 300"),
        ("history_interval_s = 1500", "history_interval_s = 900", "that divides six hours"),
        ("step_s = 900 ", "step_s = 300 ", "step_s is 900; write a whole number of seconds from 1 to 600"),
        ("spikes = 2", "spikes = 0.0005", "sensors.spikes is 2; write a share from 0 to 1"),
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
    with pytest.raises(FleetFileError, match="demo, household"):
        read_fleet("atlantis")
