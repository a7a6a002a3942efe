"""Dynamic registration: an LMS on the list registers the tutor by itself, and nobody can use it to reach inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from platform_server import Reply, Server, platform_server
from serving import serving

from tutor.errors import Conflict, Forbidden, InputError, SetupError, Unreachable
from tutor.fetching import Fetcher
from tutor.lti.platforms import list_platforms, parse_registration, register
from tutor.lti.registration import PLATFORM, TOOL, DynamicRegistration
from tutor.lti.services import LINE_ITEM_SCOPE, MEMBERS_SCOPE, SCORE_SCOPE
from tutor.records import Records
from tutor.settings import Settings
from tutor.tutor import Tutor

BASE = "http://127.0.0.1:7860"
CONFIGURATION, REGISTRATION = "GET /configuration", "POST /registration"


def described(url: str, **more: Any) -> dict[str, Any]:
    """Return how an LMS describes itself."""
    said = {
        "issuer": url,
        "authorization_endpoint": f"{url}/auth",
        "token_endpoint": f"{url}/token",
        "jwks_uri": f"{url}/keys",
        "registration_endpoint": f"{url}/registration",
        "scopes_supported": ["openid", SCORE_SCOPE, MEMBERS_SCOPE],
        "claims_supported": ["iss", "sub", "name", "email"],
        PLATFORM: {
            "product_family_code": "moodle",
            "messages_supported": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}],
        },
    }
    return said | more


@pytest.fixture
def server() -> Iterator[Server]:
    with platform_server() as running:
        running.says(CONFIGURATION, Reply(body=described(running.url)))
        running.says(REGISTRATION, Reply(201, {"client_id": "c-7", TOOL: {"deployment_id": "4"}}))
        yield running


@pytest.fixture
def records(settings: Settings) -> Iterator[Records]:
    opened = Records(settings.database)
    yield opened
    opened.close()


def host(server: Server) -> str:
    return urlsplit(server.url).netloc


def dynamic(records: Records, allowed: str, base: str = BASE) -> DynamicRegistration:
    settings = Settings.load(lti_registration=allowed, base_url=base)
    return DynamicRegistration(settings, records, Fetcher.of(settings))


def registered(records: Records, server: Server, token: str | None = "once") -> Any:
    return dynamic(records, f"{host(server)}=oak-hill").register(f"{server.url}/configuration", token)


def test_an_lms_on_the_list_may_launch_the_tutor_afterwards(records: Records, server: Server) -> None:
    registered(records, server)
    (held,) = list_platforms(records)
    assert held.model_dump(exclude={"id"}) == {
        "tenant": "oak-hill",
        "issuer": server.url,
        "client_id": "c-7",
        "deployments": ("4",),
        "auth_login_url": f"{server.url}/auth",
        "auth_token_url": f"{server.url}/token",
        "key_set_url": f"{server.url}/keys",
    }


def test_the_lms_is_told_what_the_tutor_needs_and_no_more(records: Records, server: Server) -> None:
    registered(records, server)
    (asked,) = server.got(REGISTRATION)
    assert asked.headers["authorization"] == "Bearer once"
    said = asked.json()
    assert said["initiate_login_uri"] == f"{BASE}/lti/login"
    assert said["redirect_uris"] == [f"{BASE}/lti/launch"]
    assert said["jwks_uri"] == f"{BASE}/lti/jwks"
    assert said["token_endpoint_auth_method"] == "private_key_jwt"
    assert said["response_types"] == ["id_token"]
    assert sorted(said["grant_types"]) == ["client_credentials", "implicit"]
    assert set(said["scope"].split()) == {SCORE_SCOPE, MEMBERS_SCOPE} and LINE_ITEM_SCOPE not in said["scope"]
    tool = said[TOOL]
    assert (tool["domain"], tool["claims"]) == ("127.0.0.1:7860", ["iss", "sub"])
    assert [one["type"] for one in tool["messages"]] == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    assert "logo_uri" not in said


def test_an_lms_that_gives_no_token_is_sent_none(records: Records, server: Server) -> None:
    registered(records, server, token=None)
    assert "authorization" not in server.got(REGISTRATION)[0].headers


def test_the_same_client_twice_is_one_platform(records: Records, server: Server) -> None:
    registered(records, server)
    registered(records, server)
    assert len(list_platforms(records)) == 1


def test_without_a_list_nobody_may_register(records: Records, server: Server) -> None:
    with pytest.raises(Forbidden, match="TUTOR_LTI_REGISTRATION"):
        dynamic(records, "").register(f"{server.url}/configuration", "once")
    assert not server.asked


def test_who_is_not_on_the_list_is_not_even_called(records: Records, server: Server) -> None:
    for allowed in ("lms.example=oak-hill", f"localhost:{urlsplit(server.url).port}=oak-hill", "127.0.0.1=oak-hill"):
        with pytest.raises(Forbidden, match="may not register itself"):
            dynamic(records, allowed).register(f"{server.url}/configuration", "once")
    assert not server.asked


@pytest.mark.parametrize(
    "configuration",
    ["https://10.0.0.8/configuration", "https://169.254.169.254/latest/meta-data", "http://lms.example/configuration",
     "https://lms.example@10.0.0.8/", "https://2130706433/", "file:///etc/passwd", "", "https://[::1]/",
     "https://lms.example.evil.example/", "https://lms.example:8443/", "https://lms.example/" + "x" * 3_000],
)  # fmt: skip
def test_a_description_inside_or_elsewhere_is_refused(records: Records, configuration: str) -> None:
    with pytest.raises((Forbidden, InputError)):
        dynamic(records, "lms.example=oak-hill").register(configuration, "once")


def test_a_name_on_the_list_that_leads_inside_is_refused(records: Records) -> None:
    settings = Settings.load(lti_registration="lms.example=oak-hill", base_url="https://tutor.example")
    inside = Fetcher(resolve=lambda host, port: ["10.0.0.8"])
    with pytest.raises(InputError, match="not on the public internet"):
        DynamicRegistration(settings, records, inside).register("https://lms.example/configuration", None)


@pytest.mark.parametrize(
    "more",
    [
        {"issuer": "https://other.example"},
        {"issuer": "https://10.0.0.8"},
        {"issuer": None},
        {"issuer": 7},
        *({name: url} for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
          for url in ("https://evil.example/x", "https://10.0.0.8/x", "http://lms.example/x", "javascript:x", None, 7)),
    ],
)  # fmt: skip
def test_a_description_that_leads_elsewhere_is_refused(records: Records, server: Server, more: dict[str, Any]) -> None:
    server.says(CONFIGURATION, Reply(body=described(server.url, **more)))
    with pytest.raises((Forbidden, InputError)):
        registered(records, server)
    assert not server.got(REGISTRATION)
    assert list_platforms(records) == ()


def test_an_endpoint_at_another_tenants_lms_is_refused(records: Records, server: Server) -> None:
    server.says(CONFIGURATION, Reply(body=described(server.url, token_endpoint="https://lms.elm.example/token")))
    both = dynamic(records, f"{host(server)}=oak-hill lms.elm.example=elm-street")
    with pytest.raises(Forbidden, match="token_endpoint"):
        both.register(f"{server.url}/configuration", "once")


@pytest.mark.parametrize(
    "reply", [Reply(404), Reply(302, headers={"Location": "http://127.0.0.1:1/"}), Reply(200, b"<html>"), Reply(500)]
    + [Reply(body=body) for body in ([], "x", None, {}, b"x" * 1_100_000)]
)  # fmt: skip
def test_an_lms_that_does_not_describe_itself_is_not_registered(records: Records, server: Server, reply: Reply) -> None:
    server.says(CONFIGURATION, reply)
    with pytest.raises((Unreachable, InputError, Forbidden)):
        registered(records, server)
    assert list_platforms(records) == ()


@pytest.mark.parametrize(
    "reply",
    [Reply(400), Reply(401), Reply(500), Reply(200, b"<html>")]
    + [Reply(body=body) for body in (
        [], {}, {"client_id": 7, TOOL: {"deployment_id": "4"}}, {TOOL: {"deployment_id": "4"}},
        {"client_id": "c", TOOL: []}, {"client_id": "c", TOOL: {"deployment_id": 4}},
    )],
)  # fmt: skip
def test_an_answer_that_registers_nothing_is_told_so(records: Records, server: Server, reply: Reply) -> None:
    server.says(REGISTRATION, reply)
    with pytest.raises((Unreachable, InputError)):
        registered(records, server)
    assert list_platforms(records) == ()


def test_without_a_deployment_the_administrator_is_told_what_to_do(records: Records, server: Server) -> None:
    server.says(REGISTRATION, Reply(body={"client_id": "c-7"}))
    with pytest.raises(InputError, match="'c-7' without a deployment"):
        registered(records, server)


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Admin: yes", "é", "x" * 10_000])
def test_what_is_no_token_is_not_sent(records: Records, server: Server, token: str) -> None:
    with pytest.raises(InputError, match="token"):
        registered(records, server, token)
    assert not server.got(REGISTRATION)


def test_a_platform_of_another_tenant_stays_theirs(records: Records, server: Server) -> None:
    theirs = {"issuer": server.url, "client_id": "c-7", "deployment_id": "1", "auth_login_url": f"{server.url}/a"}
    theirs |= {"auth_token_url": f"{server.url}/t", "key_set_url": f"{server.url}/k"}
    register(records, parse_registration(theirs), "elm-street")
    with pytest.raises(Conflict):
        registered(records, server)
    assert [held.tenant for held in list_platforms(records)] == ["elm-street"]


@pytest.mark.parametrize("written", ["lms.example", "https://lms.example=oak-hill", "=oak-hill", "lms.example="])
def test_a_list_that_cannot_be_read_is_told_at_the_start(written: str) -> None:
    with pytest.raises(SetupError, match="lti_registration"):
        Settings.load(lti_registration=written)


# --- the address -----------------------------------------------------------------------------------------------------


def opened(server: Server, **settings: Any) -> Iterator[httpx.Client]:
    shared = {"mode": "shared", "base_url": BASE, "lti_registration": f"{host(server)}=oak-hill"}
    with (
        Tutor.open(Settings.load(**{**shared, **settings})) as tutor,
        serving(tutor) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    yield from opened(server)


def test_the_window_of_the_administrator_is_closed_by_the_lms(client: httpx.Client, server: Server) -> None:
    where = {"openid_configuration": f"{server.url}/configuration", "registration_token": "once"}
    page = client.get("/lti/register", params=where)
    assert page.status_code == 200
    assert "org.imsglobal.lti.close" in page.text
    policy = page.headers["content-security-policy"]
    assert f"frame-ancestors 'self' {server.url}" in policy and "unsafe-inline" not in policy.partition("style-src")[0]
    assert page.headers["cache-control"] == "no-store"
    assert len(server.got(REGISTRATION)) == 1


@pytest.mark.parametrize(
    ("where", "status"),
    [({}, 400), ({"openid_configuration": "https://evil.example/x"}, 403), ({"openid_configuration": "x"}, 400)],
)
def test_what_is_refused_is_a_problem(client: httpx.Client, where: dict[str, str], status: int) -> None:
    answer = client.get("/lti/register", params=where)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert client.post("/lti/register", params=where).status_code == 405


def test_without_a_list_the_address_is_closed(server: Server) -> None:
    for client in opened(server, lti_registration=""):
        where = {"openid_configuration": f"{server.url}/configuration"}
        assert client.get("/lti/register", params=where).status_code == 403
    assert not server.asked


def test_what_goes_wrong_is_logged_without_the_token(
    client: httpx.Client, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.says(REGISTRATION, Reply(400))
    where = {"openid_configuration": f"{server.url}/configuration", "registration_token": "very-secret"}
    assert client.get("/lti/register", params=where).status_code == 502
    assert "an LMS was not registered" in caplog.text and "very-secret" not in caplog.text


def test_an_lms_that_says_little_is_asked_for_little(records: Records, server: Server) -> None:
    server.says(CONFIGURATION, Reply(body=described(server.url, **{PLATFORM: [], "scopes_supported": {}})))
    registered(records, server)
    said = server.got(REGISTRATION)[0].json()
    assert (said["scope"], said[TOOL]["messages"]) == ("", [])
