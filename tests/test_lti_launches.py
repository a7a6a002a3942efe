"""Launches over HTTP: each forged or broken one is refused, each rightly formed one signs somebody in."""

from __future__ import annotations

import base64
import hmac
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from lti_platform import (
    BASE,
    DEEP_LINKING,
    LTI,
    MEMBERSHIP,
    TARGET,
    Begun,
    Platform,
    begin,
    browser,
    jwk,
    launch,
    rsa_key,
    running_platform,
    send,
)
from serving import serving

from tutor.embedder import Embedder
from tutor.fetching import Fetcher
from tutor.lti.platforms import register
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.web import access

COURSE = "great-leap-forward"
SECTION = "The campaign against sparrows"
LIS = "http://purl.imsglobal.org/vocab/lis/v2/"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, prepared: Path, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor in shared mode with the bundled course."""
    folder = tmp_path_factory.mktemp("lti") / "home"
    shutil.copytree(prepared, folder)
    with Tutor.open(Settings.load(home=folder, mode="shared", base_url=BASE)) as tutor:
        tutor.loaded.embedder = embedder
        yield tutor


@pytest.fixture(scope="module")
def address(shared: Tutor) -> Iterator[str]:
    """Where that tutor is served."""
    with serving(shared) as served:
        yield served


@pytest.fixture(scope="module")
def platform(shared: Tutor) -> Iterator[Platform]:
    """A platform that is registered there."""
    with running_platform() as running:
        register(shared.records, running.registration)
        yield running


@pytest.fixture
def other_platform(shared: Tutor) -> Iterator[Platform]:
    """Another platform that is registered there, with a key of its own."""
    with running_platform("https://other.example", key="other") as running:
        register(shared.records, running.registration)
        yield running


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A browser."""
    with browser(address) as opened:
        yield opened


def refused(response: httpx.Response) -> str:
    """Return why a launch was refused, after checking that it was: a problem document, and nobody signed in."""
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["detail"].endswith(".")
    assert access.COOKIE not in response.cookies
    return str(problem["detail"])


def accepted(response: httpx.Response) -> dict[str, str]:
    """Return what a launch opens, after checking that it signed somebody in and goes on to this very server."""
    assert response.status_code == 303, response.text
    assert response.cookies[access.COOKIE]
    location = response.headers["location"]
    assert location.startswith("/") and not location.startswith("//")
    return dict(parse_qsl(urlsplit(location).query))


# --- forged and broken ones ------------------------------------------------------------------------------------------


@dataclass
class Attempt:
    """A launch that is about to be sent: rightly formed until somebody changes it."""

    platform: Platform
    begun: Begun
    claims: dict[str, Any]
    header: dict[str, Any] = field(default_factory=dict)
    token: str | None = None  # in place of the signed claims
    form: dict[str, str] = field(default_factory=dict)

    def drop(self, *names: str) -> None:
        for name in names:
            del self.claims[LTI + name if LTI + name in self.claims else name]

    def say(self, **said: Any) -> None:
        for name, value in said.items():
            self.claims[LTI + name if LTI + name in self.claims else name] = value

    def sign(self, key: Any = None, algorithm: str | None = "RS256", **header: Any) -> None:
        header = {"kid": self.platform.kid} | header
        self.token = jwt.encode(self.claims, key or rsa_key(self.platform.key), algorithm, headers=header)

    @property
    def sent(self) -> str:
        return self.token if self.token is not None else self.platform.sign(self.claims, **self.header)


def part(data: object) -> str:
    """Return a part of a token."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hand_made(attempt: Attempt, header: object, signature: Callable[[bytes], bytes]) -> None:
    """Make the token by hand: a library would not."""
    signed = f"{part(header)}.{part(attempt.claims)}"
    attempt.token = f"{signed}.{part(signature(signed.encode()))}"


def rs256(key: str) -> Callable[[bytes], bytes]:
    return lambda signed: jwt.get_algorithm_by_name("RS256").sign(signed, rsa_key(key))


def resigned(attempt: Attempt, **header: Any) -> None:
    hand_made(attempt, {"alg": "RS256", "kid": attempt.platform.kid, **header}, rs256(attempt.platform.key))


def public_pem(platform: Platform) -> bytes:
    key = rsa_key(platform.key).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def no_kid(a: Attempt) -> None:
    hand_made(a, {"alg": "RS256", "typ": "JWT"}, rs256(a.platform.key))


def hs256_with_the_public_key(a: Attempt) -> None:
    secret = public_pem(a.platform)
    hand_made(a, {"alg": "HS256", "kid": a.platform.kid}, lambda signed: hmac.digest(secret, signed, "sha256"))


def algorithm_named(name: object) -> Callable[[Attempt], None]:
    return lambda a: hand_made(a, {"alg": name, "kid": a.platform.kid}, lambda signed: b"")


def tampered(name: str, value: Any) -> Callable[[Attempt], None]:
    """Change a claim after the platform has signed."""

    def change(a: Attempt) -> None:
        header, _, signature = a.platform.sign(a.claims).split(".")
        a.token = f"{header}.{part(a.claims | {name: value})}.{signature}"

    return change


def drop(*names: str) -> Callable[[Attempt], None]:
    return lambda a: a.drop(*names)


def say(**said: Any) -> Callable[[Attempt], None]:
    return lambda a: a.say(**said)


def moved(**seconds: float) -> Callable[[Attempt], None]:
    return lambda a: a.say(**{name: time.time() + by for name, by in seconds.items()})


def header(**more: Any) -> Callable[[Attempt], None]:
    return lambda a: resigned(a, **more)


def attackers(**more: Any) -> Callable[[Attempt], None]:
    """Sign with an attacker's key and say where that is found."""
    return lambda a: hand_made(a, {"alg": "RS256", "kid": a.platform.kid, **more}, rs256("attacker"))


def written(make: Callable[[str], str]) -> Callable[[Attempt], None]:
    def change(a: Attempt) -> None:
        a.token = make(a.platform.sign(a.claims))

    return change


def signed_text(text: bytes) -> Callable[[Attempt], None]:
    """Have the platform's real key sign a payload that is not what `json.dumps` writes."""

    def change(a: Attempt) -> None:
        signed = f"{part({'alg': 'RS256', 'kid': a.platform.kid})}.{part(text)}"
        a.token = f"{signed}.{part(rs256(a.platform.key)(signed.encode()))}"

    return change


def claim_as_written(name: str, text: str) -> Callable[[Attempt], None]:
    """Have the platform's real key sign a claim whose JSON stands as it is written here."""

    def change(a: Attempt) -> None:
        full = LTI + name if LTI + name in a.claims else name
        body = json.dumps(a.claims | {full: "@"}).replace('"@"', text)
        signed_text(body.encode())(a)

    return change


DAY = 86_400
DEEP: dict[str, Any] = {
    "deep_link_return_url": "https://lms.example/return",
    "accept_types": ["ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe", "window"],
}


def deep_link(roles: list[str] | None = None, **settings: Any) -> Callable[[Attempt], None]:
    """Make it a deep linking request, with settings that are changed, or left out where None is given."""

    def change(a: Attempt) -> None:
        a.drop("resource_link")
        a.say(message_type="LtiDeepLinkingRequest", roles=roles or [MEMBERSHIP + "Instructor"])
        held = {name: value for name, value in (DEEP | settings).items() if value is not None}
        a.claims[DEEP_LINKING + "deep_linking_settings"] = held

    return change


FORGED: dict[str, Callable[[Attempt], None]] = {
    # the header and the signature
    "no kid": no_kid,
    "an unknown kid": header(kid="key-2"),
    "an empty kid": header(kid=""),
    "a kid that is a path": header(kid="../../../dev/null"),
    "a kid that is an address": header(kid="https://attacker.example/key"),
    "a kid that is a query": header(kid="key-1' OR '1'='1"),
    "a kid that is a number": header(kid=1),
    "a kid that is a list": header(kid=["key-1"]),
    "a kid of 10 kB": header(kid="k" * 10_000),
    "another key under the right kid": attackers(),
    "alg none": algorithm_named("none"),
    "alg NoNe": algorithm_named("NoNe"),
    "alg empty": algorithm_named(""),
    "alg missing": lambda a: hand_made(a, {"kid": a.platform.kid}, rs256(a.platform.key)),
    "alg a list": algorithm_named(["RS256"]),
    "alg rs256": header(alg="rs256"),
    "alg none with the platform's signature": header(alg="none"),
    "HS256 with the public key": hs256_with_the_public_key,
    "HS256 with an empty key": lambda a: hand_made(
        a, {"alg": "HS256", "kid": a.platform.kid}, lambda signed: hmac.digest(b"", signed, "sha256")
    ),
    "RS512": lambda a: a.sign(algorithm="RS512"),
    "RS384": lambda a: a.sign(algorithm="RS384"),
    "PS256": lambda a: a.sign(algorithm="PS256"),
    "an attacker's jwk": lambda a: attackers(jwk=jwk("attacker", "key-1"))(a),
    "an attacker's jku": attackers(jku="https://attacker.example/keys"),
    "an attacker's x5u": attackers(x5u="https://attacker.example/cert"),
    "an attacker's x5c": attackers(x5c=["MIIB"]),
    "an attacker's jwk without a kid": lambda a: hand_made(
        a, {"alg": "RS256", "jwk": jwk("attacker", "key-1")}, rs256("attacker")
    ),
    "an unknown crit": header(crit=["exp2"], exp2=1),
    "an empty crit": header(crit=[]),
    "an unencoded payload (b64)": header(crit=["b64"], b64=False),
    "a tampered role": tampered(LTI + "roles", [MEMBERSHIP + "Instructor"]),
    "a tampered sub": tampered("sub", "somebody-else"),
    "a tampered deployment": tampered(LTI + "deployment_id", "2"),
    "a signature cut short": written(lambda token: token[:-20]),
    "an empty signature": written(lambda token: token.rpartition(".")[0] + "."),
    "a token of two parts": written(lambda token: token.rpartition(".")[0]),
    "a token of five parts": written(lambda token: token + ".a.b"),
    "a token of 1 MB": written(lambda token: token + "A" * 1_000_000),
    "a token of 200 kB": say(name="x" * 150_000),
    "a token that is no JWT": written(lambda token: "nonsense"),
    "a token that is base64 of nothing": written(lambda token: "e30.e30.e30"),
    "an empty token": written(lambda token: ""),
    "a token with letters outside of base64": written(lambda token: token.replace(".", ".!")),
    "a payload that is no JSON": signed_text(b"nonsense"),
    "a payload that is a list": signed_text(b"[]"),
    "a payload nested very deeply": signed_text(b"[" * 20_000),
    "a payload that is no UTF-8": signed_text(b'{"iss": "\xff"}'),
    # whom it is from and for
    "iss with a trailing slash": lambda a: a.say(iss=a.platform.issuer + "/"),
    "iss in capitals": lambda a: a.say(iss=a.platform.issuer.upper()),
    "another iss": say(iss="https://attacker.example"),
    "no iss": drop("iss"),
    "iss a list": lambda a: a.say(iss=[a.platform.issuer]),
    "a wrong aud": say(aud="another-tool"),
    "no aud": drop("aud"),
    "an empty aud": say(aud=""),
    "an empty aud list": say(aud=[]),
    "aud an object": say(aud={"tutor-client": True}),
    "an aud list without this tool": say(aud=["another-tool", "third-tool"], azp="another-tool"),
    "an aud list without azp": say(aud=["tutor-client", "another-tool"]),
    "an aud list with something that is no text": say(aud=["tutor-client", 1], azp="tutor-client"),
    "an aud list with a foreign azp": say(aud=["tutor-client", "another-tool"], azp="another-tool"),
    "a foreign azp": say(azp="another-tool"),
    "azp null in an aud list": say(aud=["tutor-client", "another-tool"], azp=None),
    "azp a list": say(azp=["tutor-client"]),
    # when
    "expired": moved(exp=-1),
    "expired an hour ago": moved(exp=-3_600),
    "no exp": drop("exp"),
    "exp null": say(exp=None),
    "exp a text": say(exp="2999999999"),
    "exp true": say(exp=True),
    "exp infinite": claim_as_written("exp", "Infinity"),
    "exp not a number": claim_as_written("exp", "NaN"),
    "exp larger than numbers are": claim_as_written("exp", "1e999"),
    "exp of five thousand digits": claim_as_written("exp", "9" * 5_000),
    "exp of four hundred digits": claim_as_written("exp", "9" * 400),
    "no iat": drop("iat"),
    "iat two days old": moved(iat=-2 * DAY),
    "iat eleven minutes old": moved(iat=-660),
    "iat in the future": moved(iat=120),
    "iat a day in the future": moved(iat=DAY, exp=2 * DAY),
    "iat a text": say(iat="now"),
    "nbf in the future": moved(nbf=3_600),
    "nbf a text": say(nbf="now"),
    # the login
    "no nonce": drop("nonce"),
    "an unknown nonce": say(nonce="made-up"),
    "an empty nonce": say(nonce=""),
    "nonce a list": lambda a: a.say(nonce=[a.claims["nonce"]]),
    "no state": lambda a: a.form.update(state=""),
    "an unknown state": lambda a: a.form.update(state="made-up"),
    # what it says
    "version 1.2": say(version="1.2"),
    "version 1.3": say(version="1.3"),
    "no version": drop("version"),
    "version a number": say(version=1.3),
    "an unknown message type": say(message_type="LtiStartProctoring"),
    "a message type of LTI 1.1": say(message_type="basic-lti-launch-request"),
    "no message type": drop("message_type"),
    "message type a list": say(message_type=["LtiResourceLinkRequest"]),
    "no deployment": drop("deployment_id"),
    "a foreign deployment": say(deployment_id="2"),
    "deployment a number": say(deployment_id=1),
    "an empty deployment": say(deployment_id=""),
    "roles a text": say(roles=MEMBERSHIP + "Instructor"),
    "roles an object": say(roles={MEMBERSHIP + "Instructor": True}),
    "roles with something that is no text": say(roles=[MEMBERSHIP + "Learner", 7]),
    "resource link a text": say(resource_link="link-1"),
    "resource link a list": say(resource_link=["link-1"]),
    "no resource link": drop("resource_link"),
    "a resource link without id": say(resource_link={"title": "The tutor"}),
    "a resource link with a number for id": say(resource_link={"id": 1}),
    "a resource link with an empty id": say(resource_link={"id": ""}),
    "a resource link with an id of 300 characters": say(resource_link={"id": "x" * 300}),
    "a resource link with a NUL in its id": say(resource_link={"id": "link\x00"}),
    "a resource link with half a character in its id": say(resource_link={"id": "link\ud800"}),
    "no sub": drop("sub"),
    "sub empty": say(sub=""),
    "sub blank": say(sub=" "),
    "sub null": say(sub=None),
    "sub a number": say(sub=7),
    "sub a list": say(sub=["learner-7"]),
    "sub of 10 kB": say(sub="x" * 10_000),
    "sub of 256 characters": say(sub="x" * 256),
    "sub not ASCII": say(sub="学习者"),
    "sub with a NUL": say(sub="learner\x00"),
    "sub with half a character": say(sub="learner\udc00"),
    "context a text": say(context="course-1"),
    "context without id": say(context={"title": "History"}),
    "context with a number for id": say(context={"id": 1}),
    "custom a list": lambda a: a.claims.update({LTI + "custom": ["course"]}),
    "target_link_uri elsewhere": say(target_link_uri="https://attacker.example/lti/launch"),
    "target_link_uri of another page": say(target_link_uri=BASE + "/?course=other"),
    "no target_link_uri": drop("target_link_uri"),
    "target_link_uri a list": say(target_link_uri=[TARGET]),
    # deep linking
    "deep linking without settings": lambda a: (deep_link()(a), a.drop(DEEP_LINKING + "deep_linking_settings"))[0],
    "deep linking that returns to javascript:": deep_link(deep_link_return_url="javascript:alert(1)"),
    "deep linking that returns to data:": deep_link(deep_link_return_url="data:text/html,x"),
    "deep linking that returns without https": deep_link(deep_link_return_url="http://lms.example/return"),
    "deep linking that returns nowhere": deep_link(deep_link_return_url=None),
    "deep linking that returns to a name with a password": deep_link(deep_link_return_url="https://a:b@lms.example/"),
    "deep linking that takes no links": deep_link(accept_types=["file"]),
    "deep linking with types as a text": deep_link(accept_types="ltiResourceLink"),
    "deep linking with data that is no text": deep_link(data={"a": 1}),
    "deep linking by a learner": deep_link([MEMBERSHIP + "Learner"]),
    "deep linking with a foreign target": lambda a: (deep_link()(a), a.say(target_link_uri="https://attacker.example/"))[0],
}  # fmt: skip


def attempted(client: httpx.Client, platform: Platform, change: Callable[[Attempt], Any]) -> httpx.Response:
    """Return the tutor's answer to a launch that was rightly begun and then changed."""
    begun = begin(client, platform)
    attempt = Attempt(platform, begun, platform.claims(begun.nonce))
    change(attempt)
    return launch(client, **{"state": begun.state, "token": attempt.sent} | attempt.form)


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_or_broken_launch_is_refused(name: str, client: httpx.Client, platform: Platform) -> None:
    refused(attempted(client, platform, FORGED[name]))


def test_there_are_more_than_a_hundred_of_them() -> None:
    assert len(FORGED) > 100


# --- rightly formed ones ---------------------------------------------------------------------------------------------

NAMES = ("name", "given_name", "family_name")
FORMED: dict[str, Callable[[Attempt], None]] = {
    "as it is": lambda a: None,
    "aud as a list": say(aud=["tutor-client"]),
    "aud as a list with azp": say(aud=["tutor-client", "another-tool"], azp="tutor-client"),
    "another client first in the aud list": say(aud=["another-tool", "tutor-client"], azp="tutor-client"),
    "azp beside a single aud": say(azp="tutor-client"),
    "no name": drop(*NAMES),
    "no e-mail": drop("email"),
    "no context": drop("context"),
    "roles empty": say(roles=[]),
    "no roles": drop("roles"),
    "nothing that may be left out": drop(*NAMES, "email", "context", "roles"),
    "unknown roles": say(roles=["https://lms.example/roles#Wizard", "Wizard", ""]),
    "exp and iat with fractions": moved(exp=300.5, iat=-0.5),
    "iat nine minutes old": moved(iat=-540),
    "a clock that is some seconds ahead": moved(iat=20, nbf=20),
    "a title that is no text": say(resource_link={"id": "link-1", "title": 7}),
    "further claims": lambda a: a.claims.update({"https://lms.example/more": {"a": [1]}, "jti": "x", "locale": "ar"}),
    "further header fields": header(typ="JWT", x5t="abc", jku="https://lms.example/keys"),
    "a sub of 255 characters": say(sub="x" * 255),
    "services": lambda a: a.claims.update(
        {
            "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {"scope": ["a"], "lineitems": "https://lms.example/l"},
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
                "context_memberships_url": "https://lms.example/m", "service_versions": ["2.0"],
            },
        }
    ),
    "services that are not as they should be": lambda a: a.claims.update(
        {"https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {"scope": 7, "lineitem": "file:///etc/passwd"}}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMED)
def test_a_rightly_formed_launch_is_accepted(name: str, client: httpx.Client, platform: Platform) -> None:
    assert accepted(attempted(client, platform, FORMED[name])) == {"course": COURSE}


# --- the certification guide of 1EdTech, section 6.1 -----------------------------------------------------------------

INSTRUCTOR, STUDENT = MEMBERSHIP + "Instructor", MEMBERSHIP + "Learner"
BAD_PAYLOADS: dict[str, Callable[[Attempt], None]] = {
    "No KID Sent in JWT header": no_kid,
    "Incorrect KID in JWT header": header(kid="imstester_unknown"),
    "Wrong LTI Version": say(version="11.3"),
    "No LTI Version": drop("version"),
    "Invalid LTI message": signed_text(b'{"name": "badltilaunch"}'),
    "Missing LTI Claims": drop("version", "message_type", "deployment_id", "resource_link", "roles"),
    "Timestamps Incorrect": say(iat=11_111, exp=22_222),
    "message_type Claim Missing": drop("message_type"),
    "deployment_id Claim Missing": drop("deployment_id"),
    "resource_link_id Claim Missing": drop("resource_link"),
    "user Claim Missing": drop("sub"),
}


def launches_of(who: str, role: str, short: str) -> dict[str, tuple[str, Callable[[Attempt], None]]]:
    """Return the guide's valid launches of instructors or students, with the role that each gives here."""
    theirs = "teacher" if role == INSTRUCTOR else "learner"
    person = f"{LIS}institution/person#{short}"
    pii = (*NAMES, "email")
    return {
        f"Valid {who} Launch": (theirs, say(roles=[role])),
        f"Valid {who} Launch with Roles": (theirs, say(roles=[person, role])),
        f"Valid {who} Launch Short Role": (theirs, say(roles=[short])),
        f"Valid {who} Launch Unknown Role": ("learner", say(roles=[f"{LIS}unknown/unknown#Helper"])),
        f"Valid {who} Launch No Role": ("learner", say(roles=[])),
        f"Valid {who} Launch Email Only": (theirs, lambda a: (a.say(roles=[role]), a.drop(*NAMES))[0]),
        f"Valid {who} Launch Names Only": (theirs, lambda a: (a.say(roles=[role]), a.drop("email"))[0]),
        f"Valid {who} No PII": (theirs, lambda a: (a.say(roles=[role]), a.drop(*pii))[0]),
        f"Valid {who} Email Without Context": (theirs, lambda a: (a.say(roles=[role]), a.drop(*NAMES, "context"))[0]),
    }


GOOD_PAYLOADS = launches_of("Instructor", INSTRUCTOR, "Instructor") | launches_of("Student", STUDENT, "Learner")


@pytest.mark.parametrize("name", BAD_PAYLOADS)
def test_a_known_bad_payload_of_the_certification_is_refused(
    name: str, client: httpx.Client, platform: Platform
) -> None:
    refused(attempted(client, platform, BAD_PAYLOADS[name]))


@pytest.mark.parametrize("name", GOOD_PAYLOADS)
def test_a_valid_launch_of_the_certification_is_accepted_with_its_role(
    name: str, client: httpx.Client, platform: Platform, shared: Tutor
) -> None:
    role, change = GOOD_PAYLOADS[name]
    response = attempted(client, platform, change)
    accepted(response)
    assert signed_in(shared, response).visitor.role == role


def test_the_role_claim_missing_gives_no_more_than_a_learner_may(
    client: httpx.Client, platform: Platform, shared: Tutor
) -> None:
    # The guide counts "role Claim Missing" among the bad payloads; platforms leave it out for people without a role.
    response = attempted(client, platform, drop("roles"))
    accepted(response)
    assert signed_in(shared, response).visitor.role == "learner"


def signed_in(shared: Tutor, response: httpx.Response) -> Any:
    """Return who a launch signed in."""
    found = shared.sign_ins.find(response.cookies[access.COOKIE])
    assert found
    return found


# --- logins ----------------------------------------------------------------------------------------------------------

ASKED = {
    "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
    "client_id": "tutor-client", "redirect_uri": TARGET, "login_hint": "hint-7",
}  # fmt: skip


@pytest.mark.parametrize("hint", [None, "a hint & more"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_login_asks_the_platform_for_exactly_what_openid_needs(
    method: str, hint: str | None, client: httpx.Client, platform: Platform
) -> None:
    given = platform.login(**({"lti_message_hint": hint} if hint else {}), further="field")
    sent = {"params": given} if method == "GET" else {"data": given}
    response = client.request(method, "/lti/login", **sent, headers={"Origin": platform.issuer})  # type: ignore[arg-type]
    assert response.status_code == 302
    address, _, query = response.headers["location"].partition("?")
    asked = dict(parse_qsl(query, strict_parsing=True))
    assert address == platform.login_url
    assert len(asked.pop("state")) >= 32 <= len(asked.pop("nonce"))
    assert asked == ASKED | ({"lti_message_hint": hint} if hint else {})


def test_a_login_by_post_launches_too(client: httpx.Client, platform: Platform) -> None:
    response = client.post("/lti/login", data=platform.login())
    asked = dict(parse_qsl(urlsplit(response.headers["location"]).query))
    accepted(launch(client, asked["state"], platform.sign(platform.claims(asked["nonce"]))))


def test_states_and_nonces_are_never_the_same_twice(client: httpx.Client, platform: Platform) -> None:
    asked = [begin(client, platform) for _ in range(5)]
    assert len({begun.state for begun in asked} | {begun.nonce for begun in asked}) == 10


BROKEN_LOGINS: dict[str, dict[str, str | None]] = {
    "no iss": {"iss": None},
    "no login_hint": {"login_hint": None},
    "no target_link_uri": {"target_link_uri": None},
    "an unknown iss": {"iss": "https://attacker.example"},
    "iss with a trailing slash": {"iss": "https://lms.example/"},
    "an unknown client_id": {"client_id": "another-tool"},
    "an unknown deployment": {"lti_deployment_id": "2"},
    "a target elsewhere": {"target_link_uri": "https://attacker.example/"},
    "a target whose name begins alike": {"target_link_uri": BASE + ".attacker.example/"},
    "a target with a user": {"target_link_uri": "http://127.0.0.1:7860@attacker.example/"},
    "a target on another port": {"target_link_uri": "http://127.0.0.1:7861/"},
    "a target with another scheme": {"target_link_uri": "javascript://127.0.0.1:7860/%0aalert(1)"},
    "a target with backslashes": {"target_link_uri": BASE + "\\@attacker.example/"},
    "a target that is a path": {"target_link_uri": "/lti/launch"},
    "a target that is no address": {"target_link_uri": "http://[::1"},
    "a target with a port that is none": {"target_link_uri": "http://127.0.0.1:x/"},
    "a NUL": {"login_hint": "a\x00b"},
    "a line break in iss": {"iss": "https://lms.example\r\nSet-Cookie: a=b"},
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", BROKEN_LOGINS)
def test_a_broken_login_is_refused(name: str, method: str, client: httpx.Client, platform: Platform) -> None:
    given = {k: v for k, v in (platform.login() | BROKEN_LOGINS[name]).items() if v is not None}
    sent = {"params": given} if method == "GET" else {"data": given}
    refused(client.request(method, "/lti/login", **sent))  # type: ignore[arg-type]


def test_an_issuer_with_several_registrations_has_to_name_the_client(
    client: httpx.Client, shared: Tutor, other_platform: Platform
) -> None:
    other_platform.client_id, other_platform.deployment = "second-client", "2"
    register(shared.records, other_platform.registration)
    given = other_platform.login()
    del given["client_id"]
    assert "client_id" in refused(client.get("/lti/login", params=given))
    response = client.get("/lti/login", params=given | {"lti_deployment_id": "2"})
    assert "client_id=second-client" in response.headers["location"]


def test_parameters_may_not_be_given_twice(client: httpx.Client, platform: Platform) -> None:
    given = [*platform.login().items(), ("iss", "https://attacker.example")]
    refused(client.get("/lti/login", params=given))
    refused(client.post("/lti/launch", content="state=a&state=b&id_token=c", headers=FORM))


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("path", ["/lti/login", "/lti/launch"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"", ""),
        (b"state=a", "text/plain"),
        (b'--x\r\nContent-Disposition: form-data; name="state"\r\n\r\na\r\n--x--', "multipart/form-data; boundary=x"),
        (b"\xff\xfe", FORM["Content-Type"]),
        (b"state=%ff&id_token=%fe", FORM["Content-Type"]),
        (b"&".join(b"a%d=1" % n for n in range(5_000)), FORM["Content-Type"]),
        (b"id_token=" + b"A" * 1_000_000, FORM["Content-Type"]),
        (b"", FORM["Content-Type"]),
    ],
)
def test_a_body_that_is_no_such_form_is_refused(path: str, body: bytes, kind: str, client: httpx.Client) -> None:
    refused(client.post(path, content=body, headers={"Content-Type": kind}))


@pytest.mark.parametrize("path", ["/lti/launch", "/lti/open"])
def test_what_takes_posts_alone_says_so(path: str, client: httpx.Client) -> None:
    response = client.get(path)
    refused(response)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("origin", ["https://lms.example", "null", "https://sub.lms.example"])
def test_a_platform_posts_from_its_own_site(origin: str, client: httpx.Client, platform: Platform) -> None:
    begun = begin(client, platform)
    form = {"state": begun.state, "id_token": platform.sign(platform.claims(begun.nonce))}
    accepted(client.post("/lti/launch", data=form, headers={"Origin": origin}))


@pytest.mark.parametrize("path", ["/lti/deep-link", "/lti/open", "/lti/launch/", "/api/v1/courses"])
def test_nothing_else_is_posted_to_from_another_site(path: str, client: httpx.Client) -> None:
    response = client.post(path, data={"a": "b"}, headers={"Origin": "https://lms.example"})
    assert response.status_code == 403


def test_a_platform_that_refuses_to_sign_in_is_told(client: httpx.Client) -> None:
    response = client.post("/lti/launch", data={"error": "login_required", "state": "x"})
    assert "login_required" in refused(response)


# --- states, nonces, browsers ----------------------------------------------------------------------------------------


def test_the_same_launch_is_not_accepted_twice(client: httpx.Client, platform: Platform) -> None:
    begun = begin(client, platform)
    token = platform.sign(platform.claims(begun.nonce))
    accepted(launch(client, begun.state, token))
    refused(launch(client, begun.state, token))


def test_a_used_launch_is_not_accepted_even_with_its_cookie(client: httpx.Client, platform: Platform) -> None:
    begun = begin(client, platform)
    token, cookies = platform.sign(platform.claims(begun.nonce)), dict(client.cookies)
    accepted(launch(client, begun.state, token))
    client.cookies.update(cookies)
    assert "used already" in refused(launch(client, begun.state, token))


def test_a_fresh_token_with_a_used_nonce_is_refused(client: httpx.Client, platform: Platform) -> None:
    first = begin(client, platform)
    accepted(launch(client, first.state, platform.sign(platform.claims(first.nonce))))
    second = begin(client, platform)
    refused(launch(client, second.state, platform.sign(platform.claims(first.nonce))))


def test_the_state_of_one_login_does_not_go_with_the_nonce_of_another(client: httpx.Client, platform: Platform) -> None:
    first, second = begin(client, platform), begin(client, platform)
    refused(launch(client, first.state, platform.sign(platform.claims(second.nonce))))


def test_one_person_cannot_use_the_state_of_another(address: str, client: httpx.Client, platform: Platform) -> None:
    with browser(address) as attacker:
        theirs, ours = begin(attacker, platform), begin(client, platform)
        token = platform.sign(platform.claims(theirs.nonce))
        refused(launch(client, theirs.state, token))
        refused(launch(client, ours.state, token))
        accepted(launch(attacker, theirs.state, token))


def test_a_state_without_its_cookie_is_refused(client: httpx.Client, platform: Platform) -> None:
    begun = begin(client, platform)
    client.cookies.clear()
    response = launch(client, begun.state, platform.sign(platform.claims(begun.nonce)))
    assert "cookies" in refused(response)


def test_a_cookie_with_another_value_is_refused(client: httpx.Client, platform: Platform) -> None:
    begun = begin(client, platform)
    for name in list(client.cookies):
        client.cookies.set(name, "made-up", domain="127.0.0.1", path="/")
    refused(launch(client, begun.state, platform.sign(platform.claims(begun.nonce))))


def test_two_logins_in_one_browser_do_not_disturb_each_other(client: httpx.Client, platform: Platform) -> None:
    first, second = begin(client, platform), begin(client, platform)
    accepted(launch(client, first.state, platform.sign(platform.claims(first.nonce))))
    accepted(launch(client, second.state, platform.sign(platform.claims(second.nonce))))


def test_a_login_waits_ten_minutes(client: httpx.Client, platform: Platform, shared: Tutor) -> None:
    from datetime import UTC, datetime, timedelta

    from sqlalchemy import update

    from tutor.records import LaunchState

    begun = begin(client, platform)
    with shared.records.write() as session:
        session.execute(update(LaunchState).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    refused(launch(client, begun.state, platform.sign(platform.claims(begun.nonce))))


def test_a_token_of_one_platform_does_not_go_with_the_login_of_another(
    client: httpx.Client, platform: Platform, other_platform: Platform
) -> None:
    begun = begin(client, platform)
    refused(launch(client, begun.state, other_platform.sign(other_platform.claims(begun.nonce))))
    begun = begin(client, platform)
    refused(launch(client, begun.state, other_platform.sign(platform.claims(begun.nonce))))


# --- key sets --------------------------------------------------------------------------------------------------------


@pytest.fixture
def strange(shared: Tutor, request: pytest.FixtureRequest) -> Iterator[Platform]:
    """A platform that nobody has launched from yet."""
    with running_platform(f"https://{abs(hash(request.node.name))}.example") as running:
        register(shared.records, running.registration)
        yield running


def attempt_once(client: httpx.Client, platform: Platform, **header: Any) -> httpx.Response:
    begun = begin(client, platform)
    return launch(client, begun.state, platform.sign(platform.claims(begun.nonce), **header))


def hang(handler: Any) -> None:
    time.sleep(60)


def trickle(handler: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.2)


def huge(handler: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(10_000):
        handler.wfile.write(b" " * 100_000)


def compressed(handler: Any) -> None:
    send(handler, b"\x1f\x8b", Content_Encoding="gzip")


KEY_SETS: dict[str, Callable[[Any], None]] = {
    "it hangs": hang,
    "it trickles": trickle,
    "it is huge": huge,
    "it is compressed": compressed,
    "it redirects": lambda handler: send(handler, b"", 302, Location="/keys"),
    "it is not there": lambda handler: send(handler, b"", 404),
    "it fails": lambda handler: send(handler, b"", 500),
    "it is no JSON": lambda handler: send(handler, b"<html>"),
    "it is no key set": lambda handler: send(handler, b'{"keys": {"kid": "key-1"}}'),
    "it is nested very deeply": lambda handler: send(handler, b"[" * 50_000),
    "it breaks off": lambda handler: handler.connection.close(),
}


@pytest.mark.parametrize("name", KEY_SETS)
def test_a_key_set_that_cannot_be_used_refuses_the_launch_within_seconds(
    name: str, client: httpx.Client, strange: Platform
) -> None:
    strange.answer = KEY_SETS[name]
    begun = time.monotonic()
    assert "key set" in refused(attempt_once(client, strange))
    assert time.monotonic() - begun < 15


def test_others_launch_while_one_key_set_hangs(
    address: str, client: httpx.Client, platform: Platform, strange: Platform
) -> None:
    import threading

    strange.answer = hang
    accepted(attempt_once(client, platform))
    with browser(address) as waiting:
        begun = begin(waiting, strange)
        token = strange.sign(strange.claims(begun.nonce))
        answers: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: answers.append(launch(waiting, begun.state, token)))
        thread.start()
        accepted(attempt_once(client, platform))
        assert not answers
        thread.join(20)
    refused(answers[0])


def test_a_key_set_is_fetched_once_for_many_launches(client: httpx.Client, strange: Platform) -> None:
    for _ in range(5):
        accepted(attempt_once(client, strange))
    assert strange.fetches == 1


def test_a_new_key_of_the_platform_is_found_at_once(client: httpx.Client, strange: Platform) -> None:
    accepted(attempt_once(client, strange))
    strange.key, strange.kid = "next", "key-2"
    strange.published = [jwk("next", "key-2")]
    accepted(attempt_once(client, strange))
    assert strange.fetches == 2


def test_unknown_keys_do_not_make_the_tutor_send_requests(client: httpx.Client, strange: Platform) -> None:
    for number in range(10):
        refused(attempt_once(client, strange, kid=f"made-up-{number}"))
    assert strange.fetches == 2


def test_a_key_that_is_withdrawn_is_not_taken_once_the_set_was_read_anew(
    client: httpx.Client, strange: Platform
) -> None:
    accepted(attempt_once(client, strange))
    strange.published = [jwk("next", "key-2")]
    refused(attempt_once(client, strange, kid="key-2"))
    refused(attempt_once(client, strange))


WEAK: dict[str, dict[str, Any]] = {
    "for encryption": {"use": "enc"},
    "for another algorithm": {"alg": "RS512"},
    "symmetric": {"kty": "oct", "k": "c2VjcmV0"},
    "without its number": {"n": ""},
    "with a number that is none": {"n": 7},
}


@pytest.mark.parametrize("name", WEAK)
def test_a_key_that_is_not_for_signing_so_is_not_taken(name: str, client: httpx.Client, strange: Platform) -> None:
    strange.published = ["nonsense", jwk(strange.key, strange.kid, **WEAK[name])]  # type: ignore[list-item]
    refused(attempt_once(client, strange))


def test_a_key_of_1024_bits_is_not_taken(client: httpx.Client, strange: Platform) -> None:
    from jwt.algorithms import RSAAlgorithm

    weak = rsa_key("weak", 1024)
    strange.published = [json.loads(RSAAlgorithm.to_jwk(weak.public_key())) | {"kid": "key-1"}]
    begun = begin(client, strange)
    signed = f"{part({'alg': 'RS256', 'kid': 'key-1'})}.{part(strange.claims(begun.nonce))}"
    signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode(), weak)
    refused(launch(client, begun.state, f"{signed}.{part(signature)}"))


# --- who is signed in ------------------------------------------------------------------------------------------------


def test_the_same_sub_of_two_issuers_is_two_learners(
    client: httpx.Client, platform: Platform, other_platform: Platform, shared: Tutor
) -> None:
    first = signed_in(shared, attempt_once(client, platform))
    again = signed_in(shared, attempt_once(client, platform))
    other = signed_in(shared, attempt_once(client, other_platform))
    assert first.visitor == again.visitor
    assert first.visitor.learner != other.visitor.learner
    assert first.visitor.space != other.visitor.space
    assert "learner-7" not in first.visitor.learner


ROLES: dict[str, tuple[list[str], str]] = {
    "learner": ([MEMBERSHIP + "Learner"], "learner"),
    "instructor": ([MEMBERSHIP + "Instructor"], "teacher"),
    "instructor and learner": ([MEMBERSHIP + "Learner", MEMBERSHIP + "Instructor"], "teacher"),
    "administrator of the context": ([MEMBERSHIP + "Administrator"], "teacher"),
    "content developer": ([MEMBERSHIP + "ContentDeveloper"], "teacher"),
    "teaching assistant": ([LIS + "membership/Instructor#TeachingAssistant"], "teacher"),
    "a kind of learner": ([LIS + "membership/Learner#GuestLearner"], "learner"),
    "mentor": ([MEMBERSHIP + "Mentor"], "learner"),
    "short names": (["TeachingAssistant"], "teacher"),
    "administrator of the institution": ([LIS + "institution/person#Administrator"], "teacher"),
    "administrator of the system": ([LIS + "system/person#SysAdmin"], "teacher"),
    "administrator who is a learner here": (
        [LIS + "institution/person#Administrator", MEMBERSHIP + "Learner"], "learner",
    ),
    "instructor elsewhere": ([LIS + "institution/person#Instructor"], "learner"),
    "a name that only looks alike": (["https://attacker.example/membership#Instructor"], "learner"),
    "in another case": (["instructor", MEMBERSHIP + "INSTRUCTOR"], "learner"),
    "administrator of the tutor": (["administrator", "tutor-administrator"], "learner"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROLES)
def test_a_role_gives_no_more_than_it_is(name: str, client: httpx.Client, platform: Platform, shared: Tutor) -> None:
    roles, wanted = ROLES[name]
    visitor = signed_in(shared, attempted(client, platform, say(roles=roles))).visitor
    assert (visitor.role, visitor.acts, visitor.runs) == (wanted, False, False)


def test_contexts_and_links_without_a_context_are_spaces_of_their_own(
    client: httpx.Client, platform: Platform, shared: Tutor
) -> None:
    def space(change: Callable[[Attempt], None]) -> str:
        return str(signed_in(shared, attempted(client, platform, change)).visitor.space)

    def without_context(link: str) -> Callable[[Attempt], None]:
        return lambda a: (a.drop("context"), a.say(resource_link={"id": link}))[0]

    spaces = [
        space(say(context={"id": "a"})), space(say(context={"id": "b"})),
        space(without_context("a")), space(without_context("b")),
    ]  # fmt: skip
    assert len(set(spaces)) == 4
    assert space(say(context={"id": "a"}, resource_link={"id": "another"})) == spaces[0]


def test_each_launch_signs_in_anew(client: httpx.Client, platform: Platform, shared: Tutor) -> None:
    client.cookies.set(access.COOKIE, "planted", domain="127.0.0.1", path="/")
    first = attempt_once(client, platform)
    second = attempt_once(client, platform)
    secrets = [r.cookies[access.COOKIE] for r in (first, second)]
    assert "planted" not in secrets
    assert secrets[0] != secrets[1]
    assert shared.sign_ins.find("planted") is None
    assert shared.sign_ins.find(secrets[0]) is None  # the browser that had it has a new one


def test_a_launch_is_kept_as_a_link_with_its_services_once(
    client: httpx.Client, platform: Platform, shared: Tutor
) -> None:
    from tutor.records import Link

    first = signed_in(shared, attempted(client, platform, FORMED["services"]))
    second = signed_in(shared, attempted(client, platform, FORMED["services"]))
    assert first.link == second.link
    with shared.records.read() as session:
        link = session.get(Link, first.link)
        assert link
        assert (link.line_items, link.line_item, link.memberships, link.scopes) == (
            "https://lms.example/l", None, "https://lms.example/m", ["a"],
        )  # fmt: skip
        assert (link.deployment, link.context, link.resource) == ("1", "course-1", "link-1")
        assert link.space == first.visitor.space
    assert first.details["subject"] == "learner-7"


@pytest.mark.parametrize(
    ("target", "custom", "opened"),
    [
        (TARGET, {}, {"course": COURSE}),
        (TARGET, {"course": COURSE, "section": SECTION}, {"course": COURSE, "section": SECTION}),
        (f"{BASE}/?course=other&section=A%20b", {}, {"course": "other", "section": "A b"}),
        (f"{BASE}/?course=other", {"course": COURSE}, {"course": COURSE}),
        (f"{BASE}/?next=https://attacker.example/", {}, {"course": COURSE}),
        (TARGET, {"course": "//attacker.example/", "section": "&x=1#"}, None),
        (TARGET, {"course": 7, "section": ["a"]}, {"course": COURSE}),
    ],
)
def test_a_launch_opens_the_course_and_section_that_its_link_names(
    target: str, custom: dict[str, Any], opened: dict[str, str] | None, client: httpx.Client, platform: Platform
) -> None:
    begun = begin(client, platform, target_link_uri=target)
    link = {"id": f"link {target} {custom}"}
    claims = platform.claims(begun.nonce, target_link_uri=target, custom=custom, resource_link=link)
    found = accepted(launch(client, begun.state, platform.sign(claims)))
    assert found == (custom if opened is None else opened)


def test_the_cookies_of_https_work_in_frames_and_in_no_other_host(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fetcher, "of", lambda settings: Fetcher(loopback=True))  # else nothing on this computer
    folder = tmp_path / "https"
    shutil.copytree(prepared, folder)
    settings = Settings.load(home=folder, mode="shared", base_url="https://tutor.example")
    target = "https://tutor.example/lti/launch"
    with Tutor.open(settings) as tutor, serving(tutor) as address, running_platform() as platform:
        register(tutor.records, platform.registration)
        with browser(address) as client:
            login = client.get("/lti/login", params=platform.login(target_link_uri=target))
            asked = dict(parse_qsl(urlsplit(login.headers["location"]).query))
            name, _, rest = login.headers["set-cookie"].partition("=")
            value = rest.partition(";")[0]
            claims = platform.claims(asked["nonce"], target_link_uri=target)
            form = {"state": asked["state"], "id_token": platform.sign(claims)}
            launched = client.post("/lti/launch", data=form, headers={"Cookie": f"{name}={value}"})
    assert launched.status_code == 303, launched.text
    assert asked["redirect_uri"] == target
    assert name.startswith("__Host-tutor-lti-")
    assert launched.headers.get_list("set-cookie")[0].startswith("__Host-tutor=")
    for cookie in (login.headers["set-cookie"], launched.headers.get_list("set-cookie")[0]):
        attributes = {part.strip() for part in cookie.split(";")}
        assert attributes >= {"Path=/", "HttpOnly", "Secure", "SameSite=None", "Partitioned"}
        assert not any(attribute.startswith("Domain") for attribute in attributes)


def test_the_cookies_of_http_are_not_sent_from_other_sites(client: httpx.Client, platform: Platform) -> None:
    response = attempt_once(client, platform)
    attributes = {part.strip() for part in response.headers.get_list("set-cookie")[0].split(";")}
    assert attributes >= {"Path=/", "HttpOnly", "SameSite=Lax"}


def test_what_a_launch_answers_is_kept_nowhere(client: httpx.Client, platform: Platform) -> None:
    assert attempt_once(client, platform).headers["cache-control"] == "no-store"


def test_whoever_was_launched_may_ask_and_sees_no_more_than_is_theirs(client: httpx.Client, platform: Platform) -> None:
    assert client.get("/api/v1/courses").status_code == 401
    accepted(attempt_once(client, platform))
    assert [course["id"] for course in client.get("/api/v1/courses").json()] == [COURSE]
    assert client.delete(f"/api/v1/courses/{COURSE}").status_code == 403


# --- personal mode ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["login", "jwks", "deep-link"])
def test_in_personal_mode_no_lms_launches_the_tutor(path: str, live_server: str) -> None:
    response = httpx.get(f"{live_server}/lti/{path}")
    assert "TUTOR_MODE=shared" in refused(response)
    assert response.status_code == 404


def test_what_is_not_there_is_a_problem_document(client: httpx.Client) -> None:
    assert client.get("/lti/nothing").status_code == 404
    refused(client.get("/lti"))
