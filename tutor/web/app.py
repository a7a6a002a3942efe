"""The web application: API, health and chat page in one process, behind the same guards."""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount, Route

from tutor import __version__
from tutor.fetching import Fetcher
from tutor.lti.key_sets import KeySets
from tutor.replays import Replays
from tutor.tutor import Tutor
from tutor.web import api, lti, observing, openai, privacy, registration
from tutor.web.described import describe
from tutor.web.events import Streams
from tutor.web.gradio_guard import GradioGuard
from tutor.web.guard import Guard
from tutor.web.idempotency import Idempotency
from tutor.web.observing import Catching, Numbers, Observing
from tutor.web.problems import add_problem_handlers
from tutor.web.time_limit import TimeLimit

# An application keeps its routers closed.
ROUTERS = (
    api.router, privacy.router, openai.router, api.health, observing.router, lti.router, registration.router,
)  # fmt: skip
_OURS = (  # below which the page has nothing
    "/api", "/api/{rest:path}", "/v1/{rest:path}", "/lti", "/lti/{rest:path}", "/healthz", "/readyz", "/metrics",
)  # fmt: skip
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def build_app(tutor: Tutor) -> FastAPI:
    """Return the application that serves ``tutor`` (imports Gradio: seconds)."""
    from tutor.web.page import mount_page

    app = FastAPI(
        title="Tutor",
        version=__version__,
        summary="Answers from a course's own texts, with the exact words relied on.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # the stock pages load scripts from another host
        redoc_url=None,
    )
    app.state.tutor = tutor
    app.state.key_sets = KeySets(Fetcher.of(tutor.settings))
    app.state.streams = Streams()
    app.state.numbers = Numbers(app.state.streams, tutor.limits)
    tutor.loaded.listeners.append(app.state.numbers.answered)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    for path in _OURS:
        app.add_api_route(path, _nowhere, methods=_METHODS, include_in_schema=False)
    replays = Replays(tutor.records, timedelta(seconds=tutor.settings.longest_request))
    replays.drop_unfinished()
    app.add_middleware(Idempotency, tutor=tutor, replays=replays)
    app.add_middleware(TimeLimit, seconds=tutor.settings.longest_request, threads=tutor.limits.most_inside)
    app.add_middleware(Catching)
    app.add_middleware(Guard, tutor=tutor, cross_site=lti.CROSS_SITE)
    app.add_middleware(Observing, numbers=app.state.numbers)
    describe(app)
    if tutor.settings.mode == "shared":
        from tutor.web.signing_in import add_signing_in  # it imports Authlib: seconds that nobody else needs

        add_signing_in(app, tutor)
    mount_page(app, tutor)
    if tutor.settings.mode == "shared":
        page = app.routes[-1]
        assert isinstance(page, Mount)
        page.app = GradioGuard(page.app, tutor)
    return app


def _nowhere(request: Request) -> None:
    """Answer for the API where it has nothing; the page below it would answer in a form of its own."""
    routes = [*request.app.routes, *(route for router in ROUTERS for route in router.routes)]
    near = [r for r in routes if isinstance(r, Route) and r.matches(request.scope)[0] is Match.PARTIAL]
    if near:  # the address is right and the method is not
        allowed = sorted({method for route in near for method in route.methods or ()})
        raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
    raise HTTPException(404)
