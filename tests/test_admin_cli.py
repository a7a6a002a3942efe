"""Tenants and API keys on the command line, and courses that are given to a tenant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commandline import run

from tutor.errors import Unauthorised
from tutor.records import Course
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.visitor import Visitor

OAK = ("--tenant", "oak")
ASK = ("--scope", "ask")


@pytest.fixture
def oak(home: Path) -> str:
    """A tenant."""
    assert run("tenants", "create", "oak").status == 0
    return "oak"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A small source."""
    file = tmp_path / "harvest.md"
    file.write_text("# Notes\n\nThe harvest of 1959 failed because the weather was bad.\n")
    return file


def visitor(key: str) -> Visitor:
    """Return on whose behalf calls with ``key`` are made."""
    with Tutor.open(Settings.load()) as tutor:
        return tutor.keys.visitor(key)


def listed() -> list[dict[str, object]]:
    """Return the keys as the program lists them."""
    found: list[dict[str, object]] = json.loads(run("keys", "list", "--json").out)
    return found


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_new_key_is_all_that_is_printed_and_is_in_force(oak: str) -> None:
    made = run("keys", "create", *OAK, "--name", "Moodle", *ASK, "--scope", "read")
    assert (made.status, made.out.count("\n")) == (0, 1)
    assert "only time" in made.err
    assert visitor(made.out.strip()).scopes == {"ask", "read"}
    assert made.out.strip() not in run("keys", "list").out + run("keys", "list", "--json").out


def test_a_key_expires_after_a_year_unless_it_is_said_when(oak: str) -> None:
    for days in ([], ["--expires-days", "7"], ["--expires-days", "0"]):
        run("keys", "create", *OAK, "--name", "Moodle", *ASK, *days)
    year, week, never = (key["expires_at"] for key in listed())
    for moment, days in ((year, 365), (week, 7)):
        left = datetime.fromisoformat(str(moment)) - datetime.now(UTC)
        assert timedelta(days=days, minutes=-5) < left <= timedelta(days=days)
    assert never is None


def test_a_key_is_limited_to_courses(oak: str, notes: Path, warm: None) -> None:
    run("ingest", notes, "--course", "notes", *OAK)
    made = json.loads(run("keys", "create", *OAK, "--name", "Moodle", *ASK, "--course", "notes", "--json").out)
    assert made["courses"] == ["notes"]
    assert visitor(made["key"]).courses == {"notes"}


def test_keys_are_listed_one_a_line_with_what_they_may_do(oak: str) -> None:
    run("keys", "create", *OAK, "--name", "Moodle", "--scope", "read", *ASK, "--expires-days", "0")
    run("keys", "create", "--name", "my script", *ASK)
    key, own = run("keys", "list").out.splitlines()
    assert key.split("\t")[1:] == ["oak", "Moodle", "ask,read", "all courses", "never expires"]
    assert own.split("\t")[1:3] == ["local", "my script"]
    assert run("keys", "list", *OAK).out == f"{key}\n"


def test_no_key_is_an_empty_list_with_a_hint_beside_it() -> None:
    assert listed() == []
    assert "tutor keys create" in run("keys", "list").err


def test_a_revoked_key_is_of_no_use(oak: str) -> None:
    made = json.loads(run("keys", "create", *OAK, "--name", "Moodle", *ASK, "--json").out)
    assert run("keys", "revoke", made["id"]).out == f"Revoked {made['id']} (Moodle).\n"
    assert "revoked" in run("keys", "list").out
    with pytest.raises(Unauthorised):
        visitor(made["key"])
    assert json.loads(run("keys", "revoke", made["id"], "--json").out)["revoked_at"]


def test_a_rotated_key_gives_way_to_the_new_one(oak: str) -> None:
    old = json.loads(run("keys", "create", *OAK, "--name", "Moodle", *ASK, "--json").out)
    new = run("keys", "rotate", old["id"], "--grace-hours", "0").out.strip()
    assert visitor(new).scopes == {"ask"}
    with pytest.raises(Unauthorised):
        visitor(old["key"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["keys", "revoke", "0"], "There is no API key '0'. See: tutor keys list."),
        (["keys", "rotate", "0"], "There is no API key '0'."),
        (["keys", "create", "--tenant", "ash", "--name", "x", *ASK], "no tenant 'ash'. Make it first: tutor tenants"),
        (
            ["keys", "create", "--name", "x", *ASK, "--course", "gone"],
            "There is no course 'gone' that 'local' can use.",
        ),
        (["keys", "create", "--name", " ", *ASK], "A key needs a name"),
        (["keys", "list", "--tenant", "ash"], "no tenant 'ash'"),
        (["tenants", "create", "Oak Hill"], "'Oak Hill' cannot name a tenant. Use small letters"),
        (["tenants", "create", "oak"], "There is a tenant 'oak' already."),
        (["tenants", "set", "ash", "--retention-days", "9"], "no tenant 'ash'"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(arguments: list[str], said: str, oak: str) -> None:
    assert said in run(*arguments).complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys", "create", "--name", "x"],
        ["keys", "create", *ASK],
        ["keys", "create", "--name", "x", "--scope", "everything"],
        ["keys", "create", "--name", "x", *ASK, "--expires-days", "-1"],
        ["keys", "rotate"],
        ["keys", "rotate", "0", "--grace-hours", "soon"],
        ["tenants", "create"],
        ["tenants", "create", "oak", "--retention-days", "-1"],
        ["tenants", "set", "oak"],
    ],
)
def test_a_usage_error_is_status_2(arguments: list[str], home: Path) -> None:
    ran = run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert " ".join(arguments[:2]) in ran.err.partition("\n")[0]
    assert not home.exists()


# --- tenants ---------------------------------------------------------------------------------------------------------


def test_a_tenant_is_made_listed_and_keeps_its_data_as_long_as_is_said() -> None:
    assert run("tenants", "create", "oak-hill", "--retention-days", "365").out == "oak-hill\t365 days\n"
    assert run("tenants", "create", "elm").out == "elm\tkept\n"
    assert run("tenants", "set", "elm", "--retention-days", "30").out == "elm\t30 days\n"
    assert run("tenants", "set", "oak-hill", "--retention-days", "0").out == "oak-hill\tkept\n"
    assert run("tenants", "list").out == "elm\t30 days\noak-hill\tkept\n"
    tenants = json.loads(run("tenants", "list", "--json").out)
    assert [(tenant["id"], tenant["retention_days"]) for tenant in tenants] == [("elm", 30), ("oak-hill", None)]


# --- courses of a tenant ---------------------------------------------------------------------------------------------


def tenant_of(course: str) -> str | None:
    """Return whose a course is."""
    with Tutor.open(Settings.load()) as tutor, tutor.records.read() as session:
        return session.get_one(Course, course).tenant


def test_a_new_course_is_the_tenants_that_is_named_and_everybodys_without(oak: str, notes: Path, warm: None) -> None:
    run("ingest", notes, "--course", "of-oak", *OAK)
    run("ingest", notes, "--course", "of-all")
    assert (tenant_of("of-oak"), tenant_of("of-all")) == ("oak", None)
    assert run("ingest", notes, "--course", "of-oak", *OAK).out.splitlines()[2] == "1 unchanged"
    assert run("ingest", notes, "--course", "of-oak").status == 0  # by whoever runs the tutor
    assert tenant_of("of-oak") == "oak"


def test_a_course_of_another_tenant_or_of_everybody_is_not_touched(oak: str, notes: Path, warm: None) -> None:
    run("tenants", "create", "elm")
    run("ingest", notes, "--course", "of-elm", "--tenant", "elm")
    run("ingest", notes, "--course", "of-all")
    notes.write_text("# Notes\n\nNothing is known.\n")
    assert "There is a course of that name already." in run("ingest", notes, "--course", "of-elm", *OAK).complaint
    assert "not yours to change" in run("ingest", notes, "--course", "of-all", *OAK).complaint
    assert "no tenant 'ash'" in run("ingest", notes, "--course", "new", "--tenant", "ash").complaint
    assert "weather" in run("text", "of-elm", "harvest.md").out
    assert "weather" in run("text", "of-all", "harvest.md").out
