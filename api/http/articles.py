"""Articles as documents: what is known of a fault mode, and what has helped."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from alerts.knowledge.article import ArticleStatus
from api.http.document_shape import Document

Words = dict[str, str]


class TextDocument(Document):
    """What an article says, by language."""

    title: Words
    body: Words = Field(description="for who works")
    customer: Words = Field(description="for the customer, on their page")


class HelpedDocument(Document):
    """Something that was done against the fault, and whether it stayed away."""

    what: str = Field(description="a part's number, without_part, or fix_first")
    cases: int
    held: int
    came_back: int


class CasesDocument(Document):
    """What closed tickets say."""

    closed: int = Field(description="episodes closed as this fault")
    no_fault_found: int
    helped: list[HelpedDocument] = Field(description="what held most often first")
    held_since_version: int
    came_back_since_version: int
    stopped_helping: bool = Field(description="since it was last written more repairs came back than is borne")


class Article(Document):
    """What is known of a fault mode of a kind, or of one model of it."""

    id: str
    kind: str
    fault_mode: str
    model: str = Field(description="empty: all models of the kind")
    status: ArticleStatus
    owner: str
    version: int
    text: TextDocument
    changed_at: datetime
    changed_by: str
    cases: CasesDocument
