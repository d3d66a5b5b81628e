"""``/users``: who may come in, as what, and by which keys."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from alerts.accounts.account import Role
from api.http.access import Admin, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.paging import Page
from api.http.problems import CONFLICT
from api.http.request import Request

router = APIRouter(tags=["access"])


class UserKey(Document):
    """An API key: how it begins, and since when it stands."""

    prefix: str
    created_at: datetime


class User(Document):
    """An account and its standing keys."""

    name: str
    role: Role
    disabled: bool
    keys: list[UserKey]


class Person(Document):
    """Somebody who may be given work."""

    name: str
    role: Role


class NewUser(User):
    """An account that was just made; ``key`` is shown this once."""

    key: str | None = None


class UserRequest(Request):
    """An account to make; with ``key`` true it gets an API key."""

    name: str = Field(min_length=1, max_length=200)
    role: Role
    password: str | None = Field(default=None, min_length=10, max_length=1000)
    key: bool = False


class UserChange(Request):
    """What to change; what is left out, or null, stays."""

    role: Role | None = None
    disabled: bool | None = None
    password: str | None = Field(default=None, min_length=10, max_length=1000)


@router.get("/users")
def list_users(here: Here, account: Admin) -> Page[User]:
    """Every account by name, all on one page."""
    return Page(items=[show(User, one) for one in here.accounts.by(account.name).all()])


@router.get("/people")
def list_people(here: Here, account: Technician) -> Page[Person]:
    """Who may be given work: every account that may come in, by name, all on one page."""
    known = here.accounts.by(account.name).all()
    return Page(items=[show(Person, one) for one in known if not one.disabled])


@router.post("/users", status_code=201, responses=CONFLICT)
def add_user(here: Here, account: Admin, body: UserRequest) -> NewUser:
    """Make an account."""
    accounts = here.accounts.by(account.name)
    made = show(User, accounts.add(body.name, body.role, password=body.password))
    return NewUser(**made.model_dump(), key=accounts.issue_key(body.name) if body.key else None)


@router.patch("/users/{name}", responses=CONFLICT)
def change_user(here: Here, account: Admin, name: str, body: UserChange) -> User:
    """Change role or password, shut out, or let in again; 409 where no admin would be left."""
    changed = here.accounts.by(account.name).change(
        name, role=body.role, disabled=body.disabled, password=body.password
    )
    return show(User, changed)


@router.delete("/users/{name}/keys/{prefix}", status_code=204)
def revoke_key(here: Here, account: Admin, name: str, prefix: str) -> Response:
    """End one API key of an account."""
    here.accounts.by(account.name).revoke_key(prefix, account=name)
    return Response(status_code=204)
