"""``/views``: lists of tickets that people keep under a name, for themselves or shared with a role."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from alerts.accounts.account import Role
from alerts.saved_views.saved_view import ADDRESS_LENGTH_MAX, NAME_LENGTH_MAX, NewView
from api.http.access import Viewer
from api.http.context import Here
from api.http.documents import show
from api.http.paging import Page
from api.http.problems import CONFLICT
from api.http.request import Request
from api.http.saved_view_documents import ADDRESS, SavedViewDocument

router = APIRouter(tags=["views"])


class SavedViewRequest(Request):
    """A view to keep."""

    name: str = Field(min_length=1, max_length=NAME_LENGTH_MAX)
    address: str = Field(min_length=1, max_length=ADDRESS_LENGTH_MAX, description=ADDRESS)
    shared_with: Role | None = None


class SavedViewChange(Request):
    """What is changed of a view."""

    name: str = Field(default="", min_length=1, max_length=NAME_LENGTH_MAX)
    address: str = Field(default="", min_length=1, max_length=ADDRESS_LENGTH_MAX, description=ADDRESS)
    shared_with: Role | None = None


@router.get("/views")
def list_views(here: Here, account: Viewer) -> Page[SavedViewDocument]:
    """One's own views, and those that others share with one's role; all on one page."""
    found = here.desk.by(account.name).saved_views.seen_by(account.role)
    return Page(items=[show(SavedViewDocument, one) for one in found])


@router.post("/views", status_code=201, responses=CONFLICT)
def keep_view(here: Here, account: Viewer, body: SavedViewRequest) -> SavedViewDocument:
    """Keep a view; 409 where one has this name already."""
    new = NewView(body.name, body.address, body.shared_with)
    return show(SavedViewDocument, here.desk.by(account.name).saved_views.keep(new))


@router.patch("/views/{view_id}", responses=CONFLICT)
def change_view(here: Here, account: Viewer, view_id: str, body: SavedViewChange) -> SavedViewDocument:
    """Rename, share or change one of one's own views."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    return show(SavedViewDocument, here.desk.by(account.name).saved_views.change(view_id, changes))


@router.delete("/views/{view_id}", status_code=204)
def delete_view(here: Here, account: Viewer, view_id: str) -> None:
    """Delete one of one's own views."""
    here.desk.by(account.name).saved_views.delete(view_id)
