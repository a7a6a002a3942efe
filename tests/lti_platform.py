"""A small LTI platform for forging: real RSA keys, a real key set server, and tokens that say whatever is wanted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt import PyJWS
from jwt.algorithms import RSAAlgorithm

from tutor.lti.platforms import Registration

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
BASE = "http://127.0.0.1:7860"
TARGET = f"{BASE}/lti/launch"


@cache
def rsa_key(name: str, bits: int = 2048) -> RSAPrivateKey:
    """Return the private key of that name: making one takes a while, and tests need no more than tell them apart."""
    return generate_private_key(public_exponent=65537, key_size=bits)


def jwk(name: str, kid: str, **more: Any) -> dict[str, Any]:
    """Return the public half of a key as a platform publishes it."""
    return (
        json.loads(RSAAlgorithm.to_jwk(rsa_key(name).public_key())) | {"kid": kid, "use": "sig", "alg": "RS256"} | more
    )


@dataclass
class Platform:
    """A platform with its key set server."""

    issuer: str
    client_id: str = "tutor-client"
    deployment: str = "1"
    key: str = "platform"
    kid: str = "key-1"
    key_set_url: str = ""
    login_url: str = "https://lms.example/auth"
    published: list[dict[str, Any]] = field(default_factory=list)
    fetches: int = 0
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None  # in place of the key set

    @property
    def registration(self) -> Registration:
        """What its administrator hands out."""
        return Registration(
            issuer=self.issuer,
            client_id=self.client_id,
            deployment_id=self.deployment,
            auth_login_url=self.login_url,
            auth_token_url="https://lms.example/token",
            key_set_url=self.key_set_url,
        )

    def login(self, **more: str) -> dict[str, str]:
        """Return the parameters with which it asks the tool to log in."""
        asked = {"iss": self.issuer, "login_hint": "hint-7", "target_link_uri": TARGET, "client_id": self.client_id}
        return asked | more

    def claims(self, nonce: str, **more: Any) -> dict[str, Any]:
        """Return what a rightly formed token says; names of ``more`` that are LTI's own go without their prefix."""
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "learner-7",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "name": "Ada Lovelace",
            "given_name": "Ada",
            "family_name": "Lovelace",
            "email": "ada@lms.example",
            LTI + "version": "1.3.0",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "deployment_id": self.deployment,
            LTI + "target_link_uri": TARGET,
            LTI + "roles": [MEMBERSHIP + "Learner"],
            LTI + "resource_link": {"id": "link-1", "title": "The tutor"},
            LTI + "context": {"id": "course-1", "label": "HIS 1", "title": "History"},
        }
        return said | {(LTI + name if LTI + name in said or name in LTI_NAMES else name): v for name, v in more.items()}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Return ``claims`` as its token."""
        said = json.dumps(claims).encode()  # `jwt.encode` writes no claims that are plainly wrong
        return PyJWS().encode(said, rsa_key(self.key), "RS256", headers={"kid": self.kid} | header)


LTI_NAMES = {"custom", "launch_presentation", "lis", "role_scope_mentor"}


@contextmanager
def running_platform(issuer: str = "https://lms.example", **more: Any) -> Iterator[Platform]:
    """Yield a platform whose key set can be fetched while the block runs."""
    platform = Platform(issuer, **more)
    platform.published = [jwk(platform.key, platform.kid)]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            platform.fetches += 1
            if platform.answer:
                platform.answer(self)
            else:
                send(self, json.dumps({"keys": platform.published}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    platform.key_set_url = f"http://127.0.0.1:{server.server_port}/keys"
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Answer a request for the key set."""
    handler.send_response(status)
    for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(body))} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


@dataclass(frozen=True)
class Begun:
    """A login that the tutor has begun: what it asks the platform for."""

    asked: dict[str, str]

    @property
    def state(self) -> str:
        """Its state."""
        return self.asked["state"]

    @property
    def nonce(self) -> str:
        """Its nonce."""
        return self.asked["nonce"]


def browser(address: str) -> httpx.Client:
    """Return a browser that follows no redirect by itself."""
    return httpx.Client(base_url=address, timeout=30)


def begin(client: httpx.Client, platform: Platform, **more: str) -> Begun:
    """Return the login that the tutor begins for a platform in this browser."""
    response = client.get("/lti/login", params=platform.login(**more))
    assert response.status_code == 302, response.text
    return Begun(dict(parse_qsl(urlsplit(response.headers["location"]).query)))


def launch(client: httpx.Client, state: str, token: str, **more: str) -> httpx.Response:
    """Return the tutor's answer to a launch."""
    return client.post("/lti/launch", data={"state": state, "id_token": token, **more})
