"""The time limit of a call: whoever sends or reads too slowly, or never, holds nothing for ever."""

from __future__ import annotations

import anyio
from anyio.to_thread import current_default_thread_limiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tutor.web.problems import problem

_API = ("/api/", "/v1/")  # the page's own connection stays open as long as the page does


class TimeLimit:
    """Ends calls of the API after ``seconds``; has ``threads`` threads for calls that wait, beside the usual ones."""

    def __init__(self, app: ASGIApp, seconds: float, threads: int) -> None:
        self.app, self.seconds, self.threads = app, seconds, threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer it with a problem document where nothing was answered in time."""
        if scope["type"] == "lifespan":
            # Questions wait in threads of the pool, whose size is fixed: nobody else is to wait behind them.
            current_default_thread_limiter().total_tokens += self.threads
        if scope["type"] != "http" or not scope["path"].startswith(_API):
            await self.app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        with anyio.move_on_after(self.seconds) as limit:
            await self.app(scope, receive, sending)
        if limit.cancelled_caught and not begun:
            detail = f"This took longer than {self.seconds:g} seconds. Send or ask for less, or try again later."
            await problem(503, "Took too long", detail, {"Retry-After": "30"})(scope, receive, send)
