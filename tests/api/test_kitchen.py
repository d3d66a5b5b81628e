"""The customer's kitchen: in the demo a visitor may stand at the appliance, and nowhere else."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from fastapi import FastAPI

from api.http.app import make_app, place
from api.http.kitchens import Display, NoKitchenError
from tests.api.house import House

READY = Display(
    appliance_id="w1",
    kind="washing_machine",
    model="<b>WM</b>",
    doing="consent_asked",
    mode="idle",
    code="123456",
    expires_at="2026-11-21T12:10:00Z",
    scope="test",
    test=None,
    door_open=False,
    door_locked=False,
    presence_confirmed=False,
    service_mode=False,
)


class OneKitchen:
    """A home with one appliance that notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, bool]] = []
        self.display = READY
        self.trouble: str | None = None

    def look_at(self, appliance_id: str) -> Display | None:
        """Its display."""
        if self.trouble is not None:
            raise NoKitchenError(self.trouble)
        return self.display if appliance_id == "w1" else None

    def touch(self, appliance_id: str, deed: str, *, is_on: bool) -> Display | None:
        """Note it."""
        self.done.append((deed, is_on))
        return self.look_at(appliance_id)


@pytest.fixture(scope="module")
def demos() -> list[FastAPI]:
    """The app of a demo, put together by the first test that asks for it."""
    return []


@pytest.fixture
def kitchen(house: House, demos: list[FastAPI]) -> OneKitchen:
    """The house becomes a demo."""
    kitchens = OneKitchen()
    house.context = replace(house.context, kitchens=kitchens)
    if not demos:
        demos.append(make_app(house.context))
    house.app = demos[0]
    place(house.app, house.context)
    return kitchens


def test_only_the_demo_has_kitchens(house: House) -> None:
    """In any other service there is no such address, and the console is told so."""
    assert house.call("GET", "/demo/appliances/w1/display").status_code == 404
    assert house.get("/me").json()["kitchens"] is False


def test_the_display_tells_the_code_in_the_callers_language(house: House, kitchen: OneKitchen) -> None:
    """The contract's five keys are there, with a sentence for people."""
    told = house.call("GET", "/demo/appliances/w1/display", headers={"accept-language": "zh"}).json()

    assert kitchen.done == []
    assert (told["code"], told["expires_at"], told["mode"], told["door_open"]) == (
        "123456", "2026-11-21T12:10:00Z", "idle", False,
    )  # fmt: skip
    assert told["message"].startswith("工程师申请远程诊断")
    assert house.get("/me").json()["kitchens"] is True


def test_hands_reach_the_appliance(house: House, kitchen: OneKitchen) -> None:
    """Stop, door, presence and service mode arrive as they are meant."""
    paths = (("stop", None), ("door", {"open": False}), ("confirm-presence", None), ("service-mode", {"on": True}))
    codes = [house.call("POST", f"/demo/appliances/w1/{path}", json=body).status_code for path, body in paths]

    assert codes == [200] * 4
    assert kitchen.done == [("stop", True), ("door", False), ("confirm_presence", True), ("service_mode", True)]


def test_the_page_works_without_script(house: House, kitchen: OneKitchen) -> None:
    """Code and keys stand in the HTML, what an appliance says of itself is text, and a button leads back to the page."""
    page = house.call("GET", "/demo/appliances/w1?lang=en")
    (door,) = re.findall(r'action="([^"]*deed=door[^"]*)"', page.text)
    pressed = house.call("POST", f"/demo/appliances/w1{unescape(door)}")

    assert "123456" in page.text
    assert "&lt;b&gt;WM" in page.text
    assert "<b>" not in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    assert (pressed.status_code, pressed.headers["location"]) == (303, "?lang=en")
    assert kitchen.done == [("door", True)]


@pytest.mark.parametrize("doing", ["consent_asked", "testing", "identifying", "in_session", "running", "idle"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_has_its_words(house: House, kitchen: OneKitchen, doing: str, language: str) -> None:
    """A page stands in both languages, with a running test by its name."""
    kitchen.display = READY.model_copy(update={"doing": doing, "test": "drain_60_s", "door_open": True})

    page = house.call("GET", f"/demo/appliances/w1?lang={language}").text

    assert f'lang="{language}"' in page
    assert ("Drain for a minute" in page or "排水一分钟" in page) is (doing == "testing")


def test_a_kitchen_that_can_t_be_looked_into_says_why(house: House, kitchen: OneKitchen) -> None:
    """An unknown appliance is 404, a fleet that does not answer 503, nobody's visit 401, a foreign page's button 403."""
    assert house.call("GET", "/demo/appliances/w9").status_code == 404
    assert house.call("GET", "/demo/appliances/w1", None).status_code == 401
    cookie = {"fettle_session": house.context.accounts.login_by_link(house.context.accounts.login_link("admin"))[1]}  # type: ignore[index]  # the link was made just now
    foreign = {"origin": "http://evil.test", "host": "fettle.test"}
    refused = house.call("POST", "/demo/appliances/w1/stop", None, cookies=cookie, headers=foreign)
    assert refused.status_code == 403
    kitchen.trouble = "The fleet is still starting."
    answer = house.call("GET", "/demo/appliances/w1/display")
    assert (answer.status_code, answer.json()["detail"]) == (503, "The fleet is still starting.")
    assert kitchen.done == []
