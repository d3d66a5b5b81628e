"""``/dead-letters``: messages that could not be accepted, and having them judged again."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from api.http.access import Manager, Viewer
from api.http.context import Here
from api.http.paging import Page, PageQuery
from api.http.problems import Problem
from api.http.request import Request
from api.service.replaying import AskedReplays, replay_letters, replay_reason
from ingest.books.dead_letters import KeptLetter
from ingest.clock import from_ms
from ingest.wire.dead_letter import RefusalReason

router = APIRouter(tags=["operations"])


class DeadLetter(BaseModel):
    """A message that could not be accepted; ``payload`` is text, or null beside ``payload_base64``.

    ``asked_at`` while it is to be judged again; ``replayed_at`` where it was, and was refused once more.
    """

    number: int
    received_at: datetime
    topic: str
    reason: RefusalReason
    detail: str
    payload: str | None
    payload_base64: str | None = None
    asked_at: datetime | None = None
    replayed_at: datetime | None = None


class LetterCount(BaseModel):
    """How many dead letters of one reason are kept."""

    reason: RefusalReason
    kept: int


class ReplayRequest(Request):
    """All dead letters of one reason."""

    reason: RefusalReason


class ReplaysAsked(BaseModel):
    """``asked`` dead letters are judged again that were not asked for before, of ``named`` ones."""

    asked: int
    named: int


@router.get("/dead-letters")
def list_dead_letters(
    here: Here, _account: Viewer, page: PageQuery, reason: RefusalReason | None = None
) -> Page[DeadLetter]:
    """Messages that could not be accepted, newest first."""
    before = page.cursor
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Problem(422, "cursor: it is none that a list has answered; start without one.")
    books = here.books()
    if books is None:
        return Page(items=[])
    found = books.newest_dead_letters(
        before=None if before is None else int(before), limit=page.limit + 1, reason=reason
    )
    items = [_shown(letter) for letter in found[: page.limit]]
    return Page(items=items, next=str(items[-1].number) if len(found) > page.limit else None)


@router.get("/dead-letters/counts")
def count_dead_letters(here: Here, _account: Viewer) -> Page[LetterCount]:
    """How many are kept of each reason, the most frequent first: as many as the list has."""
    books = here.books()
    counts = {} if books is None else books.kept_letter_counts()
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return Page(items=[LetterCount(reason=reason, kept=kept) for reason, kept in ranked])


@router.post("/dead-letters/replay", status_code=202)
def replay_dead_letters(here: Here, account: Manager, body: ReplayRequest) -> ReplaysAsked:
    """Judge all dead letters of a reason again, after what they were refused for was mended.

    Those that are accepted are stored at their own time and leave the list; the others stay with their reason of now.
    """
    return _asked(replay_reason(here.settings.data_dir, here.desk.by(account.name).unit, body.reason))


@router.post("/dead-letters/{number}/replay", status_code=202)
def replay_dead_letter(here: Here, account: Manager, number: int) -> ReplaysAsked:
    """Judge one dead letter again; asked for twice, it is judged once."""
    return _asked(replay_letters(here.settings.data_dir, here.desk.by(account.name).unit, [number]))


def _asked(found: AskedReplays) -> ReplaysAsked:
    return ReplaysAsked(asked=found.asked, named=found.named)


def _shown(letter: KeptLetter) -> DeadLetter:
    return DeadLetter(
        number=letter.number,
        asked_at=None if letter.asked_ms is None else from_ms(letter.asked_ms),
        replayed_at=None if letter.replayed_ms is None else from_ms(letter.replayed_ms),
        **letter.as_json(),
    )
