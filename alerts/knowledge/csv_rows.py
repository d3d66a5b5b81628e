"""Articles as a CSV file; a row is known again by what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select

from alerts.csv_file import Columns, Line, write_csv
from alerts.database import Transaction
from alerts.errors import InvalidError
from alerts.importing import RowReport, Taken, take_row
from alerts.knowledge.article import Article, ArticleStatus, ArticleText, NewArticle
from alerts.knowledge.keeping import add_article, change_article
from alerts.knowledge.tables import articles
from ingest.profiles.definition import Profile

PARTS = ("title", "body", "customer")
TEXTS = tuple(f"{part}_{tag}" for part in PARTS for tag in ("en", "zh"))
ARTICLES = Columns(("fault_mode", "kind", "model", "owner", "status", *TEXTS), ("fault_mode", "kind"))


def take_article(t: Transaction, line: Line, profiles: Mapping[str, Profile]) -> RowReport:
    """Take an article over."""
    return take_row(t.connection, line, lambda: _take(t, line.cells, profiles), key="fault_mode")


def write_articles(found: Iterable[Article]) -> Iterator[str]:
    """Articles as the text that can be taken over."""
    return write_csv(ARTICLES, (_cells(one) for one in found))


def _cells(article: Article) -> dict[str, str]:
    texts = {
        f"{part}_{tag}": getattr(article.text, part).get(tag, "").replace("\n", "\\n")
        for part in PARTS
        for tag in ("en", "zh")
    }
    about = {"fault_mode": article.fault_mode, "kind": article.kind, "model": article.model}
    return {**about, "owner": article.owner, "status": article.status.value, **texts}


def _take(t: Transaction, cells: Mapping[str, str], profiles: Mapping[str, Profile]) -> Taken:
    if "kind" not in cells:
        raise InvalidError("kind must not be empty.")
    model = cells.get("model", "")
    about = (articles.c.kind == cells["kind"], articles.c.fault_mode == cells["fault_mode"], articles.c.model == model)
    row = t.connection.execute(select(articles).where(*about)).one_or_none()
    status = cells.get("status", row.status if row is not None else ArticleStatus.DRAFT.value)
    if status not in set(ArticleStatus):
        raise InvalidError(f"status: {status!r} is none of {', '.join(ArticleStatus)}.")
    old = row.text if row is not None else {}
    texts = {
        part: dict(old.get(part, {}))
        | {tag: cells[f"{part}_{tag}"].replace("\\n", "\n") for tag in ("en", "zh") if f"{part}_{tag}" in cells}
        for part in PARTS
    }
    owner = cells.get("owner", row.owner if row is not None else None)
    new = NewArticle(cells["kind"], cells["fault_mode"], ArticleText(**texts), model, owner, ArticleStatus(status))
    if row is None:
        return Taken(add_article(t, new, profiles), is_new=True, done=["article"])
    changed = change_article(t, row.id, new, profiles, expected_version=None)
    return Taken(row.id, is_new=False, done=["article"] if changed else [])
