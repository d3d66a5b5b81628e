"""Article: what is known of a fault mode, for people who work and for customers, with what has helped so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ArticleStatus(StrEnum):
    """Whether an article is shown."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class ArticleText:
    """What an article says, each by language (``en``, ``zh``): ``body`` for who works, ``customer`` for customers."""

    title: Mapping[str, str]
    body: Mapping[str, str]
    customer: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article to write, or written anew. ``model`` is empty where it is about all models of the kind."""

    kind: str
    fault_mode: str
    text: ArticleText
    model: str = ""
    owner: str | None = None
    status: ArticleStatus = ArticleStatus.DRAFT


@dataclass(frozen=True, slots=True)
class Helped:
    """Something that was done against the fault: how often, and of that how often the fault stayed away, or came back."""

    what: str
    """A part's number, ``without_part`` or ``fix_first``."""
    cases: int
    held: int
    came_back: int


@dataclass(frozen=True, slots=True)
class Cases:
    """What closed tickets say of a fault mode. ``since_version`` counts what was decided since the article was last written."""

    closed: int
    no_fault_found: int
    helped: tuple[Helped, ...]
    held_since_version: int
    came_back_since_version: int
    stopped_helping: bool
    """Since it was last written, more came back than is borne, beyond chance."""


@dataclass(frozen=True, slots=True)
class Article:
    """What is known of a fault mode."""

    id: str
    kind: str
    fault_mode: str
    model: str
    status: ArticleStatus
    owner: str
    version: int
    text: ArticleText
    changed_at: datetime
    changed_by: str
    cases: Cases


@dataclass(frozen=True, slots=True)
class ArticleVersion:
    """What an article said at a time."""

    version: int
    at: datetime
    by: str
    status: ArticleStatus
    owner: str
    text: ArticleText
