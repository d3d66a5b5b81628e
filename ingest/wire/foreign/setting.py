"""The setting of foreign topics: ``CODEC=PATTERN`` items → patterns by codec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingest.wire.foreign import CODECS

PATTERN_CHARACTERS_MAX = 200


def topics_by_codec(items: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Patterns by codec; raises ValueError with what to write instead.

    >>> topics_by_codec(["zigbee2mqtt=zigbee2mqtt2", "zigbee2mqtt=cellar/z2m"])
    {'zigbee2mqtt': ['zigbee2mqtt2', 'cellar/z2m']}
    """
    found: dict[str, list[str]] = {}
    for item in items:
        codec, sign, pattern = item.partition("=")
        codec, pattern = codec.strip(), pattern.strip().strip("/")
        if not sign or codec not in CODECS:
            raise ValueError(f"{item!r} is no CODEC=PATTERN; CODEC is one of {', '.join(CODECS)}")
        levels = pattern.split("/")
        is_odd = any(len(level) > 1 and ("+" in level or "#" in level) for level in levels) or "\0" in pattern
        if is_odd or "" in levels or "#" in levels or len(pattern) > PATTERN_CHARACTERS_MAX or levels == ["+"]:
            raise ValueError(f"{item!r}: write levels of a topic, such as zigbee2mqtt=zigbee2mqtt2 or shelly=house/+/+")
        found.setdefault(codec, []).append(pattern)
    return found
