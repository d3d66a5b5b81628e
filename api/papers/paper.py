"""Paper: what is written on one, as a value; how it looks is decided where it becomes HTML or PDF.

Every text in it is plain: whoever draws it makes it harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what each is."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its heads, and its rows of as many cells."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A line over time: ``points`` of (ms since 1970, value), in the order of time; None breaks the line.

    ``low`` and ``high`` are the limits that are drawn in, ``spans`` what is shaded; ``ends`` stand below its two ends, and
    ``summary`` says it in words.
    """

    title: str
    points: Sequence[tuple[int, float | None]]
    low: float | None = None
    high: float | None = None
    spans: tuple[tuple[int, int], ...] = ()
    ends: tuple[str, str] = ("", "")
    summary: str = ""


Block = Facts | Grid | Words | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper in one language."""

    language: str
    title: str
    sections: tuple[Section, ...]
    footer: str = ""
    refresh_s: int | None = None
    """How often it is shown anew while it may still change."""
