"""What a page asks for, and the bytes that come over the wire for it: compressed, with headers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page


@dataclass
class Traffic:
    """Requests of a page, and the bytes that they brought over the wire."""

    asked: list[str] = field(default_factory=list)
    assets_bytes: int = 0
    all_bytes: int = 0
    _paths: dict[str, str] = field(default_factory=dict)

    def watch(self, page: Page) -> None:
        """Count from now on."""
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.loadingFinished", self._on_finished)

    def _on_request(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("data:"):  # stands in the style itself
            return
        path = urlsplit(event["request"]["url"]).path
        self.asked.append(path)
        self._paths[event["requestId"]] = path

    def _on_finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._paths:
            return
        size = int(event["encodedDataLength"])
        self.all_bytes += size
        if not self._paths[event["requestId"]].startswith("/api/"):
            self.assets_bytes += size
