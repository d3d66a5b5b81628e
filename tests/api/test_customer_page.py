"""The customer's page: what its holder sees and does, and what nobody else may."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from alerts.accounts.account import Role
from api.http.customer_words import LANGUAGES, WORDS
from tests.api.house import House

DAY_MS = 86_400_000


@dataclass
class Home:
    """A house with a ticket, its owner, and the owner's link."""

    house: House
    ticket: int
    customer: str
    path: str

    def get(self, query: str = "") -> httpx.Response:
        """Open the page as anybody does who holds the link."""
        return self.house.call("GET", f"{self.path}{query}", None)

    def do(self, deed: str, **fields: Any) -> httpx.Response:
        """Press a button."""
        body = urlencode({"do": deed, **fields}, doseq=True)
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.house.call("POST", self.path, None, content=body, headers=kind)

    def step(self, step: str, body: dict[str, Any] | None = None) -> None:
        """Take a step of the ticket."""
        assert self.house.post(f"/tickets/{self.ticket}/{step}", body or {}).status_code == 200

    @property
    def status(self) -> str:
        """Where the ticket stands."""
        return str(self.house.get(f"/tickets/{self.ticket}").json()["status"])


@pytest.fixture
def home(house: House) -> Home:
    """A fridge of Li Na's, a ticket about it, and her link."""
    house.register("fridge-1")
    contact = {"name": "Li Na <b>", "phones": ["13800138000"], "language": "zh-CN"}
    customer = house.post("/customers", contact).json()["id"]
    site = {"address": {"street": "Lane 1", "city": "Shanghai"}, "time_zone": "Asia/Shanghai"}
    site_id = house.post(f"/customers/{customer}/sites", site).json()["id"]
    house.post(f"/customers/{customer}/appliances", {"appliance_id": "fridge-1", "site_id": site_id})
    house.find()
    [ticket] = house.get("/tickets").json()["items"]
    made = house.post(f"/tickets/{ticket['number']}/links", {"days": 3}, Role.TECHNICIAN)
    assert made.status_code == 201
    return Home(house, ticket["number"], customer, made.json()["path"])


def test_the_holder_reads_in_their_language_what_was_seen(home: Home) -> None:
    """Chinese for her, English where asked for; the sentence with the number; no foreign text runs as HTML; no script."""
    own, english = home.get(), home.get("?lang=en")

    summary = home.house.get(f"/tickets/{home.ticket}", headers={"accept-language": "zh"}).json()["summary"]
    assert own.status_code == english.status_code == 200
    assert summary in own.text
    assert "Li Na &lt;b&gt;，您好" in own.text
    assert "Very likely: in 80 of 100" in english.text
    assert "<script" not in own.text
    assert len(own.content) < 20_000
    assert (own.headers["cache-control"], own.headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_a_link_ends_by_time_by_hand_and_with_the_ownership(home: Home) -> None:
    """Each time the same words and 404; a guess as well."""
    house = home.house
    guessed = house.call("GET", f"{home.path[:-2]}xx", None)
    [link] = house.get(f"/tickets/{home.ticket}/links").json()["items"]
    again = house.post(f"/tickets/{home.ticket}/links").json()

    assert home.get().status_code == 200
    assert house.call("DELETE", f"/api/v1/links/{link['id']}", Role.TECHNICIAN).status_code == 204
    revoked = home.get("?lang=en")
    house.clock.advance(29 * DAY_MS)
    standing = house.call("GET", again["path"], None)
    house.call("DELETE", "/api/v1/appliances/fridge-1/owner")
    sold = house.call("GET", again["path"], None)
    states = [one["state"] for one in house.get(f"/tickets/{home.ticket}/links").json()["items"]]
    house.clock.advance(2 * DAY_MS)

    assert [one.status_code for one in (guessed, revoked, standing, sold)] == [404, 404, 200, 404]
    assert "was not copied whole" in revoked.text
    assert states == ["standing", "revoked"]
    assert house.call("POST", again["path"], None, content="do=stop").status_code == 404
    assert [one["state"] for one in house.get(f"/tickets/{home.ticket}/links").json()["items"]] == [
        "expired",
        "revoked",
    ]


def test_without_an_owner_there_is_no_page(house: House) -> None:
    """409 with what to do; one who came after the ticket gets none either."""
    house.find()
    refused = house.post("/tickets/1/links")
    customer = house.post("/customers", {"name": "Ada"}).json()["id"]
    house.clock.advance(1000)
    house.post(f"/customers/{customer}/appliances", {"appliance_id": "fridge-1"})

    later = house.post("/tickets/1/links")

    assert (refused.status_code, later.status_code) == (409, 409)
    assert "has no owner" in refused.json()["detail"]
    assert "not theirs to see" in later.json()["detail"]


def test_the_holder_accepts_refuses_and_rates(home: Home) -> None:
    """A refused repair goes back to work, an accepted one is closed, a closed one that fails again is reopened; all in the history."""
    early = home.do("accepted")
    for step in ("start", "finish"):
        home.step(step)
    assert home.do("not_accepted", text="still warm").status_code == 303
    assert home.status == "in_progress"
    home.step("finish")
    assert home.do("rating", stars=4, reasons=["speed", "manner"], text="quick").status_code == 303
    assert home.do("accepted").status_code == 303
    assert home.status == "closed"
    assert home.do("not_accepted", text="warm again").status_code == 303
    assert home.status == "open"

    assert early.status_code == 409
    assert "没有完成" in early.text or "未能完成" in early.text
    answers = home.house.get(f"/tickets/{home.ticket}/answers", Role.TECHNICIAN).json()["items"]
    assert [(one["kind"], one["text"], one["stars"]) for one in answers] == [
        ("not_accepted", "warm again", None),
        ("accepted", None, None),
        ("rating", "quick", 4),
        ("not_accepted", "still warm", None),
    ]
    history = home.house.get(f"/tickets/{home.ticket}").json()["history"]
    assert [one["event"] for one in history if one["actor"] == "customer"][-2:] == ["reopen", "customer_not_accepted"]


@pytest.mark.parametrize(
    ("deed", "fields"),
    [
        ("rating", {}),
        ("rating", {"stars": "6"}),
        ("message", {}),
        ("message", {"text": "\u200b"}),
        ("message", {"text": "x" * 2001}),
        ("dance", {}),
        ("allow", {"purpose": "contractor"}),
        ("allow", {"purpose": "everything"}),
        ("message", {"text": "hello", "purpse": "x"}),
    ],
)
def test_what_makes_no_sense_is_said_on_the_page(home: Home, deed: str, fields: dict[str, str]) -> None:
    """422 with a sentence; nothing is kept."""
    answer = home.do(deed, **fields)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert home.house.get(f"/tickets/{home.ticket}/answers").json()["items"] == []


def test_a_flood_of_answers_is_held_back(home: Home) -> None:
    """Thirty a day, then a sentence; tomorrow again."""
    for number in range(30):
        assert home.do("message", text=f"message {number}").status_code == 303

    refused = home.do("message", text="one more")
    home.house.clock.advance(DAY_MS + 1)

    assert refused.status_code == 409
    assert home.do("message", text="next day").status_code == 303


def test_the_holder_stops_a_session_and_takes_consent_back(home: Home) -> None:
    """While a technician asks or looks the page says so and has a red button; stop ends it, and so does taking back."""
    house = home.house
    for end in ("stop", "forbid"):
        home.do("allow", purpose="remote_diagnosis")
        made = house.post(f"/tickets/{home.ticket}/sessions", {"scope": "read"}, Role.TECHNICIAN).json()
        shown = home.get("?lang=en")
        home.do(end, **({"purpose": "remote_diagnosis"} if end == "forbid" else {}))

        assert ">Stop now</button>" in shown.text
        assert 'http-equiv="refresh"' in shown.text
        assert house.get(f"/sessions/{made['id']}").json()["state"] in {"ended", "refused"}
        assert ">Stop now</button>" not in home.get("?lang=en").text
        house.clock.advance(3_600_000)
    assert house.get(f"/customers/{home.customer}/consents/remote_diagnosis").json() == {"is_allowed": False}


def test_the_holder_keeps_a_receipt_of_their_own_sessions_alone(home: Home) -> None:
    """Linked from the page, on their own clock, live while it lives, as PDF too; of another ticket there is none."""
    house = home.house
    house.register("fridge-2")
    house.find("fridge-2")
    mine, other = (
        house.post(f"/tickets/{ticket}/sessions", {"scope": "read"}, Role.TECHNICIAN).json()["id"]
        for ticket in (home.ticket, 2)
    )
    query = f"?session={mine}&lang=en"

    page, receipt, printed = home.get("?lang=en"), home.get(query), home.get(f"{query}&form=pdf")

    assert query.replace("&", "&amp;") in page.text
    assert 'http-equiv="refresh"' in receipt.text
    assert "Times are in Asia/Shanghai" in receipt.text
    assert "waiting for your code" in receipt.text
    assert printed.content.startswith(b"%PDF-")
    assert home.get(f"?session={other}").status_code == 404


def test_the_holder_is_asked_to_try_first_and_told_what_came_of_it(home: Home) -> None:
    """The steps of the fault in their language; done once; the technician sees who told; no button is left."""
    offered, english = home.get(), home.get("?lang=en")
    done = home.do("fix_done")
    again = home.do("fix_done")

    told = home.house.get(f"/tickets/{home.ticket}/fix-first", Role.VIEWER).json()
    assert "清扫冷凝器" in offered.text
    assert "In about 60 of 100 such cases" in english.text
    assert (done.status_code, again.status_code) == (303, 409)
    assert "We watch the readings now" in home.get("?lang=en").text
    assert (told["attempts"][0]["told_by"], told["why_not"], told["is_offered"]) == ("customer", "watching", False)
    assert 'value="fix_done"' not in home.get().text


def test_the_holder_takes_what_is_stored(home: Home) -> None:
    """As JSON, to keep; and nothing about anybody else."""
    home.do("erasure")
    answer = home.get("?what=stored")

    assert answer.json()["customer"]["contact"]["name"] == "Li Na <b>"
    assert [one["appliance_id"] for one in answer.json()["ownerships"]] == ["fridge-1"]
    assert "attachment" in answer.headers["content-disposition"]
    assert home.house.get(f"/tickets/{home.ticket}/answers").json()["items"][0]["kind"] == "erasure"


def test_the_visit_is_told_in_the_homes_own_time(home: Home) -> None:
    """Shanghai's hours and day, with the name of the zone."""
    home.step("triage")
    now = home.house.get(f"/tickets/{home.ticket}").json()["opened_at"]
    day = now[:10]
    home.step("schedule", {"assignee": "technician", "from": f"{day}T23:00:00Z", "to": f"{day}T23:30:00Z"})

    chinese, english = home.get().text, home.get("?lang=en").text

    assert re.search(r"07:00–07:30（Asia/Shanghai）", chinese)
    assert "07:00–07:30 (Asia/Shanghai)" in english
    assert "I would like another time" in english


def test_every_word_is_there_in_every_language() -> None:
    """And with the same gaps to fill."""
    gaps = {
        language: {name: sorted(re.findall(r"{\w+}", text)) for name, text in words.items()}
        for language, words in WORDS.items()
    }

    assert all(gaps[language] == gaps["en"] for language in LANGUAGES)
