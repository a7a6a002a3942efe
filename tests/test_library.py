"""The library: a course holds what its files hold, and is whole whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import pytest
from fakes import fake_embedder
from sqlalchemy import select, text

import tutor.index
import tutor.library
from tutor.embedder import Embedder
from tutor.errors import Conflict, InputError, NotFound, NotReady, TooLarge, TutorError, UnreadableSource
from tutor.index import Store
from tutor.library import Library, bundled_courses, check_course_id, read_manifest
from tutor.records import CitedSource, ConversationRow, Course, CourseOptions, MessageRow, Records, SourceVersion
from tutor.types import IngestReport

EMBEDDER = fake_embedder()
OLD, NEW = "# Lesson\n\nSparrows were hunted.\n\nIt went on.\n", "# Lesson\n\nZebras were hunted.\n\nIt went on.\n"


@dataclass
class Home:
    """A library with its store."""

    library: Library
    store: Store

    @classmethod
    def open(cls, folder: Path) -> Home:
        return cls(Library(Records(f"sqlite:///{folder / 'tutor.db'}")), Store(folder / "indexes"))

    def close(self) -> None:
        self.store.close()
        self.library.records.close()

    def ingest(self, *paths: Path, course: str = "c", embedder: Embedder = EMBEDDER, **options: Any) -> IngestReport:
        return self.library.synchronise(course, paths, self.store, embedder, **options)

    def texts(self, course: str = "c") -> dict[str, str]:
        """The text of each source of the live version."""
        with self.library.records.read() as session:
            live = session.get_one(Course, course).live
            return {m.source_version.name: m.source_version.text for m in live.members} if live else {}

    def finds(self, words: str, course: str = "c") -> list[str]:
        """The sentences of the passages of the live index that hold any of ``words``."""
        with self.library.records.read() as session:
            live = session.get_one(Course, course).live
            assert live is not None
            name = live.index_name
        index = self.store.open(name, EMBEDDER, "en")
        assert len(index.dense(EMBEDDER.query(words), 100)) == index.passage_count
        return [s.text for _, group in index.passages(index.lexical(words, 5)) for s in group]

    def options(self, course: str = "c") -> CourseOptions:
        with self.library.records.read() as session:
            return session.get_one(Course, course).options

    def state(self) -> dict[str, object]:
        """All that the records and the store hold."""
        tables = ("courses", "course_versions", "source_versions", "course_members", "cited_sources")
        with self.library.records.read() as session:
            held = {t: [tuple(row) for row in session.execute(text(f"SELECT * FROM {t}"))] for t in tables}
        return {**held, "indexes": self.store.names()}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = Home.open(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two lessons."""
    below = tmp_path / "lessons"
    below.mkdir()
    (below / "one.md").write_text("# One\n\nThe first lesson. It is short.\n")
    (below / "two.txt").write_text("The second lesson speaks of rice.\n")
    return below


def write(path: Path, words: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words)
    return path


# --- synchronising ---------------------------------------------------------------------------------------------------


def test_a_first_ingest_adds_everything(home: Home, folder: Path) -> None:
    report = home.ingest(folder)
    assert (report.added, report.changed, report.unchanged, report.removed) == (("one.md", "two.txt"), (), (), ())
    assert home.texts() == {
        "one.md": "One\n\nThe first lesson. It is short.\n",
        "two.txt": "The second lesson speaks of rice.\n",
    }


def test_every_text_is_embedded_once_at_first(home: Home, folder: Path) -> None:
    assert home.ingest(folder).embedded == 3 + 2


def test_what_is_unchanged_costs_nothing(home: Home, folder: Path) -> None:
    home.ingest(folder)
    before = home.state()
    report = home.ingest(folder)
    assert (report.unchanged, report.added, report.changed, report.embedded) == (("one.md", "two.txt"), (), (), 0)
    assert home.state() == before


def test_touching_a_file_without_changing_it_costs_nothing(home: Home, folder: Path) -> None:
    home.ingest(folder)
    (folder / "one.md").write_bytes((folder / "one.md").read_bytes().replace(b"\n", b"\r\n"))
    assert home.ingest(folder).embedded == 0


def test_a_changed_sentence_costs_itself_and_its_passage(home: Home, folder: Path) -> None:
    home.ingest(folder)
    write(folder / "one.md", "# One\n\nThe first lesson. It is long.\n")
    report = home.ingest(folder)
    assert (report.changed, report.unchanged, report.embedded) == (("one.md",), ("two.txt",), 2)
    assert home.finds("long") == ["The first lesson.", "It is long."]
    assert home.finds("short") == []


def test_an_added_file_costs_itself(home: Home, folder: Path) -> None:
    home.ingest(folder)
    write(folder / "three.md", "A third lesson.\n")
    report = home.ingest(folder)
    assert (report.added, report.unchanged, report.embedded) == (("three.md",), ("one.md", "two.txt"), 2)


def test_a_file_that_is_gone_from_its_folder_is_removed(home: Home, folder: Path) -> None:
    home.ingest(folder)
    (folder / "two.txt").unlink()
    report = home.ingest(folder)
    assert (report.removed, report.unchanged, report.embedded) == (("two.txt",), ("one.md",), 0)
    assert home.texts().keys() == {"one.md"}
    assert home.finds("rice") == []


def test_a_renamed_file_costs_nothing_new(home: Home, folder: Path) -> None:
    home.ingest(folder)
    (folder / "one.md").rename(folder / "first.md")
    report = home.ingest(folder)
    assert (report.added, report.removed, report.embedded) == (("first.md",), ("one.md",), 0)


def test_files_ingested_one_by_one_stay_beside_each_other(home: Home, folder: Path) -> None:
    home.ingest(folder / "one.md")
    report = home.ingest(folder / "two.txt")
    assert (report.added, report.removed) == (("two.txt",), ())
    assert home.texts().keys() == {"one.md", "two.txt"}
    assert home.finds("short rice") == ["The first lesson.", "It is short.", "The second lesson speaks of rice."]


def test_a_folder_only_removes_what_came_from_it(home: Home, folder: Path, tmp_path: Path) -> None:
    home.ingest(write(tmp_path / "extra" / "notes.txt", "Notes of another place.\n"))
    home.ingest(folder)
    (folder / "two.txt").unlink()
    assert home.ingest(folder).removed == ("two.txt",)
    assert home.texts().keys() == {"notes.txt", "one.md"}


def test_a_file_ingested_alone_and_then_with_its_folder_belongs_to_the_folder(home: Home, folder: Path) -> None:
    home.ingest(folder / "one.md")
    home.ingest(folder / "two.txt")
    assert home.ingest(folder).unchanged == ("one.md", "two.txt")
    (folder / "one.md").unlink()
    assert home.ingest(folder).removed == ("one.md",)


def test_files_in_folders_below_are_called_by_their_path(home: Home, folder: Path) -> None:
    write(folder / "week 1" / "one.md", "Another first lesson.\n")
    assert home.ingest(folder).added == ("one.md", "two.txt", "week 1/one.md")


def test_files_of_other_kinds_are_named_as_skipped(home: Home, folder: Path) -> None:
    write(folder / "slides.pdf", "no")
    write(folder / "below" / "picture.png", "no")
    assert home.ingest(folder).skipped == ("below/picture.png", "slides.pdf")


def test_hidden_files_are_not_looked_at(home: Home, folder: Path) -> None:
    write(folder / ".hidden.md", "Hidden.\n")
    write(folder / ".git" / "notes.md", "Hidden.\n")
    report = home.ingest(folder)
    assert (report.added, report.skipped) == (("one.md", "two.txt"), ())


def test_links_that_lead_out_of_the_folder_are_not_followed(home: Home, folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "private" / "secret.txt", "A secret.\n")
    (folder / "link.txt").symlink_to(tmp_path / "private" / "secret.txt")
    (folder / "linked").symlink_to(tmp_path / "private")
    (folder / "dangling.md").symlink_to(tmp_path / "nowhere.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    assert home.ingest(folder).added == ("one.md", "two.txt")


def test_a_link_inside_the_folder_is_followed(home: Home, folder: Path) -> None:
    (folder / "same.md").symlink_to(folder / "one.md")
    assert home.ingest(folder).added == ("one.md", "same.md", "two.txt")


def test_a_folder_keeps_its_place_under_another_name(home: Home, folder: Path) -> None:
    home.ingest(folder, origin="bundled:c")
    moved = folder.rename(folder.with_name("moved"))
    (moved / "two.txt").unlink()
    assert home.ingest(moved, origin="bundled:c").removed == ("two.txt",)


def test_the_same_words_in_two_files_are_both_kept(home: Home, folder: Path) -> None:
    write(folder / "copy.txt", "The second lesson speaks of rice.\n")
    home.ingest(folder)
    assert home.finds("rice") == ["The second lesson speaks of rice."] * 2


def test_progress_is_told_until_all_is_embedded(home: Home, folder: Path) -> None:
    told: list[tuple[int, int]] = []
    home.ingest(folder, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (5, 5)


def test_a_course_takes_its_title_from_the_caller_the_manifest_or_its_first_source(home: Home, folder: Path) -> None:
    home.ingest(folder, course="first")
    home.ingest(folder, course="second", title="Given")
    write(folder / "course.toml", 'id = "third"\ntitle = "Manifest"\n')
    home.ingest(folder, course="third")
    with home.library.records.read() as session:
        assert {row.id: row.title for row in session.scalars(select(Course))} == {
            "first": "One",
            "second": "Given",
            "third": "Manifest",
        }


def test_a_new_title_costs_nothing(home: Home, folder: Path) -> None:
    home.ingest(folder)
    assert home.ingest(folder, title="New title").embedded == 0
    with home.library.records.read() as session:
        assert session.get_one(Course, "c").title == "New title"


def test_another_language_rebuilds_the_index_but_embeds_nothing(home: Home, folder: Path) -> None:
    write(folder / "course.toml", 'id = "c"\ntitle = "C"\nlanguage = "en"\n')
    home.ingest(folder)
    write(folder / "course.toml", 'id = "c"\ntitle = "C"\nlanguage = "de"\n')
    before = home.store.names()
    report = home.ingest(folder)
    assert (report.unchanged, report.embedded) == (("one.md", "two.txt"), 0)
    assert home.store.names() != before
    with home.library.records.read() as session:
        assert session.get_one(Course, "c").language == "de"


def test_courses_do_not_touch_each_other(home: Home, folder: Path) -> None:
    home.ingest(folder, course="one")
    before = home.texts("one")
    home.ingest(folder / "two.txt", course="two")
    home.library.remove("two", home.store)
    assert home.texts("one") == before
    assert home.store.names() == {"one.v1"}


# --- what cannot be ingested -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("empty.txt", b"", UnreadableSource),
        ("blank.md", b" \n\n ", UnreadableSource),
        ("picture.txt", b"\x89PNG\r\n\x1a\n\x00\x00", UnreadableSource),
        ("latin.md", "Großer Plan.".encode("latin-1"), UnreadableSource),
        ("outline.md", b"# Only\n\n## Headings\n", UnreadableSource),
        ("large.txt", b"too large " * 100, TooLarge),
    ],
)
def test_one_bad_file_of_several_changes_nothing(
    home: Home, folder: Path, name: str, data: bytes, kind: type[TutorError]
) -> None:
    home.ingest(folder)
    before = home.state()
    write(folder / "one.md", "# One\n\nChanged.\n")
    (folder / name).write_bytes(data)
    with pytest.raises(kind, match=name) as caught:
        home.ingest(folder, max_bytes=500)
    assert "\n" not in str(caught.value)
    assert home.state() == before


def test_one_bad_file_makes_no_course(home: Home, folder: Path) -> None:
    write(folder / "empty.txt", "")
    before = home.state()
    with pytest.raises(UnreadableSource):
        home.ingest(folder)
    assert home.state() == before


def test_every_bad_file_is_named(home: Home, folder: Path) -> None:
    write(folder / "empty.txt", "")
    (folder / "binary.md").write_bytes(b"\x00")
    with pytest.raises(UnreadableSource, match=r"binary\.md: .*empty\.txt: "):
        home.ingest(folder)


@pytest.mark.parametrize("name", ["nowhere", "nowhere/lesson.md", "x" * 300])
def test_a_path_that_leads_nowhere_is_named(home: Home, folder: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"{name}.*Check the path"):
        home.ingest(folder, folder / name)


@pytest.mark.parametrize("files", [[], ["slides.pdf"], [".hidden.md"]])
def test_a_folder_with_nothing_to_read_is_named(home: Home, tmp_path: Path, files: list[str]) -> None:
    (tmp_path / "empty").mkdir()
    for name in files:
        write(tmp_path / "empty" / name, "words")
    with pytest.raises(UnreadableSource, match=r"empty holds no file that can be read\. Use \.txt"):
        home.ingest(tmp_path / "empty")


def test_two_files_of_one_name_are_a_conflict(home: Home, folder: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other" / "one.md", "Another first lesson.\n")
    with pytest.raises(Conflict, match=r"Two files would both be called one\.md"):
        home.ingest(folder, other)
    assert home.state()["courses"] == []


@pytest.mark.parametrize("name", [b"caf\xe9.md", b"two\nlines.md"])
def test_a_name_that_cannot_be_stored_is_named(home: Home, folder: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("A lesson.\n")
    with pytest.raises(UnreadableSource, match="this name cannot be stored") as caught:
        home.ingest(folder)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isascii()


@pytest.mark.parametrize("course", ["", "-a", "a-", "A", "a b", "a.v1", "../a", "a/b", "ä", "x" * 65, "a\n"])
def test_a_bad_course_id_is_refused_before_anything_is_read(home: Home, tmp_path: Path, course: str) -> None:
    with pytest.raises(InputError, match="cannot name a course") as caught:
        home.ingest(tmp_path / "nowhere", course=course)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("course", ["a", "7", "world-history", "x" * 64])
def test_a_good_course_id_is_taken(course: str) -> None:
    assert check_course_id(course) == course


# --- the manifest ----------------------------------------------------------------------------------------------------


def manifest(folder: Path, words: str) -> Path:
    return write(folder / "course.toml", words).parent


def test_a_manifest_describes_the_course_and_its_sources(home: Home, folder: Path) -> None:
    manifest(
        folder,
        'id = "c"\ntitle = "The Course"\nlanguage = "en"\nlicence = "CC-BY-4.0"\n'
        f'[[sources]]\nfile = "two.txt"\ntitle = "Rice"\n'
        f'sha256 = "{sha256((folder / "two.txt").read_bytes()).hexdigest()}"',
    )
    report = home.ingest(folder)
    with home.library.records.read() as session:
        row = session.get_one(Course, "c")
        assert (row.title, row.licence) == ("The Course", "CC-BY-4.0")
        titles = set(session.scalars(select(SourceVersion.title)))
    assert titles == {"One", "Rice"}
    assert report.skipped == ()


def test_a_source_that_is_not_the_one_of_the_manifest_changes_nothing(home: Home, folder: Path) -> None:
    manifest(folder, f'id = "c"\ntitle = "C"\n[[sources]]\nfile = "one.md"\nsha256 = "{"0" * 64}"\n')
    with pytest.raises(UnreadableSource, match=r"one\.md: its SHA-256 is not the one in course\.toml"):
        home.ingest(folder)
    assert home.state()["courses"] == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("id = ", "is not valid TOML"),
        ('title = "C"', "id: field required"),
        ('id = "c"', "title: field required"),
        ('id = "A B"\ntitle = "C"', "cannot name a course"),
        ('id = 5\ntitle = "C"', "id: input should be a valid string"),
        ('id = "c"\ntitle = "C"\nlicense = "MIT"', "license: extra inputs are not permitted"),
        ('id = "c"\ntitle = "C"\nsources = ["one.md"]', r"sources\.0: "),
        ('id = "c"\ntitle = "C"\n[[sources]]\ntitle = "One"', r"sources\.0\.file: field required"),
        ('id = "c"\ntitle = "C"\ngeneral_knowledge = "perhaps"', "general_knowledge: input should be a valid boolean"),
        ('id = "c"\ntitle = "C"\nprompts = "answer.md"', "prompts: input should be a valid dictionary"),
        ('id = "c"\ntitle = "C"\n[prompts]\nanswer = 5', r"prompts\.answer: input should be a valid string"),
        ('id = "c"\ntitle = "C"\n[[sources]]\nfile = "three.md"', r"names three\.md, which is not there"),
    ],
)
def test_a_wrong_manifest_gives_one_line_and_changes_nothing(
    home: Home, folder: Path, words: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        home.ingest(manifest(folder, words))
    assert "\n" not in str(caught.value)
    assert home.state()["courses"] == []


def test_a_manifest_that_is_no_text_gives_one_line(home: Home, folder: Path) -> None:
    (folder / "course.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"course\.toml is not valid TOML"):
        home.ingest(folder)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc")
def test_a_manifest_that_cannot_be_read_gives_one_line(home: Home, folder: Path) -> None:
    (folder / "course.toml").symlink_to("/proc/self/mem")
    with pytest.raises(InputError, match=r"course\.toml: Input/output error"):
        home.ingest(folder)


def test_the_bundled_manifests_are_whole() -> None:
    for folder in bundled_courses().iterdir():
        data = tomllib.loads((folder / "course.toml").read_text())
        assert read_manifest(folder).id == folder.name
        for source in data["sources"]:
            assert sha256((folder / source["file"]).read_bytes()).hexdigest() == source["sha256"]


# --- the options of a manifest ---------------------------------------------------------------------------------------

HEAD = 'id = "c"\ntitle = "C"\n'
OWN = HEAD + '[prompts]\nanswer = "prompts/answer.md"\n'


def wording(section: str, text: str) -> str:
    """A teacher's file that rewords one section of the prompt for answers."""
    return f"---\nid: answer\nversion: 1\nvariables: [language]\n---\n## {section}\n\n{text}\n"


WRONG = wording("rude", "Be {language}.")
KIND, BRIEF = wording("plain", "Be kind, in {language}."), wording("plain", "Be brief, in {language}.")


def test_a_course_allows_nothing_beyond_itself_unless_its_manifest_does(home: Home, folder: Path) -> None:
    home.ingest(folder)
    assert home.options() == CourseOptions(general_knowledge=False, prompts={})
    home.ingest(manifest(folder, HEAD + "general_knowledge = true\n"))
    assert home.options() == CourseOptions(general_knowledge=True)


def test_new_options_take_effect_at_once_and_cost_nothing(home: Home, folder: Path) -> None:
    home.ingest(manifest(folder, HEAD))
    report = home.ingest(manifest(folder, HEAD + "general_knowledge = true\n"))
    assert home.options().general_knowledge
    assert (report.unchanged, report.embedded) == (("one.md", "two.txt"), 0)
    assert home.store.names() == {"c.v1"}


def test_options_change_together_with_the_texts(home: Home, folder: Path) -> None:
    home.ingest(manifest(folder, HEAD))
    write(folder / "one.md", NEW)
    assert home.ingest(manifest(folder, HEAD + "general_knowledge = true\n")).changed == ("one.md",)
    assert home.options().general_knowledge


@pytest.mark.parametrize("words", [HEAD, HEAD + "general_knowledge = false\n", None])
def test_an_option_that_the_manifest_no_longer_gives_is_reset(home: Home, folder: Path, words: str | None) -> None:
    home.ingest(manifest(folder, HEAD + "general_knowledge = true\n"))
    if words is None:
        (folder / "course.toml").unlink()
    else:
        manifest(folder, words)
    home.ingest(folder)
    assert home.options() == CourseOptions()


def test_a_file_by_itself_neither_sets_nor_changes_options(home: Home, folder: Path, tmp_path: Path) -> None:
    manifest(folder, HEAD + "general_knowledge = true\n")
    home.ingest(folder / "one.md")
    assert home.options() == CourseOptions()
    home.ingest(folder)
    assert home.ingest(write(tmp_path / "extra.md", "More of it.\n")).added == ("extra.md",)
    assert home.ingest(tmp_path / "extra.md").embedded == 0
    assert home.options().general_knowledge


def test_options_are_those_of_the_first_manifest(home: Home, folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "other" / "three.md", "A third lesson.\n")
    home.ingest(manifest(folder, HEAD + "general_knowledge = true\n"), manifest(tmp_path / "other", HEAD))
    assert home.options().general_knowledge


def test_an_ingest_that_fails_leaves_the_options(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError("no")

    home.ingest(manifest(folder, HEAD))
    write(folder / "one.md", NEW)
    with monkeypatch.context() as patch:
        patch.setattr(tutor.library, "_forget_old", fail)
        with pytest.raises(RuntimeError):
            home.ingest(manifest(folder, HEAD + "general_knowledge = true\n"))
    assert home.options() == CourseOptions()


def test_the_wording_of_a_prompt_is_kept_and_is_no_source(home: Home, folder: Path) -> None:
    (folder / "prompts").mkdir()
    (folder / "prompts" / "answer.md").write_bytes(b"\xef\xbb\xbf" + KIND.replace("\n", "\r\n").encode())
    (folder / "same.md").symlink_to(folder / "prompts" / "answer.md")
    report = home.ingest(manifest(folder, OWN))
    assert home.options().prompts == {"answer": KIND}
    assert (report.added, report.skipped) == (("one.md", "two.txt"), ())


def test_a_prompt_of_any_ending_is_not_called_skipped(home: Home, folder: Path) -> None:
    write(folder / "answer.prompt", KIND)
    assert home.ingest(manifest(folder, HEAD + '[prompts]\nanswer = "answer.prompt"\n')).skipped == ()


def test_a_changed_wording_takes_effect_though_no_source_changed(home: Home, folder: Path) -> None:
    write(folder / "prompts" / "answer.md", KIND)
    home.ingest(manifest(folder, OWN))
    write(folder / "prompts" / "answer.md", BRIEF)
    assert home.ingest(folder).embedded == 0
    assert home.options().prompts == {"answer": BRIEF}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../answer.md", r"prompts\.answer: \.\./answer\.md leads out of the course's folder"),
        ("prompts/../prompts/answer.md", "leads out of the course's folder"),
        ("/etc/hostname", "leads out of the course's folder"),
        ("out.md", "leads out of the course's folder"),
        ("outside/answer.md", "leads out of the course's folder"),
        ("nowhere.md", r"nowhere\.md is not there, or is no file"),
        ("loop.md", "is not there, or is no file"),
        ("prompts", "is not there, or is no file"),
        ("", "is not there, or is no file"),
        ("pipe.md", "is not there, or is no file"),
        ("x" * 300, "File name too long"),
        ("a\\u0000b", r"'a\\x00b' cannot be the name of a file"),
        ("a\\nb", r"'a\\nb' cannot be the name of a file"),
        ("latin.md", r"latin\.md: not UTF-8 text"),
        ("utf16.md", r"utf16\.md: not UTF-8 text"),
        ("empty.md", "the file is empty"),
        ("large.md", r"large\.md is larger than 32,000 bytes"),
        ("one.md", r"one\.md is listed as a source too"),
        ("long.md", "from long.md cannot be used: it has 32,000 characters"),
        ("wrong.md", r"from wrong\.md cannot be used: .*no section 'rude'"),
    ],
)
def test_a_prompt_that_cannot_be_used_gives_one_line_and_changes_nothing(
    home: Home, folder: Path, tmp_path: Path, name: str, problem: str
) -> None:
    write(tmp_path / "answer.md", KIND)
    write(tmp_path / "private" / "answer.md", KIND)
    write(folder / "prompts" / "answer.md", KIND)
    (folder / "out.md").symlink_to(tmp_path / "answer.md")
    (folder / "outside").symlink_to(tmp_path / "private")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    os.mkfifo(folder / "pipe.md")
    (folder / "latin.md").write_bytes("Größe".encode("latin-1"))
    (folder / "utf16.md").write_bytes("Be kind.".encode("utf-16"))
    write(folder / "empty.md", "")
    write(folder / "large.md", "x" * 32_001)
    write(folder / "long.md", "x" * 32_000)
    write(folder / "wrong.md", WRONG)
    written = manifest(folder, f'{HEAD}[prompts]\nanswer = "{name}"\n[[sources]]\nfile = "one.md"\n')
    with pytest.raises(InputError, match=problem) as caught:
        home.ingest(written)
    assert "\n" not in str(caught.value)
    assert "course.toml: " in str(caught.value)
    assert home.state()["courses"] == []


def test_every_wrong_prompt_is_named(home: Home, folder: Path) -> None:
    write(folder / "wrong.md", WRONG)
    words = '[prompts]\nanswer = "wrong.md"\nleads = "nowhere.md"\njudge = "one.md"\n"a\\nb" = "one.md"\n'
    with pytest.raises(InputError) as caught:
        home.ingest(manifest(folder, HEAD + words))
    for said in ("from wrong.md cannot", "prompts.leads: nowhere.md", "no prompt 'judge' can be reworded", r"'a\nb'"):
        assert said in str(caught.value)
    assert "Known are answer, " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_prompt_that_vanishes_meanwhile_is_named(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = write(folder / "prompts" / "answer.md", KIND)
    monkeypatch.setattr(tutor.library, "override", lambda prompt, text, origin: own.unlink())
    with pytest.raises(UnreadableSource, match=r"answer\.md: No such file"):
        home.ingest(manifest(folder, OWN))


# --- versions --------------------------------------------------------------------------------------------------------


def cite(home: Home, message: str = "m_1") -> None:
    """Store a conversation whose one message cites the source that the course holds."""
    with home.library.records.write() as session:
        cited = CitedSource(source_version_id=session.scalars(select(SourceVersion.id)).one())
        conversation = ConversationRow(id=f"c_{message}", course_id="c", learner=None, title="T")
        conversation.messages.append(MessageRow(id=message, answer={}, cited=[cited]))
        session.add(conversation)


def stored(home: Home) -> list[str]:
    with home.library.records.read() as session:
        return list(session.scalars(select(SourceVersion.text).order_by(SourceVersion.id)))


def test_a_text_that_nothing_cites_goes_with_its_version(home: Home, tmp_path: Path) -> None:
    home.ingest(write(tmp_path / "lesson.md", OLD))
    home.ingest(write(tmp_path / "lesson.md", NEW))
    assert [text.split()[1] for text in stored(home)] == ["Zebras"]


def test_a_cited_text_is_kept_until_its_conversation_goes(home: Home, tmp_path: Path) -> None:
    lesson = write(tmp_path / "lesson.md", OLD)
    home.ingest(lesson)
    cite(home)
    home.ingest(write(lesson, NEW))
    assert [text.split()[1] for text in stored(home)] == ["Sparrows", "Zebras"]
    with home.library.records.write() as session:
        session.delete(session.get_one(ConversationRow, "c_m_1"))
    home.ingest(write(lesson, NEW + "\nMore.\n"))
    assert [text.split()[1] for text in stored(home)] == ["Zebras"]


def test_a_source_that_comes_back_is_the_version_that_was_cited(home: Home, tmp_path: Path) -> None:
    lesson = write(tmp_path / "lesson.md", OLD)
    home.ingest(lesson)
    cite(home)
    home.ingest(write(lesson, NEW))
    home.ingest(write(lesson, OLD))
    assert [text.split()[1] for text in stored(home)] == ["Sparrows"]


def test_another_embedder_rebuilds_everything(home: Home, folder: Path) -> None:
    home.ingest(folder)
    other = fake_embedder(revision="2")
    report = home.ingest(folder, embedder=other)
    assert (report.unchanged, report.embedded) == (("one.md", "two.txt"), 5)
    assert home.ingest(folder, embedder=other).embedded == 0


def test_another_way_of_cutting_rebuilds_the_index(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.ingest(folder)
    before = home.store.names()
    monkeypatch.setattr(tutor.library, "PIPELINE", 999)
    assert home.ingest(folder).embedded == 0
    assert home.store.names().isdisjoint(before)


@pytest.mark.parametrize("damage", ["no file", "a broken file", "no vectors"])
def test_a_damaged_index_is_rebuilt(home: Home, folder: Path, damage: str) -> None:
    home.ingest(folder)
    match damage:
        case "no file":
            home.store._file("c.v1").unlink()
        case "a broken file":
            home.store._file("c.v1").write_bytes(b"not a database" * 100)
        case _:
            home.store._client.delete_collection("c.v1")
    assert home.ingest(folder).embedded == 5
    assert home.finds("rice") == ["The second lesson speaks of rice."]


def test_only_the_live_index_is_kept(home: Home, tmp_path: Path) -> None:
    for words in (OLD, NEW, OLD):
        home.ingest(write(tmp_path / "lesson.md", words))
    assert home.store.names() == {"c.v3"}


def test_removing_a_course_leaves_nothing_of_it(home: Home, tmp_path: Path) -> None:
    empty = home.state()
    home.ingest(write(tmp_path / "lesson.md", OLD))
    cite(home)
    home.library.remove("c", home.store)
    assert home.state() == empty
    with home.library.records.read() as session:
        assert session.scalars(select(MessageRow)).all() == []


def test_a_removed_course_can_be_made_anew(home: Home, tmp_path: Path) -> None:
    home.ingest(write(tmp_path / "lesson.md", OLD))
    home.library.remove("c", home.store)
    home.ingest(write(tmp_path / "lesson.md", NEW))
    assert home.finds("zebras") != []


def test_an_unknown_course_cannot_be_removed(home: Home) -> None:
    with pytest.raises(NotFound, match="There is no course 'nowhere'"):
        home.library.remove("nowhere", home.store)


# --- crashes ---------------------------------------------------------------------------------------------------------

# Where a synchronisation can be cut off: while texts are embedded, between the collection and the file of the index,
# while the file is written, before the pointer moves, and before the old index is dropped.
STEPS = ("embedding", "collection", "file", "pointer", "sweep")


def break_at(step: str, happens: Callable[..., NoReturn]) -> None:
    """Make the next synchronisation meet ``happens`` at ``step``."""
    match step:
        case "embedding":
            tutor.index._embed = happens
        case "collection":
            tutor.index.json.dumps = happens  # type: ignore[assignment]
        case "file":
            tutor.index.stems = happens
        case "pointer":
            tutor.library._forget_old = happens
        case _:
            forget = tutor.library._forget_old

            def forget_and_break(*arguments: Any) -> None:
                forget(*arguments)
                Store.drop = happens  # type: ignore[method-assign]

            tutor.library._forget_old = forget_and_break


def crash_at_every_step(folder: Path) -> None:
    """Ingest one lesson, then another, below ``folder``, and be killed at each step in a process of its own."""
    for step in STEPS:
        if pid := os.fork():
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL, step
            continue
        home = Home.open(folder / step)
        home.ingest(write(folder / step / "lesson.md", OLD))
        break_at(step, lambda *_: os.kill(os.getpid(), signal.SIGKILL))  # type: ignore[arg-type, return-value]
        home.ingest(write(folder / step / "lesson.md", NEW))
        os._exit(0)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of homes, each left by a process that was killed at one step."""
    folder = tmp_path_factory.mktemp("crashed")
    code = f"import test_library, pathlib; test_library.crash_at_every_step(pathlib.Path({str(folder)!r}))"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=120)
    return folder


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_ingest_leaves_a_whole_course_and_the_next_one_completes_it(crashed: Path, step: str) -> None:
    home = Home.open(crashed / step)
    animals = ["Sparrows were hunted.", "It went on."] if step != "sweep" else ["Zebras were hunted.", "It went on."]
    assert home.finds("hunted") == animals
    home.ingest(crashed / step / "lesson.md")
    assert home.finds("hunted") == ["Zebras were hunted.", "It went on."]
    assert home.store.names() == {"c.v2"}
    assert len([path for path in (home.store.folder / "chroma").iterdir() if path.is_dir()]) == 1
    home.close()


@pytest.mark.parametrize("step", STEPS)
def test_an_ingest_that_fails_leaves_a_whole_course_and_the_next_one_completes_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    lesson = write(tmp_path / "lesson.md", OLD)
    home.ingest(lesson)
    before = home.state()

    def fail(*_: object) -> NoReturn:
        raise RuntimeError(step)

    with monkeypatch.context() as patch:
        for module, name in PATCHED:
            patch.setattr(module, name, getattr(module, name))  # so that it is put back
        break_at(step, fail)
        with pytest.raises(RuntimeError, match=step):
            home.ingest(write(lesson, NEW))
    if step != "sweep":
        assert {**home.state(), "indexes": before["indexes"]} == before
        assert home.finds("hunted") == ["Sparrows were hunted.", "It went on."]
    home.ingest(lesson)
    assert home.finds("hunted") == ["Zebras were hunted.", "It went on."]
    assert home.store.names() == {"c.v2"}


PATCHED = (
    (tutor.index, "_embed"),
    (tutor.index.json, "dumps"),
    (tutor.index, "stems"),
    (tutor.library, "_forget_old"),
    (Store, "drop"),
)


def test_a_first_ingest_that_fails_makes_no_course(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr(tutor.library, "_forget_old", fail)
        with pytest.raises(RuntimeError):
            home.ingest(write(tmp_path / "lesson.md", OLD))
    with home.library.records.read() as session:
        assert session.scalars(select(Course)).all() == []
    home.library.sweep(home.store)
    assert home.store.names() == set()


def test_an_old_index_that_cannot_be_dropped_goes_with_the_next_ingest(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    drop = Store.drop

    def refuse_the_old(store: Store, name: str) -> None:
        if name == "c.v1":
            raise NotReady("The disk is full.")
        drop(store, name)

    home.ingest(write(tmp_path / "lesson.md", OLD))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "drop", refuse_the_old)
        assert home.ingest(write(tmp_path / "lesson.md", NEW)).changed == ("lesson.md",)
    assert "left until the next ingest: The disk is full." in caplog.text
    assert home.finds("hunted") == ["Zebras were hunted.", "It went on."]
    assert home.store.names() == {"c.v1", "c.v2"}
    home.ingest(tmp_path / "lesson.md")
    assert home.store.names() == {"c.v2"}
