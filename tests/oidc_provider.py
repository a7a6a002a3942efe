"""A small OpenID Connect provider on this computer: discovery, authorisation, tokens and keys, made with PyJWT."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "tutor", "a secret of the provider"


@dataclass
class OidcProvider:
    """What the provider says; a test changes what it wants to be wrong."""

    issuer: str
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "ada"})
    metadata: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    signed_with: Any = None  # another key, where a test forges
    algorithm: str = "RS256"
    replays: bool = False  # it gives tokens for a code more than once
    is_away: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        """Return its metadata."""
        ways = {name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        algorithms = {"id_token_signing_alg_values_supported": ["RS256", "none", "HS256"]}
        return {"issuer": self.issuer} | algorithms | ways | self.metadata

    def keys(self) -> dict[str, Any]:
        """Return its public keys."""
        return {"keys": [json.loads(RSAAlgorithm.to_jwk(self.key.public_key())) | {"kid": "k1", "use": "sig"}]}

    def authorise(self, query: dict[str, str]) -> str:
        """Let the person in, as if they had typed their password, and return where they are sent."""
        self.asked.append(query)
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorisation: str) -> dict[str, Any] | None:
        """Return the tokens for a code; None where something about the request is wrong."""
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        plain = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        query = self.codes.get(form["code"]) if self.replays else self.codes.pop(form["code"], None)
        if query is None or authorisation not in (expected, plain) or query["redirect_uri"] != form["redirect_uri"]:
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != query["code_challenge"]:
            return None
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": query["nonce"]} | self.claims
        said = {name: value for name, value in said.items() if value is not None}
        key = None if self.algorithm == "none" else self.signed_with or self.key
        signed = jwt.encode(said, key, self.algorithm, {"kid": "k1"})
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}


@contextmanager
def oidc_provider() -> Iterator[OidcProvider]:
    """Yield a provider that is served while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if provider.is_away:
                self.answer(503, {})
            elif url.path == "/.well-known/openid-configuration":
                self.answer(200, provider.discovery())
            elif url.path == "/jwks_uri":
                self.answer(200, provider.keys())
            else:
                where = provider.authorise({name: values[0] for name, values in parse_qs(url.query).items()})
                self.answer(302, {}, where)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            tokens = None if provider.is_away else provider.token(form, self.headers.get("Authorization", ""))
            self.answer(*((200, tokens) if tokens else (400, {"error": "invalid_grant"})))

        def answer(self, status: int, body: dict[str, Any], where: str = "") -> None:
            written = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            if where:
                self.send_header("Location", where)
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = OidcProvider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()
