"""Writing articles: one per fault mode and model; each change is a version that stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, insert, select, update

from alerts.audit.chain import record_audit
from alerts.database import Transaction, upsert
from alerts.errors import ConflictError, InvalidError, StaleViewError, UnknownError
from alerts.fault_modes import check_fault_mode
from alerts.knowledge.article import ArticleText, NewArticle
from alerts.knowledge.tables import article_search, article_versions, articles
from alerts.words import check_words, fold
from ingest.profiles.definition import Profile

LANGUAGES = frozenset({"en", "zh"})
TITLE_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 20_000
CUSTOMER_LENGTH_MAX = 4000


def add_article(t: Transaction, new: NewArticle, profiles: Mapping[str, Profile]) -> str:
    """Write a new article; :class:`ConflictError` where the fault mode has one for this model."""
    _check(new, profiles)
    article_id = t.new_id("ar")
    values = {"id": article_id, "kind": new.kind, "fault_mode": new.fault_mode, "model": new.model}
    statement = upsert(t.connection, articles).values(values | _values(t, new)).on_conflict_do_nothing()
    if t.connection.execute(statement.returning(articles.c.n)).scalar_one_or_none() is None:
        raise ConflictError(f"There is an article on {new.fault_mode} of {new.model or new.kind} already: change that.")
    _note(t, article_id, "article.add", before=None)
    return article_id


def change_article(
    t: Transaction, article_id: str, new: NewArticle, profiles: Mapping[str, Profile], *, expected_version: int | None
) -> bool:
    """Write an article anew; whether anything is new. What it is about stays."""
    row = article_row(t, article_id)
    if expected_version is not None and expected_version != row.version:
        raise StaleViewError(expected=expected_version, current=row.version)
    if (new.kind, new.fault_mode, new.model) != (row.kind, row.fault_mode, row.model):
        raise InvalidError("kind, fault_mode and model: what an article is about stays; write another one.")
    _check(new, profiles)
    values = _values(t, new, owner=row.owner)
    if all(values[name] == row._mapping[name] for name in ("status", "owner", "text")):  # noqa: SLF001 - a row as a mapping
        return False
    version = {"version": row.version + 1}
    t.connection.execute(update(articles).where(articles.c.id == article_id).values(values | version))
    _note(t, article_id, "article.change", before=_audited(row))
    return True


def article_row(t: Transaction, article_id: str) -> Row[Any]:
    """The row of an article."""
    row = t.connection.execute(select(articles).where(articles.c.id == article_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no article {article_id!r}.")
    return row


def text_as_json(text: ArticleText) -> dict[str, dict[str, str]]:
    """What an article says, as it is kept; what is empty is not there."""
    parts = {"title": text.title, "body": text.body, "customer": text.customer}
    return {name: {tag: said.strip() for tag, said in part.items() if said.strip()} for name, part in parts.items()}


def _values(t: Transaction, new: NewArticle, *, owner: str | None = None) -> dict[str, Any]:
    return {
        "status": new.status.value,
        "owner": new.owner or owner or t.who,
        "text": text_as_json(new.text),
        "changed_ms": t.now_ms,
        "changed_by": t.who,
    }


def _audited(row: Row[Any]) -> dict[str, Any]:
    """What the audit says of an article; its words stand in its versions."""
    return {"version": row.version, "status": row.status, "owner": row.owner}


def _note(t: Transaction, article_id: str, action: str, *, before: Mapping[str, Any] | None) -> None:
    """Keep the version, what it is found by, and who wrote it."""
    row = article_row(t, article_id)
    content = {"status": row.status, "owner": row.owner, "text": row.text}
    version = {"article_id": article_id, "version": row.version, "content": content, "at_ms": t.now_ms, "by": t.who}
    t.connection.execute(insert(article_versions).values(version))
    said = (text for part in row.text.values() for text in part.values())
    found_by = {"n": row.n, "text": fold(row.kind, row.fault_mode, row.model, *said)}
    statement = upsert(t.connection, article_search).values(found_by)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["n"], set_=found_by))
    record_audit(t, action, article_id, before=before, after=_audited(row), about={"fault_mode": row.fault_mode})


def _check(new: NewArticle, profiles: Mapping[str, Profile]) -> None:
    if new.kind not in profiles:
        raise InvalidError(f"kind: {new.kind!r} is none of {', '.join(sorted(profiles))}.")
    check_words("fault_mode", new.fault_mode, longest=64, is_needed=True)
    check_fault_mode(new.fault_mode, profiles[new.kind])
    check_words("model", new.model, longest=200)
    check_words("owner", new.owner, longest=200)
    longest = {"title": TITLE_LENGTH_MAX, "body": TEXT_LENGTH_MAX, "customer": CUSTOMER_LENGTH_MAX}
    for name, length in longest.items():
        part: Mapping[str, str] = getattr(new.text, name)
        if unknown := sorted(set(part) - LANGUAGES):
            raise InvalidError(f"{name}: {unknown[0]!r} is no language that is spoken here: en, zh.")
        for tag, said in part.items():
            check_words(f"{name}_{tag}", said, longest=length)
    for name in ("title", "body"):
        if not text_as_json(new.text)[name]:
            raise InvalidError(f"{name} must not be empty in every language.")
