"""Shipped articles: what is known of the most frequent fault modes before an organisation has written anything itself.

They are taken over on request. One that is there already, by whomever, is left as it is: what people wrote is theirs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select

from alerts.database import Transaction
from alerts.knowledge.article import ArticleStatus, ArticleText, NewArticle
from alerts.knowledge.keeping import add_article
from alerts.knowledge.tables import articles
from ingest.profiles.definition import Profile

_FILE = Path(__file__).with_name("shipped.toml")


@lru_cache(maxsize=1)
def shipped_articles() -> Sequence[NewArticle]:
    """All of them, published, about all models of their kind."""
    return tuple(
        NewArticle(
            one["kind"],
            one["fault_mode"],
            ArticleText(one["title"], one["body"], one["customer"]),
            status=ArticleStatus.PUBLISHED,
        )
        for one in tomllib.loads(_FILE.read_text("utf-8"))["articles"]
    )


def add_shipped(t: Transaction, profiles: Mapping[str, Profile]) -> Sequence[str]:
    """Write those down that are not there yet, of kinds that there are; their ids."""
    there = {(row.kind, row.fault_mode) for row in t.connection.execute(select(articles).where(articles.c.model == ""))}
    return [
        add_article(t, new, profiles)
        for new in shipped_articles()
        if (new.kind, new.fault_mode) not in there and new.kind in profiles
    ]
