"""The ASGI app: routes, errors, headers and limits, put together over the parts of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api.http import problems
from api.http.body_limit import BodyLimit
from api.http.change_news import ChangeNews
from api.http.console_files import DIST, ConsoleFiles
from api.http.manners import Manners
from api.http.open_logins import OpenLogins
from api.http.openapi import document_of
from api.http.repeats import RepeatedOnce
from api.http.routes import (
    alerts,
    amends,
    appliances,
    articles,
    beside,
    billing,
    board,
    care,
    customer_page,
    customers,
    dead_letters,
    devices,
    evidence,
    fix_first,
    gate,
    health,
    house,
    incidents,
    indicators,
    invoices,
    kitchen,
    letters,
    live,
    login,
    notices,
    operations,
    own_visits,
    papers,
    protection,
    providers,
    remote_first,
    repairs,
    rules,
    saved_views,
    sessions,
    silences,
    stock,
    tasks,
    taxes,
    technicians,
    telemetry,
    ticket_queue,
    tickets,
    users,
    usual,
    visits,
    work_orders,
)
from api.http.security_headers import SecurityHeaders

if TYPE_CHECKING:
    from pathlib import Path

    from api.http.context import Context

ROOT = "/api/v1"
COMPRESS_FROM = 1000
COMPRESS_LEVEL = 1
"""Level 9 took 40 times as long for 3 % less of a chart's columns."""
IN_ORDER = (
    appliances,
    telemetry,
    alerts,
    sessions,
    papers,
    beside,
    fix_first,
    protection,
    remote_first,
    customer_page,
    providers,
    visits,
    own_visits,
    stock,
    tasks,
    saved_views,
    billing,
    taxes,
    amends,
    invoices,
    board,
    letters,
    repairs,
    care,
    ticket_queue,
    articles,
    tickets,
    usual,
    work_orders,
    live,
    login,
    notices,
    indicators,
    operations,
    dead_letters,
    house,
    devices,
    evidence,
    silences,
    incidents,
    gate,
    rules,
    users,
    technicians,
    customers,
)
"""What is below a ticket before tickets: /tickets/{key}/sessions is no step of the life cycle."""


def make_app(context: Context | None, *, console: Path = DIST) -> FastAPI:
    """The app over a context; without one it can only describe itself."""
    app = FastAPI(
        title="Fettle",
        version="1",
        summary="Telemetry in, one repair ticket out, before anyone drives.",
        openapi_url=f"{ROOT}/openapi.json",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    problems.install(app)
    for module in IN_ORDER:  # side by side: below one router in common, each request would be matched twice
        app.include_router(module.router, prefix=ROOT, responses=problems.RESPONSES)
    app.include_router(health.router)
    app.include_router(customer_page.page)
    app.include_router(login.links)
    if context is not None and context.kitchens is not None:
        app.include_router(kitchen.router)
    app.add_middleware(RepeatedOnce)
    app.add_middleware(BodyLimit)
    app.add_middleware(Manners)
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESS_FROM, compresslevel=COMPRESS_LEVEL)
    app.add_middleware(SecurityHeaders)
    app.openapi = document_of(app)  # type: ignore[method-assign]  # the framework's own way to extend it
    place(app, context, console=console)
    return app


def place(app: FastAPI, context: Context | None, *, console: Path = DIST) -> None:
    """Put an app over a context; it keeps nothing of the one before."""
    app.state.context = context
    app.state.change_news = ChangeNews()
    app.state.open_logins = OpenLogins()
    app.router.default = ConsoleFiles(console)
