"""Knowledge, as it is asked for, written, and shown where it helps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.choices import check_choice
from alerts.csv_file import Line
from alerts.database import Transaction, UnitOfWork
from alerts.fault_modes import known_modes
from alerts.importing import RowReport, take_file
from alerts.knowledge.article import Article, ArticleVersion, NewArticle
from alerts.knowledge.csv_rows import take_article
from alerts.knowledge.keeping import add_article, change_article
from alerts.knowledge.reading import ArticleFilter, articles_for, list_articles, read_article, versions_of
from alerts.knowledge.shipped import add_shipped
from alerts.knowledge.tables import articles
from alerts.page import LIMIT_DEFAULT, LIMIT_MAX, Page, all_pages
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of fault modes; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]

    def page(
        self, wanted: ArticleFilter | None = None, *, cursor: str | None = None, limit: int = LIMIT_DEFAULT
    ) -> Page[Article]:
        """One page of articles, the last made first; :class:`InvalidError` for a kind or fault mode that there is none of."""
        asked = wanted or ArticleFilter()

        def work(t: Transaction) -> Page[Article]:
            check_choice(t, "kind", asked.kind, [articles.c.kind], self.profiles.keys())
            check_choice(t, "fault_mode", asked.fault_mode, [articles.c.fault_mode], known_modes(self.profiles))
            return list_articles(t, asked, cursor=cursor, limit=limit)

        return self.unit.look(work)

    def all(self, wanted: ArticleFilter) -> Iterator[Article]:
        """All articles that are wanted, page by page."""
        return all_pages(lambda cursor: self.page(wanted, cursor=cursor, limit=LIMIT_MAX))

    def read(self, article_id: str) -> Article:
        """One article."""
        return self.unit.look(lambda t: read_article(t, article_id))

    def versions(self, article_id: str) -> Sequence[ArticleVersion]:
        """Everything that an article has said, the newest first."""
        return self.unit.look(lambda t: versions_of(t, article_id))

    def for_ticket(self, ref: str) -> Sequence[Article]:
        """What is published on a ticket's fault."""
        return self.unit.look(lambda t: articles_for(t, ref))

    def add(self, new: NewArticle) -> Article:
        """Write a new article."""
        return self.unit.write(lambda t: read_article(t, add_article(t, new, self.profiles)))

    def add_shipped(self) -> Sequence[Article]:
        """Take the shipped articles over that are not there yet."""
        return self.unit.write(lambda t: [read_article(t, one) for one in add_shipped(t, self.profiles)])

    def change(self, article_id: str, new: NewArticle, *, expected_version: int | None = None) -> Article:
        """Write an article anew; what it said before stays as a version."""

        def work(t: Transaction) -> Article:
            change_article(t, article_id, new, self.profiles, expected_version=expected_version)
            return read_article(t, article_id)

        return self.unit.write(work)

    def take(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take a file of articles over."""
        return take_file(
            self.unit.write, lines, lambda t, line: take_article(t, line, self.profiles), is_dry_run=is_dry_run
        )
