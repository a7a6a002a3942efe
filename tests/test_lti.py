"""The LTI tool's parts: the registry and its command line, the tool's keys, addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from commandline import run

from tutor.errors import Conflict, InputError, NotFound
from tutor.lti import keys
from tutor.lti.addresses import lies_under, origin, usable
from tutor.lti.platforms import find_platforms, list_platforms, parse_registration, register, remove
from tutor.records import Records, ToolKey

GIVEN: dict[str, Any] = {
    "issuer": "https://lms.example",
    "client_id": "abc",
    "deployment_id": "1",
    "auth_login_url": "https://lms.example/auth",
    "auth_token_url": "https://lms.example/token",
    "key_set_url": "https://lms.example/keys",
}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    """An empty database."""
    held = Records(f"sqlite:///{tmp_path / 'tutor.db'}")
    yield held
    held.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A registration as an administrator copies it out of an LMS."""
    written = tmp_path / "registration.json"
    written.write_text(json.dumps(GIVEN | {"start": "http://127.0.0.1:8901/start", "config_id": 7}))
    return written


# --- the registry ----------------------------------------------------------------------------------------------------


def test_a_platform_that_is_registered_is_found_by_its_issuer(records: Records) -> None:
    held = register(records, parse_registration(GIVEN | {"deployment_id": ["2", "1", "2"]}))
    assert held.deployments == ("1", "2")
    assert held.tenant == "local"
    assert find_platforms(records, GIVEN["issuer"]) == find_platforms(records, GIVEN["issuer"], "abc") == (held,)
    assert find_platforms(records, GIVEN["issuer"] + "/") == find_platforms(records, GIVEN["issuer"], "b") == ()


def test_registering_again_brings_a_platform_up_to_date(records: Records) -> None:
    first = register(records, parse_registration(GIVEN))
    wanted = GIVEN | {"key_set_url": "https://lms.example/keys2", "deployment_id": ["1", "5"]}
    second = register(records, parse_registration(wanted))
    assert (second.id, second.deployments, second.key_set_url) == (first.id, ("1", "5"), wanted["key_set_url"])
    assert register(records, parse_registration(GIVEN | {"deployment_id": "5"})).deployments == ("5",)
    assert len(list_platforms(records)) == 1


def test_a_platform_belongs_to_one_tenant(records: Records) -> None:
    register(records, parse_registration(GIVEN), "oak-hill")
    with pytest.raises(Conflict, match="oak-hill"):
        register(records, parse_registration(GIVEN), "elm-park")
    with pytest.raises(InputError, match="tenant"):
        register(records, parse_registration(GIVEN | {"client_id": "def"}), "Oak Hill")


def test_a_platform_that_is_removed_is_gone(records: Records) -> None:
    register(records, parse_registration(GIVEN))
    register(records, parse_registration(GIVEN | {"client_id": "def"}))
    with pytest.raises(InputError, match="--client-id"):
        remove(records, GIVEN["issuer"])
    remove(records, GIVEN["issuer"], "abc")
    remove(records, GIVEN["issuer"])
    with pytest.raises(NotFound):
        remove(records, GIVEN["issuer"])
    assert list_platforms(records) == ()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"issuer": None}, "issuer"),
        ({"issuer": "lms.example"}, "issuer"),
        ({"issuer": "https://lms.example "}, "issuer"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": 7}, "client_id"),
        ({"client_id": "a\x00"}, "client_id"),
        ({"deployment_id": []}, "deployment_id"),
        ({"deployment_id": [1]}, "deployment_id"),
        ({"deployment_id": ["x" * 300]}, "deployment_id"),
        ({"key_set_url": "http://lms.example/keys"}, "key_set_url"),
        ({"key_set_url": "file:///etc/passwd"}, "key_set_url"),
        ({"auth_login_url": "javascript:alert(1)"}, "auth_login_url"),
        ({"auth_login_url": "https://user:secret@lms.example/"}, "auth_login_url"),
        ({"auth_token_url": "https://lms.example/#top"}, "auth_token_url"),
    ],
)
def test_a_registration_that_cannot_be_used_names_what_is_wrong(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=f"{named}: "):
        parse_registration(GIVEN | change)


@pytest.mark.parametrize("data", [[], "text", None, 7])
def test_what_is_no_registration_at_all_is_refused(data: Any) -> None:
    with pytest.raises(InputError, match="The registration cannot be used"):
        parse_registration(data)


def test_http_is_for_this_computer_only() -> None:
    own = GIVEN | {"issuer": "http://127.0.0.1:8901", "key_set_url": "http://[::1]:8901/keys"}
    assert parse_registration(own).issuer == "http://127.0.0.1:8901"


# --- the command line ------------------------------------------------------------------------------------------------


def test_an_lms_is_registered_listed_and_removed_by_hand(file: Path) -> None:
    told = run("lti", "register", file)
    assert (told.status, told.err) == (0, "")
    assert "http://127.0.0.1:7860/lti/login" in told.out
    assert run("lti", "list").out == "https://lms.example\tabc\tlocal\t1\n"
    assert run("lti", "remove", GIVEN["issuer"]).out == "Removed https://lms.example (client abc).\n"
    empty = run("lti", "list")
    assert (empty.status, empty.out) == (0, "")
    assert "tutor lti register" in empty.err


def test_each_verb_prints_json_and_nothing_else(file: Path) -> None:
    held = json.loads(run("lti", "register", file, "--tenant", "oak-hill", "--json").out)
    assert held.items() >= {"issuer": "https://lms.example", "tenant": "oak-hill", "deployments": ["1"]}.items()
    assert json.loads(run("lti", "list", "--json").out) == [held]
    assert json.loads(run("lti", "remove", GIVEN["issuer"], "--client-id", "abc", "--json").out) == held
    assert json.loads(run("lti", "rotate-keys", "--json").out)["kid"]


@pytest.mark.parametrize("written", [b"", b"nonsense", b"\xff", b"[" * 99_999, b"{}", b" " * 200_000])
def test_a_file_that_is_no_registration_gives_one_line(file: Path, written: bytes) -> None:
    file.write_bytes(written)
    assert run("lti", "register", file).complaint
    assert run("lti", "list", "--json").out == "[]\n"


def test_a_file_that_is_not_there_gives_one_line(tmp_path: Path) -> None:
    assert "Check the path" in run("lti", "register", tmp_path / "none.json").complaint
    assert "Check the path" in run("lti", "register", tmp_path).complaint


def test_an_lms_that_is_not_there_gives_one_line(records: Records) -> None:
    assert "tutor lti list" in run("lti", "remove", "https://nowhere.example").complaint


def test_keys_are_rotated_by_hand() -> None:
    first = run("lti", "rotate-keys")
    assert "signs in an hour" in first.out
    assert run("lti", "rotate-keys", "--at-once").out.endswith("is published.\n")


# --- the tool's keys -------------------------------------------------------------------------------------------------


def kids(records: Records) -> list[str]:
    return [key["kid"] for key in keys.key_set(records)["keys"]]


def aged(records: Records, **by: float) -> None:
    """Make every key older."""
    moved = timedelta(**by)
    with records.write() as session:
        rows = session.query(ToolKey).all()
        for row in rows:
            row.created_at -= moved
            row.retired_at = row.retired_at and row.retired_at - moved


def test_a_key_is_made_on_first_use_and_kept(records: Records) -> None:
    key = keys.signing_key(records)
    assert kids(records) == [key.id] == [keys.signing_key(records).id]


def test_only_the_public_half_is_published(records: Records) -> None:
    (key,) = keys.key_set(records)["keys"]
    assert key.keys() == {"kty", "n", "e", "kid", "use", "alg"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")


def test_a_new_key_is_published_before_it_signs_and_the_old_one_after(records: Records) -> None:
    old = keys.signing_key(records).id
    aged(records, days=30)
    new = keys.rotate_keys(records)
    assert kids(records) == [new, old]
    assert keys.signing_key(records).id == old
    aged(records, hours=2)
    assert keys.signing_key(records).id == new
    assert kids(records) == [new, old]
    aged(records, days=8)
    assert kids(records) == [new]


def test_keys_rotated_twice_within_an_hour_never_sign_unseen(records: Records) -> None:
    old = keys.signing_key(records).id
    aged(records, days=30)
    keys.rotate_keys(records)
    newest = keys.rotate_keys(records)
    assert len(kids(records)) == 3
    assert keys.signing_key(records).id == old
    aged(records, hours=2)
    assert keys.signing_key(records).id == newest


def test_a_key_that_somebody_else_may_have_is_gone_at_once(records: Records) -> None:
    old = keys.signing_key(records).id
    new = keys.rotate_keys(records, at_once=True)
    assert kids(records) == [new] == [keys.signing_key(records).id]
    assert new != old


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://lms.example/a?b=c", True),
        ("https://lms.example:8443/", True),
        ("http://127.0.0.1:8901/a", True),
        ("http://localhost/a", True),
        ("http://lms.example/", False),
        ("HTTPS://lms.example/", True),
        ("https:///a", False),
        ("https://", False),
        ("https://lms.example:99999/", False),
        ("https://lms.example/ a", False),
        ("https://lms.example\\@attacker.example/", False),
        ("https://a@lms.example/", False),
        ("https://lms.example/#a", False),
        ("ftp://lms.example/", False),
        ("//lms.example/", False),
        ("https://[::1/", False),
        ("https://lms.example/" + "a" * 2_000, False),
        ("https://学校.example/", False),
        (None, False),
        (7, False),
    ],
)
def test_an_address_of_a_platform_is_https_or_on_this_computer(url: object, fits: bool) -> None:
    assert usable(url) is fits


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://LMS.example:443/a?b", "https://lms.example"),
        ("https://lms.example:8443", "https://lms.example:8443"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_an_origin_is_written_as_browsers_do(url: str, written: str) -> None:
    assert origin(url) == written


@pytest.mark.parametrize(
    ("url", "lies"),
    [
        ("https://school.example/tutor", True),
        ("https://school.example/tutor/", True),
        ("https://school.example/tutor/lti/launch?course=a", True),
        ("https://school.example:443/tutor/x", True),
        ("https://school.example/", False),
        ("https://school.example/tutors", False),
        ("https://school.example/tutor/../other", False),
        ("https://school.example/tutor/%2e%2e/other", False),
        ("http://school.example/tutor/", False),
        ("https://school.example.attacker.example/tutor/", False),
        ("https://a@school.example/tutor/", False),
    ],
)
def test_an_address_of_the_tutor_lies_under_its_public_one(url: str, lies: bool) -> None:
    assert lies_under(url, "https://school.example/tutor") is lies
