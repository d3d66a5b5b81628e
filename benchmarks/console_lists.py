"""How lists of fifty thousand scroll: tickets in the queue, appliances in theirs, in headless Chromium.

Frames are those between two paints while the list goes down by a screen at each; a long task is one of 50 ms and more.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import Table, insert, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.tickets.tables import tickets
from benchmarks.figure import Figure
from ingest.clock import SystemClock
from tests.api.browser.conftest import CHROMIUM, FLAGS, SCREEN
from tests.api.browser.town import Town, build_town

ROWS = 50_000
STEPS = 300
LISTS = {"tickets": ("/queue", "a.row", ".list-scroll"), "appliances": ("/appliances", ".appliances a", None)}
FIGURES = tuple(
    f"console_{name}_{what}"
    for name in LISTS
    for what in ("first_row_ms", "frame_p95_ms", "long_tasks", "rows_drawn", "heap_mb")
)
SCROLL = """
async ([selector, steps]) => {
  const box = selector ? document.querySelector(selector)
    : [...document.querySelectorAll("main, main *")].find((one) => one.scrollHeight > one.clientHeight + 200
        && /auto|scroll/.test(getComputedStyle(one).overflowY));
  let long = 0;
  new PerformanceObserver((list) => { long += list.getEntries().length; }).observe({ entryTypes: ["longtask"] });
  const frames = [];
  let before = await new Promise(requestAnimationFrame);
  for (let step = 0; step < steps; step += 1) {
    box.scrollTop += box.clientHeight;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - before);
    before = now;
  }
  return { frames, long, height: box.scrollHeight, top: box.scrollTop };
}
"""


def measure() -> Iterator[Figure]:
    """The figures over a town with fifty thousand of each."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        town = build_town(Path(folder), now_ms=SystemClock().now_ms())
        town.context.desk.unit.write(_multiply)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--enable-precise-memory-info"])
        page = browser.new_page(viewport=SCREEN)
        page.goto(town.login_link())
        for name in LISTS:
            yield from _list(page, town, name)
        browser.close()
        town.stop()


def _list(page: Page, town: Town, name: str) -> Iterator[Figure]:
    path, row, box = LISTS[name]
    page.goto(town.address + path, wait_until="commit")
    page.locator(row).first.wait_for()
    shown_ms = page.evaluate("performance.now()")
    page.wait_for_timeout(3000)
    seen = page.evaluate(SCROLL, [box, STEPS])
    yield Figure(f"console_{name}_first_row_ms", shown_ms, "ms", 1)
    yield Figure(f"console_{name}_frame_p95_ms", statistics.quantiles(seen["frames"], n=20)[-1], "ms", STEPS)
    yield Figure(f"console_{name}_long_tasks", seen["long"], "tasks", STEPS)
    yield Figure(f"console_{name}_rows_drawn", page.locator(row).count(), "rows", 1)
    yield Figure(f"console_{name}_heap_mb", page.evaluate("performance.memory.usedJSHeapSize") / 1e6, "MB", 1)


def _multiply(t: Transaction) -> None:
    """Copies of what the town has, under names of their own."""
    for table, named in ((appliances, ("id",)), (tickets, ("id", "appliance_id"))):
        found = [dict(row) for row in t.connection.execute(select(table)).mappings()]
        own = [column.name for column in table.primary_key]
        _copy(t, table, [{name: value for name, value in row.items() if name not in own} for row in found], named)


def _copy(t: Transaction, table: Table, found: list[dict[str, Any]], named: tuple[str, ...]) -> None:
    rows = []
    for number in range(ROWS - len(found)):
        like = found[number % len(found)]
        rows.append(like | {name: f"{like[name]}-{number}" for name in named} | _open(table, number))
    t.connection.execute(insert(table), rows)


def _open(table: Table, number: int) -> dict[str, Any]:
    return {"status": "open", "priority": 1 + number % 4} if table is tickets else {}
