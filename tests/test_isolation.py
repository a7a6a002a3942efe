"""Who may see and do what in shared mode, over a real server: each cell of the table is a test.

Two schools, oak and elm, share a server. Oak's LMS has two contexts, X and Y. A person called ann is in each of them
and in elm, and is somebody else each time: what one of them asked is not there for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from serving import serving
from ulid import ULID

from tutor.embedder import Embedder
from tutor.records import Course
from tutor.settings import Settings
from tutor.sign_ins import SignedIn
from tutor.tenants import create_tenant
from tutor.tutor import Tutor
from tutor.visitor import SCOPES_OF, Role, Scope, Visitor

API = "/api/v1"
TEXT = "# Notes\n\nThe harvest of 1959 failed because the weather was bad.\n"
WHY = "Why did the harvest of 1959 fail?"
COURSES: dict[str, tuple[str | None, str]] = {
    "common": (None, ""), "oak": ("oak", ""), "oak-x": ("oak", "x"), "oak-y": ("oak", "y"), "elm": ("elm", ""),
}  # fmt: skip

# Keys of oak with one scope each; with all that a teacher needs; with all; limited to the course `common`; one of elm.
# ann and ben are asked for with a key of oak. The others are signed in, the learners of X and Y being called ann too.
WHO = [
    "nobody", "ask", "read", "write", "admin", "most", "all", "limited", "elm", "ann", "ben",
    "learner-x", "teacher-x", "learner-y", "teacher-y", "administrator",
]  # fmt: skip

KEYS: dict[str, tuple[str, list[Scope]]] = {
    "ask": ("oak", ["ask"]),
    "read": ("oak", ["read"]),
    "write": ("oak", ["write"]),
    "admin": ("oak", ["admin"]),
    "most": ("oak", ["ask", "read", "write"]),
    "all": ("oak", ["ask", "read", "write", "admin"]),
    "limited": ("oak", ["ask", "read", "write"]),
    "elm": ("elm", ["ask", "read", "write"]),
    "ann": ("oak", ["ask", "read", "write"]),
    "ben": ("oak", ["ask", "read", "write"]),
}
LEARNERS = {"ann": "ann", "ben": "ben", "limited": "ann", "elm": "ann"}
SIGNED_IN: dict[str, tuple[str, str, Role]] = {
    "learner-x": ("x", "ann", "learner"),
    "teacher-x": ("x", "tess", "teacher"),
    "learner-y": ("y", "ann", "learner"),
    "teacher-y": ("y", "tess", "teacher"),
    "administrator": ("", "root", "administrator"),
}
ANN = Visitor("oak", "", "ann")
ANN_IN_X = Visitor("oak", "x", "ann")


@dataclass(frozen=True)
class Party:
    """Somebody who calls: what their requests show, and for whom they ask."""

    http: httpx.Client
    headers: dict[str, str] = field(default_factory=dict)
    learner: str | None = None

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Return the response to a call for their learner."""
        params = more.pop("params", {}) | ({"learner": self.learner} if self.learner else {})
        return self.http.request(method, API + path, json=json, headers=self.headers, params=params, **more)

    def ask(self, course: str, conversation: str | None = None, learner: str | None = None) -> int:
        """Return the status of a question for their learner."""
        body = {"question": WHY, "conversation": conversation, "learner": learner or self.learner}
        return self.http.post(f"{API}/courses/{course}/ask", json=body, headers=self.headers).status_code


@dataclass(frozen=True)
class School:
    """The tutor that is called, and what is there to be called for."""

    tutor: Tutor

    def conversation(self, whose: Visitor, course: str) -> str:
        """Return a conversation of ``whose`` that was just begun."""
        return self.tutor.visited_by(whose).ask(course, WHY).conversation

    def answer(self, whose: Visitor, course: str) -> str:
        """Return the path of an answer in such a conversation."""
        id = self.conversation(whose, course)
        return f"/conversations/{id}/answers/{self.tutor.visited_by(whose).conversation(id).messages[0].id}"

    def course(self, of: str) -> str:
        """Return a course without texts that belongs to whom the course ``of`` does."""
        tenant, space = COURSES[of]
        id = f"new-{str(ULID()).lower()}"
        with self.tutor.records.write() as session:
            session.add(Course(id=id, title="New", language="en", licence=None, tenant=tenant, space=space))
        return id


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[School]:
    """A tutor in shared mode with five courses."""
    folder = tmp_path_factory.mktemp("school")
    (folder / "harvest.md").write_text(TEXT)
    settings = Settings.load(home=folder / "home", mode="shared", key_calls_per_minute=0, learner_calls_per_minute=0)
    with Tutor.open(settings) as tutor:
        tutor.loaded.embedder = embedder
        for tenant in ("oak", "elm"):
            create_tenant(tutor.records, tenant)
        for id, (tenant, space) in COURSES.items():
            tutor.ingest(id, [folder / "harvest.md"], f"The course {id}")
            with tutor.records.write() as session:
                row = session.get_one(Course, id)
                row.tenant, row.space = tenant, space
        yield School(tutor)


@pytest.fixture(scope="module")
def parties(school: School) -> Iterator[dict[str, Party]]:
    """Everybody who calls the server of that tutor."""
    tutor = school.tutor
    with serving(tutor) as address, httpx.Client(base_url=address, timeout=60) as http:
        found = {"nobody": Party(http)}
        for who, (tenant, scopes) in KEYS.items():
            key = tutor.keys.create(tenant, who, scopes, ["common"] if who == "limited" else None).key
            found[who] = Party(http, {"Authorization": f"Bearer {key}"}, LEARNERS.get(who))
        for who, (space, learner, role) in SIGNED_IN.items():
            cookie = tutor.sign_ins.begin(SignedIn(Visitor("oak", space, learner, role, SCOPES_OF[role])))
            found[who] = Party(http, {"Cookie": f"tutor={cookie}", "Origin": address})
        yield found


Action = Callable[[Party, School], int]


def read(course: str) -> Action:
    return lambda party, school: party.call("GET", f"/courses/{course}/sources/harvest.md").status_code


def listed(course: str) -> Action:
    return lambda party, school: party.call("GET", f"/courses/{course}/sources").status_code


def asked(course: str) -> Action:
    return lambda party, school: party.ask(course)


def to_answer(method: str, whose: Visitor, course: str, below: str = "", json: Any = None) -> Action:
    return lambda party, school: party.call(method, school.answer(whose, course) + below, json).status_code


def to_conversation(method: str, whose: Visitor, course: str, below: str = "", json: Any = None) -> Action:
    return lambda party, school: (
        party.call(method, f"/conversations/{school.conversation(whose, course)}{below}", json).status_code
    )


def put(course: str, **params: str) -> Action:
    return lambda party, school: (
        party.call("PUT", f"/courses/{course}/sources/harvest.md", content=TEXT.encode(), params=params).status_code
    )


def put_into_new(party: Party, school: School) -> int:
    return put(f"own-{str(ULID()).lower()}", title="Mine")(party, school)


def delete_new(of: str) -> Action:
    return lambda party, school: party.call("DELETE", f"/courses/{school.course(of)}").status_code


def delete(path: str) -> Action:
    return lambda party, school: party.call("DELETE", path).status_code


def go_on(party: Party, school: School) -> int:
    return party.ask("oak", school.conversation(ANN, "oak"))


UP = {"rating": "up"}
ACTIONS: dict[str, Action] = {
    "read everybody's text": read("common"),
    "read oak's text": read("oak"),
    "read a text of X": read("oak-x"),
    "read elm's text": read("elm"),
    "list oak's texts": listed("oak"),
    "list the texts of X": listed("oak-x"),
    "ask everybody's course": asked("common"),
    "ask oak's course": asked("oak"),
    "ask the course of X": asked("oak-x"),
    "ask elm's course": asked("elm"),
    "ask for somebody else": lambda party, school: party.ask("common", learner="zoe"),
    "go on with ann's conversation": go_on,
    "read ann's conversation": to_conversation("GET", ANN, "oak"),
    "take ann's conversation away": to_conversation("GET", ANN, "oak", "/export"),
    "read ann's answer": to_answer("GET", ANN, "oak"),
    "rename ann's conversation": to_conversation("PATCH", ANN, "oak", json={"title": "Mine"}),
    "delete ann's conversation": to_conversation("DELETE", ANN, "oak"),
    "judge ann's answer": to_answer("POST", ANN, "oak", "/feedback", UP),
    "take ann's judgement back": to_answer("DELETE", ANN, "oak", "/feedback"),
    "read ann's conversation in X": to_conversation("GET", ANN_IN_X, "oak-x"),
    "delete ann's conversation in X": to_conversation("DELETE", ANN_IN_X, "oak-x"),
    "add to everybody's course": put("common"),
    "add to oak's course": put("oak"),
    "add to the course of X": put("oak-x"),
    "make a course": put_into_new,
    "make a course called as elm's": put("elm", title="Mine"),
    "see what was added to oak's course": lambda party, school: party.call("GET", "/courses/oak/material").status_code,
    "take the only text out of oak's course": delete("/courses/oak/sources/harvest.md"),
    "delete everybody's course": delete("/courses/common"),
    "delete a course of oak": delete_new("oak"),
    "delete a course of X": delete_new("oak-x"),
    "delete a course of elm": delete_new("elm"),
    "export what is held on ann": lambda party, school: party.call("GET", "/learners/ann/export").status_code,
    "export what is held on themselves": lambda party, school: party.call("GET", "/learners/me/export").status_code,
    "erase zoe": delete("/learners/zoe"),
}

OTHERS = "*"  # who is not named in a row of the table
TABLE: dict[str, dict[int, str]] = {
    "read everybody's text": {401: "nobody", 403: "ask write admin", 200: OTHERS},
    "read oak's text": {401: "nobody", 403: "ask write admin", 404: "limited elm", 200: OTHERS},
    "read a text of X": {
        401: "nobody", 403: "ask write admin", 200: "all learner-x teacher-x administrator", 404: OTHERS,
    },
    "read elm's text": {401: "nobody", 403: "ask write admin", 200: "elm", 404: OTHERS},
    "list oak's texts": {401: "nobody", 403: "ask write admin", 404: "limited elm", 200: OTHERS},
    "list the texts of X": {
        401: "nobody", 403: "ask write admin", 200: "all learner-x teacher-x administrator", 404: OTHERS,
    },
    "ask everybody's course": {401: "nobody", 403: "read write admin", 200: OTHERS},
    "ask oak's course": {401: "nobody", 403: "read write admin", 404: "limited elm", 200: OTHERS},
    "ask the course of X": {
        401: "nobody", 403: "read write admin", 200: "all learner-x teacher-x administrator", 404: OTHERS,
    },
    "ask elm's course": {401: "nobody", 403: "read write admin", 200: "elm", 404: OTHERS},
    "ask for somebody else": {401: "nobody", 200: "ask most all limited elm ann ben", 403: OTHERS},
    "go on with ann's conversation": {401: "nobody", 403: "read write admin", 200: "ann", 404: OTHERS},
    "read ann's conversation": {401: "nobody", 403: "ask write admin", 200: "ann", 404: OTHERS},
    "take ann's conversation away": {401: "nobody", 403: "ask write admin", 200: "ann", 404: OTHERS},
    "read ann's answer": {401: "nobody", 403: "ask write admin", 200: "ann", 404: OTHERS},
    "rename ann's conversation": {401: "nobody", 403: "read write admin", 200: "ann", 404: OTHERS},
    "delete ann's conversation": {401: "nobody", 403: "read write admin", 204: "ann", 404: OTHERS},
    "judge ann's answer": {401: "nobody", 403: "read write admin", 200: "ann", 404: OTHERS},
    "take ann's judgement back": {401: "nobody", 403: "read write admin", 204: "ann", 404: OTHERS},
    "read ann's conversation in X": {401: "nobody", 403: "ask write admin", 200: "learner-x", 404: OTHERS},
    "delete ann's conversation in X": {401: "nobody", 403: "read write admin", 204: "learner-x", 404: OTHERS},
    "add to everybody's course": {401: "nobody", 403: OTHERS},
    "add to oak's course": {
        401: "nobody", 404: "limited elm", 202: "write most all ann ben administrator", 403: OTHERS,
    },
    "add to the course of X": {
        401: "nobody", 202: "all teacher-x administrator", 403: "ask read admin learner-x learner-y", 404: OTHERS,
    },
    "make a course": {401: "nobody", 403: "ask read admin limited learner-x learner-y", 202: OTHERS},
    "make a course called as elm's": {
        401: "nobody", 202: "elm", 403: "ask read admin limited learner-x learner-y", 409: OTHERS,
    },
    "see what was added to oak's course": {
        401: "nobody", 404: "limited elm", 200: "write most all ann ben administrator", 403: OTHERS,
    },
    "take the only text out of oak's course": {
        401: "nobody", 404: "limited elm", 409: "write most all ann ben administrator", 403: OTHERS,
    },
    "delete everybody's course": {401: "nobody", 403: OTHERS},
    "delete a course of oak": {
        401: "nobody", 404: "limited elm", 204: "write most all ann ben administrator", 403: OTHERS,
    },
    "delete a course of X": {
        401: "nobody", 204: "all teacher-x administrator", 403: "ask read admin learner-x learner-y", 404: OTHERS,
    },
    "delete a course of elm": {401: "nobody", 403: "ask read admin learner-x learner-y", 204: "elm", 404: OTHERS},
    "export what is held on ann": {401: "nobody", 200: "admin all learner-x learner-y administrator", 403: OTHERS},
    "export what is held on themselves": {
        401: "nobody", 200: "admin all learner-x teacher-x learner-y teacher-y administrator", 403: OTHERS,
    },
    "erase zoe": {401: "nobody", 204: "admin all administrator", 403: OTHERS},
}  # fmt: skip
SEEN: dict[str, set[str] | int] = {
    "nobody": 401, "ask": 403, "write": 403, "admin": 403,
    "read": {"common", "oak"}, "most": {"common", "oak"}, "ann": {"common", "oak"}, "ben": {"common", "oak"},
    "limited": {"common"}, "elm": {"common", "elm"},
    "learner-x": {"common", "oak", "oak-x"}, "teacher-x": {"common", "oak", "oak-x"},
    "learner-y": {"common", "oak", "oak-y"}, "teacher-y": {"common", "oak", "oak-y"},
    "all": {"common", "oak", "oak-x", "oak-y"}, "administrator": {"common", "oak", "oak-x", "oak-y"},
}  # fmt: skip


def expected(action: str, who: str) -> int:
    """Return the status in a cell of the table."""
    row = TABLE[action]
    named = [status for status, parties in row.items() if who in parties.split()]
    (status,) = named or [status for status, parties in row.items() if parties == OTHERS]
    return status


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_somebody_may_do(action: str, who: str, parties: dict[str, Party], school: School) -> None:
    assert ACTIONS[action](parties[who], school) == expected(action, who)


@pytest.mark.parametrize("who", WHO)
def test_which_courses_somebody_sees(who: str, parties: dict[str, Party]) -> None:
    response = parties[who].call("GET", "/courses")
    seen = SEEN[who]
    if isinstance(seen, int):
        assert response.status_code == seen
    else:
        assert {course["id"] for course in response.json()} & COURSES.keys() == seen


@pytest.mark.parametrize("who", ["elm", "limited", "ben", "learner-y", "most"])
def test_what_is_not_somebodys_is_told_as_what_is_not_there(
    who: str, parties: dict[str, Party], school: School
) -> None:
    """Nobody finds out what others have: the answer names nothing of it."""
    hidden, absent = school.conversation(ANN_IN_X, "oak-x"), f"c_{ULID()}"
    told = [parties[who].call("GET", f"/conversations/{id}").json()["detail"] for id in (hidden, absent)]
    assert told[0].replace(hidden, "") == told[1].replace(absent, "")
    course = parties[who].call("GET", "/courses/oak-x/sources").json()["detail"]
    assert "oak-x" not in course.partition("The courses are: ")[2]


def test_a_course_that_a_tenant_makes_is_its_own(parties: dict[str, Party], school: School) -> None:
    id = f"own-{str(ULID()).lower()}"
    assert put(id, title="Mine")(parties["teacher-x"], school) == 202
    with school.tutor.records.read() as session:
        row = session.get_one(Course, id)
    assert (row.tenant, row.space) == ("oak", "x")
    assert put(id)(parties["teacher-y"], school) == 404
    assert put(id)(parties["elm"], school) == 404
