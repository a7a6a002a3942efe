"""Signing in with an OpenID Connect provider, and signing out: who they are is a pseudonym here, and nothing else.

No name, e-mail or token is kept. The cookie that carries the state, the nonce and the PKCE verifier to the provider and
back is signed, lasts ten minutes and is sent to these addresses only.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import Any
from urllib.parse import quote

import httpx2  # what Authlib asks with
from authlib.integrations.starlette_client import OAuth, OAuthError
from fastapi import FastAPI
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router

from tutor.errors import Forbidden, NotReady, TutorError
from tutor.modes import provider_secret
from tutor.settings import Settings
from tutor.sign_ins import LASTS, SignedIn
from tutor.tenants import ensure_tenant, pseudonym
from tutor.tutor import Tutor
from tutor.visitor import SCOPES_OF, Role, Visitor
from tutor.web.access import cookie_name, folder, is_https, set_cookie
from tutor.web.signed_out import signed_out_page

log = logging.getLogger("tutor.web")

SIGN_IN, CALLBACK, SIGN_OUT = "/sign-in", "/sign-in/callback", "/sign-out"
UNDER_WAY = 600  # seconds that somebody may take at the provider
PATIENCE = 10  # seconds for each answer of the provider
LEEWAY = 60  # seconds by which its clock may be wrong
LONGEST = 2_000  # characters of the address to go back to
_SIGNED_WITH = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
_OUT_OF_PLACE = re.compile(r"[^\x21-\x7e]|[\\#]")


def add_signing_in(app: FastAPI, tutor: Tutor) -> None:
    """Give ``app`` the ways in and out that shared mode has; raises `SetupError` for a provider that is not set up."""
    app.router.routes.append(Route(SIGN_OUT, _Out(tutor).leave, methods=["POST"]))
    if not tutor.settings.oidc_issuer:
        return
    provider = Provider(tutor)
    inside = Router([Route(SIGN_IN, provider.begin), Route(CALLBACK, provider.come_back)])
    signed = SessionMiddleware(
        inside,
        secrets.token_hex(32),
        "tutor-signing-in",
        UNDER_WAY,
        folder(tutor) + SIGN_IN,
        "lax",  # it has to come along from the provider's page
        is_https(tutor),
    )
    app.router.routes += [Route(path, signed) for path in (SIGN_IN, CALLBACK)]


class Provider:
    """The OpenID Connect provider that people sign in with."""

    def __init__(self, tutor: Tutor) -> None:
        self._tutor = tutor
        settings = tutor.settings
        self._issuer = settings.oidc_issuer
        secret = provider_secret(settings)
        self._client = OAuth().register(
            "provider",
            client_id=settings.oidc_client_id,
            client_secret=secret,
            server_metadata_url=f"{self._issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
                "timeout": PATIENCE,
            },
        )
        self._used: dict[str, float] = {}  # states that came back, until their cookie is void too

    async def begin(self, request: Request) -> Response:
        """Send somebody to the provider; afterwards they come to the page at what ``to`` names."""
        to = request.query_params.get("to", "")
        request.session.clear()
        request.session["to"] = "" if len(to) > LONGEST or _OUT_OF_PLACE.search(to) else to
        try:
            await self._checked_metadata()
            address = self._tutor.settings.base_url.rstrip("/") + CALLBACK
            redirect: Response = await self._client.authorize_redirect(request, address)
        except TutorError as error:
            return signed_out_page(self._tutor, request, error)
        except (httpx2.HTTPError, ValueError, TypeError, RuntimeError) as error:
            return signed_out_page(self._tutor, request, _away(error))
        redirect.headers["Cache-Control"] = "no-store"
        return redirect

    async def come_back(self, request: Request) -> Response:
        """Sign in whom the provider sends back; anything that is not right about it signs nobody in."""
        to = request.session.get("to", "")
        try:
            claims = await self._claims(request)
            before = request.cookies.get(cookie_name(self._tutor))
            secret = await run_in_threadpool(self._sign_in, claims, before)
        except TutorError as error:
            request.session.clear()
            return signed_out_page(self._tutor, request, error)
        request.session.clear()
        where = f"{folder(self._tutor)}/{'?' if to else ''}{quote(to, safe='=&%+-_.~')}"
        response = RedirectResponse(where, 303, {"Cache-Control": "no-store"})
        set_cookie(response, self._tutor, cookie_name(self._tutor), secret, int(LASTS.total_seconds()))
        return response

    async def _checked_metadata(self) -> None:
        """Read what the provider says of itself; raises `NotReady` where it is not the one that was named."""
        metadata = await self._client.load_server_metadata()
        if metadata.get("issuer") != self._issuer:
            log.error("the OpenID Connect provider calls itself %r, not %r", metadata.get("issuer"), self._issuer)
            self._client.server_metadata.clear()
            raise NotReady("The sign-in service is not the one that was named.", "sign-in-away")
        offered = metadata.get("id_token_signing_alg_values_supported") or []
        metadata["id_token_signing_alg_values_supported"] = [a for a in offered if a in _SIGNED_WITH] or ["RS256"]

    async def _claims(self, request: Request) -> dict[str, Any]:
        """Return what the provider says of somebody; raises `Forbidden`, or `NotReady` where it does not answer."""
        self._use(request.query_params.get("state", ""))
        wanted = {
            "iss": {"essential": True, "values": [self._issuer]},
            "aud": {"essential": True, "values": [self._tutor.settings.oidc_client_id]},
        }
        try:
            await self._checked_metadata()
            token = await self._client.authorize_access_token(request, claims_options=wanted, leeway=LEEWAY)
            claims: dict[str, Any] | None = token.get("userinfo")
        except httpx2.HTTPError as error:
            raise _away(error) from None
        except (OAuthError, JoseError, ValueError, LookupError, TypeError, RuntimeError) as error:
            raise _refused(type(error).__name__) from None
        if not claims or not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise _refused("no subject")
        return claims

    def _use(self, state: str) -> None:
        """Raise `Forbidden` where this state came back before: what it was good for has happened."""
        now = time.monotonic()
        self._used = {used: until for used, until in self._used.items() if until > now}
        if state in self._used:
            raise _refused("a state that was used before")
        self._used[state[:100]] = now + UNDER_WAY

    def _sign_in(self, claims: dict[str, Any], before: str | None) -> str:
        tutor, settings = self._tutor, self._tutor.settings
        learner = pseudonym(tutor.records, self._issuer, claims["sub"])
        role = role_of(settings, claims)
        with tutor.records.write() as session:
            ensure_tenant(session, settings.oidc_tenant)
        if before:
            tutor.sign_ins.end(before)
        return tutor.sign_ins.begin(SignedIn(Visitor(settings.oidc_tenant, "", learner, role, SCOPES_OF[role])))


def role_of(settings: Settings, claims: dict[str, Any]) -> Role:
    """Return the role that the claim named in the settings gives: the highest one; without any, somebody learns."""
    said: Any = claims.get(settings.oidc_role_claim)
    if said is None:  # it may stand inside another one, as in realm_access.roles
        said = claims
        for name in settings.oidc_role_claim.split("."):
            said = said.get(name) if isinstance(said, dict) else None
    named = [said] if isinstance(said, str) else said
    held = {one for one in named if isinstance(one, str)} if isinstance(named, list) else set()
    if held & set(settings.oidc_administrators.split()):
        return "administrator"
    return "teacher" if held & set(settings.oidc_teachers.split()) else "learner"


class _Out:
    """The way out."""

    def __init__(self, tutor: Tutor) -> None:
        self._tutor = tutor

    async def leave(self, request: Request) -> Response:
        """Sign the browser out, and have it forget what was typed."""
        name = cookie_name(self._tutor)
        if secret := request.cookies.get(name):
            await run_in_threadpool(self._tutor.sign_ins.end, secret)
        response = RedirectResponse(folder(self._tutor) + "/", 303, {"Clear-Site-Data": '"storage"'})
        set_cookie(response, self._tutor, name, "", 0)
        return response


def _refused(why: str) -> Forbidden:
    log.warning("a sign-in was refused: %s", why)
    return Forbidden("The sign-in did not work. Try it once more.", "sign-in-refused")


def _away(error: Exception) -> NotReady:
    log.error("the OpenID Connect provider does not answer: %s", type(error).__name__)
    return NotReady("The sign-in service cannot be reached. Try again in a few minutes.", "sign-in-away")
