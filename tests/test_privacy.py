"""Privacy: what is held on a learner is handed over whole, erased whole, and told to nobody else."""

from __future__ import annotations

import json
import logging
import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from commandline import run
from holding import HELD, counts, hold
from serving import serving
from sqlalchemy import select

from tutor.budget import KEPT_DAYS
from tutor.conversations import Conversations
from tutor.embedder import Embedder
from tutor.erased import ERASED_FILE, Erased
from tutor.errors import NotFound, NotReady, SetupError
from tutor.privacy import Erasure, Privacy
from tutor.records import Base, CitedSource, Records, SourceVersion, Spent
from tutor.retention import DELIVERIES_KEPT, REPLAYS_KEPT
from tutor.settings import Settings
from tutor.sign_ins import LASTS, SignedIn
from tutor.tenants import ensure_tenant
from tutor.tutor import Tutor
from tutor.types import Answer
from tutor.visitor import SCOPES_OF, Role, Scope, Visitor

COURSE = "great-leap-forward"
DIED = "When did Mao Zedong die?"
WORD = "Quittenmarmelade"
DOCUMENT = Path(__file__).parents[1] / "docs" / "privacy.md"


@pytest.fixture
def records(home: Path) -> Iterator[Records]:
    opened = Records(f"sqlite:///{home / 'tutor.db'}")
    yield opened
    opened.close()


@pytest.fixture
def privacy(records: Records, home: Path) -> Privacy:
    return Privacy(records, Erased(home / ERASED_FILE))


def bytes_of(folder: Path) -> bytes:
    """Return what all files below a folder hold."""
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


# --- handing over ----------------------------------------------------------------------------------------------------


def test_an_export_holds_what_every_table_holds_on_the_learner(privacy: Privacy, records: Records) -> None:
    hold(records, "oak", "ann", WORD, days=2)
    held = json.loads(privacy.export("oak", "ann").model_dump_json())
    assert {kind: len(rows) for kind, rows in held.items() if isinstance(rows, list)} == {
        "conversations": 1, "progress": 1, "deliveries": 1, "sign_ins": 1, "tokens": 1, "replays": 1,
    }  # fmt: skip
    (message,) = held["conversations"][0]["messages"]
    assert message["answer"]["question"] == f"{WORD} question"
    assert message["feedback"]["comment"] == f"{WORD} comment"
    for kind in ("progress", "deliveries", "sign_ins", "replays"):
        assert WORD in json.dumps(held[kind]), kind
    assert held["tokens"][0]["input_tokens"] == 7


def test_an_export_holds_no_secret(privacy: Privacy, records: Records) -> None:
    hold(records, "oak", "ann", WORD)
    assert "hash-" not in privacy.export("oak", "ann").model_dump_json()


@pytest.mark.parametrize(("tenant", "learner"), [("oak", "ben"), ("elm", "ann"), ("local", "ann"), ("local", None)])
def test_an_export_holds_nothing_of_anybody_else(
    tenant: str, learner: str | None, privacy: Privacy, records: Records
) -> None:
    hold(records, "oak", "ann", WORD)
    held = privacy.export(tenant, learner)
    assert not any(rows for _, rows in held if isinstance(rows, tuple))


def test_learners_whose_names_look_like_anothers_tenant_are_not_mixed_up(privacy: Privacy, records: Records) -> None:
    hold(records, "oak", "ann", WORD)
    hold(records, "local", "oak/ann", "other")
    privacy.erase("local", "oak/ann")
    assert len(privacy.export("oak", "ann").tokens) == 1
    assert privacy.export("local", "oak/ann").tokens == ()


def test_the_learners_of_a_tenant_are_listed(privacy: Privacy, records: Records) -> None:
    hold(records, "oak", "ben", WORD, days=3)
    hold(records, "oak", "ben", WORD, days=2)
    hold(records, "oak", "ann", WORD)
    hold(records, "elm", "eve", WORD)
    assert [(one.learner, one.conversations) for one in privacy.learners("oak")] == [("ann", 1), ("ben", 2)]


# --- erasing ---------------------------------------------------------------------------------------------------------


def test_erasing_takes_all_of_one_learner_and_nothing_of_others(privacy: Privacy, records: Records) -> None:
    hold(records, "oak", "ann", WORD)
    hold(records, "oak", "ben", "other")
    hold(records, "elm", "ann", "other")
    gone = privacy.erase("oak", "ann")
    assert gone == Erasure(conversations=1, progress=1, deliveries=1, sign_ins=1, tokens=1, replays=1)
    assert set(counts(records).values()) == {2}
    assert [one.learner for one in privacy.learners("oak")] == ["ben"]


def test_erasing_once_more_takes_nothing(privacy: Privacy, records: Records) -> None:
    hold(records, "oak", "ann", WORD)
    assert privacy.erase("oak", "ann")
    assert not privacy.erase("oak", "ann")


def test_who_named_nobody_can_be_erased_too(lesson_home: Path, embedder: Embedder) -> None:
    with Tutor.open(Settings.load()) as tutor:
        tutor.loaded.embedder = embedder
        tutor.ask(COURSE, DIED)
        assert tutor.privacy.erase("local", None).conversations == 1
        assert tutor.conversations() == ()


def test_no_word_of_an_erased_learner_is_left_in_any_file(privacy: Privacy, records: Records, home: Path) -> None:
    for number in range(60):
        hold(records, "oak", f"l_{number % 6}", f"{WORD if number % 6 == 0 else 'word'} {'x' * (number * 37)}", number)
    assert WORD.encode() in bytes_of(home)
    privacy.erase("oak", "l_0")
    left = bytes_of(home)
    assert WORD.encode() not in left
    assert b"l_0" not in left
    assert b"l_1" in left


def test_a_text_that_only_an_erased_answer_cited_goes_with_it(
    lesson_home: Path, embedder: Embedder, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text(f"# Notes\n\nThe {WORD} was invented in 1911.\n")
    with Tutor.open(Settings.load()) as tutor:
        tutor.loaded.embedder = embedder
        tutor.ingest("notes", [notes])
        asked = {who: _as(tutor, who).ask("notes", f"When was the {WORD} invented?") for who in ("ann", "ben")}
        assert all(answer.citations for answer in asked.values())
        notes.write_text("# Notes\n\nThe jam was invented in 1912.\n")
        tutor.ingest("notes", [notes])
        assert tutor.privacy.erase("local", "ann").texts == 0  # Ben's answer still shows it
        assert tutor.privacy.erase("local", "ben").texts == 1
        with tutor.records.read() as session:
            held = session.scalars(select(SourceVersion.text).filter_by(course_id="notes")).all()
            assert session.scalars(select(CitedSource.message_number)).all() == []
        assert WORD not in "".join(held)
        assert WORD.encode() not in b"".join(file.read_bytes() for file in lesson_home.glob("tutor.db*"))


def test_todays_tokens_are_not_had_anew_by_erasing(records: Records, home: Path) -> None:
    hold(records, "oak", "ann", WORD, days=0)
    limited = Privacy(records, Erased(home / ERASED_FILE), counts_today=True)
    assert limited.erase("oak", "ann").tokens == 0
    assert counts(records, (Spent,)) == {"spent": 1}
    with records.write() as session:  # the day after
        session.scalars(select(Spent)).one().day -= timedelta(days=1)
    assert limited.again().tokens == 1


def _as(tutor: Tutor, learner: str, role: Role = "learner", tenant: str = "local") -> Tutor:
    return tutor.visited_by(Visitor(tenant=tenant, learner=learner, role=role, scopes=SCOPES_OF[role]))


def test_an_answer_under_way_is_not_stored_once_its_learner_is_erased(lesson_home: Path, embedder: Embedder) -> None:
    with Tutor.open(Settings.load()) as tutor:
        tutor.loaded.embedder = embedder
        under_way = _as(tutor, "ann").stream(COURSE, DIED, stop=threading.Event())
        next(under_way)
        tutor.privacy.erase("local", "ann")
        with pytest.raises(NotFound, match="no conversation"):
            list(under_way)
        assert tutor.privacy.learners("local") == ()
        assert _as(tutor, "ann").ask(COURSE, DIED).citations  # asked after it
        assert [one.conversations for one in tutor.privacy.learners("local")] == [1]


def test_what_cannot_be_noted_is_not_erased(
    privacy: Privacy, records: Records, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(records, "oak", "ann", WORD)
    (home / "erased.part").mkdir()
    with pytest.raises(NotReady, match=r"erased\.txt cannot be used"):
        privacy.erase("oak", "ann")
    assert set(counts(records).values()) == {1}


def test_a_database_that_is_in_use_is_cleaned_up_the_next_time(
    privacy: Privacy, records: Records, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hold(records, "oak", "ann", WORD)
    with closing(sqlite3.connect(home / "tutor.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()  # what it has seen stays in the log for it
        with records._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=100")
        privacy.erase("oak", "ann")
    assert "until the next clean-up" in caplog.text
    records.leave_nothing()
    assert WORD.encode() not in bytes_of(home)


# --- back-ups --------------------------------------------------------------------------------------------------------


def backed_up(home: Path) -> Path:
    """Return a copy of the database as it is now."""
    copy = home.parent / "backup.db"
    with closing(sqlite3.connect(home / "tutor.db")) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def test_a_back_up_that_is_put_back_does_not_bring_an_erased_learner_back(home: Path) -> None:
    database = f"sqlite:///{home / 'tutor.db'}"
    with closing(Records(database)) as records:
        hold(records, "oak", "ann", WORD)
        hold(records, "oak", "ben", "other")
        copy = backed_up(home)
        Privacy(records, Erased(home / ERASED_FILE)).erase("oak", "ann")
    shutil.copy(copy, home / "tutor.db")
    with closing(Records(database)) as records:
        again = Privacy(records, Erased(home / ERASED_FILE))
        assert again.export("oak", "ann").conversations
        assert again.again().conversations == 1
        assert set(counts(records).values()) == {1}
        assert again.export("oak", "ben").conversations
        assert not again.again()
    assert WORD.encode() not in bytes_of(home)


def test_what_a_learner_does_after_they_were_erased_stays(privacy: Privacy, records: Records) -> None:
    privacy.erase("oak", "ann")
    hold(records, "oak", "ann", WORD, days=-0.001)
    assert not privacy.again()
    assert set(counts(records).values()) == {1}


def test_the_list_of_the_erased_names_nobody(privacy: Privacy, home: Path) -> None:
    privacy.erase("oak-hill", "ann")
    privacy.erase("oak-hill", "ann")
    written = (home / ERASED_FILE).read_text()
    assert "ann" not in written
    assert "oak" not in written
    assert written.count("\n") == 1  # the latest moment of each


def test_lists_of_two_installations_can_be_put_together(tmp_path: Path) -> None:
    one, two = Erased(tmp_path / "a" / "erased.txt"), Erased(tmp_path / "b" / "erased.txt")
    first, second = one.add("oak", "ann"), two.add("oak", None)
    both = tmp_path / "erased.txt"
    both.write_text((tmp_path / "a" / "erased.txt").read_text() + (tmp_path / "b" / "erased.txt").read_text())
    together = Erased(both)
    assert [together.last("oak", who) for who in ("ann", None, "ben")] == [first, second, None]


def test_erasing_at_the_same_time_loses_nobody(tmp_path: Path) -> None:
    lists = [Erased(tmp_path / "erased.txt") for _ in range(4)]
    threads = [threading.Thread(target=lists[n % 4].add, args=("oak", str(n))) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(lists[0].last("oak", str(n)) for n in range(40))


def test_a_damaged_list_of_the_erased_is_told(tmp_path: Path) -> None:
    (tmp_path / "erased.txt").write_text("nonsense\n")
    with pytest.raises(SetupError, match="damaged in line 1"):
        Erased(tmp_path / "erased.txt").last("oak", "ann")


# --- over the API ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, prepared: Path, embedder: Embedder) -> Iterator[Tutor]:
    """A tutor in shared mode with the bundled course."""
    folder = tmp_path_factory.mktemp("shared") / "home"
    shutil.copytree(prepared, folder)
    with Tutor.open(Settings.load(home=folder, mode="shared")) as opened:
        opened.loaded.embedder = embedder
        opened.warm()
        yield opened


@pytest.fixture(scope="module")
def address(shared: Tutor) -> Iterator[str]:
    with serving(shared) as address:
        yield address


@pytest.fixture(autouse=True)
def _forgotten(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take what a test left on the shared server's learners."""
    yield
    if "shared" in request.fixturenames:
        tutor: Tutor = request.getfixturevalue("shared")
        for tenant in ("oak", "elm"):
            for one in tutor.privacy.learners(tenant):
                tutor.privacy.erase(tenant, one.learner)


def browser(tutor: Tutor, address: str, learner: str, role: Role = "learner", tenant: str = "oak") -> httpx.Client:
    """Return a browser that is signed in."""
    visitor = Visitor(tenant=tenant, learner=learner, role=role, scopes=SCOPES_OF[role])
    secret = tutor.sign_ins.begin(SignedIn(visitor))
    return httpx.Client(base_url=address, timeout=60, headers={"Cookie": f"tutor={secret}", "Origin": address})


def asked(client: httpx.Client, question: str = DIED) -> dict[str, Any]:
    response = client.post(f"/api/v1/courses/{COURSE}/ask", json={"question": question})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_a_learner_takes_along_what_is_held_on_them(shared: Tutor, address: str) -> None:
    with browser(shared, address, "l_ann") as ann, browser(shared, address, "l_ben") as ben:
        asked(ann, f"{WORD}?"), asked(ben)
        told = ann.get("/api/v1/learners/me/export")
    assert told.status_code == 200
    assert told.headers["cache-control"] == "no-store"
    assert told.headers["content-disposition"].startswith("attachment")
    held = told.json()
    assert (held["tenant"], held["learner"]) == ("oak", "l_ann")
    assert [c["messages"][0]["answer"]["question"] for c in held["conversations"]] == [f"{WORD}?"]


def test_a_learner_erases_themselves_and_is_signed_out(shared: Tutor, address: str) -> None:
    with browser(shared, address, "l_ann") as ann, browser(shared, address, "l_ben") as ben:
        asked(ann), asked(ben)
        assert ann.delete("/api/v1/learners/me").status_code == 204
        assert ann.get("/api/v1/learners/me/export").status_code == 401
        assert len(ben.get("/api/v1/learners/me/export").json()["conversations"]) == 1
    assert [one.learner for one in shared.privacy.learners("oak")] == ["l_ben"]


def test_a_learner_may_give_their_own_id(shared: Tutor, address: str) -> None:
    with browser(shared, address, "l_ann") as ann:
        assert ann.get("/api/v1/learners/l_ann/export").json()["learner"] == "l_ann"


@pytest.mark.parametrize("role", ["learner", "teacher"])
def test_nobody_but_an_administrator_sees_or_erases_others(role: Role, shared: Tutor, address: str) -> None:
    with browser(shared, address, "l_ann") as ann, browser(shared, address, "l_eve", role) as eve:
        asked(ann)
        refused = [eve.get("/api/v1/learners/l_ann/export"), eve.delete("/api/v1/learners/l_ann")]
    assert [(one.status_code, one.headers["content-type"]) for one in refused] == [
        (403, "application/problem+json")
    ] * 2
    assert "l_ann" in [one.learner for one in shared.privacy.learners("oak")]


def test_an_administrator_exports_and_erases_learners_of_the_tenant(shared: Tutor, address: str) -> None:
    odd = "class 3/ann?"
    with browser(shared, address, odd) as ann, browser(shared, address, "l_boss", "administrator") as boss:
        asked(ann)
        path = f"/api/v1/learners/{httpx.QueryParams({'': odd}).__str__()[1:].replace('+', '%20')}"
        held = boss.get(f"{path}/export").json()
        assert (held["learner"], len(held["conversations"])) == (odd, 1)
        assert [boss.delete(path).status_code for _ in range(2)] == [204, 204]
        assert boss.get(f"{path}/export").json()["conversations"] == []


def test_an_administrator_of_another_tenant_finds_what_anyone_finds_of_an_unknown_learner(
    shared: Tutor, address: str
) -> None:
    with browser(shared, address, "l_ann") as ann, browser(shared, address, "l_x", "administrator", "elm") as other:
        asked(ann)
        told = [other.get(f"/api/v1/learners/{id}/export").json() for id in ("l_ann", "l_nobody")]
        assert [other.delete(f"/api/v1/learners/{id}").status_code for id in ("l_ann", "l_nobody")] == [204, 204]
    for one in told:
        del one["exported_at"], one["learner"]
    assert told[0] == told[1]
    assert "l_ann" in [one.learner for one in shared.privacy.learners("oak")]


def test_who_is_not_signed_in_gets_nothing(address: str) -> None:
    for id in ("me", "l_ann"):
        assert httpx.get(f"{address}/api/v1/learners/{id}/export").status_code == 401
        assert httpx.delete(f"{address}/api/v1/learners/{id}").status_code == 401


@pytest.mark.parametrize(
    ("scopes", "course", "status"),
    [
        (["admin"], None, 200),
        (["ask", "read", "write"], None, 403),
        (["admin"], COURSE, 403),  # what is held is of all courses
    ],
)
def test_a_key_needs_the_scope_admin_and_all_courses(
    scopes: list[Scope], course: str | None, status: int, shared: Tutor, address: str
) -> None:
    with shared.records.write() as session:
        ensure_tenant(session, "oak")
    made = shared.keys.create("oak", "LMS", scopes, [course] if course else None)
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {made.key}"}) as key:
        assert key.get("/api/v1/learners/l_ann/export").status_code == status
        assert key.delete("/api/v1/learners/l_ann").status_code == (204 if status == 200 else status)


def test_what_a_key_asked_for_a_learner_is_erased_with_its_replay(shared: Tutor, address: str) -> None:
    with shared.records.write() as session:
        ensure_tenant(session, "oak")
    key = shared.keys.create("oak", "LMS", ["ask", "admin"]).key
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as lms:
        body = {"question": f"{WORD}?", "learner": "l_ann"}
        asked = lms.post(f"/api/v1/courses/{COURSE}/ask", json=body, headers={"Idempotency-Key": "once"})
        assert asked.status_code == 200
        held = lms.get("/api/v1/learners/l_ann/export").json()
        assert [len(held[kind]) for kind in ("conversations", "replays")] == [1, 1]
        assert WORD in held["replays"][0]["body"]
        assert lms.delete("/api/v1/learners/l_ann").status_code == 204
    assert WORD.encode() not in b"".join(file.read_bytes() for file in shared.settings.home.glob("tutor.db*"))


def test_whoever_runs_the_tutor_is_me_in_personal_mode(lesson_home: Path, embedder: Embedder) -> None:
    with Tutor.open(Settings.load()) as tutor:
        tutor.loaded.embedder = embedder
        with serving(tutor) as address, httpx.Client(base_url=address, timeout=60) as own:
            asked(own)
            held = own.get("/api/v1/learners/me/export").json()
            assert (held["learner"], len(held["conversations"])) == (None, 1)
            assert own.delete("/api/v1/learners/me").status_code == 204
            assert own.get("/api/v1/learners/me/export").json()["conversations"] == []


def test_an_answer_that_the_server_is_giving_while_its_learner_is_erased_is_not_stored(
    shared: Tutor, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go = threading.Event(), threading.Event()
    remember = Conversations.remember

    def held_up(self: Conversations, answer: Answer, *rest: Any) -> None:
        reached.set()
        assert go.wait(60)
        remember(self, answer, *rest)

    monkeypatch.setattr(Conversations, "remember", held_up)
    got: list[httpx.Response] = []
    with browser(shared, address, "l_ann") as ann, browser(shared, address, "l_boss", "administrator") as boss:
        body = {"question": DIED}
        asking = threading.Thread(target=lambda: got.append(ann.post(f"/api/v1/courses/{COURSE}/ask", json=body)))
        asking.start()
        assert reached.wait(60)
        assert boss.delete("/api/v1/learners/l_ann").status_code == 204
        go.set()
        asking.join(60)
    assert got[0].status_code == 404
    assert "l_ann" not in [one.learner for one in shared.privacy.learners("oak")]


# --- on the command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def two(home: Path) -> Path:
    """A state folder in which something is held on Ann and Ben of Oak."""
    with closing(Records(f"sqlite:///{home / 'tutor.db'}")) as records:
        hold(records, "oak", "ann", WORD)
        hold(records, "oak", "ben", "other", days=2)
    return home


def test_learners_are_listed_on_the_command_line(two: Path) -> None:
    ran = run("learners", "list", "--tenant", "oak")
    assert [line.split("\t")[:2] for line in ran.out.splitlines()] == [
        ["ann", "1 conversation"],
        ["ben", "1 conversation"],
    ]
    listed = json.loads(run("learners", "list", "--tenant", "oak", "--json").out)
    assert [one["learner"] for one in listed] == ["ann", "ben"]
    assert run("learners", "list").err == "Nothing is held on any learner.\n"


def test_a_learner_is_exported_on_the_command_line(two: Path) -> None:
    held = json.loads(run("learners", "export", "ann", "--tenant", "oak").out)
    assert held["conversations"][0]["title"] == f"{WORD} title"
    assert run("learners", "export", "ann", "--tenant", "oak", "--json").out.count("\n") == 1


def test_a_learner_is_erased_on_the_command_line(two: Path) -> None:
    ran = run("learners", "erase", "ann", "--tenant", "oak")
    assert ran.out == "Erased: 1 conversations, 1 progress, 1 deliveries, 1 sign-ins, 1 tokens, 1 replays.\n"
    assert run("learners", "erase", "ann", "--tenant", "oak").out == "Erased: nothing.\n"
    assert run("learners", "list", "--tenant", "oak").out.startswith("ben\t")
    assert WORD.encode() not in bytes_of(two)


def test_a_back_up_is_cleaned_on_the_command_line(two: Path) -> None:
    copy = backed_up(two)
    run("learners", "erase", "ann", "--tenant", "oak")
    shutil.copy(copy, two / "tutor.db")
    assert json.loads(run("learners", "erase", "--again", "--json").out)["conversations"] == 1


@pytest.mark.parametrize("arguments", [[], ["ann", "--again"]])
def test_erasing_needs_to_know_whom(arguments: list[str], home: Path) -> None:
    ran = run("learners", "erase", *arguments)
    assert ran.status == 2
    assert "give either a learner's ID or --again" in ran.err


@pytest.mark.parametrize("verb", ["list", "export", "erase"])
def test_an_unknown_tenant_is_told(verb: str, two: Path) -> None:
    ran = run("learners", verb, *(["ann"] if verb != "list" else []), "--tenant", "elm")
    assert "There is no tenant 'elm'." in ran.complaint


# --- nobody else is told ---------------------------------------------------------------------------------------------


def test_no_word_of_a_question_is_logged(
    shared: Tutor, address: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked, streamed, renamed, given feedback, exported, erased; answered, refused, unusable, and failing inside."""
    caplog.set_level(logging.DEBUG)
    with browser(shared, address, "l_ann") as ann:
        for question in (f"When did Mao Zedong die, {WORD}?", f"{WORD}?", f"{WORD} " * 300):
            ann.post(f"/api/v1/courses/{COURSE}/ask", json={"question": question})
            ann.post(f"/api/v1/courses/{COURSE}/ask", json={"question": question, "stream": True})
        first = asked(ann, f"What is the boiling point of {WORD}?")["conversation"]
        ann.patch(f"/api/v1/conversations/{first}", json={"title": WORD})
        message = ann.get(f"/api/v1/conversations/{first}").json()["messages"][0]["id"]
        said = {"rating": "down", "comment": WORD}
        assert ann.post(f"/api/v1/conversations/{first}/answers/{message}/feedback", json=said).status_code == 200
        assert WORD in ann.get("/api/v1/learners/me/export").text

        def fail(self: Conversations, *_: Any) -> None:
            raise RuntimeError("inside")

        with monkeypatch.context() as patch:
            patch.setattr(Conversations, "remember", fail)
            url, body = f"{address}/api/v1/courses/{COURSE}/ask", {"question": f"{WORD}?"}
            failed = httpx.post(url, json=body, headers=ann.headers, timeout=60)  # its connection is closed
        assert failed.status_code == 500
        ann.delete("/api/v1/learners/me")
    logged = [record for record in caplog.records if record.name.partition(".")[0] != "httpx"]
    assert any(record.name.startswith("tutor") for record in logged)  # else it would prove nothing
    assert WORD not in caplog.text


# --- the document ----------------------------------------------------------------------------------------------------


def documented() -> dict[str, set[str]]:
    """Return the tables that the document lists, with their columns."""
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+` ?)+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {table: set(re.findall(r"`(\w+)`", columns)) for table, columns in rows}


def test_the_document_lists_every_table_and_column() -> None:
    tables = {name: {column.name for column in table.columns} for name, table in Base.metadata.tables.items()}
    assert documented() == tables


def test_what_can_hold_something_about_a_learner_is_erased() -> None:
    """Every table with a learner in it is one that exporting and erasing know of."""
    about = {name for name, table in Base.metadata.tables.items() if "learner" in table.columns}
    assert about == {table.__tablename__ for table in HELD}


def test_the_periods_in_the_document_are_those_in_force() -> None:
    said = DOCUMENT.read_text(encoding="utf-8")
    kept = {name: row for name, row in re.findall(r"^\| `(\w+)` .*\| ([^|]*) \|$", said, re.MULTILINE)}
    assert kept["replays"] == f"{REPLAYS_KEPT // timedelta(hours=1)} hours"
    assert kept["outbox"].startswith(f"{DELIVERIES_KEPT.days} days")
    assert kept["spent"].startswith(f"{KEPT_DAYS} days")
    assert kept["sign_ins"].startswith(f"{LASTS // timedelta(hours=1)} hours")
