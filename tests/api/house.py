"""A whole desk, a store and the app over them, and a way to call it without a network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from alerts.accounts.account import Role
from alerts.appliances.directory import ensure_appliance
from api.http.context import Context
from detectors.finding import DetectCommit, Evidence, Finding, FindingChannel
from ingest.clock import ManualClock

NOON_MS = 1_790_000_000_000


@dataclass
class House:
    """The app with everything behind it, and an API key of each role."""

    context: Context
    clock: ManualClock
    app: FastAPI
    keys: dict[Role, str]

    def call(self, method: str, path: str, role: Role | None = Role.ADMIN, **options: Any) -> httpx.Response:
        """One request and its answer, with a role's API key, or without where it is None."""
        headers = dict(options.pop("headers", {}))
        if role is not None:
            headers |= self.headers(role)
        return asyncio.run(self._call(method, path, headers=headers, **options))

    async def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        cookies = options.pop("cookies", None)
        async with httpx.AsyncClient(transport=transport, base_url="http://fettle.test", cookies=cookies) as client:
            return await client.request(method, path, **options)

    def get(self, path: str, role: Role | None = Role.ADMIN, **options: Any) -> httpx.Response:
        """GET under /api/v1."""
        return self.call("GET", f"/api/v1{path}", role, **options)

    def post(self, path: str, body: object = None, role: Role | None = Role.ADMIN, **options: Any) -> httpx.Response:
        """POST under /api/v1."""
        return self.call("POST", f"/api/v1{path}", role, json=body, **options)

    def headers(self, role: Role) -> dict[str, str]:
        """The header of an API key of this role."""
        return {"Authorization": f"Bearer {self.keys[role]}"}

    def find(
        self, appliance_id: str = "fridge-1", fault_mode: str = "condenser_fouling", raised_ms: int = NOON_MS
    ) -> None:
        """Let the detectors state a finding."""
        evidence = Evidence("condenser_c", 52.0, 30.0, 41.0, "°C", raised_ms - 1000, 0.8)
        finding = Finding(
            appliance_id=appliance_id,
            kind="refrigerator",
            fault_mode=fault_mode,
            component="condenser",
            channel=FindingChannel.EVIDENCE,
            raised_ms=raised_ms,
            onset_ms=raised_ms - 86_400_000,
            score=9.0,
            severity=0.5,
            probability=0.8,
            evidence=(evidence,),
        )
        position = self.context.desk.findings.load().position + 1
        self.context.desk.findings.commit(DetectCommit(position, {}, None, (finding,), ()))

    def register(self, appliance_id: str, kind: str = "refrigerator") -> None:
        """Put an appliance into the directory."""
        self.context.desk.unit.write(lambda t: ensure_appliance(t, appliance_id, kind))
