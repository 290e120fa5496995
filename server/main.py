"""The FastAPI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from server import logs
from server.api import (
    artifacts,
    comparisons,
    datasets,
    errors,
    events,
    experiments,
    metrics,
    models,
    openapi,
    prometheus,
    runs,
    scripts,
    studies,
    study_life,
    sweeps,
    system,
    uploads,
    web,
    webhooks,
    workers,
)
from server.api.middleware import RequestMiddleware
from server.api.preparing import preparing
from server.api.services import Services
from server.api.telemetry import API, Telemetry
from server.settings import Settings, load_settings


def create_app(settings: Settings, *, web_folder: Path = web.BUILT) -> FastAPI:
    """The application on these settings; its stores open when it starts."""
    app = FastAPI(
        title="realspike",
        summary="Train, ablate, compare, fold and serve Real Spike networks.",
        version=system.VERSION,
        lifespan=_lifespan(settings),
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.telemetry = Telemetry()
    app.state.web = (web_folder / "index.html").is_file()
    app.include_router(_api())
    app.router.default = web.web_page(web_folder)
    app.include_router(prometheus.router)
    app.add_middleware(RequestMiddleware, telemetry=app.state.telemetry)
    errors.install(app)
    app.openapi = partial(openapi.document, app)  # type: ignore[method-assign]
    return app


def app() -> FastAPI:
    """Factory for `uvicorn --factory server.main:app`, set up by the environment."""
    settings = load_settings()
    logs.configure(settings, process="server")
    return create_app(settings)


def _api() -> APIRouter:
    api = APIRouter(prefix=API)
    for room in (
        comparisons,  # before runs, whose paths go on with any id
        runs,
        scripts,
        metrics,
        studies,
        study_life,
        sweeps,
        experiments,
        models,
        artifacts,
        uploads,
        datasets,
        workers,
        webhooks,
        events,
        system,
    ):
        api.include_router(room.router)
    return api


def _operation_id(route: APIRoute) -> str:
    return route.name


def _lifespan(settings: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = Services.start(settings)
        app.state.services = services
        app.state.telemetry.watch_subscribers(lambda: services.hub.subscribers)
        reader = asyncio.create_task(services.hub.run())
        try:
            async with preparing(services.overlays):
                try:
                    yield
                finally:
                    services.hub.close()
                    await reader
        finally:
            services.close()

    return lifespan
