"""What must fit together in what a profile says of care: uses that can be counted, limits that are limits, texts in words."""

from __future__ import annotations

from ingest.profiles.care import Advice, Consumable, Use, UseStatistic
from ingest.profiles.checks import Checks
from ingest.profiles.toml_form import Place, ProfileDocument

OF_METRIC = frozenset({UseStatistic.MEAN, UseStatistic.MAX, UseStatistic.MIN, UseStatistic.DELTA})
DAYS_MAX = 90
"""What is kept of use must reach back so far twice."""
SIDES = ("above", "below")


def check_care(document: ProfileDocument) -> None:
    """Raise :class:`ingest.profiles.toml_form.ProfileError` for the first thing that doesn't fit."""
    profile = document.profile
    for name, use in profile.uses.items():
        _use(document, use, ("uses", name))
    for name, advice in profile.advice.items():
        _advice(document, advice, ("advice", name))
    for name, consumable in profile.consumables.items():
        _consumable(document, consumable, ("consumables", name))
        if name in profile.advice:
            raise document.error(("consumables", name), f"{name!r} is the name of an advice; give it another")


def _use(document: ProfileDocument, use: Use, place: Place) -> None:
    profile = document.profile
    check = Checks(document)
    check.label(use.label, (*place, "label"))
    if use.statistic in OF_METRIC and use.metric is None:
        raise document.error(place, f'statistic "{use.statistic}" needs a metric: metric = "..."')
    if use.statistic not in OF_METRIC and not use.modes:
        raise document.error(place, f'statistic "{use.statistic}" needs modes: modes = ["..."]')
    if use.metric is not None:
        check.known(use.metric, profile.metrics, (*place, "metric"), "metric")
    for mode in use.modes:
        check.known(mode, profile.modes, (*place, "modes"), "mode")


def _advice(document: ProfileDocument, advice: Advice, place: Place) -> None:
    check = Checks(document)
    check.label(advice.title, (*place, "title"))
    check.label(advice.text, (*place, "text"))
    for name in (advice.use, *advice.enough):
        check.known(name, document.profile.uses, place, "use")
    if (advice.above is None) == (advice.below is None):
        raise document.error(place, "needs one limit: above = ... or below = ...")
    if not 0 < advice.days_least <= advice.days <= DAYS_MAX or not 0 < advice.settles_days <= DAYS_MAX:
        problem = f"days_least, days and settles_days must be above 0, days_least at most days, none above {DAYS_MAX}"
        raise document.error(place, problem)


def _consumable(document: ProfileDocument, one: Consumable, place: Place) -> None:
    check = Checks(document)
    check.label(one.title, (*place, "title"))
    check.label(one.text, (*place, "text"))
    for name in (one.use, *([one.effect] if one.effect else [])):
        check.known(name, document.profile.uses, place, "use")
    if one.life <= 0 or one.days_most <= 0 or not 0 < one.settles_days <= DAYS_MAX:
        raise document.error(place, f"life and days_most must be above 0, settles_days at most {DAYS_MAX}")
    if one.better not in SIDES:
        raise document.error((*place, "better"), f"must be one of {', '.join(SIDES)}")
