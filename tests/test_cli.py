"""The command line as its users and their scripts see it: arguments in; lines, JSON and an exit status out."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import typer
from commandline import run
from typer.testing import CliRunner

from tutor import __version__
from tutor.cli import app, main
from tutor.progress import progress_bar
from tutor.settings import Settings
from tutor.tutor import Tutor
from tutor.types import Answer, IngestReport

COURSE = "great-leap-forward"
DIED = "When did Mao Zedong die?"
NOTES = "# Notes\n\nThe harvest of 1959 failed because the weather was bad.\n"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder with one small source."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "harvest.md").write_text(NOTES)
    return folder


@pytest.fixture
def two_courses(lesson_home: Path, notes: Path, warm: None) -> Path:
    """A state folder with the bundled course and another one."""
    assert run("ingest", notes, "--course", "notes").status == 0
    return lesson_home


def stored_questions() -> list[str]:
    """Return every question that was stored, in whichever conversation."""
    with Tutor.open(Settings.load()) as tutor:
        held = [tutor.conversation(conversation.id) for conversation in tutor.conversations()]
    return [message.answer.question for conversation in held for message in conversation.messages]


def batch(*lines: object) -> str:
    """Return a batch file."""
    return "".join(json.dumps(line) + "\n" for line in lines)


def answers(out: str) -> list[Answer]:
    """Return the answers of a batch, one a line."""
    return [Answer.model_validate_json(line) for line in out.removesuffix("\n").split("\n")]


# --- help and start-up -----------------------------------------------------------------------------------------------


def verbs(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command below ``command``."""
    for name, below in getattr(command, "commands", {}).items():
        yield (*path, name)
        yield from verbs(below, (*path, name))


VERBS = list(verbs(typer.main.get_command(app)))


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_the_help_of_each_verb_has_an_example_of_it(verb: tuple[str, ...]) -> None:
    shown = " ".join(CliRunner().invoke(app, [*verb, "--help"]).output.split())
    assert f"Example: tutor {' '.join(verb)}" in shown


def test_the_verbs_of_the_contract_are_there() -> None:
    promised = {"serve", "ingest", "courses", "text", "ask", "chat", "eval", "doctor"}
    assert promised <= {verb[0] for verb in VERBS}


def test_the_version_is_printed() -> None:
    assert run("--version").out == f"tutor {__version__}\n"


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, unmeasured by coverage."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment)


def test_help_imports_nothing_slow() -> None:
    code = "import sys, tutor.cli; print(*sys.modules)"
    loaded = set(python(code).stdout.split())
    slow = {"torch", "chromadb", "gradio", "sqlalchemy", "sentence_transformers", "fastapi", "httpx", "numpy"}
    assert not loaded & slow


def test_help_comes_in_half_a_second() -> None:
    def quickest(code: str) -> float:
        times = []
        for _ in range(3):
            started = perf_counter()
            python(code, "--help")
            times.append(perf_counter() - started)
        return min(times)

    # On a machine that is busy or slow, half a second is little even for Python itself.
    assert quickest("from tutor.cli import main; main()") < max(0.5, 4 * quickest("import typer"))


# --- wrong usage: status 2 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["ask", "--nonsense"],
        ["ask"],
        ["ask", DIED, "--batch", "-"],
        ["ingest", "notes"],
        ["text", COURSE],
        ["serve", "--port", "99999"],
        ["eval", "run", "--course", "a", "--sources", "b"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2_and_prints_no_result(arguments: list[str]) -> None:
    ran = run(*arguments)
    assert (ran.status, ran.out) == (2, "")


def test_the_course_must_be_named_where_there_are_several(two_courses: Path) -> None:
    ran = run("ask", DIED)
    assert (ran.status, ran.out) == (2, "")
    assert f"notes, {COURSE}" in ran.err


# --- any other failure: status 1 and one line ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", DIED, "--course", "nowhere"],
        ["ask", DIED, "--course", "nowhere", "--json"],
        ["text", "nowhere", "lesson.md"],
        ["courses", "remove", "nowhere"],
        ["eval", "run", "--course", "nowhere"],
    ],
    ids=" ".join,
)
def test_an_unknown_course_is_named_in_one_line(arguments: list[str], lesson_home: Path, warm: None) -> None:
    assert "There is no course 'nowhere'" in run(*arguments).complaint


def test_an_unknown_source_is_named_in_one_line(lesson_home: Path) -> None:
    assert "no source 'other.md'" in run("text", COURSE, "other.md").complaint


def test_an_unknown_version_is_named_in_one_line(lesson_home: Path) -> None:
    assert "at version sha256:0" in run("text", COURSE, "lesson.md", "--version", "sha256:0").complaint


@pytest.mark.parametrize("question", ["", " \n "])
def test_an_empty_question_is_refused_in_one_line(question: str, lesson_home: Path, warm: None) -> None:
    assert "The question is empty" in run("ask", question).complaint


def test_a_question_of_a_megabyte_is_refused_in_one_line(lesson_home: Path, warm: None) -> None:
    assert "longer than 2,000 characters" in run("ask", "a" * 1_000_000).complaint


def test_a_binary_file_is_refused_in_one_line_that_names_it(tmp_path: Path, warm: None) -> None:
    picture = tmp_path / "picture.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    assert f"{picture}: this is a binary file" in run("ingest", picture, "--course", "notes").complaint


def test_a_missing_folder_is_refused_in_one_line_that_names_it(tmp_path: Path, warm: None) -> None:
    assert f"{tmp_path / 'gone'} does not exist" in run("ingest", tmp_path / "gone", "--course", "notes").complaint


def test_a_file_that_cannot_be_read_leaves_the_course_as_it_was(two_courses: Path, notes: Path) -> None:
    (notes / "harvest.md").write_text("Changed entirely, with other words.\n")
    (notes / "picture.txt").write_bytes(b"\x00\x01")
    assert "picture.txt" in run("ingest", notes, "--course", "notes").complaint
    assert run("text", "notes", "harvest.md").out == NOTES.removeprefix("# ")


def test_a_port_in_use_is_told_in_one_line(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 cannot be used" in run("serve", "--port", str(port)).complaint
    assert not home.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.org", "::"])
def test_personal_mode_listens_on_this_computer_only(host: str) -> None:
    assert f"{host} is not a loopback address" in run("serve", "--host", host).complaint


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TUTOR_MODE", "nonsense", "mode: input should be 'personal' or 'shared'"),
        ("TUTOR_MODEL", "foo", "TUTOR_MODEL: 'foo' is no chat model: write provider:model"),
        ("TUTOR_DATABASE_URL", "nonsense", "TUTOR_DATABASE_URL cannot be used"),
        ("TUTOR_MAX_QUESTION_CHARACTERS", "many", "max_question_characters"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert said in run("courses").complaint


@pytest.mark.parametrize(
    ("written", "said"), [("mode = [", "cannot be read"), ('colour = "red"', "colour: extra inputs are not permitted")]
)
def test_a_wrong_settings_file_is_told_in_one_line(written: str, said: str, home: Path) -> None:
    home.mkdir()
    (home / "tutor.toml").write_text(written)
    assert said in run("courses").complaint


def test_a_state_folder_that_cannot_be_made_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "file" / "home"))
    assert "Set TUTOR_HOME elsewhere" in run("courses").complaint


def test_no_terminal_control_reaches_standard_error_through_a_name(lesson_home: Path, warm: None) -> None:
    assert "\x1b" not in run("ask", DIED, "--course", "\x1b[31mred").complaint


# --- ingest ----------------------------------------------------------------------------------------------------------


def test_ingest_prints_what_was_added_changed_unchanged_and_removed(notes: Path, warm: None) -> None:
    (notes / "rain.md").write_text("# Rain\n\nIt rained for forty days.\n")
    (notes / "sun.md").write_text("# Sun\n\nThe sun shone in May.\n")
    run("ingest", notes, "--course", "notes")
    (notes / "rain.md").unlink()
    (notes / "sun.md").write_text("# Sun\n\nThe sun shone in June.\n")
    (notes / "snow.md").write_text("# Snow\n\nIt snowed in December.\n")
    assert run("ingest", notes, "--course", "notes").out.splitlines() == [
        "1 added: snow.md",
        "1 changed: sun.md",
        "1 unchanged",
        "1 removed: rain.md",
    ]


def test_ingest_names_the_files_of_a_folder_that_it_skipped(notes: Path, warm: None) -> None:
    (notes / "picture.png").write_bytes(b"\x89PNG")
    assert run("ingest", notes, "--course", "notes").out.splitlines()[-1] == "1 skipped: picture.png"


def test_ingest_again_embeds_nothing(notes: Path, warm: None) -> None:
    run("ingest", notes, "--course", "notes")
    report = IngestReport.model_validate_json(run("ingest", notes, "--course", "notes", "--json").out)
    assert (report.unchanged, report.embedded) == (("harvest.md",), 0)


def test_ingest_gives_a_course_its_title(notes: Path, warm: None) -> None:
    run("ingest", notes, "--course", "notes", "--title", "The harvest")
    assert run("courses").out == "notes\tThe harvest\t1 source\n"


def test_work_in_a_pipe_shows_no_progress_bar(notes: Path, warm: None) -> None:
    assert run("ingest", notes, "--course", "notes").err == ""


def test_work_on_a_terminal_shows_a_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal)
    with progress_bar("Embedding") as progress:
        progress(1, 2)
    assert "Embedding" in terminal.getvalue()


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


# --- courses ---------------------------------------------------------------------------------------------------------


def test_courses_lists_each_course_on_a_line(two_courses: Path) -> None:
    assert run("courses").out == f"notes\tNotes\t1 source\n{COURSE}\tThe Great Leap Forward\t1 source\n"


def test_courses_as_json_is_one_list(two_courses: Path) -> None:
    assert [course["id"] for course in json.loads(run("courses", "--json").out)] == ["notes", COURSE]


def test_no_course_is_an_empty_list_with_a_hint_beside_it() -> None:
    assert json.loads(run("courses", "--json").out) == []
    hinted = run("courses")
    assert (hinted.status, hinted.out) == (0, "")
    assert "tutor ingest" in hinted.err


def test_a_removed_course_is_gone_and_the_others_stay(two_courses: Path) -> None:
    assert run("courses", "remove", "notes").out == "Removed notes.\n"
    assert [course["id"] for course in json.loads(run("courses", "--json").out)] == [COURSE]


def test_removing_a_course_on_a_terminal_asks_first(two_courses: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["tutor", "courses", "remove", "notes"])
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    monkeypatch.setattr("sys.stdout", Terminal())
    with pytest.raises(SystemExit) as ended:
        main()
    monkeypatch.undo()
    monkeypatch.setenv("TUTOR_HOME", str(two_courses))
    assert ended.value.code == 1
    assert len(json.loads(run("courses", "--json").out)) == 2


# --- text ------------------------------------------------------------------------------------------------------------


def test_text_prints_exactly_the_text_that_citations_count_in(lesson_home: Path, warm: None) -> None:
    cited = Answer.model_validate_json(run("ask", DIED, "--json").out).citations[0]
    text = run("text", cited.course, cited.source, "--version", cited.version).out
    assert text[cited.start : cited.end] == cited.quote


def test_text_prints_every_letter_whatever_the_pipe_is_set_to(tmp_path: Path, warm: None) -> None:
    written = "# Größe\n\nDer Kürbis wog 60 kg — “sehr schwer” 🎃.\n"
    (tmp_path / "kuerbis.md").write_text(written)
    run("ingest", tmp_path / "kuerbis.md", "--course", "garten")
    assert run("text", "garten", "kuerbis.md", encoding="ascii").out == written.removeprefix("# ")


def test_text_still_prints_the_old_version_that_an_answer_cites(two_courses: Path, notes: Path) -> None:
    asked = run("ask", "Why did the harvest of 1959 fail?", "--course", "notes", "--json")
    cited = Answer.model_validate_json(asked.out).citations[0]
    (notes / "harvest.md").write_text("# Notes\n\nNothing is known about it.\n")
    run("ingest", notes, "--course", "notes")
    text = run("text", "notes", "harvest.md", "--version", cited.version).out
    assert text[cited.start : cited.end] == cited.quote


# --- ask -------------------------------------------------------------------------------------------------------------


def test_ask_prints_the_answer_and_where_the_course_says_it(lesson_home: Path, warm: None) -> None:
    answer, first, *_ = run("ask", DIED).out.splitlines()
    assert "September 9, 1976" in answer
    assert first.startswith("[1] “Mao Zedong")


def test_ask_prints_where_the_course_comes_near_when_it_refuses(lesson_home: Path, warm: None) -> None:
    assert "\nClosest in the course:\n- “" in run("ask", "What is the boiling point of water?").out


def test_ask_as_json_prints_one_answer_and_nothing_else(lesson_home: Path, warm: None) -> None:
    ran = run("ask", DIED, "--json")
    assert ran.err == ""
    assert [answer.question for answer in answers(ran.out)] == [DIED]


def test_ask_prints_every_letter_whatever_the_pipe_is_set_to(lesson_home: Path, warm: None) -> None:
    assert "“Mao Zedong" in run("ask", DIED, encoding="ascii").out


@pytest.mark.parametrize("arguments", [[], ["--course", "little"]], ids=["unnamed", "named"])
def test_the_bundled_course_can_be_asked_before_anything_was_ingested(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm: None
) -> None:
    bundled = tmp_path / "bundled" / "little"  # the real one takes its time to embed
    bundled.mkdir(parents=True)
    (bundled / "course.toml").write_text('id = "little"\ntitle = "Little"\n')
    (bundled / "harvest.md").write_text(NOTES)
    monkeypatch.setattr("tutor.tutor.bundled_courses", lambda: bundled.parent)
    assert "the weather was bad [1]." in run("ask", "Why did the harvest of 1959 fail?", *arguments).out


def test_a_batch_answers_one_line_for_each_line_in_order(lesson_home: Path, tmp_path: Path, warm: None) -> None:
    questions = [DIED, "What were backyard furnaces?", "What is the boiling point of water?"]
    file = tmp_path / "questions.jsonl"
    file.write_text(batch(*({"question": question} for question in questions)))
    ran = run("ask", "--course", COURSE, "--batch", file)
    assert (ran.status, ran.err) == (0, "")
    assert [answer.question for answer in answers(ran.out)] == questions


def test_a_batch_line_follows_the_earlier_ones_of_its_conversation(lesson_home: Path, warm: None) -> None:
    lines = [
        {"question": DIED, "conversation": "a"},
        {"question": "What were backyard furnaces?", "conversation": "b"},
        {"question": "What killed him?", "conversation": "a"},
    ]
    first, other, second = answers(run("ask", "--batch", "-", stdin=batch(*lines)).out)
    assert second.standalone_question == "What killed Mao Zedong?"
    assert first.conversation == second.conversation != other.conversation


def test_a_batch_line_without_a_conversation_stands_alone(lesson_home: Path, warm: None) -> None:
    lines = [{"question": DIED}, {"question": "What killed him?"}]
    first, second = answers(run("ask", "--batch", "-", stdin=batch(*lines)).out)
    assert second.standalone_question == "What killed him?"
    assert first.conversation != second.conversation


def test_a_wrong_batch_line_stops_all_of_them_and_every_wrong_line_is_named(lesson_home: Path, warm: None) -> None:
    wrong = '{"question": "When?"}\nnot JSON\n{"text": "no question"}\n{"question": "Who?", "conversation": 7}\n[]\n'
    complaint = run("ask", "--batch", "-", stdin=wrong).complaint
    assert [f"line {number}" for number in range(1, 6) if f"line {number}" in complaint] == [
        "line 2", "line 3", "line 4", "line 5",
    ]  # fmt: skip
    assert stored_questions() == []


def test_an_unusable_question_in_a_batch_costs_only_itself(lesson_home: Path, warm: None) -> None:
    lines = [{"question": DIED}, {"question": " ", "conversation": "a"}, {"question": "a" * 9_000}, {"question": DIED}]
    ran = run("ask", "--batch", "-", stdin=batch(*lines))
    first, empty, long, last = map(json.loads, ran.out.splitlines())
    assert first["answer"] == last["answer"]
    assert "empty" in empty["error"]
    assert "longer" in long["error"]
    assert (ran.status, ran.err.count("\n")) == (1, 1)


def test_an_unusable_batch_line_is_given_back_with_its_error(lesson_home: Path, warm: None) -> None:
    line = {"question": "\ud800", "conversation": "a", "id": 7}
    (given,) = run("ask", "--batch", "-", stdin=batch(line)).out.splitlines()
    assert json.loads(given) == line | {"error": "The question is empty. Type what you want to know."}


def test_a_batch_file_of_another_system_is_read(lesson_home: Path, tmp_path: Path, warm: None) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"question": "When did Mao\xe2\x80\xa8die?"}\r\n\r\n')
    assert [answer.refused for answer in answers(run("ask", "--batch", file).out)] == [False]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("gone.jsonl", None, "No such file"), ("binary.jsonl", b"\xff\xfe\x00", "not UTF-8 text")],
)
def test_a_batch_file_that_cannot_be_read_is_named_in_one_line(
    name: str, content: bytes | None, said: str, tmp_path: Path, lesson_home: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    complaint = run("ask", "--batch", tmp_path / name).complaint
    assert name in complaint
    assert said in complaint


# --- chat ------------------------------------------------------------------------------------------------------------


def test_a_chat_goes_on_in_one_conversation_until_an_empty_line(lesson_home: Path, warm: None) -> None:
    ran = run("chat", stdin=f"{DIED}\nWhat killed him?\n\nWho was Stalin?\n")
    assert ran.status == 0
    assert ran.out.startswith("Mao Zedong")
    assert "(understood as: What killed Mao Zedong?)" in ran.out
    assert stored_questions() == [DIED, "What killed him?"]


def test_a_chat_goes_on_after_a_question_that_cannot_be_used(lesson_home: Path, warm: None) -> None:
    ran = run("chat", stdin=f"{'a' * 3_000}\n{DIED}\n")
    assert "longer than 2,000 characters" in ran.err
    assert "September 9, 1976" in ran.out
