"""``/tickets/{key}/fix-first``: what the customer can do before anybody comes, and whether it helped."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from api.http.access import Technician, Viewer
from api.http.context import Here, Language
from api.http.documents import show
from api.http.fix_first_documents import FixFirst
from api.http.problems import CONFLICT
from api.http.request import Request

router = APIRouter(tags=["tickets"])


class ToldRequest(Request):
    """What the customer said: that it is done, or that they won't."""

    done: bool
    note: str | None = Field(default=None, max_length=2000)


@router.get("/tickets/{key}/fix-first")
def read_fix_first(here: Here, account: Viewer, language: Language, key: str) -> FixFirst:
    """The steps for the customer, whether they are offered now, and what was tried on this ticket."""
    return show(FixFirst, here.desk.by(account.name).fix_first.read(key), language=language)


@router.post("/tickets/{key}/fix-first", responses=CONFLICT)
def tell_fix_first(here: Here, account: Technician, language: Language, key: str, body: ToldRequest) -> FixFirst:
    """Write down what the customer told; from then on the readings decide whether it helped."""
    told = here.desk.by(account.name).fix_first.tell(key, is_done=body.done, note=body.note)
    return show(FixFirst, told, language=language)
