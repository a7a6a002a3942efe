"""Logins: how a launch begins, and what is kept until it arrives: hashes of its state, nonce and browser secret."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode, urlsplit, urlunsplit

from sqlalchemy import delete
from sqlalchemy.orm import Session

from tutor.errors import Forbidden, InputError
from tutor.lti.addresses import lies_under
from tutor.lti.platforms import RegisteredPlatform, find_platforms, read_platform
from tutor.records import LaunchState, Records

LASTS = timedelta(minutes=10)
AGAIN = "Open the tutor from your course again."
_REPEATED = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id")


@dataclass(frozen=True)
class Login:
    """A login that has begun: the secrets that its browser gets, and where it goes on at the platform."""

    platform: RegisteredPlatform
    state: str
    browser: str
    address: str


@dataclass(frozen=True)
class Pending:
    """A login that waits for its launch."""

    platform: RegisteredPlatform
    state: str
    nonce: str  # its hash
    target: str


class StrangerBrowser(Forbidden):
    """A launch arrives in a browser that did not begin its login, or does not say that it did.

    ``again`` is the address that begins the same login of ``platform`` in a window of its own.
    """

    def __init__(self, platform: RegisteredPlatform, again: str) -> None:
        super().__init__(
            f"This launch began in another browser, or this one keeps no cookies of the tutor. {AGAIN}", "lti-cookies"
        )
        self.platform, self.again = platform, again


def begin_login(records: Records, base_url: str, given: Mapping[str, str]) -> Login:
    """Begin the login that a platform asks for with the parameters ``given``.

    Raises `InputError` for one that is not registered or asks for something else than the tutor.
    """
    base_url = base_url.rstrip("/")
    for name in ("iss", "login_hint", "target_link_uri"):
        if not given.get(name):
            raise InputError(f"The login lacks {name}. Open the tutor from a link in your course.")
    platform = _platform(records, given)
    if not lies_under(given["target_link_uri"], base_url):
        raise InputError(f"The target_link_uri is no address of this tutor. Register the tool with {base_url}/.")
    state, nonce, browser = (secrets.token_urlsafe(32) for _ in range(3))
    again = "/lti/login?" + urlencode({name: given[name] for name in _REPEATED if name in given})
    with records.write() as session:
        now = datetime.now(UTC)
        session.execute(delete(LaunchState).where(LaunchState.expires_at < now))
        session.add(
            LaunchState(
                state=_hash(state),
                platform_id=platform.id,
                nonce=_hash(nonce),
                browser=_hash(browser),
                target=given["target_link_uri"],
                again=again,
                expires_at=now + LASTS,
            )
        )
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": f"{base_url}/lti/launch",
        "login_hint": given["login_hint"],
        "state": state,
        "nonce": nonce,
    }
    if "lti_message_hint" in given:
        asked["lti_message_hint"] = given["lti_message_hint"]
    return Login(platform, state, browser, _with_query(platform.auth_login_url, asked))


def find_login(records: Records, state: str, browsers: Mapping[str, str], shown: str | None) -> Pending:
    """Return the login that waits for a launch with ``state``, where the browser that sends it began it.

    Its secret comes in one of its cookies, ``browsers``, whose name `cookie_part` tells, or is ``shown`` by the page
    that had it from the platform's storage. Raises `Forbidden` where nothing waits, `StrangerBrowser` for another one.
    """
    with records.read() as session:
        row = session.get(LaunchState, _hash(state))
        if row is None or row.expires_at <= datetime.now(UTC):
            raise Forbidden(f"This launch was used already, or its login is too long ago. {AGAIN}")
        platform = read_platform(session, row.platform_id)
        secret = shown or browsers.get(cookie_part(state), "")
        if not hmac.compare_digest(_hash(secret), row.browser):
            raise StrangerBrowser(platform, row.again)
        return Pending(platform, row.state, row.nonce, row.target)


def use_login(session: Session, pending: Pending) -> None:
    """Let no other launch use this login; raises `Forbidden` where one has."""
    used = session.execute(delete(LaunchState).where(LaunchState.state == pending.state))
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise Forbidden(f"This launch was used already. {AGAIN}")


def is_nonce(pending: Pending, nonce: object) -> bool:
    """Return whether ``nonce`` is the one that the login asked the platform for."""
    return isinstance(nonce, str) and hmac.compare_digest(_hash(nonce), pending.nonce)


def cookie_part(state: str) -> str:
    """Return what tells the cookie of this login from those of others in the same browser."""
    return _hash(state)[:16]


def _platform(records: Records, given: Mapping[str, str]) -> RegisteredPlatform:
    found = find_platforms(records, given["iss"], given.get("client_id"))
    deployment = given.get("lti_deployment_id")
    if found and deployment is not None:
        found = tuple(platform for platform in found if deployment in platform.deployments)
        if not found:
            raise InputError("This deployment is not registered here. Add it: tutor lti register FILE.json.")
    if not found:
        raise InputError("This LMS is not registered here. Register it: tutor lti register FILE.json.")
    if len(found) > 1:
        raise InputError("This LMS is registered several times. Its login has to say which one: client_id.")
    return found[0]


def _with_query(url: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(more))))))


def _hash(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()
