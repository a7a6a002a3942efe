"""Deep linking over HTTP: an instructor chooses what a link opens, and the platform gets that signed."""

# ruff: noqa: F811 — the fixtures of the launches are used here too

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import jwt
import pytest
from lti_platform import DEEP_LINKING, LTI, MEMBERSHIP, TARGET, Platform, begin, browser, launch
from test_lti_launches import COURSE, DEEP, SECTION, accepted, address, platform, refused, shared  # noqa: F401

from tutor.web import access

CHOOSE = "/lti/deep-link"


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A browser."""
    with browser(address) as opened:
        yield opened


def request_link(client: httpx.Client, platform: Platform, **settings: Any) -> httpx.Response:
    """Return the page on which an instructor chooses, after a launch that asked for it."""
    begun = begin(client, platform)
    claims = platform.claims(begun.nonce, message_type="LtiDeepLinkingRequest", roles=[MEMBERSHIP + "Instructor"])
    del claims[LTI + "resource_link"], claims[LTI + "target_link_uri"]  # neither belongs to this message
    claims[DEEP_LINKING + "deep_linking_settings"] = DEEP | settings
    response = launch(client, begun.state, platform.sign(claims))
    assert response.status_code == 303, response.text
    assert response.headers["location"] == CHOOSE
    page = client.get(CHOOSE)
    assert page.status_code == 200, page.text
    return page


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    return {n: unescape(v) for n, v in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)}


def choices(page: str) -> list[str]:
    """Return what can be chosen on a page."""
    return [unescape(value) for value in re.findall(r'name="choice" value="([^"]*)"', page)]


def post(client: httpx.Client, **sent: str) -> httpx.Response:
    """Return the answer to a choice that the page itself sends."""
    return client.post(CHOOSE, data=sent, headers={"Origin": str(client.base_url).rstrip("/")})


def choose(
    client: httpx.Client, platform: Platform, choice: str, rule: dict[str, str] | None = None, **settings: Any
) -> dict[str, Any]:
    """Return what the platform is sent for a choice, after checking what it checks: form, address, key, moments."""
    page = request_link(client, platform, **settings)
    response = post(client, choice=choice, **fields(page.text), **(rule or {}))
    assert response.status_code == 200, response.text
    assert f'<form method="post" action="{DEEP["deep_link_return_url"]}">' in response.text
    signed = fields(response.text)["JWT"]
    header = jwt.get_unverified_header(signed)
    published = jwt.PyJWKSet.from_dict(client.get("/lti/jwks").json())
    assert header["alg"] == "RS256"
    required = ["iss", "aud", "exp", "iat", "nonce"]
    said: dict[str, Any] = jwt.decode(
        signed,
        published[header["kid"]],
        algorithms=["RS256"],
        audience=platform.issuer,
        issuer=platform.client_id,
        options={"require": required},
    )
    assert 0 < said["exp"] - said["iat"] <= 600
    assert said[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert said[LTI + "version"] == "1.3.0"
    assert said[LTI + "deployment_id"] == platform.deployment
    return said


def test_an_instructor_chooses_among_courses_and_their_sections(client: httpx.Client, platform: Platform) -> None:
    page = request_link(client, platform).text
    offered = choices(page)
    assert offered[0] == COURSE
    assert f"{COURSE} {SECTION}" in offered
    assert "<h1>Choose what this link opens</h1>" in page


def test_a_course_comes_back_as_a_link_with_custom_parameters(client: httpx.Client, platform: Platform) -> None:
    said = choose(client, platform, COURSE)
    (item,) = said[DEEP_LINKING + "content_items"]
    assert item == {
        "type": "ltiResourceLink", "url": TARGET, "title": "The Great Leap Forward", "custom": {"course": COURSE},
    }  # fmt: skip
    assert DEEP_LINKING + "data" not in said


def test_a_section_comes_back_with_a_gradebook_column_and_the_platforms_data(
    client: httpx.Client,
    platform: Platform,
) -> None:
    rule = {"questions": "5", "sources": "3"}
    said = choose(client, platform, f"{COURSE} {SECTION}", rule, data="csrf <&> 7", accept_lineitem=True)
    (item,) = said[DEEP_LINKING + "content_items"]
    assert item["title"] == SECTION
    assert item["custom"] == {
        "course": COURSE, "section": SECTION, "complete_questions": "5", "complete_sources": "3",
    }  # fmt: skip
    assert item["lineItem"]["scoreMaximum"] == 100
    assert said[DEEP_LINKING + "data"] == "csrf <&> 7"


def test_a_link_that_nothing_completes_has_no_gradebook_column(client: httpx.Client, platform: Platform) -> None:
    rule = {"questions": "0", "sources": ""}
    (item,) = choose(client, platform, COURSE, rule, accept_lineitem=True)[DEEP_LINKING + "content_items"]
    assert "lineItem" not in item
    assert item["custom"] == {"course": COURSE}


@pytest.mark.parametrize("questions", ["-1", "1001", "five", "1e9", "<b>"])
def test_a_rule_that_cannot_be_met_is_told(questions: str, client: httpx.Client, platform: Platform) -> None:
    page = request_link(client, platform)
    told = refused(post(client, choice=COURSE, questions=questions, sources="0", **fields(page.text)))
    assert "Give numbers up to 1000" in told


def test_what_was_chosen_is_what_its_link_opens(client: httpx.Client, platform: Platform) -> None:
    (item,) = choose(client, platform, f"{COURSE} {SECTION}")[DEEP_LINKING + "content_items"]
    begun = begin(client, platform, target_link_uri=item["url"])
    claims = platform.claims(begun.nonce, custom=item["custom"], resource_link={"id": "made-by-deep-link"})
    assert accepted(launch(client, begun.state, platform.sign(claims))) == {"course": COURSE, "section": SECTION}


@pytest.mark.parametrize("choice", ["", "made-up", f"{COURSE} No such section", "../etc", f"{COURSE}\t{SECTION}"])
def test_what_was_not_offered_cannot_be_chosen(choice: str, client: httpx.Client, platform: Platform) -> None:
    page = request_link(client, platform)
    told = refused(post(client, choice=choice, **fields(page.text)))
    assert "Another site" not in told and "form" not in told


def test_a_form_that_belongs_to_another_sign_in_is_refused(
    client: httpx.Client,
    address: str,
    platform: Platform,
) -> None:
    with browser(address) as other:
        theirs = fields(request_link(other, platform).text)
    request_link(client, platform)
    refused(post(client, choice=COURSE, **theirs))
    refused(post(client, choice=COURSE))
    refused(post(client, choice=COURSE, form="é"))


def test_another_sites_page_cannot_choose(client: httpx.Client, platform: Platform) -> None:
    form = {"choice": COURSE} | fields(request_link(client, platform).text)
    for origin in ({}, {"Origin": "https://lms.example"}, {"Origin": "null"}):
        refused(client.post(CHOOSE, data=form, headers=origin))


def test_nobody_chooses_who_was_not_asked_to(client: httpx.Client, platform: Platform) -> None:
    assert client.get(CHOOSE).status_code == 401
    assert post(client, choice=COURSE).status_code == 401
    for roles in ([MEMBERSHIP + "Instructor"], [MEMBERSHIP + "Learner"]):
        begun = begin(client, platform)
        accepted(launch(client, begun.state, platform.sign(platform.claims(begun.nonce, roles=roles))))
        assert client.get(CHOOSE).status_code == 403


def test_a_learner_who_is_sent_to_choose_stays_signed_out(client: httpx.Client, platform: Platform) -> None:
    begun = begin(client, platform)
    claims = platform.claims(begun.nonce, message_type="LtiDeepLinkingRequest")
    claims[DEEP_LINKING + "deep_linking_settings"] = DEEP
    assert "teachers" in refused(launch(client, begun.state, platform.sign(claims)))
    assert access.COOKIE not in client.cookies


def test_the_platform_may_frame_the_page_and_nothing_foreign_runs_in_it(
    client: httpx.Client,
    platform: Platform,
) -> None:
    page = request_link(client, platform)
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["content-security-policy"].split(";"))
    (nonce,) = set(re.findall(r'nonce="([^"]+)"', page.text))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == f"'nonce-{nonce}'"
    assert policy["frame-ancestors"] == "'self' https://lms.example"
    assert nonce not in request_link(client, platform).text


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("zh", "ltr"), ("es", "ltr"), ("ar", "rtl")])
def test_the_page_speaks_the_readers_language(
    language: str,
    direction: str,
    client: httpx.Client,
    platform: Platform,
) -> None:
    client.headers["accept-language"] = language
    page = request_link(client, platform)
    assert f'<html lang="{language}" dir="{direction}">' in page.text


# --- without cookies -------------------------------------------------------------------------------------------------


def begin_stored(client: httpx.Client, platform: Platform, frame: str = "_parent") -> tuple[str, dict[str, str]]:
    """Return the login page that stores its secret at the platform, and what its script is told."""
    response = client.get("/lti/login", params=platform.login(lti_storage_target=frame))
    assert response.status_code == 200
    told = {n: unescape(v) for n, v in re.findall(r'data-(\w+)="([^"]*)"', response.text)}
    return response.text, told


def asked_of(page: str) -> dict[str, str]:
    """Return what the link of a login page asks the platform for."""
    link = re.search(r'<a href="([^"]*)"', page)
    assert link
    return dict(httpx.URL(unescape(link[1])).params)


def test_a_login_with_platform_storage_stores_its_secret_with_the_platform_alone(
    client: httpx.Client,
    platform: Platform,
) -> None:
    page, told = begin_stored(client, platform, 'a"><script>alert(1)</script>')
    assert (told["step"], told["origin"]) == ("put", "https://lms.example")
    assert told["frame"] == 'a"><script>alert(1)</script>'
    assert "<script>alert" not in page
    asked = asked_of(page)
    assert asked["redirect_uri"] == TARGET
    assert told["value"] not in asked.values()


def test_a_launch_with_its_cookie_needs_no_platform_storage(client: httpx.Client, platform: Platform) -> None:
    asked = asked_of(begin_stored(client, platform)[0])
    token = platform.sign(platform.claims(asked["nonce"]))
    accepted(launch(client, asked["state"], token, lti_storage_target="_parent"))


def test_a_launch_without_its_cookie_asks_the_platforms_storage_and_opens_a_window(
    client: httpx.Client,
    address: str,
    platform: Platform,
) -> None:
    page, stored = begin_stored(client, platform)
    asked = asked_of(page)
    client.cookies.clear()
    token = platform.sign(platform.claims(asked["nonce"]))
    response = launch(client, asked["state"], token, lti_storage_target="_parent")
    assert (response.status_code, access.COOKIE in response.cookies) == (403, False)
    told = {n: unescape(v) for n, v in re.findall(r'data-(\w+)="([^"]*)"', response.text)}
    assert (told["step"], told["origin"], told["key"]) == ("get", "https://lms.example", stored["key"])
    form = fields(response.text) | {"browser": stored["value"]}
    for origin in ({}, {"Origin": "https://lms.example"}, {"Origin": "null"}):  # none of which is the page itself
        assert client.post("/lti/launch", data=form, headers=origin).status_code == 403
    own = {"Origin": address}
    assert client.post("/lti/launch", data=form | {"browser": "made-up"}, headers=own).status_code == 403
    opening = client.post("/lti/launch", data=form, headers=own)
    assert (opening.status_code, access.COOKIE in opening.cookies) == (200, False)
    ticket = fields(opening.text)
    with browser(address) as window:
        accepted(window.post("/lti/open", data=ticket, headers=own))
        assert window.get("/api/v1/courses").status_code == 200
        refused(window.post("/lti/open", data=ticket, headers=own))
    refused(client.post("/lti/launch", data=form, headers=own))


def test_a_browser_without_cookies_and_storage_is_offered_a_window_that_begins_anew(
    client: httpx.Client,
    platform: Platform,
) -> None:
    begun = begin(client, platform, lti_message_hint="a&b")
    client.cookies.clear()
    client.headers["accept"] = "text/html,*/*;q=0.8"
    response = launch(client, begun.state, platform.sign(platform.claims(begun.nonce)))
    assert response.status_code == 403
    link = re.search(r'<a class="button" href="([^"]*)" target="_blank" rel="noopener">', response.text)
    assert link
    again = client.get(unescape(link[1]))
    assert again.status_code == 302
    asked = dict(httpx.URL(again.headers["location"]).params)
    assert (asked["login_hint"], asked["lti_message_hint"]) == ("hint-7", "a&b")
    accepted(launch(client, asked["state"], platform.sign(platform.claims(asked["nonce"]))))


@pytest.mark.parametrize("ticket", ["", "made-up"])
def test_a_ticket_that_is_none_signs_nobody_in(ticket: str, client: httpx.Client, platform: Platform) -> None:
    refused(client.post("/lti/open", data={"ticket": ticket}))
