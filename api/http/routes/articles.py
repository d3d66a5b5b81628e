"""``/articles``: what is known of fault modes, their versions, and what has helped."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import Request as HttpRequest

from alerts.csv_file import read_csv
from alerts.knowledge.article import Article as DeskArticle
from alerts.knowledge.article import ArticleStatus, ArticleText, NewArticle
from alerts.knowledge.csv_rows import ARTICLES, write_articles
from alerts.knowledge.reading import ArticleFilter
from api.http.access import Manager, Technician, Viewer
from api.http.articles import Article, TextDocument, Words
from api.http.context import Here
from api.http.documents import Document, show
from api.http.etag import expected_version
from api.http.imports import TAKES_CSV, csv_file, csv_text, told_as_it_goes
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT, STALE
from api.http.request import Request

router = APIRouter(tags=["articles"])

IfMatch = Annotated[str | None, Header(description="ETag of the article as you saw it")]


class ArticleVersionDocument(Document):
    """What an article said at a time."""

    version: int
    at: datetime
    by: str
    status: ArticleStatus
    owner: str
    text: TextDocument


class TextRequest(Request):
    """What it says, by language (en, zh); title and body in one of them at least."""

    title: Words
    body: Words
    customer: Words = Field(default_factory=dict)


class ArticleRequest(Request):
    """An article."""

    kind: str = Field(min_length=1, max_length=64)
    fault_mode: str = Field(min_length=1, max_length=64)
    model: str = Field(default="", max_length=200)
    owner: str | None = Field(default=None, min_length=1, max_length=200)
    status: ArticleStatus = ArticleStatus.DRAFT
    text: TextRequest


def _answer(article: DeskArticle, response: Response) -> Article:
    response.headers["etag"] = f'"{article.version}"'
    return show(Article, article)


def _new(body: ArticleRequest) -> NewArticle:
    text = ArticleText(body.text.title, body.text.body, body.text.customer)
    return NewArticle(body.kind, body.fault_mode, text, body.model, body.owner, body.status)


async def _wanted(
    *,
    q: Annotated[str | None, Query(max_length=200, description="every word, in all that is said")] = None,
    kind: Annotated[str | None, Query(max_length=64)] = None,
    fault_mode: Annotated[str | None, Query(max_length=64)] = None,
    status: ArticleStatus | None = None,
) -> ArticleFilter:
    return ArticleFilter(q, kind, fault_mode, status)


Wanted = Annotated[ArticleFilter, Depends(_wanted)]


@router.get("/articles")
def list_articles(here: Here, account: Viewer, page: PageQuery, wanted: Wanted) -> Page[Article]:
    """One page of articles, the last made first."""
    found = here.desk.by(account.name).knowledge.page(wanted, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(Article, one) for one in found.items], next=found.next)


@router.get("/articles.csv", response_class=StreamingResponse)
def export_articles(here: Here, account: Viewer, wanted: Wanted) -> StreamingResponse:
    """All articles of a list, as the CSV that can be imported."""
    return csv_file(write_articles(here.desk.by(account.name).knowledge.all(wanted)), "articles.csv")


@router.post("/articles/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_articles(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take a file of articles over; a row is known again by kind, fault mode and model. One JSON object per row as it goes."""
    lines = list(read_csv(await csv_text(request), ARTICLES))
    return told_as_it_goes(here.desk.by(account.name).knowledge.take(lines, is_dry_run=dry_run))


@router.post("/articles/shipped")
def take_shipped_articles(here: Here, account: Manager) -> Page[Article]:
    """Take the shipped articles over that are not there yet; those that were, as somebody wrote them, are left alone."""
    return Page(items=[show(Article, one) for one in here.desk.by(account.name).knowledge.add_shipped()])


@router.post("/articles", status_code=201, responses=CONFLICT)
def add_article(here: Here, account: Technician, body: ArticleRequest, response: Response) -> Article:
    """Write an article; 409 where the fault mode has one for this model."""
    return _answer(here.desk.by(account.name).knowledge.add(_new(body)), response)


@router.get("/articles/{article_id}")
def read_article(here: Here, account: Viewer, article_id: str, response: Response) -> Article:
    """One article with its cases."""
    return _answer(here.desk.by(account.name).knowledge.read(article_id), response)


@router.get("/articles/{article_id}/versions")
def list_versions(here: Here, account: Viewer, article_id: str) -> Page[ArticleVersionDocument]:
    """Everything that an article has said, the newest first; all on one page."""
    found = here.desk.by(account.name).knowledge.versions(article_id)
    return Page(items=[show(ArticleVersionDocument, one) for one in found])


@router.put("/articles/{article_id}", responses=STALE)
def change_article(
    here: Here,
    account: Technician,
    article_id: str,
    body: ArticleRequest,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> Article:
    """Write an article anew; what it said before stays as a version."""
    desk = here.desk.by(account.name).knowledge
    version = expected_version(if_match, lambda: desk.read(article_id).version, noun="article")
    return _answer(desk.change(article_id, _new(body), expected_version=version), response)


@router.get("/tickets/{key}/articles")
def list_articles_of_ticket(here: Here, account: Viewer, key: str) -> Page[Article]:
    """What is published on a ticket's fault, that of its model first; all on one page."""
    return Page(items=[show(Article, one) for one in here.desk.by(account.name).knowledge.for_ticket(key)])
