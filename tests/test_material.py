"""Material: what is handed in arrives whole or not at all, and is in its course or waits, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from fakes import fake_embedder

import tutor.index
import tutor.library
from tutor import readers
from tutor.errors import Conflict, InputError, NotFound, NotReady, TooLarge, TutorError, UnreadableSource
from tutor.material import LONGEST_TITLE, MOST_WAITING, Material, check_name, check_title
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.types import MaterialFile

BEES = b"# Bees\n\nBees collect nectar.\n"
WASPS = b"# Wasps\n\nWasps hunt flies.\n"
HORNETS = b"# Hornets\n\nHornets build nests.\n"
SMALL = 1_000  # bytes of the largest file here


def open_tutor(home: Path) -> Tutor:
    """Return a tutor whose vectors mean nothing."""
    opened = Tutor.open(Settings.load(home=home, max_source_bytes=SMALL))
    opened.loaded.embedder = fake_embedder()
    return opened


@pytest.fixture
def school(home: Path) -> Iterator[Tutor]:
    with open_tutor(home) as opened:
        yield opened


@pytest.fixture
def unbundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No course travels with the program."""
    (tmp_path / "bundled").mkdir()
    monkeypatch.setattr("tutor.tutor.bundled_courses", lambda: tmp_path / "bundled")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Holds back what is embedded until it is set."""
    embed, is_open = tutor.index._embed, threading.Event()

    def held(texts: Any, embedder: Any, progress: Callable[[int, int], None]) -> Any:
        while not is_open.wait(0.01):
            progress(0, len(texts))
        return embed(texts, embedder, progress)

    monkeypatch.setattr(tutor.index, "_embed", held)
    yield is_open
    is_open.set()


def until(what: Callable[[], object]) -> None:
    """Wait until ``what`` holds."""
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def stands(school: Tutor, name: str, course: str = "c") -> MaterialFile:
    """Return how a file stands."""
    return next(one for one in school.material(course).files if one.name == name)


def hand_in(school: Tutor, name: str, data: bytes, course: str = "c", title: str | None = "Insects") -> None:
    school.hand_in(course, name, [data], title)


def settle(school: Tutor, course: str = "c") -> dict[str, str | None]:
    """Wait for all files of a course, and return what became of each."""
    until(lambda: all(one.ended for one in school.material(course).files))
    return {one.name: one.change or one.detail for one in school.material(course).files}


def texts(school: Tutor, course: str = "c") -> dict[str, str]:
    """Return the text of each source of a course."""
    return {one.name: school.source(course, one.name).text for one in school.sources(course)}


def kept(school: Tutor) -> list[str]:
    """Return the files that the state folder keeps of material, whole or not."""
    folder = school.settings.home / "material"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# --- adding ----------------------------------------------------------------------------------------------------------


def test_the_first_file_makes_a_course_that_has_the_name_it_was_given(school: Tutor) -> None:
    hand_in(school, "bees.md", BEES)
    assert settle(school) == {"bees.md": "added"}
    assert [(course.id, course.title) for course in school.courses()] == [("c", "Insects")]
    assert texts(school) == {"bees.md": "Bees\n\nBees collect nectar.\n"}
    assert kept(school) == []


def test_a_file_of_the_same_name_takes_the_place_of_the_one_before(school: Tutor) -> None:
    for data, became in ((BEES, "added"), (BEES, "unchanged"), (WASPS, "changed")):
        hand_in(school, "a.md", data)
        assert settle(school) == {"a.md": became}
    assert list(texts(school).values()) == ["Wasps\n\nWasps hunt flies.\n"]


def test_adding_to_a_course_leaves_its_name_and_its_other_texts(school: Tutor) -> None:
    hand_in(school, "a.md", BEES)
    settle(school)
    hand_in(school, "b.md", WASPS, title=None)
    hand_in(school, "c.md", HORNETS, title="Another name")
    assert settle(school) == {"a.md": "added", "b.md": "added", "c.md": "added"}
    assert (school.courses()[0].title, school.courses()[0].sources) == ("Insects", 3)


def test_a_bad_file_is_told_by_itself_and_the_good_ones_go_in(school: Tutor, gate: threading.Event) -> None:
    for name, data in (("a.md", BEES), ("b.md", b"\x00\x01"), ("c.md", WASPS), ("d.txt", b"  \n")):
        hand_in(school, name, data)
    gate.set()
    assert settle(school) == {
        "a.md": "added",
        "b.md": "b.md: this is a binary file, not text. Save it as UTF-8 text.",
        "c.md": "added",
        "d.txt": "d.txt: the file is empty. Add some text to it, or leave it out.",
    }
    assert sorted(texts(school)) == ["a.md", "c.md"]
    assert kept(school) == []


def test_a_course_whose_only_file_is_bad_is_not_made(school: Tutor) -> None:
    hand_in(school, "a.md", b"\xff")
    assert "not UTF-8 text" in str(settle(school)["a.md"])
    assert (school.courses(), kept(school)) == ((), [])


def test_a_reader_that_breaks_down_is_told_and_does_not_end_the_work(
    school: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(readers, "read", lambda *_, **__: 1 / 0)
        hand_in(school, "a.md", BEES)
        assert "for a reason that it does not know" in str(settle(school)["a.md"])
    hand_in(school, "b.md", WASPS)
    assert settle(school)["b.md"] == "added"
    assert kept(school) == []


def test_what_was_done_before_answers_until_the_new_version_is_live(school: Tutor, gate: threading.Event) -> None:
    gate.set()
    hand_in(school, "a.md", BEES)
    settle(school)
    gate.clear()
    hand_in(school, "a.md", WASPS)
    until(lambda: stands(school, "a.md").state == "embedding" and stands(school, "a.md").total)
    assert list(texts(school).values()) == ["Bees\n\nBees collect nectar.\n"]
    assert [passage.title for passage in school.retrieve("c", "nectar")] == ["Bees"]
    gate.set()
    assert settle(school) == {"a.md": "changed"}
    assert [passage.title for passage in school.retrieve("c", "flies")] == ["Wasps"]


def test_a_file_that_is_replaced_while_it_is_added_is_added_again(school: Tutor, gate: threading.Event) -> None:
    hand_in(school, "a.md", BEES)
    until(lambda: stands(school, "a.md").state == "embedding")
    hand_in(school, "a.md", WASPS)
    assert stands(school, "a.md").state == "waiting"
    gate.set()
    assert settle(school) == {"a.md": "changed"}
    assert list(texts(school).values()) == ["Wasps\n\nWasps hunt flies.\n"]
    assert kept(school) == []


def test_small_files_share_a_version_and_a_large_one_has_its_own(
    school: Tutor, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor.material._BATCH", 100)
    added: list[list[str]] = []
    add = school._material._add
    school._material._add = lambda course, sources, *rest: (
        added.append([source.name for source in sources]),
        add(course, sources, *rest),
    )[1]
    hand_in(school, "first.md", BEES)
    until(lambda: stands(school, "first.md").state == "embedding")
    for name, data in (("a.md", WASPS), ("b.md", HORNETS), ("c.md", b"A long sentence. " * 30)):
        hand_in(school, name, data)
    gate.set()
    settle(school)
    assert added == [["first.md"], ["a.md", "b.md"], ["c.md"]]


# --- what is refused -------------------------------------------------------------------------------------------------

UNUSABLE = [
    "", " ", ".md", ".hidden.md", "..", "../x.md", "a/b.md", "a\\b.md", "C:\\x.txt", "/etc/x.txt", "a:b.md", "con.txt",
    "NUL.md", "com1.notes.txt", "a\x00.md", "a\n.md", "\u202egnp.md", "a\u2066.md", "\ud800.md", " a.md", "a.md ",
    "a.md.", "<b>.md", 'a".md', "what?.md", "a|b.md", "x" * 300 + ".md", "龍" * 100 + ".md", "a.pdf", "md", "a.exe",
]  # fmt: skip


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_name_that_cannot_be_kept_is_refused(name: str, school: Tutor) -> None:
    with pytest.raises(UnreadableSource) as told:
        hand_in(school, name, BEES)
    str(told.value).encode()
    assert str(told.value).endswith(".")
    assert (school._material.files("c"), kept(school)) == ((), [])


@pytest.mark.parametrize(
    "name", ["a.md", "What is history.TXT", "Übung 1.text", "大跃进.markdown", "a.b.md", "contra.txt"]
)
def test_a_name_that_people_give_is_taken(name: str) -> None:
    assert check_name(name) == name


def test_a_name_is_the_same_however_its_accents_are_written() -> None:
    assert check_name("u\u0308.md") == "\u00fc.md"


@pytest.mark.parametrize("title", ["", " \n", "\u202e", "x" * (LONGEST_TITLE + 1)])
def test_a_course_needs_a_name_of_some_length(title: str, school: Tutor) -> None:
    with pytest.raises(InputError):
        hand_in(school, "a.md", BEES, title=title)
    assert kept(school) == []


def test_the_name_of_a_course_is_one_line_without_direction_marks() -> None:
    assert check_title(" The\n bees\u202e\x00 ") == "The bees"


@pytest.mark.parametrize("course", ["../c", "C", "a b", "", ".", "a/b", "a" * 65])
def test_a_course_that_cannot_be_there_is_refused(course: str, school: Tutor) -> None:
    for call in (
        lambda: hand_in(school, "a.md", BEES, course),
        lambda: school.material(course),
        lambda: school.remove_source(course, "a.md"),
        lambda: school.remove_course(course),
    ):
        with pytest.raises(InputError, match="cannot name a course"):
            call()
    assert kept(school) == []


def test_a_file_for_an_unknown_course_needs_the_name_of_a_new_one(school: Tutor) -> None:
    with pytest.raises(NotFound, match="There is no course 'c'"):
        hand_in(school, "a.md", BEES, title=None)
    assert kept(school) == []


def test_a_file_that_is_empty_or_too_large_is_refused(school: Tutor) -> None:
    with pytest.raises(UnreadableSource, match=r"a\.md is empty"):
        hand_in(school, "a.md", b"")
    with pytest.raises(TooLarge, match=r"a\.md is larger than 1,000 bytes\. Split it"):
        school.hand_in("c", "a.md", (b"x" * 300 for _ in range(4)), "Insects")
    assert kept(school) == []


def test_a_file_that_stops_arriving_leaves_nothing(school: Tutor) -> None:
    def broken() -> Iterator[bytes]:
        yield BEES
        raise EOFError

    with pytest.raises(EOFError):
        school.hand_in("c", "a.md", broken(), "Insects")
    assert (kept(school), school._material.files("c")) == ([], ())


def test_no_more_than_so_many_files_wait(school: Tutor, gate: threading.Event) -> None:
    for number in range(MOST_WAITING):
        hand_in(school, f"{number}.md", b"One sentence.")
    with pytest.raises(Conflict, match="Many files are waiting already"):
        hand_in(school, "more.md", BEES)


def test_no_more_than_so_many_bytes_wait(school: Tutor, gate: threading.Event) -> None:
    sizes = 0
    with pytest.raises(Conflict, match="Many files are waiting already"):
        for number in range(MOST_WAITING):
            hand_in(school, f"{number}.md", b"A sentence. " * 80)
            sizes += 960
    assert sizes <= 10 * SMALL


def test_two_names_that_some_systems_take_for_one_do_not_wait_together(school: Tutor, gate: threading.Event) -> None:
    hand_in(school, "a.md", BEES)
    with pytest.raises(Conflict, match=r"a\.md is still waiting, and is called nearly the same"):
        hand_in(school, "A.md", WASPS)


# --- taking out ------------------------------------------------------------------------------------------------------


def test_a_text_is_taken_out_and_the_others_stay(school: Tutor) -> None:
    for name, data in (("a.md", BEES), ("b.md", WASPS)):
        hand_in(school, name, data)
    settle(school)
    assert school.remove_source("c", "a.md").removed == ("a.md",)
    assert list(texts(school)) == ["b.md"]
    assert {passage.title for passage in school.retrieve("c", "nectar")} == {"Wasps"}
    hand_in(school, "a.md", BEES)
    assert settle(school)["a.md"] == "added"


def test_the_only_text_of_a_course_and_an_unknown_one_are_not_taken_out(school: Tutor) -> None:
    hand_in(school, "a.md", BEES)
    settle(school)
    with pytest.raises(Conflict, match="Delete the course instead"):
        school.remove_source("c", "a.md")
    with pytest.raises(NotFound):
        school.remove_source("c", "b.md")
    with pytest.raises(NotFound):
        school.remove_source("nowhere", "a.md")
    assert list(texts(school)) == ["a.md"]


def test_what_an_answer_quotes_can_be_read_after_its_text_was_taken_out(tutor: Tutor) -> None:
    hand_in(tutor, "bees.md", b"# Bees\n\nBees collect nectar from many flowers. A hive holds fifty thousand bees.\n")
    hand_in(tutor, "wasps.md", WASPS)
    settle(tutor)
    answer = tutor.ask("c", "How many bees does a hive hold?")
    tutor.remove_source("c", "bees.md")
    (shown,) = tutor.conversation(answer.conversation).messages
    (citation,) = shown.answer.citations
    assert citation.changed
    stored = tutor.source("c", citation.source, citation.version)
    assert stored.text[citation.start : citation.end] == citation.quote == answer.citations[0].quote
    with pytest.raises(NotFound):
        tutor.source("c", "bees.md")


def test_a_text_goes_with_the_file_that_waits_to_take_its_place(school: Tutor, gate: threading.Event) -> None:
    gate.set()
    for name, data in (("a.md", BEES), ("b.md", WASPS)):
        hand_in(school, name, data)
    settle(school)
    gate.clear()
    hand_in(school, "b.md", HORNETS)
    until(lambda: stands(school, "b.md").state == "embedding")
    removed = threading.Thread(target=school.remove_source, args=("c", "a.md"))
    removed.start()
    hand_in(school, "a.md", HORNETS)
    gate.set()
    removed.join(60)
    settle(school)
    assert list(texts(school)) == ["b.md"]
    assert kept(school) == []


def test_a_course_can_be_deleted_while_files_are_added_to_it(school: Tutor, gate: threading.Event) -> None:
    gate.set()
    hand_in(school, "a.md", BEES)
    settle(school)
    gate.clear()
    hand_in(school, "b.md", WASPS, title=None)
    until(lambda: stands(school, "b.md").state == "embedding")
    hand_in(school, "c.md", HORNETS, title=None)
    school.remove_course("c")
    gate.set()
    hand_in(school, "d.md", BEES, "other")
    settle(school, "other")  # what was in line before has had its turn
    assert [course.id for course in school.courses()] == ["other"]
    assert kept(school) == []


def test_a_course_that_was_only_begun_can_be_deleted(school: Tutor, gate: threading.Event) -> None:
    hand_in(school, "a.md", BEES)
    school.remove_course("c")
    assert (school.courses(), kept(school)) == ((), [])
    with pytest.raises(NotFound):
        school.remove_course("c")


def test_a_new_course_shows_nothing_of_a_deleted_one(school: Tutor) -> None:
    hand_in(school, "a.md", BEES, "one")
    settle(school, "one")
    assert [one.title for one in school.home("one").outline] == ["Bees"]
    school.remove_course("one")
    hand_in(school, "a.md", WASPS, "one")
    settle(school, "one")
    assert [one.title for one in school.home("one").outline] == ["Wasps"]


@pytest.mark.parametrize("change", ["replace", "take out"])
def test_a_bundled_course_whose_texts_somebody_changed_stays_as_they_left_it(
    school: Tutor, tmp_path: Path, unbundled: None, change: str
) -> None:
    folder = tmp_path / "bundled" / "insects"
    folder.mkdir()
    (folder / "course.toml").write_text('id = "c"\ntitle = "Insects"\n')
    (folder / "a.md").write_bytes(BEES)
    (folder / "b.md").write_bytes(WASPS)
    school.warm()
    hand_in(school, "more.md", HORNETS)
    settle(school)
    school.warm()
    assert list(texts(school)) == ["a.md", "b.md", "more.md"]
    if change == "replace":
        hand_in(school, "a.md", HORNETS)
        settle(school)
    else:
        school.remove_source("c", "a.md")
    before = texts(school)
    school.warm()
    assert texts(school) == before


# --- what goes wrong, and crashes ------------------------------------------------------------------------------------


def test_a_file_is_kept_while_the_disk_is_full_and_is_added_with_the_next_one(
    school: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> NoReturn:
        raise NotReady("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(school.library, "add", full)
        hand_in(school, "a.md", BEES)
        assert str(settle(school)["a.md"]).startswith("The disk is full. The file is kept: it is tried again")
    assert kept(school) == ["c/.title", "c/a.md"]
    hand_in(school, "b.md", WASPS)
    assert settle(school) == {"a.md": "added", "b.md": "added"}
    assert kept(school) == []


def test_an_expected_failure_is_told_and_the_file_is_not_tried_for_ever(
    school: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise TutorError("No.")

    monkeypatch.setattr(school.library, "add", refuse)
    hand_in(school, "a.md", BEES)
    assert (settle(school), kept(school)) == ({"a.md": "No."}, [])


def test_a_full_disk_is_told_when_the_file_arrives(school: Tutor, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotReady, match=r"a\.md cannot be kept: No space left on device\. Free space"):
        hand_in(school, "a.md", BEES)
    assert kept(school) == []


def test_a_tutor_that_stops_meanwhile_goes_on_when_it_starts(
    home: Path, gate: threading.Event, unbundled: None
) -> None:
    with open_tutor(home) as school:
        hand_in(school, "a.md", BEES)
        until(lambda: stands(school, "a.md").state == "embedding")
        hand_in(school, "b.md", WASPS)
    assert kept(school) == ["c/.title", "c/a.md", "c/b.md"]
    gate.set()
    with open_tutor(home) as school:
        school.warm_up()
        assert settle(school) == {"a.md": "added", "b.md": "added"}
        assert (school.courses()[0].title, kept(school)) == ("Insects", [])


def test_a_tutor_that_has_stopped_changes_nothing_any_more(home: Path) -> None:
    school = open_tutor(home)
    school.close()
    with pytest.raises(NotReady, match="The tutor is stopping"):
        school.remove_course("c")


# Where the process can be killed: while a file arrives, once it is kept, while it is read and embedded, before the
# course's pointer moves, and before the file that is in its course is deleted.
STEPS = ("arriving", "kept", "reading", "embedding", "pointer", "added")


def crash_at_every_step(folder: Path) -> None:
    """Add a file, then two more, below ``folder``, and be killed at each step in a process of its own."""
    for step in STEPS:
        if pid := os.fork():
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL, step
            continue
        school = open_tutor(folder / step)
        hand_in(school, "a.md", BEES)
        settle(school)
        crash(school, step)
        time.sleep(60)
        os._exit(0)


def crash(school: Tutor, step: str) -> None:
    """Hand in two files, and be killed at ``step``."""

    def die(*_: object, **__: object) -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    def arriving() -> Iterator[bytes]:
        yield WASPS[:9]
        die()

    match step:
        case "kept":
            Material._work_on = die  # type: ignore[method-assign]
        case "reading":
            readers.read = die
        case "embedding":
            tutor.index._embed = die
        case "pointer":
            tutor.library._forget_old = die
        case "added":
            Material._end = die  # type: ignore[method-assign]
    school.hand_in("c", "a.md", arriving() if step == "arriving" else [WASPS])


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of homes, each left by a process that was killed at one step."""
    folder = tmp_path_factory.mktemp("crashed")
    code = f"import test_material, pathlib; test_material.crash_at_every_step(pathlib.Path({str(folder)!r}))"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parent)]),
    }
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment, timeout=240, cwd=Path(__file__).parents[1]
    )
    return folder


@pytest.mark.parametrize("step", STEPS)
def test_what_arrived_whole_before_a_crash_is_in_its_course_after_the_next_start(
    crashed: Path, step: str, unbundled: None
) -> None:
    with open_tutor(crashed / step) as school:
        before = list(texts(school).values())
        assert before == ["Wasps\n\nWasps hunt flies.\n" if step == "added" else "Bees\n\nBees collect nectar.\n"]
        assert kept(school) != []
        school.warm_up()
        settle(school)
        after = "Bees\n\nBees collect nectar.\n" if step == "arriving" else "Wasps\n\nWasps hunt flies.\n"
        assert list(texts(school).values()) == [after]
        assert kept(school) == []
        assert len(school.store.names()) == 1


def test_what_arrives_while_the_tutor_starts_is_not_taken_for_a_remainder(school: Tutor) -> None:
    def arriving() -> Iterator[bytes]:
        yield BEES
        school._material.take_up()
        yield WASPS

    school.hand_in("c", "a.md", arriving(), "Insects")
    assert settle(school) == {"a.md": "added"}
