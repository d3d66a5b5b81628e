"""``If-Match``: the version of a thing that the caller saw."""

from __future__ import annotations

from collections.abc import Callable

from api.http.problems import Problem


def expected_version(if_match: str | None, read_version: Callable[[], int], *, noun: str) -> int | None:
    """The version that ``If-Match`` asks for, None where it asks for none; 412 where it can't be."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = {tag.strip().removeprefix("W/").strip('"').partition("-")[0] for tag in if_match.split(",")}
    versions = {int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 10}
    if len(versions) == 1:
        return versions.pop()
    current = read_version()
    if current in versions:
        return current
    raise Problem(412, f"The {noun} has changed: it is at version {current}. Read it again.")
