"""Appliance kinds as data: loads and checks the TOML files beside this module.

A profile is one TOML file; its keys are the field names of the dataclasses in definition.py, and an unknown key is an
error. A broken file stops the start with :class:`ProfileError`: file, line, and what to write instead. The form::

    kind = "refrigerator"
    label = { en = "Refrigerator", zh = "冰箱" }        # en is required, zh recommended; so for every label and title
    unit = "day"                                        # day | cycle | none: the span of one row of features
    usual_interval_s = 300
    modes = ["cooling", "idle", "defrost", "off"]       # every mode named below must stand here
    running_modes = ["cooling", "defrost"]              # required with unit = "cycle"

    [metrics]                                           # name = inline table, or [metrics.NAME]
    power_w = { unit = "W", kind = "measurement", low = 0, high = 1000, label = { en = "Power", zh = "功率" } }

    [[features]]                                        # array of tables: one per feature
    name = "duty"
    unit = "%"
    statistic = "mean"                                  # one of STATISTICS; count needs `mode`
    metric = "compressor_duty_pct"                      # a name from [metrics]; so are `minus` and `context`
    context = ["ambient_c"]
    scale = "linear"                                    # linear | log
    floor = 0.5
    label = { en = "Compressor duty" }

    [[rules]]                                           # a fixed limit: above or below (or both), for at least for_s
    metric = "fresh_food_c"
    fault_mode = "refrigerant_leak"                     # a name from [[fault_modes]]
    above = 12.0
    for_s = 14400

    [tests.cooling_pull_down]                           # what the appliance can be asked to do, and the sound answer
    label = { en = "Pull-down with the door closed" }
    command = "selftest.run"
    component = "sealed_system"                         # on what; leave out where the command says it
    danger_class = "R3"                                 # R0 .. R3, that of the command; docs/remote.md says what each needs
    args = { seconds = 900 }
    limit_s = 960
    measure = "pull_down_k_h"                           # the number in the answer; sound in healthy = [low, high]
    unit = "K/h"
    healthy = [4, 20]
    faulty = "below"                                    # above | below | outside: the side that speaks for the fault
    tolerance = 0.5                                     # so near a limit the answer says little
    sees_from = 0.3                                     # severity from which on it finds that share
    sensitivity = 0.9                                   # share of real faults found; specificity: of sound ones cleared
    specificity = 0.95
    rates = "assumed"                                   # assumed | simulated | measured: where both come from
    needs = { modes = ["idle"], below = { fresh_food_c = 15 }, door = "closed", idle_s = 60 }  # before it may begin
    before = ["snapshot.read"]                          # what is read first
    watch = ["freezer_c"]                               # metrics to look at meanwhile
    effect = { metric = "power_w", above = 40 }         # the reading that proves that it ran
    cost = { noise = 1, water_l = 0 }                   # for the customer, beside its minutes
    ask = { en = "Leave the doors closed." }            # what the customer does first

    [[fault_modes]]
    name = "refrigerant_leak"
    component = "sealed_system"
    title = { en = "Refrigerant leak", zh = "制冷剂泄漏" }
    signature = { duty = 4.0, fresh_food = 1.0 }        # feature name = signed shift at failure level
    danger = 1                                          # 0 nuisance .. 3 hazard
    visit = { minutes = 60, level = 1, licences = [] }  # at the door; level 1 .. 3; as mains, refrigerant, gas
    hazard_per_year = 0.01
    time_scale_days = [20, 90]
    error_codes = ["E07"]                               # used by any maker
    maker_codes = { lg = ["CH07"] }                     # maker = its codes; of modes that share a code the first counts
    remedy = { en = "Find and close the leak, recharge" }
    symptom_of = []                                     # of a mere consequence: the fault modes whose ticket it joins
    first_check = { en = "Feel the condenser: cold means little refrigerant" }
    test = "cooling_pull_down"                          # a name from [tests], or no_test = { en = "why there is none" }

    [fault_modes.self_help]                             # what the customer can do before anybody comes; leave out where nothing
    title = { en = "Dust the coil" }
    steps = [{ en = "Pull the plug." }, { en = "Brush the dust off the coil at the back." }]
    minutes = 10
    helps = 0.5                                         # share of real faults that it mends, until outcomes are counted
    settles_days = 14                                   # by then the readings have said whether it helped

    [fault_modes.protect]                               # a gentle mode until somebody comes; leave out where there is none
    name = "warmer_two_k"                               # what the appliance knows it by
    title = { en = "Two degrees warmer" }
    loss = { en = "Food keeps a little less long." }    # what the customer is told
    hours = 48                                          # lasts so long at a time, and falls back by itself
    days_most = 21                                      # and so long in all

    [[fault_modes.parts]]                               # parts of the fault mode just above
    sku = "RF-DRY-01"
    name = { en = "Filter drier" }
    share = 0.6                                         # shares of one fault mode sum to at most 1

    [uses]                                              # how it is used: one number a day (UTC)
    runs = { statistic = "runs", modes = ["wash"], unit = "", label = { en = "Programmes" } }
    hottest = { statistic = "max", metric = "water_c", modes = ["wash"], unit = "°C", label = { en = "Hottest" } }

    [advice.hot_wash]                                   # what to do otherwise; docs/care.md
    goal = "hygiene"                                    # energy | hygiene | wear | result | safety
    title = { en = "Wash hot once a month" }
    text = { en = "No wash was hotter than 55 °C for four weeks." }
    use = "hottest"                                     # a name from [uses], its days taken together
    over = "max"                                        # mean | max | min | sum
    below = 55.0                                        # or above
    enough = { runs = 8.0 }                             # so much use first

    [consumables.pump_filter]                           # what is used up: after so much use, or so many days
    title = { en = "Clean the pump filter" }
    text = { en = "Unscrew it and rinse it." }
    use = "runs"
    life = 60.0
    days_most = 120
    effect = "hottest"                                  # the use that should fall (better = "below") or rise by it, if any
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from ingest.profiles.care_checks import check_care
from ingest.profiles.checks import check_profile
from ingest.profiles.definition import Profile
from ingest.profiles.toml_form import ProfileError, read_profile

__all__ = ["GENERIC", "ProfileError", "load_profiles", "profile_for"]

GENERIC = "generic"
_OWN_DIR = Path(__file__).parent
_FILES_MAX = 1000


def load_profiles(extra_dir: Path | None = None) -> Mapping[str, Profile]:
    """All profiles by kind: those that ship with Fettle, then the files of ``extra_dir``, which win over them.

    Raises :class:`ProfileError` for the first broken file. A file is parsed again only after it has changed.
    """
    profiles = _load_folder(_OWN_DIR)
    if extra_dir is not None:
        if not extra_dir.is_dir():
            raise ProfileError(extra_dir, None, "is no folder; name a folder of profile TOML files")
        profiles.update(_load_folder(extra_dir))
    return profiles


def profile_for(kind: str, profiles: Mapping[str, Profile] | None = None) -> Profile:
    """The profile of a kind; ``generic`` for a kind that has none."""
    known = load_profiles() if profiles is None else profiles
    return known.get(kind) or known[GENERIC]


def _load_folder(folder: Path) -> dict[str, Profile]:
    """Kind → profile of one folder; two files for one kind are an error."""
    profiles: dict[str, Profile] = {}
    origin: dict[str, Path] = {}
    for path in sorted(folder.glob("*.toml"))[:_FILES_MAX]:
        stat = path.stat()
        profile = _load_file(path, stat.st_mtime_ns, stat.st_size)
        if profile.kind in profiles:
            raise ProfileError(path, "kind", f"{profile.kind!r} is already the kind of {origin[profile.kind].name}")
        profiles[profile.kind] = profile
        origin[profile.kind] = path
    return profiles


@lru_cache(maxsize=256)
def _load_file(path: Path, modified_ns: int, size: int) -> Profile:
    """Parse and check one file; the two numbers only tell one state of the file from another."""
    del modified_ns, size
    document = read_profile(path)
    check_profile(document)
    check_care(document)
    return _in_words(document.profile)


def _in_words(profile: Profile) -> Profile:
    """A profile in which everything has a label: its own, or its name in words."""
    metrics = {
        name: metric if metric.label else replace(metric, label=_words(name))
        for name, metric in profile.metrics.items()
    }
    features = tuple(
        feature if feature.label else replace(feature, label=_words(feature.name)) for feature in profile.features
    )
    return replace(profile, metrics=metrics, features=features)


def _words(name: str) -> Mapping[str, str]:
    """A name as people read it."""
    return {"en": name.replace("_", " ").capitalize()}
