"""How the dispatch board scrolls and is moved about: 50 technicians × 14 days with six visits a day, in headless Chromium.

Frames are those between two paints while the board goes down by a third of a screen and across at each; a step is a move
of the chosen day by an arrow key.
"""

from __future__ import annotations

import random
import statistics
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import insert

from alerts.database import Transaction
from alerts.people.keeping import add_technician
from alerts.people.technician import NewTechnician
from alerts.visits.tables import visit_tickets, visits
from benchmarks.figure import Figure
from ingest.clock import SystemClock, from_ms, to_ms
from tests.api.browser.conftest import CHROMIUM, FLAGS, SCREEN
from tests.api.browser.people import COLOGNE, SHIFT
from tests.api.browser.town import Town, build_town

FIGURES = (
    "board_shown_ms",
    "board_answer_ms",
    "board_frame_p95_ms",
    "board_frames_per_s",
    "board_long_tasks",
    "board_key_p95_ms",
)
TECHNICIANS = 50
DAYS = 14
A_DAY = 6
SCROLL = """
async (steps) => {
  const box = document.querySelector(".board-grid");
  let long = 0;
  new PerformanceObserver((list) => { long += list.getEntries().length; }).observe({ entryTypes: ["longtask"] });
  const frames = [];
  let before = await new Promise(requestAnimationFrame);
  for (let step = 0; step < steps; step += 1) {
    const turn = Math.floor(step / 40) % 2 ? -1 : 1;
    box.scrollTop += turn * box.clientHeight / 12;
    box.scrollLeft += turn * 8;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - before);
    before = now;
  }
  return { frames, long };
}
"""
STEPS = 240
KEYS = """
async (steps) => {
  const took = [];
  for (let step = 0; step < steps; step += 1) {
    const key = step % 4 ? "ArrowDown" : "ArrowRight";
    const before = performance.now();
    window.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    took.push(performance.now() - before);
  }
  return took;
}
"""


def measure() -> Iterator[Figure]:
    """The figures over a board with 4,200 visits."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        town = build_town(Path(folder), now_ms=SystemClock().now_ms())
        town.context.desk.unit.write(fill_board)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=SCREEN)
        page.goto(town.login_link())
        yield from _board(page, town)
        browser.close()
        town.stop()


def _board(page: Page, town: Town) -> Iterator[Figure]:
    page.goto(f"{town.address}/board?days={DAYS}", wait_until="commit")
    page.locator(".board-bar").first.wait_for()
    yield Figure("board_shown_ms", page.evaluate("performance.now()"), "ms", 1)
    asked = page.evaluate(
        "performance.getEntriesByType('resource').find((one) => one.name.includes('/board?')).duration"
    )
    yield Figure("board_answer_ms", asked, "ms", 1)
    page.wait_for_timeout(2000)
    seen = page.evaluate(SCROLL, STEPS)
    yield Figure("board_frame_p95_ms", statistics.quantiles(seen["frames"], n=20)[-1], "ms", STEPS)
    yield Figure("board_frames_per_s", 1000 / statistics.mean(seen["frames"]), "frames/s", STEPS)
    yield Figure("board_long_tasks", seen["long"], "tasks", STEPS)
    took = page.evaluate(KEYS, 60)
    yield Figure("board_key_p95_ms", statistics.quantiles(took, n=20)[-1], "ms", 60)


def fill_board(t: Transaction) -> None:
    """Technicians with full days; each visit is for a ticket of the town."""
    chance = random.Random(4)
    start = from_ms(t.now_ms).replace(hour=0, minute=0, second=0, microsecond=0)
    rows, of_tickets = [], []
    for n in range(TECHNICIANS):
        new = NewTechnician(f"Technician {n:02d}", home=COLOGNE, shifts=SHIFT, time_zone="UTC")
        technician_id = add_technician(t, new)
        for day in range(DAYS):
            for at in range(A_DAY):
                begins = start + timedelta(days=day, hours=8 + 1.5 * at, minutes=chance.randrange(20))
                visit_id = t.new_id("vi")
                times = {"starts_ms": to_ms(begins), "ends_ms": to_ms(begins) + 3_600_000, "created_ms": t.now_ms}
                state = {"status": chance.choice(("planned", "confirmed", "confirmed")), "is_locked": at == 0}
                who = {"technician_id": technician_id, "time_zone": "UTC", "created_by": "made up"}
                rows.append({"id": visit_id, "travel_min": chance.randrange(5, 40), **times, **state, **who})
                of_tickets.append({"visit_id": visit_id, "ticket_id": f"tk_{len(rows)}", "is_standing": False})
    t.connection.execute(insert(visits), rows)
    t.connection.execute(insert(visit_tickets), of_tickets)
