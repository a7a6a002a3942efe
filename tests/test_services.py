"""Scores passed back and members read, of a server that is called for real and behaves as badly as servers do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from platform_server import LEARNER, SUBJECT, Reply, Server, linked, platform_server
from sqlalchemy import select

from tutor import outbox
from tutor.deliveries import open_outbox, open_services, signer
from tutor.errors import ForbiddenAddress, InputError, NotFound, Unreachable
from tutor.fetching import Fetcher, retry_after
from tutor.lms import OutgoingScores
from tutor.lti.keys import signing_key
from tutor.lti.services import SCORE_SCOPE, Services
from tutor.lti.tokens import Tokens, TokenSource
from tutor.outbox import Outbox
from tutor.records import Delivery, Link, Platform, Records
from tutor.settings import Settings

SCORES = "POST /items/1/scores"
MEMBERS = "GET /members"


@pytest.fixture
def records(settings: Settings) -> Iterator[Records]:
    opened = Records(settings.database)
    yield opened
    opened.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with platform_server() as running:
        running.says(SCORES, Reply(200))
        yield running


@pytest.fixture
def box(settings: Settings, records: Records) -> Outbox:
    return open_outbox(settings, records)


@pytest.fixture
def services(settings: Settings, records: Records) -> Services:
    return open_services(settings, records)


def record(records: Records, link: int, score: float = 40, maximum: float = 100) -> None:
    stage: Any = "completed" if score == maximum else "in progress"
    with records.write() as session:
        OutgoingScores().record(session, link, LEARNER, SUBJECT, score, maximum, stage)


def delivery(records: Records) -> Delivery:
    with records.read() as session:
        return session.scalars(select(Delivery)).one()


def test_a_score_reaches_the_gradebook_as_the_specification_has_it(
    records: Records, server: Server, box: Outbox
) -> None:
    record(records, linked(records, server.url))
    box.deliver("score")
    (asked,) = server.got(SCORES)
    said = asked.json()
    at = datetime.fromisoformat(said.pop("timestamp"))
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1) and at.microsecond
    assert said == {
        "userId": SUBJECT,
        "scoreGiven": 40,
        "scoreMaximum": 100,
        "activityProgress": "InProgress",
        "gradingProgress": "Pending",
    }
    assert asked.headers["content-type"] == "application/vnd.ims.lis.v1.score+json"
    assert asked.headers["authorization"] == "Bearer t1"
    assert delivery(records).delivered_at


def test_a_whole_score_is_the_last_word(records: Records, server: Server, box: Outbox) -> None:
    record(records, linked(records, server.url), 100)
    box.deliver("score")
    said = server.got(SCORES)[0].json()
    assert (said["activityProgress"], said["gradingProgress"]) == ("Completed", "FullyGraded")


def test_the_parameters_of_a_line_item_stay_behind_its_path(records: Records, server: Server, box: Outbox) -> None:
    record(records, linked(records, server.url, line_item=f"{server.url}/items/1?type_id=3&x=a%20b"))
    box.deliver("score")
    assert server.got(SCORES)[0].path == "/items/1/scores?type_id=3&x=a%20b"


def test_a_token_is_asked_for_with_a_signed_word_and_used_until_it_ends(
    records: Records, server: Server, box: Outbox
) -> None:
    link = linked(records, server.url)
    for score in (20, 40):
        record(records, link, score)
        box.deliver("score")
    (asked,) = server.got("POST /token")
    form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
    key = signing_key(records)
    word = jwt.decode(form["client_assertion"], key.private.public_key(), ["RS256"], audience=f"{server.url}/token")
    assert jwt.get_unverified_header(form["client_assertion"])["kid"] == key.id
    assert word["iss"] == word["sub"] == f"tutor-{urlsplit(server.url).port}"
    assert word["jti"] and word["exp"] - word["iat"] <= 300
    assert (form["grant_type"], form["scope"]) == ("client_credentials", SCORE_SCOPE)
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert len(server.got(SCORES)) == 2


@pytest.mark.parametrize("lasts", [0, -5, "soon", None])
def test_a_token_that_has_ended_or_does_not_say_when_it_ends_is_not_kept_for_long(server: Server, lasts: Any) -> None:
    server.says("POST /token", Reply(body={"access_token": "t", "expires_in": lasts}))
    tokens = Tokens(Fetcher(loopback=True), str)
    source = TokenSource(1, "tutor", f"{server.url}/token")
    assert [tokens.token(source, ["a"]) for _ in range(2)] == ["t", "t"]
    assert len(server.got("POST /token")) == (2 if isinstance(lasts, int) else 1)


def test_each_scope_has_a_token_of_its_own(server: Server) -> None:
    tokens = Tokens(Fetcher(loopback=True), str)
    source = TokenSource(1, "tutor", f"{server.url}/token")
    assert [tokens.token(source, scopes) for scopes in (["a"], ["b"], ["a"])] == ["t1", "t2", "t1"]


def test_a_token_that_is_not_taken_is_asked_for_once_more(records: Records, server: Server, box: Outbox) -> None:
    server.says(SCORES, Reply(401), Reply(200))
    record(records, linked(records, server.url))
    box.deliver("score")
    assert [asked.headers["authorization"] for asked in server.got(SCORES)] == ["Bearer t1", "Bearer t2"]
    assert delivery(records).delivered_at


def test_a_second_token_that_is_not_taken_is_a_matter_for_later(records: Records, server: Server, box: Outbox) -> None:
    server.says(SCORES, Reply(401))
    record(records, linked(records, server.url))
    box.deliver("score")
    held = delivery(records)
    assert len(server.got(SCORES)) == 2
    assert held.given_up_at is None and held.failure == "The LMS did not take a score (401)."


@pytest.mark.parametrize(
    "reply",
    [Reply(400, {"error": "invalid_client"}), Reply(500), Reply(200, b"no JSON"), Reply(200, {}), Reply(200, [])]
    + [Reply(200, {"access_token": token}) for token in ("", " ", 7, None, "a\r\nX-Admin: yes", "é")],
)
def test_without_a_token_a_score_waits(records: Records, server: Server, box: Outbox, reply: Reply) -> None:
    server.says("POST /token", reply)
    record(records, linked(records, server.url))
    box.deliver("score")
    held = delivery(records)
    assert (held.given_up_at, held.delivered_at, held.attempts) == (None, None, 1)
    assert not server.got(SCORES)


def test_a_server_that_is_busy_is_left_alone_as_long_as_it_says(records: Records, server: Server, box: Outbox) -> None:
    server.says(SCORES, Reply(429, headers={"Retry-After": "1800"}))
    record(records, linked(records, server.url))
    before = datetime.now(UTC)
    box.deliver("score")
    assert timedelta(minutes=30) <= delivery(records).due_at - before < timedelta(minutes=31)


def test_how_long_to_wait_may_be_a_moment() -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert timedelta(minutes=4) < (retry_after({"Retry-After": soon}) or timedelta(0)) <= timedelta(minutes=5)
    assert retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == timedelta(0)
    assert [retry_after({"Retry-After": said}) for said in ("", "soon", "-1", "1.5", "٣")] == [None] * 5
    assert retry_after({}) is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(records: Records, server: Server, box: Outbox, status: int) -> None:
    server.says(SCORES, Reply(status))
    record(records, linked(records, server.url))
    box.deliver("score")
    held = delivery(records)
    assert (held.given_up_at, held.delivered_at) == (None, None)
    assert held.due_at > datetime.now(UTC) + timedelta(seconds=10)


@pytest.mark.parametrize("status", [400, 403, 404, 410, 422, 302])
def test_what_is_refused_for_good_is_given_up(records: Records, server: Server, box: Outbox, status: int) -> None:
    server.says(SCORES, Reply(status, headers={"Location": "http://127.0.0.1:1/"}))
    record(records, linked(records, server.url))
    box.deliver("score")
    held = delivery(records)
    assert held.given_up_at and f"({status})" in (held.failure or "")


@pytest.mark.parametrize(
    "reply", [Reply(409), Reply(400, {"timestamp": ["Score already exists for the provided timestamp"]})]
)
def test_a_score_that_the_platform_holds_already_has_arrived(
    records: Records, server: Server, box: Outbox, reply: Reply
) -> None:
    server.says(SCORES, reply)
    record(records, linked(records, server.url))
    box.deliver("score")
    assert delivery(records).delivered_at


def test_a_score_that_is_sent_again_has_the_moment_of_the_first(records: Records, server: Server, box: Outbox) -> None:
    server.says(SCORES, Reply(500), Reply(200))
    record(records, linked(records, server.url))
    box.deliver("score")
    with records.write() as session:
        session.scalars(select(Delivery)).one().due_at = datetime.now(UTC)
    box.deliver("score")
    first, second = (asked.json() for asked in server.got(SCORES))
    assert first == second


def test_a_server_that_does_not_answer_is_tried_again(records: Records, settings: Settings, server: Server) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        record(records, linked(records, server.url, line_item=f"http://127.0.0.1:{silent.getsockname()[1]}/items/1"))
        slow = Services(records, Fetcher(loopback=True, seconds=0.2), signer(records))
        Outbox(records, {"score": slow}).deliver("score")
    held = delivery(records)
    assert held.given_up_at is None and "did not answer within" in (held.failure or "")


@pytest.mark.parametrize(("score", "maximum"), [(101, 100), (-1, 100), (1, 0), (float("nan"), 100), (1, float("inf"))])
def test_a_score_above_its_maximum_is_never_put_in(
    records: Records, server: Server, score: float, maximum: float
) -> None:
    link = linked(records, server.url)
    with pytest.raises(InputError, match="maximum"):
        record(records, link, score, maximum)
    with records.read() as session:
        assert session.scalar(select(Delivery)) is None


@pytest.mark.parametrize(
    "inside", ["https://10.0.0.8/items/1", "https://169.254.169.254/items/1", "http://lms.example/items/1", "file:///x"]
)
def test_a_line_item_inside_is_not_called(records: Records, server: Server, box: Outbox, inside: str) -> None:
    record(records, linked(records, server.url, line_item=inside))
    box.deliver("score")
    assert delivery(records).given_up_at


def test_a_link_that_takes_no_scores_is_told_so(records: Records, server: Server, box: Outbox) -> None:
    record(records, linked(records, server.url, scopes=[]))
    box.deliver("score")
    assert "takes no scores" in (delivery(records).failure or "")
    assert not server.asked


# --- line items ------------------------------------------------------------------------------------------------------


def without_line_item(records: Records, server: Server) -> int:
    link = linked(records, server.url, line_item=None, line_items=f"{server.url}/items?course=5")
    record(records, link)
    return link


def test_the_line_item_of_the_link_is_found(records: Records, server: Server, box: Outbox) -> None:
    others = [{"id": f"{server.url}/items/9", "resourceLinkId": "week-2"}, {"id": f"{server.url}/items/8"}, 7]
    server.says("GET /items", Reply(body=[*others, {"id": f"{server.url}/items/1", "resourceLinkId": "week-1"}]))
    link = without_line_item(records, server)
    box.deliver("score")
    assert delivery(records).delivered_at and len(server.got(SCORES)) == 1
    assert server.got("GET /items")[0].path == "/items?course=5&resource_link_id=week-1"
    with records.read() as session:
        assert session.get_one(Link, link).line_item == f"{server.url}/items/1"


def test_a_line_item_is_made_where_there_is_none(records: Records, server: Server, box: Outbox) -> None:
    server.says("GET /items", Reply(body=[]))
    server.says("POST /items", Reply(201, {"id": f"{server.url}/items/1"}))
    link = without_line_item(records, server)
    box.deliver("score")
    record(records, link, 80)
    box.deliver("score")
    (made,) = server.got("POST /items")
    assert made.path == "/items?course=5"
    assert made.json() == {"scoreMaximum": 100, "label": "Tutor", "tag": "tutor", "resourceLinkId": "week-1"}
    assert made.headers["content-type"] == "application/vnd.ims.lis.v2.lineitem+json"
    assert len(server.got(SCORES)) == 2


@pytest.mark.parametrize("url", ["https://10.0.0.8/items/1", "https://evil.example/items/1", None, 7])
def test_a_line_item_on_another_server_is_refused(records: Records, server: Server, box: Outbox, url: Any) -> None:
    server.says("GET /items", Reply(body=[{"id": url, "resourceLinkId": "week-1"}]))
    without_line_item(records, server)
    box.deliver("score")
    held = delivery(records)
    assert held.given_up_at and "another server" in (held.failure or "")


def test_without_a_place_for_it_a_score_is_given_up(records: Records, server: Server, box: Outbox) -> None:
    record(records, linked(records, server.url, line_item=None, line_items=None))
    box.deliver("score")
    assert "no gradebook column" in (delivery(records).failure or "")


# --- names and roles -------------------------------------------------------------------------------------------------


def page(*subjects: Any, following: str = "") -> Reply:
    members = [{"user_id": subject, "roles": ["Learner"], "status": "Active"} for subject in subjects]
    return Reply(body={"id": "x", "members": members}, headers={"Link": following} if following else {})


def course(records: Records, server: Server) -> int:
    return linked(records, server.url, memberships=f"{server.url}/members")


def test_members_are_read_page_by_page(records: Records, server: Server, services: Services) -> None:
    server.says(MEMBERS, page("a", "b", following=f'<{server.url}/more?p=2>; rel="next", <x>; rel="differences"'))
    server.says("GET /more", page("c", following='</last>; rel="next"'))
    server.says("GET /last", page("d", "a"))
    found = services.members(course(records, server))
    assert [member.subject for member in found] == ["a", "b", "c", "d"]
    assert server.got(MEMBERS)[0].headers["accept"] == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


def test_of_a_member_no_more_is_taken_than_needed(records: Records, server: Server, services: Services) -> None:
    told = {"user_id": "a", "roles": ["Instructor", 7], "status": "Inactive", "name": "Ada", "email": "ada@x.example"}
    server.says(MEMBERS, Reply(body={"members": [told, {"roles": []}, "b", {"user_id": ""}]}))
    (member,) = services.members(course(records, server))
    assert member.model_dump() == {"subject": "a", "roles": ("Instructor",), "active": False, "name": "Ada"}


@pytest.mark.parametrize(
    "following",
    ["https://10.0.0.8/members", "https://169.254.169.254/latest", "http://127.0.0.1:1/members",
     "//evil.example/members", "file:///etc/passwd", "https://lms.example@evil.example/", "http://[::1"],
)  # fmt: skip
def test_a_next_page_on_another_server_is_refused(
    records: Records, server: Server, services: Services, following: str
) -> None:
    server.says(MEMBERS, page("a", following=f'<{following}>; rel="next"'))
    with pytest.raises(ForbiddenAddress, match="another server"):
        services.members(course(records, server))
    assert len(server.got(MEMBERS)) == 1


def test_pages_that_go_round_in_a_circle_end(records: Records, server: Server, services: Services) -> None:
    server.says(MEMBERS, page("a", following=f'<{server.url}/members>; rel="next"'))
    assert len(services.members(course(records, server))) == 1


def test_pages_without_end_are_broken_off(records: Records, server: Server, services: Services) -> None:
    numbers = iter(range(1_000))
    endless = page("a")
    endless.then = lambda: endless.headers.update({"Link": f'</members?p={next(numbers)}>; rel="next"'})
    server.says(MEMBERS, endless)
    with pytest.raises(Unreachable, match="more than 50 pages"):
        services.members(course(records, server))


def test_too_many_members_are_not_held(records: Records, server: Server, services: Services) -> None:
    server.says(MEMBERS, Reply(body={"members": [{"user_id": str(n)} for n in range(10_001)]}))
    with pytest.raises(Unreachable, match="more than 10,000 members"):
        services.members(course(records, server))


@pytest.mark.parametrize("reply", [Reply(403), Reply(500), Reply(200, b"<html>"), Reply(200, b"x" * 1_100_000)])
def test_a_platform_that_does_not_list_its_members_is_told_so(
    records: Records, server: Server, services: Services, reply: Reply
) -> None:
    server.says(MEMBERS, reply)
    with pytest.raises(Unreachable):
        services.members(course(records, server))


@pytest.mark.parametrize("body", [[], "x", 7, None, {"members": {}}, {"members": None}])
def test_a_list_of_members_in_another_form_is_empty(
    records: Records, server: Server, services: Services, body: Any
) -> None:
    server.says(MEMBERS, Reply(body=body))
    assert services.members(course(records, server)) == ()


def test_a_link_without_members_and_one_that_is_gone_are_told_apart(
    records: Records, server: Server, services: Services
) -> None:
    with pytest.raises(NotFound, match="does not tell"):
        services.members(linked(records, server.url))
    with pytest.raises(NotFound, match="link is gone"):
        services.members(99)


def test_what_waits_for_a_platform_that_is_removed_goes_with_it(records: Records, server: Server) -> None:
    record(records, linked(records, server.url))
    with records.write() as session:
        session.delete(session.scalars(select(Platform)).one())
    assert outbox.waiting(records) == []
