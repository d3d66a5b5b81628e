"""Articles, read: one, lists by words, those that fit a ticket, and what a customer is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, case, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.knowledge.article import Article, ArticleStatus, ArticleText, ArticleVersion, Cases
from alerts.knowledge.counting import cases_of
from alerts.knowledge.keeping import article_row
from alerts.knowledge.tables import article_search, article_versions, articles
from alerts.page import Page, select_page
from alerts.tickets.reading import find_row
from alerts.word_index import rows_with
from alerts.words import looked_for
from ingest.clock import from_ms


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Which articles are wanted; all words of ``q`` are looked for in all that an article says."""

    q: str | None = None
    kind: str | None = None
    fault_mode: str | None = None
    status: ArticleStatus | None = None


def list_articles(t: Transaction, wanted: ArticleFilter, *, cursor: str | None, limit: int) -> Page[Article]:
    """One page of articles, the last made first."""
    query = _filtered(t, wanted)
    rows, after = select_page(t.connection, query, articles.c.n, cursor=cursor, limit=limit)
    return Page(_articles(t, rows), after)


def read_article(t: Transaction, article_id: str) -> Article:
    """One article."""
    return _articles(t, [article_row(t, article_id)])[0]


def versions_of(t: Transaction, article_id: str) -> tuple[ArticleVersion, ...]:
    """Everything that an article has said, the newest first."""
    article_row(t, article_id)
    query = select(article_versions).where(article_versions.c.article_id == article_id)
    return tuple(map(_version, t.connection.execute(query.order_by(article_versions.c.version.desc()))))


def articles_for(t: Transaction, ticket_ref: str) -> Sequence[Article]:
    """What is published on a ticket's fault, or on what its technician found: for its model first, then for its kind."""
    ticket = find_row(t, ticket_ref)
    modes = [mode for mode in (ticket.verdict_fault_mode, ticket.fault_mode) if mode]
    model = select(appliances.c.model).where(appliances.c.id == ticket.appliance_id)
    query = select(articles).where(
        articles.c.kind == ticket.kind,
        articles.c.fault_mode.in_(modes),
        articles.c.model.in_(["", t.connection.execute(model).scalar_one_or_none() or ""]),
        articles.c.status == ArticleStatus.PUBLISHED.value,
    )
    order = (case((articles.c.model == "", 1), else_=0), articles.c.n)
    return _articles(t, t.connection.execute(query.order_by(*order)).all())


def _filtered(t: Transaction, wanted: ArticleFilter) -> Select[Any]:
    query = select(articles)
    status = None if wanted.status is None else wanted.status.value
    for column, value in (
        (articles.c.kind, wanted.kind),
        (articles.c.fault_mode, wanted.fault_mode),
        (articles.c.status, status),
    ):
        if value is not None:
            query = query.where(column == value)
    for word in looked_for(wanted.q) if wanted.q else ():
        query = query.where(articles.c.n.in_(rows_with(t, word, kept=article_search, indexed="article_words")))
    return query


def _articles(t: Transaction, rows: Sequence[Row[Any]]) -> tuple[Article, ...]:
    cases = cases_of(t, [row.id for row in rows]) if rows else {}
    return tuple(_article(row, cases[row.id]) for row in rows)


def _article(row: Row[Any], cases: Cases) -> Article:
    return Article(
        id=row.id,
        kind=row.kind,
        fault_mode=row.fault_mode,
        model=row.model,
        status=ArticleStatus(row.status),
        owner=row.owner,
        version=row.version,
        text=ArticleText(**row.text),
        changed_at=from_ms(row.changed_ms),
        changed_by=row.changed_by,
        cases=cases,
    )


def _version(row: Row[Any]) -> ArticleVersion:
    said = row.content
    return ArticleVersion(
        version=row.version,
        at=from_ms(row.at_ms),
        by=row.by,
        status=ArticleStatus(said["status"]),
        owner=said["owner"],
        text=ArticleText(**said["text"]),
    )
