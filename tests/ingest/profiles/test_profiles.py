"""Profiles: what ships is sound, and a broken file is named by file, line and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ingest.profiles
from ingest.profiles import ProfileError, load_profiles, profile_for
from ingest.profiles.definition import MetricKind, Unit

GOOD = """\
kind = "kettle"
label = { en = "Kettle" }
unit = "cycle"
usual_interval_s = 10
modes = ["idle", "boil"]
running_modes = ["boil"]

[metrics]
power_w = { unit = "W", kind = "measurement", low = 0, high = 3000 }
water_c = { unit = "°C", kind = "measurement", low = 0, high = 110 }

[[features]]
name = "boil_s"
unit = "s"
statistic = "duration_s"
mode = "boil"
context = ["water_c"]

[[features]]
name = "power"
unit = "W"
statistic = "mean"
metric = "power_w"
mode = "boil"

[[rules]]
metric = "water_c"
fault_mode = "scale_buildup"
above = 105

[tests.boil_60_s]
label = { en = "Boil for a minute" }
command = "heater.test"
danger_class = "R2"
args = { seconds = 60 }
limit_s = 90
measure = "rise_k_min"
unit = "K/min"
healthy = [8, 14]

[[fault_modes]]
name = "scale_buildup"
component = "heater"
title = { en = "Scale on the heater" }
signature = { boil_s = 3, power = -1.0 }
danger = 0
hazard_per_year = 0.2
time_scale_days = [30, 200]
error_codes = ["E1"]
maker_codes = { acme = ["A7", "E1"] }
test = "boil_60_s"

[[fault_modes.parts]]
sku = "K-1"
name = { en = "Heater" }
share = 0.4
"""


def _load(tmp_path: Path, text: str) -> None:
    (tmp_path / "kettle.toml").write_text(text, encoding="utf-8")
    load_profiles(tmp_path)


def test_shipped_profiles_load() -> None:
    """The profiles that ship with Fettle are sound, and an unknown kind is handled as generic."""
    profiles = load_profiles()

    assert {"generic", "refrigerator", "washing_machine"} <= set(profiles)
    assert profiles["refrigerator"].metrics["door_open"].kind is MetricKind.BOOLEAN
    assert profile_for("toaster").kind == "generic"
    assert profile_for("washing_machine").unit is Unit.CYCLE


def test_shipped_profiles_say_what_a_repair_needs() -> None:
    """Seven kinds know 50 fault modes and more; each is named and explained in English and Chinese, and confirmed by a test."""
    kinds = [profile for profile in load_profiles().values() if profile.kind != "generic"]
    modes = [mode for profile in kinds for mode in profile.fault_modes.values()]

    assert len(kinds) == 7
    assert len(modes) >= 50
    words = [mapping for mode in modes for mapping in (mode.title, mode.remedy, mode.first_check)]
    words += [metric.label for profile in kinds for metric in profile.metrics.values()]
    words += [feature.label for profile in kinds for feature in profile.features]
    words += [test.label for profile in kinds for test in profile.tests.values()]
    assert all(mapping.get("en") and mapping.get("zh") for mapping in words)
    signed = [(profile, mode) for profile in kinds for mode in profile.fault_modes.values() if mode.signature]
    assert len(signed) >= 50
    assert all(mode.test in profile.tests for profile, mode in signed)
    untested = [mode for mode in modes if mode.test is None]
    assert all(mode.no_test.get("en") and mode.no_test.get("zh") for mode in untested)


def test_shipped_profiles_say_what_care_is_in_both_languages() -> None:
    """Each of the seven kinds has advice and something that is used up, in words that customers read."""
    kinds = [profile for profile in load_profiles().values() if profile.kind != "generic"]
    words = [mapping for profile in kinds for one in profile.advice.values() for mapping in (one.title, one.text)]
    words += [mapping for profile in kinds for one in profile.consumables.values() for mapping in (one.title, one.text)]
    words += [use.label for profile in kinds for use in profile.uses.values()]

    assert all(profile.uses and profile.advice and profile.consumables for profile in kinds)
    assert all(mapping.get("en") and mapping.get("zh") for mapping in words)


CARE = """
[uses]
heat = { statistic = "max", metric = "water_c", unit = "°C", label = { en = "Hottest" } }
boils = { statistic = "runs", modes = ["boil"], unit = "", label = { en = "Boils" } }

[advice.cooler]
goal = "energy"
title = { en = "Boil less" }
text = { en = "80 °C is enough." }
use = "heat"
above = 90.0
enough = { boils = 8.0 }

[consumables.scale]
title = { en = "Descale" }
text = { en = "Vinegar." }
use = "boils"
life = 100.0
effect = "heat"
"""


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('metric = "water_c", ', "", "uses.heat", 'statistic "max" needs a metric'),
        ('metric = "water_c"', 'metric = "steam_c"', "uses.heat.metric", "unknown metric 'steam_c'"),
        ('modes = ["boil"], ', "", "uses.boils", 'statistic "runs" needs modes'),
        ('modes = ["boil"]', 'modes = ["fly"]', "uses.boils.modes", "unknown mode 'fly'"),
        ("above = 90.0", "above = 90.0\nbelow = 9.0", "advice.cooler", "needs one limit"),
        ('use = "heat"', 'use = "cold"', "advice.cooler", "unknown use 'cold'; known: heat, boils"),
        ("above = 90.0", "above = 90.0\ndays_least = 60", "advice.cooler", "days_least at most days"),
        ("{ boils = 8.0 }", "{ trips = 8.0 }", "advice.cooler", "unknown use 'trips'"),
        ('{ en = "Vinegar." }', '{ zh = "醋。" }', "consumables.scale.text", "needs an English text"),
        ("life = 100.0", "life = 0.0", "consumables.scale", "life and days_most must be above 0"),
        ('effect = "heat"', 'effect = "heat"\nbetter = "up"', "consumables.scale.better", "above, below"),
        ("[consumables.scale]", "[consumables.cooler]", "consumables.cooler", "is the name of an advice"),
    ],
)
def test_broken_care_is_named(tmp_path: Path, old: str, new: str, key: str, says: str) -> None:
    """What a profile says of care is refused with its key where it can't be meant; sound, it is taken."""
    _load(tmp_path, GOOD + CARE)
    broken = CARE.replace(old, new)
    assert broken != CARE

    with pytest.raises(ProfileError) as caught:
        _load(tmp_path, GOOD + broken)

    assert (caught.value.key, says in str(caught.value)) == (key, True)


def test_shipped_profiles_write_chinese_as_it_is_written() -> None:
    """Commas, brackets and what else stands between Chinese words are full width."""
    files = Path(ingest.profiles.__file__).parent.glob("*.toml")
    said = [line for file in files for line in re.findall(r'zh = "([^"]*)"', file.read_text(encoding="utf-8"))]

    assert len(said) > 300
    assert [line for line in said if re.search(r"[\u4e00-\u9fff][,;:?!(]|[,;:?!)][\u4e00-\u9fff]", line)] == []


def test_extra_folder_adds_a_kind(tmp_path: Path) -> None:
    """A new kind is a new file and no code."""
    (tmp_path / "kettle.toml").write_text(GOOD, encoding="utf-8")

    kettle = load_profiles(tmp_path)["kettle"]

    assert kettle.features[0].context == ("water_c",)
    assert kettle.fault_modes["scale_buildup"].signature == {"boil_s": 3.0, "power": -1.0}
    assert kettle.fault_modes["scale_buildup"].parts[0].share == 0.4
    assert kettle.fault_modes["scale_buildup"].time_scale_days == (30.0, 200.0)
    assert kettle.fault_modes["scale_buildup"].codes == ("E1", "A7")
    assert kettle.tests["boil_60_s"].healthy == (8.0, 14.0)
    assert kettle.tests["boil_60_s"].args == {"seconds": 60.0}


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('unit = "cycle"', 'unit = "weekly"', "unit", "must be one of day, cycle, none"),
        ("usual_interval_s = 10", "usual_intervall_s = 10", "usual_intervall_s", "did you mean 'usual_interval_s'?"),
        ('power_w = { unit = "W", ', "power_w = { ", "metrics.power_w", "the key 'unit' is missing; write unit = "),
        (
            "low = 0, high = 3000",
            "low = 9, high = 9",
            "metrics.power_w",
            "impossible range: low 9 must be below high 9",
        ),
        ("low = 0, high = 3000", "low = 0, high = inf", "metrics.power_w.high", "must be a finite number"),
        ("low = 0, high = 3000", 'low = "0", high = 3000', "metrics.power_w.low", "must be a number, not '0'"),
        ("water_c = {", "mode = {", "metrics.mode", "reserved name"),
        ("water_c = {", "Water = {", "metrics.Water", "must be lower_snake"),
        (
            'context = ["water_c"]',
            'context = ["air_c"]',
            "features[1].context",
            "unknown metric 'air_c'; known: power_w",
        ),
        ('statistic = "mean"', 'statistic = "avg"', "features[2].statistic", "unknown statistic 'avg'; known: calm"),
        ('metric = "power_w"\nmode', "mode", "features[2]", 'statistic "mean" needs a metric'),
        ('name = "power"', 'name = "boil_s"', "features[1].name", "stands twice"),
        ('metric = "power_w"\nmode = "boil"', 'metric = "power_w"\nmode = "x"', "features[2].mode", "unknown mode 'x'"),
        ('metric = "water_c"', 'metric = "steam_c"', "rules[1].metric", "unknown metric 'steam_c'"),
        ("above = 105", "for_s = 5", "rules[1]", "needs a limit"),
        (
            'component = "heater"',
            'component = "heater"\nsymptom_of = ["rust"]',
            "fault_modes[1].symptom_of",
            "unknown fault mode 'rust'",
        ),
        (
            'component = "heater"',
            'component = "heater"\nsymptom_of = ["scale_buildup"]',
            "fault_modes[1].symptom_of",
            "'scale_buildup' is itself a consequence",
        ),
        ('fault_mode = "scale_buildup"', 'fault_mode = "rust"', "rules[1].fault_mode", "unknown fault mode 'rust'"),
        (
            "boil_s = 3",
            "boil_time = 3",
            "fault_modes[1].signature",
            "unknown feature 'boil_time'; known: boil_s, power",
        ),
        (
            "danger = 0",
            'danger = 0\nno_test = { en = "none" }',
            "fault_modes[1].no_test",
            "says why there is no test, and there is 'boil_60_s'",
        ),
        ("danger = 0", "danger = 4", "fault_modes[1].danger", "must be 0 (nuisance) to 3"),
        ("danger = 0", "danger = true", "fault_modes[1].danger", "must be a whole number, not True"),
        ("[30, 200]", "[200, 30]", "fault_modes[1].time_scale_days", "must be [shortest, longest]"),
        ("[30, 200]", "[30]", "fault_modes[1].time_scale_days", "must hold exactly 2 values"),
        ('danger_class = "R2"', 'danger_class = "R5"', "tests.boil_60_s.danger_class", "must be R0 to R3, not 'R5'"),
        ("limit_s = 90", "limit_s = 0", "tests.boil_60_s.limit_s", "must be above 0 and at most"),
        ("[8, 14]", "[14, 8]", "tests.boil_60_s.healthy", "must be [low, high]"),
        ('danger_class = "R2"', 'danger_class = "R4"', "tests.boil_60_s.danger_class", "is never done remotely"),
        (
            "limit_s = 90",
            "limit_s = 90\nsees_from = 1.5",
            "tests.boil_60_s.sees_from",
            "must be 0 (the smallest fault)",
        ),
        ("limit_s = 90", 'limit_s = 90\nwatch = ["steam_c"]', "tests.boil_60_s.watch", "unknown metric 'steam_c'"),
        (
            "limit_s = 90",
            "limit_s = 90\nneeds = { below = { steam_c = 40 } }",
            "tests.boil_60_s.needs.below",
            "unknown metric 'steam_c'; known: ",
        ),
        (
            "limit_s = 90",
            'limit_s = 90\nneeds = { modes = ["fly"] }',
            "tests.boil_60_s.needs.modes",
            "unknown mode 'fly'",
        ),
        (
            "limit_s = 90",
            'limit_s = 90\nneeds = { door = "ajar" }',
            "tests.boil_60_s.needs.door",
            "unknown word for a door",
        ),
        (
            "limit_s = 90",
            'limit_s = 90\neffect = { metric = "steam_c", above = 1 }',
            "tests.boil_60_s.effect",
            "unknown metric 'steam_c'",
        ),
        ("limit_s = 90", 'limit_s = 90\nbefore = ["gas.ignite"]', "tests.boil_60_s.before", "that only reads"),
        ("limit_s = 90", "limit_s = 90\ntolerance = 3", "tests.boil_60_s.tolerance", "less than half"),
        ("limit_s = 90", "limit_s = 90\nsensitivity = 0.4", "tests.boil_60_s.sensitivity", "above 0.5"),
        ("limit_s = 90", "limit_s = 90\ncost = { noise = 9 }", "tests.boil_60_s", "noise is 0 to 3"),
        ('test = "boil_60_s"', 'test = "boil"', "fault_modes[1].test", "unknown test 'boil'; known: boil_60_s"),
        ('["A7", "E1"]', '"A7"', "fault_modes[1].maker_codes.acme", "must be a list"),
        ("share = 0.4", "share = 1.4", "fault_modes[1].parts[1].share", "must be above 0 and at most 1"),
        ('running_modes = ["boil"]\n', "", "unit", "needs running_modes"),
        ('running_modes = ["boil"]', 'running_modes = ["run"]', "running_modes[1]", "unknown mode 'run'"),
        ('label = { en = "Kettle" }', 'label = { zh = "x" }', "label", "needs an English text"),
        ('kind = "kettle"\n', "", None, "the key 'kind' is missing"),
    ],
)
def test_broken_profile_is_named(tmp_path: Path, old: str, new: str, key: str | None, says: str) -> None:
    """A broken profile is refused with its file, the line of the key, and what to write instead."""
    broken = GOOD.replace(old, new)
    assert broken != GOOD

    with pytest.raises(ProfileError) as caught:
        _load(tmp_path, broken)

    assert caught.value.key == key
    assert says in str(caught.value)
    assert str(tmp_path / "kettle.toml") in str(caught.value)


def test_line_is_that_of_the_key(tmp_path: Path) -> None:
    """The line named is the one on which the wrong key stands, also in the second table of an array."""
    broken = GOOD.replace('metric = "power_w"\nmode', 'metric = "volts"\nmode')

    with pytest.raises(ProfileError) as caught:
        _load(tmp_path, broken)

    assert caught.value.line is not None
    assert broken.splitlines()[caught.value.line - 1] == 'metric = "volts"'


@pytest.mark.parametrize(
    ("content", "says"),
    [(b'kind = "a\n', "line 1: is no valid TOML"), (b"a = 1\na = 2\n", "Cannot overwrite"), (b"\xff", "is not UTF-8")],
)
def test_unreadable_profile_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    """A file that is no TOML, or no UTF-8, is refused with a sentence."""
    (tmp_path / "x.toml").write_bytes(content)

    with pytest.raises(ProfileError, match=says):
        load_profiles(tmp_path)


def test_two_files_for_one_kind_are_refused(tmp_path: Path) -> None:
    """Two files of one folder may not describe the same kind."""
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.toml").write_text(GOOD, encoding="utf-8")

    with pytest.raises(ProfileError, match=r"already the kind of a\.toml"):
        load_profiles(tmp_path)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """A folder of profiles that isn't there is an error, not an empty folder."""
    with pytest.raises(ProfileError, match="is no folder"):
        load_profiles(tmp_path / "nowhere")
