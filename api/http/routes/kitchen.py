"""``/demo/appliances``: the displays of the demo's appliances, and the hands of the people at home. In the demo only."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.http.access import Viewer
from api.http.context import Context, Here, Language
from api.http.documents import Document
from api.http.kitchen_page import SCRIPT, message_of, page_of
from api.http.kitchens import Deed, Display, NoKitchenError
from api.http.problems import Problem, not_found
from api.http.request import Request

router = APIRouter(prefix="/demo", include_in_schema=False)

FORMS_NEED_ORIGIN = {"referrer-policy": "same-origin", "cache-control": "no-store"}
"""A form's origin is not told where the policy says no referrer, and then nobody knows whose page it was."""
Lang = Annotated[Literal["en", "zh"] | None, Query()]


class DoorRequest(Request):
    """Which way the door goes."""

    open: bool


class ServiceModeRequest(Request):
    """Which way the switch goes."""

    on: bool


class Shown(Document):
    """An appliance's display, with its words in the caller's language."""

    appliance_id: str
    kind: str
    code: str | None
    expires_at: str | None
    scope: str | None
    mode: str | None
    doing: str
    test: str | None
    door_open: bool
    presence_confirmed: bool
    service_mode: bool
    message: str


@router.get("/kitchen.js")
def script() -> Response:
    """Keeps an open kitchen fresh."""
    return Response(SCRIPT, media_type="text/javascript")


@router.get("/appliances/{appliance_id}/display")
def look(here: Here, _account: Viewer, language: Language, appliance_id: str) -> Shown:
    """What stands on the display."""
    return _shown(here, look_at(here, appliance_id), language)


@router.post("/appliances/{appliance_id}/stop")
def stop(here: Here, _account: Viewer, language: Language, appliance_id: str) -> Shown:
    """The customer ends the remote session, or refuses the one that is asked for."""
    return _shown(here, touch(here, appliance_id, "stop"), language)


@router.post("/appliances/{appliance_id}/door")
def door(here: Here, _account: Viewer, language: Language, appliance_id: str, body: DoorRequest) -> Shown:
    """Open or close the door; a locked one stays as it is."""
    return _shown(here, touch(here, appliance_id, "door", is_on=body.open), language)


@router.post("/appliances/{appliance_id}/confirm-presence")
def confirm_presence(here: Here, _account: Viewer, language: Language, appliance_id: str) -> Shown:
    """Press the key that says that somebody is there."""
    return _shown(here, touch(here, appliance_id, "confirm_presence"), language)


@router.post("/appliances/{appliance_id}/service-mode")
def service_mode(
    here: Here, _account: Viewer, language: Language, appliance_id: str, body: ServiceModeRequest
) -> Shown:
    """Switch the service mode by hand."""
    return _shown(here, touch(here, appliance_id, "service_mode", is_on=body.on), language)


@router.get("/appliances/{appliance_id}")
def page(here: Here, _account: Viewer, language: Language, appliance_id: str, lang: Lang = None) -> Response:
    """The customer's kitchen."""
    display = look_at(here, appliance_id)
    spoken = lang or language
    profile = here.profiles.get(display.kind)
    label = {} if profile is None else profile.label
    text = page_of(
        display, spoken, test=_test(here, display, spoken), kind=label.get(spoken) or label.get("en") or display.kind
    )
    return HTMLResponse(text, headers=FORMS_NEED_ORIGIN)


@router.post("/appliances/{appliance_id}")
def press(
    here: Here,
    _account: Viewer,
    appliance_id: str,
    deed: Annotated[Deed, Query()],
    on: Annotated[bool, Query()] = True,
    lang: Lang = None,
) -> Response:
    """A button of the page; back to the page."""
    touch(here, appliance_id, deed, is_on=on)
    return RedirectResponse(f"?lang={lang}" if lang else "?", status_code=303)


def look_at(here: Context, appliance_id: str) -> Display:
    """The display, 404 where the fleet has no such appliance, 503 where the fleet does not answer."""
    return _answered(here, appliance_id, None, is_on=True)


def touch(here: Context, appliance_id: str, deed: str, *, is_on: bool = True) -> Display:
    """Do something at an appliance; the display afterwards."""
    return _answered(here, appliance_id, deed, is_on=is_on)


def _answered(here: Context, appliance_id: str, deed: str | None, *, is_on: bool) -> Display:
    kitchens = here.kitchens
    if kitchens is None:
        raise Problem(404, "Only the demo has kitchens to look into.")
    try:
        found = kitchens.look_at(appliance_id) if deed is None else kitchens.touch(appliance_id, deed, is_on=is_on)
    except NoKitchenError as error:
        raise Problem(503, str(error)) from error
    if found is None:
        raise not_found("appliance", appliance_id)
    return found


def _shown(here: Context, display: Display, language: str) -> Shown:
    message = message_of(display, language, test=_test(here, display, language))
    return Shown.model_validate({**display.model_dump(include=set(Shown.model_fields)), "message": message})


def _test(here: Context, display: Display, language: str) -> str:
    """The running test as people call it."""
    profile = here.profiles.get(display.kind)
    test = None if profile is None or display.test is None else profile.tests.get(display.test)
    return (display.test or "") if test is None else test.label.get(language) or test.label["en"]
