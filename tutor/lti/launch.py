"""Launches: what a platform's token has to be and to say, and what it says.

The checks follow the LTI 1.3 core specification, the 1EdTech Security Framework 1.0 and OpenID Connect Core 1.0. What
the token claims is believed only after its signature, its addressee and its moment are right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from time import time
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tutor.errors import Forbidden
from tutor.lti.addresses import lies_under, usable
from tutor.lti.login import AGAIN, Pending, is_nonce
from tutor.lti.platforms import RegisteredPlatform
from tutor.visitor import Role
from tutor.words import UNSHOWABLE

ALGORITHM = "RS256"
LONGEST_TOKEN = 100_000
FRESH = 600  # seconds after its making in which a token has to arrive
SKEW = 30  # seconds that the platform's clock may be ahead

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
_GRADES = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
_MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
VERSION = "1.3.0"
RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINK = "LtiDeepLinkingRequest"

_LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
_TEACHING = ("Instructor", "Administrator", "ContentDeveloper", "TeachingAssistant")
_ADMINISTERING = {
    f"{_LIS}{where}/person#{name}" for where in ("institution", "system") for name in ("Administrator", "SysAdmin")
}


@dataclass(frozen=True)
class Services:
    """What the platform offers for a link: where scores go and who belongs to the context."""

    line_item: str | None = None
    line_items: str | None = None
    memberships: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeepLinking:
    """Where the choice of an instructor is returned to, and what is returned with it."""

    return_url: str
    data: str | None = None
    accept_line_item: bool = False


@dataclass(frozen=True)
class Launch:
    """What a launch that passed all checks says."""

    platform: RegisteredPlatform
    message: str
    deployment: str
    subject: str
    role: Role
    context: str = ""
    resource: str = ""
    title: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    services: Services = Services()
    deep_linking: DeepLinking | None = None

    @property
    def space(self) -> str:
        """What its context is called here; without one, its link is a context of its own."""
        kind, id = ("context", self.context) if self.context else ("link", self.resource)
        said = "".join(f"{len(part)}:{part}" for part in (self.platform.issuer, self.deployment, kind, id))
        return "s_" + sha256(said.encode()).hexdigest()[:40]


def key_id(token: str) -> str:
    """Return the id of the key that ``token`` says it is signed with; raises `Forbidden` for what is no such token."""
    if len(token) > LONGEST_TOKEN:
        _refuse(f"its token is longer than {LONGEST_TOKEN:,} characters")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        _refuse("its token is not one that can be read")
    if header.get("alg") != ALGORITHM:
        _refuse(f"its token is not signed with {ALGORITHM}")
    if "crit" in header:
        _refuse("its token asks for something that the tutor does not know")
    return _text(header.get("kid"), "kid")


def check_launch(token: str, key: RSAPublicKey, pending: Pending, base_url: str) -> Launch:
    """Return what ``token`` says; raises `Forbidden` unless the platform made it for this login, and just now."""
    claims = _read(token, key)
    platform = pending.platform
    if claims.get("iss") != platform.issuer:
        _refuse("its token comes from another LMS than the login (iss)")
    _check_audience(claims, platform.client_id)
    _check_moments(claims, time())
    if not is_nonce(pending, claims.get("nonce")):
        _refuse("its token does not belong to this login (nonce)")
    if claims.get(LTI + "version") != VERSION:
        _refuse(f"its version is not {VERSION}")
    message = claims.get(LTI + "message_type")
    if message not in (RESOURCE_LINK, DEEP_LINK):
        _refuse("its message_type is none that the tutor knows")
    deployment = _text(claims.get(LTI + "deployment_id"), "deployment_id")
    if deployment not in platform.deployments:
        _refuse("its deployment is not registered here")
    target = claims.get(LTI + "target_link_uri")
    if (target is not None or message == RESOURCE_LINK) and target != pending.target:
        _refuse("its target_link_uri is not the one of the login")
    if not lies_under(pending.target, base_url):
        _refuse("its target_link_uri is no address of this tutor")
    link = _object(claims, "resource_link") or {}
    context = _object(claims, "context")
    return Launch(
        platform=platform,
        message=message,
        deployment=deployment,
        subject=_text(claims.get("sub"), "sub", str.isascii),
        role=role_of(_strings(claims.get(LTI + "roles"), "roles")),
        context=_text(context.get("id"), "context id") if context is not None else "",
        resource=_text(link.get("id"), "resource_link id") if message == RESOURCE_LINK else "",
        title=_shown(link.get("title")),
        custom=_asked_by_address(pending.target) | _custom(_object(claims, "custom") or {}),
        services=_services(claims),
        deep_linking=_deep_linking(claims) if message == DEEP_LINK else None,
    )


def role_of(roles: tuple[str, ...]) -> Role:
    """Return what somebody with these LIS roles may do in the context that they come from.

    What they are there decides. Whoever is nothing there but runs the institution or the platform may do what a
    teacher may, and never more: the tutor's own administrators are named elsewhere.
    """
    named = [_in_context(role) for role in roles]
    if any(name in _TEACHING for name in named):
        return "teacher"
    return "teacher" if not any(named) and _ADMINISTERING & set(roles) else "learner"


def _in_context(role: str) -> str:
    """Return the name of a role in the context, empty for others; `membership/Instructor#…` are kinds of Instructor."""
    if role.startswith(f"{_LIS}membership/"):
        return role.removeprefix(f"{_LIS}membership/").partition("#")[0]
    name = role.removeprefix(f"{_LIS}membership#")
    return name if name.isalpha() else ""


def _read(token: str, key: RSAPublicKey) -> dict[str, Any]:
    unchecked = ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")  # by PyJWT: they are checked here, and more strictly
    options: Any = {"verify_signature": True} | {f"verify_{name}": False for name in unchecked}
    try:
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=options)
    except jwt.InvalidSignatureError:
        _refuse("its token is not signed by the LMS")
    except (jwt.PyJWTError, ValueError, RecursionError):
        _refuse("its token is not one that can be read")
    return claims


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    """Refuse a token that is not for ``client_id``, as OpenID Connect Core 3.1.3.7 (3 to 5) has it."""
    audience = claims.get("aud")
    listed = [audience] if isinstance(audience, str) else audience
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed) or client_id not in listed:
        _refuse("its token is for another tool (aud)")
    if len(listed) > 1 and "azp" not in claims:
        _refuse("its token is for several tools and does not say for which (azp)")
    if claims.get("azp", client_id) != client_id:
        _refuse("its token is for another tool (azp)")


def _check_moments(claims: Mapping[str, Any], now: float) -> None:
    expires, made = _moment(claims.get("exp"), "exp"), _moment(claims.get("iat"), "iat")
    if expires <= now:
        _refuse("its token has expired (exp)")
    if not now - FRESH <= made <= now + SKEW:
        _refuse("its token was not made just now (iat)")
    if claims.get("nbf") is not None and _moment(claims["nbf"], "nbf") > now + SKEW:
        _refuse("its token is not valid yet (nbf)")


def _moment(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(_float(value)):
        _refuse(f"its token lacks a moment ({name})")
    return _float(value)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


def _custom(custom: Mapping[str, Any]) -> dict[str, str]:
    return {name: _shown(value) for name, value in custom.items() if isinstance(value, str)}


def _asked_by_address(target: str) -> dict[str, str]:
    asked = parse_qs(urlsplit(target).query, max_num_fields=50, errors="replace")
    return {name: _shown(asked[name][0]) for name in ("course", "section") if name in asked}


def _services(claims: Mapping[str, Any]) -> Services:
    grades, members = claims.get(_GRADES), claims.get(_MEMBERS)
    grades = grades if isinstance(grades, dict) else {}
    members = members if isinstance(members, dict) else {}
    scopes = grades.get("scope")
    return Services(
        line_item=_address(grades.get("lineitem")),
        line_items=_address(grades.get("lineitems")),
        memberships=_address(members.get("context_memberships_url")),
        scopes=tuple(_shown(one) for one in scopes if isinstance(one, str)) if isinstance(scopes, list) else (),
    )


def _deep_linking(claims: Mapping[str, Any]) -> DeepLinking:
    settings = claims.get(DEEP_LINKING + "deep_linking_settings")
    if not isinstance(settings, dict):
        _refuse("its deep_linking_settings are missing")
    return_url, data = settings.get("deep_link_return_url"), settings.get("data")
    if not usable(return_url):
        _refuse("its deep_link_return_url is no https address")
    if "ltiResourceLink" not in _strings(settings.get("accept_types"), "accept_types"):
        _refuse("it does not accept links to the tutor (accept_types)")
    if data is not None and (not isinstance(data, str) or UNSHOWABLE.search(data)):
        _refuse("its data cannot be returned")
    return DeepLinking(return_url, data, settings.get("accept_lineitem") is True)


def _object(claims: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = claims.get(LTI + name)
    if value is not None and not isinstance(value, dict):
        _refuse(f"its {name} is not an object")
    return value


def _strings(value: Any, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        _refuse(f"its {name} are not a list of texts")
    return tuple(value)


def _text(value: Any, name: str, fits: Callable[[str], bool] = lambda text: True) -> str:
    """Return a name that the platform gave to something: of 1 to 255 characters, none of them a control."""
    if not isinstance(value, str) or len(value) > 255 or not value.strip() or UNSHOWABLE.search(value):
        _refuse(f"its {name} is missing, or not a text that can name something")
    if not fits(value):
        _refuse(f"its {name} holds characters that it may not")
    return value


def _shown(value: Any) -> str:
    return UNSHOWABLE.sub(" ", value)[:500] if isinstance(value, str) else ""


def _address(url: Any) -> str | None:
    return url if usable(url) else None


def _refuse(why: str) -> NoReturn:
    raise Forbidden(f"The launch is refused: {why}. {AGAIN}")
