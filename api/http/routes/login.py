"""Login for the console: name and password, or a one-time link; both end in a cookie that scripts can't read."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from alerts.accounts.account import Account
from api.http import documents
from api.http.access import COOKIE, Provider, is_own_origin
from api.http.bodies import refuse_wrong_body
from api.http.context import Context, Here
from api.http.parameters import refuse_wrong_parameters
from api.http.problems import BUSY, Problem
from api.http.request import Request as RequestBody

router = APIRouter(tags=["access"])
links = APIRouter(include_in_schema=False)

COOKIE_LIFE_S = 12 * 3600


class LoginRequest(RequestBody):
    """Name and password of an account."""

    name: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=1000)


def set_cookie(response: Response, request: Request, secret: str) -> None:
    """Give the browser its cookie; over TLS it never goes out without."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=COOKIE_LIFE_S,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )


@router.post("/login", responses=BUSY, dependencies=[Depends(refuse_wrong_body), Depends(refuse_wrong_parameters)])
def login(here: Here, request: Request, response: Response, body: LoginRequest) -> documents.Account:
    """Log in with name and password."""
    if request.headers.get("origin") is not None and not is_own_origin(request):
        raise Problem(403, "A page of another origin may not log you in.")
    found = here.accounts.login(body.name, body.password, address=request.client.host if request.client else "")
    if found is None:
        raise Problem(401, "Name or password is wrong.")
    account, secret = found
    set_cookie(response, request, secret)
    return _shown(here, account)


@router.post("/logout", status_code=204)
def logout(here: Here, request: Request, _account: Provider) -> Response:
    """End the browser's login."""
    here.accounts.logout(request.cookies.get(COOKIE, ""))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.get("/me")
def me(here: Here, account: Provider) -> documents.Account:
    """Who is logged in."""
    return _shown(here, account)


@links.get("/login/{token}")
def login_by_link(here: Here, request: Request, token: str) -> Response:
    """A link that logs in once."""
    found = here.accounts.login_by_link(token)
    if found is None:
        raise Problem(401, "This link has been used, or its time is over. Ask for a new one.")
    response = RedirectResponse("/", status_code=303)
    set_cookie(response, request, found[1])
    return response


def _shown(here: Context, account: Account) -> documents.Account:
    """An account, as of now."""
    return documents.Account(
        name=account.name,
        role=account.role,
        now=here.clock.now(),
        last_change=here.desk.by(account.name).changes.last(),
        kitchens=here.kitchens is not None,
    )
