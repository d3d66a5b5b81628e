"""The console's build over HTTP: the smallest form that the browser takes, kept for ever where its name changes with it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.api.house import House


@pytest.fixture
def dist(house: House, tmp_path: Path) -> Path:
    """A build of one script, with its compressed forms; they are told apart by what they hold."""
    del house
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("page")
    script = folder / "assets" / "index-1.js"
    script.write_text("script")
    script.with_name("index-1.js.br").write_text("script by brotli")
    script.with_name("index-1.js.gz").write_bytes(gzip.compress(b"script"))
    return folder


@pytest.mark.usefixtures("dist")
@pytest.mark.parametrize(
    ("takes", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", None),
    ],
)
def test_the_smallest_form_that_is_taken_is_sent(house: House, takes: str, encoding: str | None) -> None:
    """Brotli before gzip before the file itself; type and caching are the file's, and caches keep the forms apart."""
    answer = house.call("GET", "/assets/index-1.js", None, headers={"accept-encoding": takes})

    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].partition(";")[0] == "text/javascript"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "accept-encoding"


@pytest.mark.usefixtures("dist")
def test_the_page_is_asked_for_each_time_and_a_missing_part_is_none(house: House) -> None:
    """The page names the parts of this version; a part of an older one is 404, never the page in its place."""
    page = house.call("GET", "/queue", None)
    part = house.call("GET", "/assets/index-0.js", None)

    assert (page.status_code, page.text, page.headers["cache-control"]) == (200, "page", "no-cache")
    assert part.status_code == 404


def test_answers_of_the_api_are_compressed_and_streams_are_not(house: House) -> None:
    """A long list goes out by gzip; the events go out as they come."""
    house.register("fridge-1")
    for number in range(6):
        house.post("/tickets", {"appliance_id": "fridge-1", "title": f"ticket {number}"})

    tickets = house.get("/tickets", headers={"accept-encoding": "gzip"})
    plain = house.get("/tickets", headers={"accept-encoding": "identity"})

    assert tickets.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert tickets.json() == plain.json()
