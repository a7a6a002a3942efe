"""A small LMS that is called for real: it answers what a test told it to, and keeps what it was asked."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tutor.lti.services import LINE_ITEM_SCOPE, MEMBERS_SCOPE, SCORE_SCOPE
from tutor.records import Link, Platform, Records
from tutor.sign_ins import SignedIn, SignIns
from tutor.tenants import ensure_tenant
from tutor.visitor import Visitor

ISSUER = "https://lms.example"
LEARNER, SUBJECT = "l_ada", "ada-7"


@dataclass
class Asked:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass
class Reply:
    """An answer; ``then`` is run before it is sent."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    then: Callable[[], object] = lambda: None


@dataclass
class Server:
    """The server: of each ``METHOD /path`` the replies in order, the last one again and again."""

    url: str
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def says(self, what: str, *replies: Reply) -> None:
        """Answer ``what`` with these replies from now on."""
        self.replies[what] = list(replies)

    def got(self, what: str) -> list[Asked]:
        """Return the requests of a kind."""
        return [one for one in self.asked if f"{one.method} {one.path.partition('?')[0]}" == what]

    def reply(self, asked: Asked) -> Reply:
        """Return the reply to a request, after noting it."""
        self.asked.append(asked)
        replies = self.replies.get(f"{asked.method} {asked.path.partition('?')[0]}", [Reply(404)])
        return replies.pop(0) if len(replies) > 1 else replies[0]


@contextmanager
def platform_server() -> Iterator[Server]:
    """Yield a server on this computer that gives tokens to whoever asks."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.reply(Asked(self.command, self.path, headers, self.rfile.read(size)))
            reply.then()
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.handle_error = lambda *_: None  # type: ignore[method-assign]  # who is called may have left
    server = Server(f"http://127.0.0.1:{listening.server_address[1]}")
    given = ({"access_token": f"t{n}", "token_type": "bearer", "expires_in": 3600} for n in range(1, 100))
    server.says("POST /token", *(Reply(body=token) for token in given))
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def linked(records: Records, server: str, rule: dict[str, Any] | None = None, **more: Any) -> int:
    """Return the id of a link of a platform at ``server`` that takes scores."""
    with records.write() as session:
        ensure_tenant(session, "oak-hill")
        platform = Platform(
            tenant="oak-hill",
            issuer=ISSUER,
            client_id=f"tutor-{server.rpartition(':')[2]}",
            auth_login_url=f"{server}/login",
            auth_token_url=f"{server}/token",
            key_set_url=f"{server}/keys",
        )
        session.add(platform)
        session.flush()
        offered = {"line_item": f"{server}/items/1", "scopes": [SCORE_SCOPE, LINE_ITEM_SCOPE, MEMBERS_SCOPE]}
        link = Link(
            platform_id=platform.id,
            deployment="1",
            context="history",
            resource="week-1",
            space="s_history",
            rule=rule,
            **{**offered, **more},
        )
        session.add(link)
        session.flush()
        return link.id


def launched(records: Records, link: int, learner: str = LEARNER, subject: str = SUBJECT, **more: Any) -> Visitor:
    """Return somebody who was launched into a link, as their requests find them."""
    whose = Visitor("oak-hill", "s_history", learner, **more)
    sign_ins = SignIns(records)
    found = sign_ins.find(sign_ins.begin(SignedIn(whose, link, details={"subject": subject})))
    assert found
    return found.visitor
