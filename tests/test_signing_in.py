"""Signing in with an OpenID Connect provider: a real one on this computer, and all that may be wrong about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from oidc_provider import CLIENT, SECRET, OidcProvider, oidc_provider
from serving import serving
from signing import free_port
from sqlalchemy import func, select
from starlette.responses import Response

from tutor.errors import SetupError
from tutor.modes import check_mode
from tutor.records import SignIn
from tutor.settings import Settings
from tutor.tenants import pseudonym
from tutor.tutor import Tutor
from tutor.web.access import cookie_name, set_cookie
from tutor.web.signing_in import role_of


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OidcProvider, Tutor, str]]:
    folder, port = tmp_path_factory.mktemp("signing"), free_port()
    (folder / "secret").write_text(f"{SECRET}\n")
    with oidc_provider() as provider:
        settings = Settings.load(
            home=folder / "home", mode="shared", base_url=f"http://127.0.0.1:{port}", oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT, oidc_secret_file=folder / "secret", oidc_tenant="oak",
            oidc_role_claim="groups", oidc_teachers="staff", oidc_administrators="it heads",
        )  # fmt: skip
        with Tutor.open(settings) as tutor, serving(tutor, port=port) as address:
            yield provider, tutor, address


@pytest.fixture
def provider(served: tuple[OidcProvider, Tutor, str]) -> OidcProvider:
    """The provider, as it was before the test that came before."""
    fresh = OidcProvider(served[0].issuer, key=served[0].key)
    served[0].__dict__.update(fresh.__dict__)
    return served[0]


@pytest.fixture
def tutor(served: tuple[OidcProvider, Tutor, str]) -> Tutor:
    return served[1]


@pytest.fixture
def browser(served: tuple[OidcProvider, Tutor, str]) -> Iterator[httpx.Client]:
    """A browser that goes nowhere by itself."""
    with httpx.Client(base_url=served[2], headers={"accept-language": "en"}, timeout=30) as client:
        yield client


def to_callback(browser: httpx.Client, to: str = "") -> str:
    """Go to the provider, be let in, and return the address at which they send the browser back."""
    begun = browser.get("/sign-in", params={"to": to})
    assert begun.status_code == 302, begun.text
    return httpx.get(begun.headers["location"]).headers["location"]


def signed_in(tutor: Tutor) -> int:
    with tutor.records.read() as session:
        return session.scalar(select(func.count()).select_from(SignIn)) or 0


# --- what is right ---------------------------------------------------------------------------------------------------


def test_who_signs_in_comes_to_where_they_were_going(provider, tutor, browser) -> None:
    asked = "course=great-leap-forward&section=Backyard+furnaces"
    page = browser.get(f"/?{asked}")
    assert page.status_code == 401
    assert "/sign-in?to=course%3Dgreat-leap-forward%26section%3DBackyard%2Bfurnaces" in page.text
    back = browser.get(to_callback(browser, asked))
    assert (back.status_code, back.headers["location"]) == (303, f"/?{asked}")
    cookie = next(one for one in back.headers.get_list("set-cookie") if one.startswith("tutor="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert browser.get("/config").status_code == 200
    found = tutor.sign_ins.find(browser.cookies["tutor"])
    assert found and found.visitor.learner == pseudonym(tutor.records, provider.issuer, "ada")
    assert (found.visitor.tenant, found.visitor.role, found.platform) == ("oak", "learner", None)
    assert "tutor-signing-in" not in browser.cookies


def test_the_provider_is_asked_as_it_should_be(provider, browser) -> None:
    to_callback(browser)
    (query,) = provider.asked
    assert (query["response_type"], query["scope"], query["code_challenge_method"]) == ("code", "openid", "S256")
    assert query["redirect_uri"] == f"{browser.base_url}/sign-in/callback".replace("//sign", "/sign")
    assert min(len(query[name]) for name in ("state", "nonce", "code_challenge")) >= 16


def test_no_name_and_no_address_is_kept(provider, tutor, browser) -> None:
    provider.claims |= {"name": "Ada Lovelace", "email": "ada@school.example", "sub": "ada-at-school"}
    assert browser.get(to_callback(browser)).status_code == 303
    file = Path(tutor.settings.database.removeprefix("sqlite:///"))
    held = b"".join(one.read_bytes() for one in file.parent.glob("tutor.db*"))
    assert not any(word in held for word in (b"Lovelace", b"ada@school", b"ada-at-school", b"opaque"))


def test_signing_in_again_gives_a_fresh_cookie_and_ends_the_one_before(provider, tutor, browser) -> None:
    browser.get(to_callback(browser))
    before = browser.cookies["tutor"]
    provider.claims["sub"] = "ben"
    browser.get(to_callback(browser))
    assert browser.cookies["tutor"] != before
    assert tutor.sign_ins.find(before) is None


def test_a_frame_on_another_site_gets_the_cookie_where_https_allows(tutor) -> None:
    secure = copy(tutor)
    secure.settings = tutor.settings.model_copy(update={"base_url": "https://tutor.example"})
    response = Response()
    set_cookie(response, secure, cookie_name(secure), "s", 60)
    assert response.headers["set-cookie"] == (
        "__Host-tutor=s; Path=/; HttpOnly; Max-Age=60; Secure; SameSite=None; Partitioned"
    )


def test_signing_out_ends_it(provider, tutor, browser) -> None:
    browser.get(to_callback(browser))
    secret = browser.cookies["tutor"]
    assert browser.get("/sign-out").status_code in (404, 405)
    assert browser.post("/sign-out", headers={"origin": "https://evil.example"}).status_code == 403
    assert tutor.sign_ins.find(secret)
    out = browser.post("/sign-out", headers={"origin": str(browser.base_url).rstrip("/")})
    assert (out.status_code, out.headers["location"]) == (303, "/")
    assert out.headers["clear-site-data"] == '"storage"'
    assert tutor.sign_ins.find(secret) is None
    assert browser.get("/").status_code == 401


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({}, "learner"),
        ({"groups": ["pupils"]}, "learner"),
        ({"groups": ["pupils", "staff"]}, "teacher"),
        ({"groups": "staff"}, "teacher"),
        ({"groups": ["staff", "it"]}, "administrator"),
        ({"groups": ["it heads"]}, "learner"),
        ({"groups": [["staff"], 1, None]}, "learner"),
        ({"groups": {"staff": 1}}, "learner"),
        ({"groups": 7}, "learner"),
    ],
)
def test_a_claim_says_who_teaches(tutor, claims: dict[str, Any], role: str) -> None:
    assert role_of(tutor.settings, claims) == role


def test_the_claim_may_stand_inside_another_one(tutor) -> None:
    settings = tutor.settings.model_copy(update={"oidc_role_claim": "realm_access.roles"})
    assert role_of(settings, {"realm_access": {"roles": ["staff"]}}) == "teacher"
    assert role_of(settings, {"realm_access": "staff"}) == "learner"


def from_now(claims: dict[str, object]) -> dict[str, object]:
    """Return ``claims`` with moments that are given in seconds from now."""
    now = int(time.time())
    return {name: now + value if isinstance(value, int) else value for name, value in claims.items()}


@pytest.mark.parametrize(
    "claims", [{"aud": [CLIENT]}, {"aud": ["other", CLIENT], "azp": CLIENT}, {"exp": -30, "iat": -300}]
)
def test_what_openid_connect_allows_is_let_in(provider, browser, claims) -> None:
    provider.claims |= from_now(claims)
    assert browser.get(to_callback(browser)).status_code == 303


# --- what is not right -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"}, {"nonce": None}, {"iss": "https://evil.example"}, {"iss": None}, {"aud": "another"},
        {"aud": None}, {"aud": "another", "azp": CLIENT}, {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT], "azp": "another"}, {"exp": -3600}, {"exp": None}, {"iat": None}, {"iat": 3600},
        {"nbf": 3600}, {"sub": None}, {"sub": ""}, {"exp": "tomorrow"},
    ],
)  # fmt: skip
def test_a_token_that_is_wrong_signs_nobody_in(provider, tutor, browser, claims) -> None:
    before = signed_in(tutor)
    provider.claims |= from_now(claims)
    refused = browser.get(to_callback(browser))
    assert refused.status_code == 403, refused.headers
    assert "The sign-in did not work. Try it once more." in refused.text
    assert "tutor" not in browser.cookies
    assert signed_in(tutor) == before


def forged(provider: OidcProvider) -> None:
    provider.signed_with = rsa.generate_private_key(65537, 2048)


def unsigned(provider: OidcProvider) -> None:
    provider.algorithm = "none"


def keyed_with_the_secret(provider: OidcProvider) -> None:
    provider.algorithm, provider.signed_with = "HS256", SECRET * 2


@pytest.mark.parametrize("wrong", [forged, unsigned, keyed_with_the_secret])
def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(provider, browser, wrong: Callable[..., None]) -> None:
    wrong(provider)
    assert browser.get(to_callback(browser)).status_code == 403
    assert "tutor" not in browser.cookies


def test_another_state_or_none_signs_nobody_in(provider, browser) -> None:
    url = httpx.URL(to_callback(browser))
    for query in ({"state": "another"}, {"state": ""}, {"code": "another"}):
        assert browser.get(url.copy_merge_params(query)).status_code == 403
    assert browser.get("/sign-in/callback").status_code == 403
    assert browser.get("/sign-in/callback?error=access_denied&error_description=<b>").status_code == 403
    assert "tutor" not in browser.cookies


def test_a_sign_in_that_another_browser_began_signs_nobody_in(served, provider, browser) -> None:
    url = to_callback(browser)
    with httpx.Client(base_url=served[2]) as other:
        assert other.get(url).status_code == 403
        assert "tutor" not in other.cookies


@pytest.mark.parametrize("lenient", [False, True])
def test_a_code_that_comes_again_signs_nobody_in(served, provider, browser, lenient) -> None:
    provider.replays = lenient
    url = to_callback(browser)
    with httpx.Client(base_url=served[2], cookies=dict(browser.cookies)) as thief:
        assert browser.get(url).status_code == 303
        assert thief.get(url).status_code == 403
        assert "tutor" not in thief.cookies


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "a=b\r\nSet-Cookie: x=y", "a=b#c", "\\evil", "x" * 5000, "\u202e"]
)
def test_nobody_is_sent_elsewhere(provider, browser, to: str) -> None:
    where = browser.get(to_callback(browser, to)).headers["location"]
    assert httpx.URL(f"{browser.base_url}").join(where).host == "127.0.0.1"
    assert where.startswith("/") and not where.startswith("//") and len(where) < 2100
    assert "\r" not in where and "#" not in where


def test_a_provider_that_does_not_answer_is_told_kindly(provider, browser) -> None:
    url = to_callback(browser)
    provider.is_away = True
    gone = browser.get(url, headers={"accept-language": "es"})
    assert gone.status_code in (403, 503)
    assert 'role="alert"' in gone.text and 'lang="es"' in gone.text


def test_a_provider_that_calls_itself_otherwise_is_not_used(tmp_path: Path) -> None:
    port = free_port()
    with oidc_provider() as other:
        other.metadata = {"issuer": "https://evil.example"}
        named: dict[str, Any] = {"oidc_issuer": other.issuer, "oidc_client_id": "x"}
        settings = Settings.load(home=tmp_path, mode="shared", base_url=f"http://127.0.0.1:{port}", **named)
        with Tutor.open(settings) as tutor, serving(tutor, port=port) as address:
            assert httpx.get(f"{address}/sign-in").status_code == 503
            other.metadata = {}
            assert httpx.get(f"{address}/sign-in").status_code == 302
            other.is_away = True
        with Tutor.open(settings) as tutor, serving(tutor, port=port) as address:
            assert httpx.get(f"{address}/sign-in").status_code == 503


# --- setting it up ---------------------------------------------------------------------------------------------------


def test_signing_in_is_there_only_with_a_provider_and_never_in_personal_mode(tutor, tmp_path: Path) -> None:
    with Tutor.open(Settings.load(home=tmp_path)) as personal, serving(personal) as address:
        assert httpx.get(f"{address}/sign-in").status_code == 404
        assert httpx.post(f"{address}/sign-out").status_code in (404, 405)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"oidc_client_id": ""}, "TUTOR_OIDC_CLIENT_ID"),
        ({"oidc_issuer": "http://id.example"}, "https address in TUTOR_OIDC_ISSUER"),
        ({"oidc_secret_file": Path("/nowhere/secret")}, "holds no client secret"),
    ],
)
def test_a_provider_that_is_set_up_by_half_keeps_the_tutor_from_starting(given: dict[str, Any], said: str) -> None:
    whole = {"oidc_issuer": "https://id.example", "oidc_client_id": "tutor"}
    settings = Settings.load(**({"mode": "shared", "base_url": "https://tutor.example"} | whole | given))
    with pytest.raises(SetupError, match=said):
        check_mode(settings)
    assert check_mode(settings.model_copy(update={"oidc_secret_file": None} | whole))
