"""API keys: made once, kept as hashes, limited, ended; and what the server makes of the one that a request shows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from serving import serving
from sqlalchemy import update

from tutor.errors import Conflict, InputError, NotFound, NotReady, Unauthorised
from tutor.keys import Keys
from tutor.records import ApiKey, Course, Records
from tutor.settings import Settings
from tutor.tenants import create_tenant
from tutor.tutor import Tutor
from tutor.visitor import Scope

API = "/api/v1"


@pytest.fixture
def records(tmp_path: Any) -> Iterator[Records]:
    """A database with two tenants, and a course of each and of everybody."""
    opened = Records(f"sqlite:///{tmp_path / 'tutor.db'}")
    create_tenant(opened, "oak")
    create_tenant(opened, "elm")
    with opened.write() as session:
        for tenant in ("oak", "elm", None):
            session.add(Course(id=f"of-{tenant or 'all'}", title="A", language="en", licence=None, tenant=tenant))
    yield opened
    opened.close()


@pytest.fixture
def keys(records: Records) -> Keys:
    """The keys of that database."""
    return Keys(records)


@pytest.fixture(scope="module")
def tutor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tutor]:
    """A tutor in personal mode with the tenant oak and no course."""
    with Tutor.open(Settings.load(home=tmp_path_factory.mktemp("keys"))) as opened:
        create_tenant(opened.records, "oak")
        yield opened


@pytest.fixture(scope="module")
def served(tutor: Tutor) -> Iterator[httpx.Client]:
    """A caller of a server of that tutor."""
    with serving(tutor) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    """Return the header that shows ``key``."""
    return {"Authorization": f"Bearer {key}"}


def age(records: Records, id: str, **moments: datetime) -> None:
    """Put moments of a key's life elsewhere."""
    with records.write() as session:
        session.execute(update(ApiKey).where(ApiKey.id == id).values(**moments))


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_kept_as_a_salted_hash_only(keys: Keys, records: Records) -> None:
    one, two = (keys.create("oak", "Moodle", ["ask"]) for _ in range(2))
    assert one.key.startswith(f"tutor_{one.id}_")
    secret = one.key.rpartition("_")[2]
    assert len(secret) * 4 == 256  # bits, in hexadecimal
    with records.read() as session:
        rows = [session.get_one(ApiKey, key.id) for key in (one, two)]
    assert rows[0].salt != rows[1].salt
    assert not any(secret in str(value) for value in vars(rows[0]).values())
    assert "key" not in keys.listed()[0].model_dump()


def test_a_key_gives_its_tenant_scopes_and_courses(keys: Keys) -> None:
    visitor = keys.visitor(keys.create("oak", "Moodle", ["ask", "read"], ["of-oak", "of-all"]).key)
    assert (visitor.tenant, visitor.space, visitor.learner, visitor.runs) == ("oak", "", None, False)
    assert visitor.scopes == {"ask", "read"}
    assert visitor.courses == {"of-oak", "of-all"}
    assert visitor.acting_for("ann").learner == "ann"


@pytest.mark.parametrize(
    ("scopes", "role"),
    [(["ask", "read"], "learner"), (["write"], "teacher"), (["read", "write", "admin"], "administrator")],
)
def test_what_a_key_may_do_says_in_which_role_it_is_used(scopes: list[Scope], role: str, keys: Keys) -> None:
    assert keys.visitor(keys.create("oak", "Moodle", scopes).key).role == role


@pytest.mark.parametrize("change", ["secret", "id", "short", "long", "case", "none", "blank", "other form"])
def test_a_wrong_key_is_told_as_one_whatever_is_wrong_with_it(change: str, keys: Keys) -> None:
    key = keys.create("oak", "Moodle", ["ask"]).key
    other = keys.create("elm", "Canvas", ["ask"]).key
    wrong = {
        "secret": f"{key[:-64]}{other[-64:]}", "id": f"{other[:-64]}{key[-64:]}", "short": key[:-1], "long": f"{key}0",
        "case": key.upper(), "none": "", "blank": f" {key}", "other form": "sk-\udc80é\x00",
    }[change]  # fmt: skip
    with pytest.raises(Unauthorised, match="There is no such API key"):
        keys.visitor(wrong)


def test_an_unknown_id_is_compared_as_a_known_one_is(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    key, compared = keys.create("oak", "Moodle", ["ask"]).key, []
    monkeypatch.setattr("tutor.keys.hmac.compare_digest", lambda *both: compared.append(both) is not None)
    for id in (key[6:22], "0" * 16):
        with pytest.raises(Unauthorised):
            keys.visitor(f"tutor_{id}_{'0' * 64}")
    known, unknown = compared
    assert [len(part) for part in known] == [len(part) for part in unknown] == [64, 64]


def test_a_revoked_key_is_refused_and_stays_revoked_since_then(keys: Keys) -> None:
    key = keys.create("oak", "Moodle", ["ask"])
    revoked = keys.revoke(key.id).revoked_at
    with pytest.raises(Unauthorised, match=f"The API key {key.id} was revoked. Ask for a new one."):
        keys.visitor(key.key)
    assert keys.revoke(key.id).revoked_at == revoked


def test_a_key_that_is_found_where_it_should_not_be_is_revoked_by_itself(keys: Keys) -> None:
    key = keys.create("oak", "Moodle", ["ask"])
    assert keys.revoke(key.key).id == key.id
    with pytest.raises(NotFound) as unknown:
        keys.revoke(f"tutor_{'0' * 16}_{'5' * 64}")
    assert "5555" not in str(unknown.value)


def test_a_key_expires(keys: Keys, records: Records) -> None:
    key = keys.create("oak", "Moodle", ["ask"], lasts=timedelta(days=1))
    assert keys.visitor(key.key).tenant == "oak"
    age(records, key.id, expires_at=datetime(2026, 3, 4, tzinfo=UTC))
    with pytest.raises(Unauthorised, match="expired on 2026-03-04"):
        keys.visitor(key.key)


def test_a_rotated_key_works_beside_the_new_one_until_its_time_is_over(keys: Keys, records: Records) -> None:
    old = keys.create("oak", "Moodle", ["ask"], ["of-oak"], timedelta(days=30))
    new = keys.rotate(old.id, timedelta(hours=1))
    assert keys.visitor(new.key).courses == keys.visitor(old.key).courses == {"of-oak"}
    assert new.expires_at
    assert new.expires_at - new.created_at == timedelta(days=30)
    ends = keys.listed()[0].expires_at
    assert ends
    assert timedelta(minutes=59) < ends - datetime.now(UTC) <= timedelta(hours=1)
    keys.rotate(new.id, timedelta(0))
    with pytest.raises(Unauthorised, match="expired"):
        keys.visitor(new.key)


def test_rotating_makes_no_key_last_longer(keys: Keys) -> None:
    key = keys.create("oak", "Moodle", ["ask"], lasts=timedelta(minutes=5))
    keys.rotate(key.id, timedelta(days=9))
    assert keys.listed()[0].expires_at == key.expires_at


def test_a_key_that_was_revoked_is_not_brought_back_by_rotating_it(keys: Keys) -> None:
    key = keys.create("oak", "Moodle", ["ask"])
    keys.revoke(key.id)
    with pytest.raises(Conflict, match=r"was revoked\. Create another one\."):
        keys.rotate(key.id)
    assert len(keys.listed()) == 1


def test_keys_are_listed_for_each_tenant(keys: Keys) -> None:
    oak, elm = keys.create("oak", "Moodle", ["ask"]), keys.create("elm", "Canvas", ["ask"])
    assert [key.id for key in keys.listed()] == [oak.id, elm.id]
    assert [key.id for key in keys.listed("elm")] == [elm.id]
    with pytest.raises(NotFound, match=r"no tenant 'ash'\. Make it first: tutor tenants create"):
        keys.listed("ash")


def test_the_use_of_a_key_is_noted_once_a_minute(keys: Keys, records: Records) -> None:
    key = keys.create("oak", "Moodle", ["ask"])
    assert keys.listed()[0].used_at is None
    keys.visitor(key.key)
    first = keys.listed()[0].used_at
    keys.visitor(key.key)
    assert keys.listed()[0].used_at == first is not None
    age(records, key.id, used_at=datetime.now(UTC) - timedelta(seconds=61))
    keys.visitor(key.key)
    again = keys.listed()[0].used_at
    assert again
    assert again > first


def test_a_full_disk_keeps_nobody_from_using_a_key(
    keys: Keys, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys.create("oak", "Moodle", ["ask"]).key

    def full() -> None:
        raise NotReady("The disk is full.")

    monkeypatch.setattr(records, "write", full)
    assert keys.visitor(key).tenant == "oak"


@pytest.mark.parametrize(
    ("name", "scopes", "courses", "said"),
    [
        (" \n ", ["ask"], None, "A key needs a name"),
        ("x" * 121, ["ask"], None, "of at most 120 characters"),
        ("Moodle", [], None, "at least one scope: ask, read, write, admin"),
        ("Moodle", ["ask"], [], "needs at least one"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    name: str, scopes: list[Scope], courses: list[str] | None, said: str, keys: Keys
) -> None:
    with pytest.raises(InputError, match=said):
        keys.create("oak", name, scopes, courses)
    assert keys.listed() == ()


@pytest.mark.parametrize("course", ["of-elm", "nowhere"])
def test_a_key_is_not_limited_to_a_course_that_its_tenant_cannot_use(course: str, keys: Keys) -> None:
    with pytest.raises(NotFound, match=f"no course '{course}' that 'oak' can use"):
        keys.create("oak", "Moodle", ["ask"], ["of-oak", course])


def test_a_key_of_a_tenant_that_is_not_there_is_not_made(keys: Keys) -> None:
    with pytest.raises(NotFound, match="no tenant 'ash'"):
        keys.create("ash", "Moodle", ["ask"])
    assert keys.create("local", "my script", ["ask"]).tenant == "local"


# --- what a request shows --------------------------------------------------------------------------------------------


def test_in_personal_mode_a_key_counts_where_it_is_shown(served: httpx.Client, tutor: Tutor) -> None:
    key = tutor.keys.create("oak", "Moodle", ["ask"]).key
    assert served.get(f"{API}/courses").status_code == 200
    refused = served.get(f"{API}/courses", headers=bearer(key))
    assert (refused.status_code, refused.json()["title"]) == (403, "Not allowed")
    assert "needs the scope 'read'" in refused.json()["detail"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_the_scheme_is_read_in_any_case(scheme: str, served: httpx.Client, tutor: Tutor) -> None:
    key = tutor.keys.create("oak", "Moodle", ["read"]).key
    assert served.get(f"{API}/courses", headers={"Authorization": f"{scheme} {key}"}).status_code == 200


@pytest.mark.parametrize("shown", ["Bearer tutor_0_0", "Bearer", "Basic dHV0b3I6dHV0b3I=", "tutor_0_0", "Bearer é"])
def test_what_is_no_key_is_a_401_that_asks_for_one(shown: str, served: httpx.Client) -> None:
    refused = served.get(f"{API}/courses", headers={"Authorization": shown.encode()})
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"] == 'Bearer realm="tutor", error="invalid_token"'


def test_two_keys_at_once_are_none(served: httpx.Client, tutor: Tutor) -> None:
    key = tutor.keys.create("oak", "Moodle", ["read"]).key
    both = [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {key}")]
    assert served.get(f"{API}/courses", headers=both).status_code == 401


def test_a_revoked_key_is_a_401_from_the_next_call_on(served: httpx.Client, tutor: Tutor) -> None:
    key = tutor.keys.create("oak", "Moodle", ["read"])
    assert served.get(f"{API}/courses", headers=bearer(key.key)).status_code == 200
    tutor.keys.revoke(key.id)
    assert served.get(f"{API}/courses", headers=bearer(key.key)).status_code == 401


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        (f"{API}/courses", "key={key}"),
        (f"{API}/courses", "api_key=x"),
        (f"{API}/courses", "Access_Token=x"),
        (f"{API}/courses", "token="),
        (f"{API}/courses", "x={key}"),
        (f"{API}/courses", "x=%74utor{rest}"),
        (f"{API}/courses", "{key}"),
        ("/", "x={key}"),
        ("/healthz", "x={key}"),
        ("/gradio_api/info", "x={key}"),
    ],
)
def test_a_key_in_the_address_is_refused_and_not_logged(
    path: str, parameter: str, served: httpx.Client, tutor: Tutor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tutor")
    caplog.set_level(logging.DEBUG, "uvicorn")
    key = tutor.keys.create("oak", "Moodle", ["read"]).key
    address = f"{path}?{parameter.format(key=key, rest=key.removeprefix('tutor'))}"
    refused = served.get(address, headers=bearer(key))
    assert refused.status_code == 400
    assert "Send keys in a header: Authorization: Bearer YOUR_KEY." in refused.json()["detail"]
    logged = [r.getMessage() for r in caplog.records if r.name.startswith(("tutor", "uvicorn"))]
    assert key[-64:] not in f"{refused.text}{refused.headers}{logged}"


def test_ten_megabytes_are_refused_whoever_sends_them(served: httpx.Client, tutor: Tutor) -> None:
    key = tutor.keys.create("oak", "Moodle", ["ask"]).key
    body = b'{"question": "%s"}' % (b"a" * 10_000_000)
    refused = served.post(f"{API}/courses/x/ask", content=body, headers=bearer(key))
    assert (refused.status_code, refused.json()["title"]) == (413, "Too large")


# --- a browser's cookie ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 404),
        ({"Sec-Fetch-Site": "none"}, 404),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Cookie": "tutor=x"}, 403),
        ({"Cookie": "__Host-tutor=x"}, 403),
        ({"Cookie": "tutor=x", "Sec-Fetch-Site": "same-origin"}, 404),
        ({"Cookie": "tutor=x", "Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": ""}, 403),
        ({}, 404),  # a program
    ],
)
def test_what_changes_something_comes_from_a_program_or_the_tutors_own_page(
    headers: dict[str, str], status: int, served: httpx.Client
) -> None:
    assert served.delete(f"{API}/courses/x", headers=headers).status_code == status


def test_the_tutors_own_page_may_write_and_any_page_may_link_to_it(served: httpx.Client) -> None:
    own = {"Cookie": "tutor=x", "Origin": str(served.base_url).rstrip("/")}
    assert served.delete(f"{API}/courses/x", headers=own).status_code == 404
    assert served.get("/healthz", headers={"Cookie": "tutor=x", "Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_key_is_heard_before_a_cookie(served: httpx.Client, tutor: Tutor) -> None:
    key = tutor.keys.create("oak", "Moodle", ["read"]).key
    shown = bearer(key) | {"Cookie": "tutor=x"}
    assert served.delete(f"{API}/courses/x", headers=shown).status_code == 403
    assert served.get(f"{API}/courses", headers=shown).status_code == 200
