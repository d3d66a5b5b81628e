"""Topics against filters with ``+`` and ``#``."""

from __future__ import annotations


def matches(pattern: str, topic: str) -> bool:
    """Whether a filter names a topic.

    >>> matches("house/+", "house/plug"), matches("a/#", "a/b/c"), matches("a/+", "a/b/c")
    (True, True, False)
    """
    wanted, levels = pattern.split("/"), topic.split("/")
    for number, level in enumerate(wanted):
        if level == "#":
            return True
        if number >= len(levels) or level not in {"+", levels[number]}:
            return False
    return len(wanted) == len(levels)
