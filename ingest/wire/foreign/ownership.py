"""Whose a topic is, and how near whoever describes a device stands to it: by names that the broker ties to accounts.

The level under which a description comes can't be forged where the broker has our access list; what the description says of
itself can. So a device or a topic goes to the level that bears its name, before any that only says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache

from ingest.wire.foreign.discovery_config import Configuration, text_of
from ingest.wire.foreign.identity import snake

_ROOTS = ("devices", "tele", "shellies")
"""Behind these stands the account that may write below it (deploy/mosquitto.acl)."""
_ENDS = (("events", "rpc"), ("online",))
"""Before these."""
_SHARED_ROOTS = ("zigbee2mqtt",)
"""Behind these stand the names of devices of one bridge, which are no accounts."""
CACHED_MAX = 20_000
_WORDS = re.compile(r"[\W_]+")


class Standing(IntEnum):
    """How near a level is to a device that it describes; the nearest holds the device's name."""

    STRANGER = 0
    HOME = 1
    """It describes topics that bear its own name."""
    AKIN = 2
    """The name of the device is its own with a word before or behind it."""
    SELF = 3


@lru_cache(CACHED_MAX)
def account_of(topic: str) -> str:
    """The account whose topic it is by the access list that we ship; empty for any other.

    >>> account_of("devices/washer/power"), account_of("plug/events/rpc"), account_of("house/power")
    ('washer', 'plug', '')
    """
    levels = topic.split("/")
    if len(levels) > 1 and levels[0] in _ROOTS:
        return levels[1]
    return next((levels[0] for end in _ENDS if tuple(levels[1:]) == end), "")


def speaker_of(topic: str) -> str:
    """Who speaks under a topic: its account, else whoever may write below its first level.

    >>> speaker_of("tele/washer/SENSOR"), speaker_of("zigbee2mqtt/kitchen/fridge")
    ('washer', 'zigbee2mqtt')
    """
    return account_of(topic) or topic.partition("/")[0]


@lru_cache(CACHED_MAX)
def is_akin(one: str, other: str) -> bool:
    """Whether two names are the same but for words before or behind.

    >>> is_akin("0x00158d", "zigbee2mqtt_0x00158d"), is_akin("wm_power", "wm"), is_akin("wm2", "wm")
    (True, True, False)
    """
    short, long = sorted((_words(one), _words(other)), key=len)
    return bool(short) and short in (long[: len(short)], long[-len(short) :])


def is_at_home(configuration: Configuration) -> bool:
    """Whether a description is of topics that bear its level where accounts stand."""
    return any(_bears(topic, configuration) for topic in state_topics(configuration))


def is_abroad(configuration: Configuration) -> bool:
    """Whether a description is of topics that are another account's."""
    return any(account_of(topic) not in ("", configuration.level) for topic in state_topics(configuration))


def standing(configuration: Configuration, alias: str) -> Standing:
    """How near the level of a description is to one of the names of its device."""
    level, text = configuration.level, text_of(alias)
    if not level:
        return Standing.STRANGER
    if level == text:
        return Standing.SELF
    if is_akin(level, text) and not is_abroad(configuration):
        return Standing.AKIN
    return Standing.HOME if is_at_home(configuration) else Standing.STRANGER


def standing_of_holder(level: str, alias: str) -> Standing:
    """How near a level is that holds a name."""
    text = text_of(alias)
    return Standing.SELF if level == text else Standing.AKIN if is_akin(level, text) else Standing.HOME


def is_family(configuration: Configuration, alias: str, holder: str) -> bool:
    """Whether a level adds to the device of another: one of its entities, under no topics of its own or of a third."""
    if is_at_home(configuration) or is_abroad(configuration):
        return False
    level, names = configuration.level, (text_of(alias), holder)
    if any(is_akin(level, name) for name in names):
        return True
    return not configuration.has_node and all(
        any(name in topic.split("/")[:-1] for name in names) for topic in state_topics(configuration)
    )


def rank(configuration: Configuration, topic: str) -> tuple[int, int]:
    """How near a description is to a topic, the nearest first."""
    account, levels, level = account_of(topic), topic.split("/"), configuration.level
    if levels[0] in _SHARED_ROOTS:
        levels[0] = ""
    own = [account] if account else levels
    if level in own and level:
        return 0, own.index(level)
    if any(is_akin(level, one) for one in own):
        return 1, 0
    said = (*map(text_of, configuration.aliases), configuration.label)
    return (2 if any(_is_alike(name, one) for name in said for one in own) else 3), 0


def state_topics(configuration: Configuration) -> Iterable[str]:
    """The topics whose values a description reads."""
    return dict.fromkeys(entity.topic for entity in configuration.entities)


def _bears(topic: str, configuration: Configuration) -> bool:
    """Whether a topic bears the level of a description: as its account, as its root, or further in where that is a node."""
    account, level, levels = account_of(topic), configuration.level, topic.split("/")
    if account or not level:
        return bool(level) and account == level
    return levels[0] == level or (configuration.has_node and level in levels[:-1])


@lru_cache(CACHED_MAX)
def _is_alike(name: str, level: str) -> bool:
    """Whether a name for people, as it is written in topics, is that of a level."""
    return is_akin(snake(name), snake(level))


def _words(name: str) -> list[str]:
    return [word for word in _WORDS.split(name.casefold()) if word]
