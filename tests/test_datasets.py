"""Datasets: what a line may say, where its evidence lies, and that every mistake is listed before anything runs."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from evals import datasets
from evals.datasets import Sample, Span, Turn
from evals.runner import DATASETS
from tutor.errors import InputError
from tutor.library import bundled_courses
from tutor.readers import read

TEXTS = {"a.md": "Rain fell. The harvest failed. Rain fell.", "b.md": "The harvest failed."}
HASH = "sha256:" + sha256(TEXTS["a.md"].encode()).hexdigest()
GOOD = {"question": "Why?", "facts": [["rain"]], "evidence": ["The harvest"], "kind": "why", "answerable": True}


def load(path: Path, *lines: object) -> tuple[Sample, ...]:
    """Return the samples of a file with these lines."""
    file = path / "some.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return datasets.load(file, TEXTS)


def problem(path: Path, **changes: Any) -> str:
    """Return what is said of a good line with these changes; None leaves a key out."""
    line = {key: value for key, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(InputError) as refused:
        load(path, line)
    return str(refused.value)


def test_a_fragment_becomes_every_span_that_has_its_words(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, GOOD | {"evidence": ["Rain fell"]})
    assert sample.evidence == ((Span("a.md", 0, 9), Span("a.md", 31, 40)),)


def test_a_fragment_is_looked_for_in_every_source(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, GOOD)
    assert sample.evidence == ((Span("a.md", 11, 22), Span("b.md", 0, 11)),)


def test_fragments_in_one_list_are_alternatives(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, GOOD | {"evidence": ["failed. Rain", "The harvest failed. R"]})
    assert sample.evidence == ((Span("a.md", 23, 35), Span("a.md", 11, 32)),)


def test_lists_of_fragments_are_needed_together(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, GOOD | {"evidence": [["failed. Rain"], ["The harvest failed. R"]]})
    assert len(sample.evidence) == 2


def test_a_line_without_an_id_is_called_by_its_number(tmp_path: Path) -> None:
    assert [sample.id for sample in load(tmp_path, GOOD, "", GOOD | {"id": "x"}, GOOD)] == ["line-1", "x", "line-4"]


def test_history_is_kept_in_order(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, GOOD | {"history": ["One?", "Two?"]})
    assert sample.history == (Turn("One?"), Turn("Two?"))


def test_history_may_give_the_answers_that_were_heard(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, GOOD | {"history": [{"question": "One?", "answer": "Two."}]})
    assert sample.history == (Turn("One?", "Two."),)


def test_a_span_is_taken_as_it_is_given(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, GOOD | {"evidence": [{"source": "a.md", "start": 5, "end": 9, "sha256": HASH}, "Rain"]})
    assert sample.evidence == ((Span("a.md", 5, 9), Span("a.md", 0, 4), Span("a.md", 31, 35)),)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ({"source": "c.md", "start": 0, "end": 4}, "the course has no source 'c.md'"),
        ({"source": "a.md", "start": 4, "end": 4}, "a.md has no span 4-4: it is 41 characters long"),
        ({"source": "a.md", "start": 0, "end": 42}, "a.md has no span 0-42"),
        ({"source": "a.md", "start": 0, "end": 4, "sha256": "sha256:00"}, "a.md has changed since its span 0-4"),
    ],
)
def test_a_span_that_is_not_there_is_a_mistake(span: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert said in problem(tmp_path, evidence=[span])


def test_two_fragments_that_are_not_there_are_two_mistakes(tmp_path: Path) -> None:
    assert problem(tmp_path, evidence=["snow", "hail"]).count("some.jsonl:1: evidence is not in the course") == 2


def test_a_false_premise_knows_its_true_twin(tmp_path: Path) -> None:
    false = GOOD | {"id": "f", "twin": "t"}
    assert [s.twin for s in load(tmp_path, GOOD | {"id": "t"}, false)] == ["", "t"]
    with pytest.raises(InputError, match=r"some.jsonl:1: its twin 't' is no answerable question of the file"):
        load(tmp_path, false)


SHEET = """question,answerable,kind,facts,evidence,history
"Why, then?",yes,why,"rain|rains
failed","Rain fell | nothing
The harvest","One?
Two?"
Who?,no,fact,,,
"""


def sheet(path: Path, text: str) -> tuple[Sample, ...]:
    """Return the samples of a sheet saved as CSV, with the mark that spreadsheets put first."""
    (path / "some.csv").write_text(text, encoding="utf-8-sig")
    return datasets.load(path / "some.csv", {"a.md": TEXTS["a.md"] + " nothing"})


def test_a_teachers_sheet_is_read_as_lines_are(tmp_path: Path) -> None:
    why, who = sheet(tmp_path, SHEET)
    assert (why.id, why.question, who.id, who.answerable) == ("line-2", "Why, then?", "line-6", False)
    assert why.facts == (("rain", "rains"), ("failed",))
    assert [len(group) for group in why.evidence] == [3, 1]
    assert why.history == (Turn("One?"), Turn("Two?"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("question,answerable,kind\nWho?,perhaps,fact\n", 'some.csv:2: answerable: write "yes" or "no"'),
        ("question,answerable,kind\nWho?,no,fact,more\n", "some.csv:2: has more cells than there are columns"),
        ("question,answerable,kind\n,no,fact\n", "some.csv:2: question: field required"),
        ("question,wrong\nWho?,no\n", "some.csv:1: unknown columns: wrong"),
        ('question\n"Who?\n', "some.csv:2: unexpected end of data"),
    ],
)
def test_a_mistake_in_a_sheet_is_named_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        sheet(tmp_path, text)
    assert said in str(refused.value)


def test_a_question_without_an_answer_needs_neither_facts_nor_evidence(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, {"question": "Why?", "kind": "offtopic", "answerable": False})
    assert (sample.answerable, sample.facts, sample.evidence) == (False, (), ())


def test_further_keys_are_left_to_other_tools(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD | {"note": "checked twice"})


def test_a_line_separator_inside_a_question_does_not_end_the_line(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, json.dumps(GOOD | {"question": "Why\u2028then?"}, ensure_ascii=False))
    assert sample.question == "Why\u2028then?"


@pytest.mark.parametrize(
    "overlap", [("a.md", 0, 10, 1.0), ("a.md", 5, 20, 0.5), ("a.md", 10, 20, 0), ("b.md", 0, 9, 0)]
)
def test_an_overlap_is_the_share_of_the_span_that_is_covered(overlap: tuple[str, int, int, float]) -> None:
    source, start, end, share = overlap
    assert Span("a.md", 0, 10).overlap(source, start, end) == share


def test_every_mistake_is_listed_with_its_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        load(tmp_path, GOOD, "{not JSON", GOOD | {"evidence": ["snow"]}, "[]", GOOD | {"kind": 3, "answerable": "yes"})
    said = str(refused.value).split("; ")
    assert [line.split(": ")[0] for line in said] == [f"some.jsonl:{number}" for number in (2, 3, 4, 5, 5)]


def test_evidence_that_is_not_in_the_course_is_shown(tmp_path: Path) -> None:
    assert "evidence is not in the course: 'It snowed.'" in problem(tmp_path, evidence=["It snowed."])


def test_an_id_that_occurs_twice_is_a_mistake_of_the_second_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^some\.jsonl:2: the id x occurs twice$"):
        load(tmp_path, GOOD | {"id": "x"}, GOOD | {"id": "x"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"question": None}, "question: field required"),
        ({"question": 5}, "question: input should be a valid string"),
        ({"question": "  "}, "question: string should match"),
        ({"kind": None}, "kind: field required"),
        ({"answerable": None}, "answerable: field required"),
        ({"answerable": 1}, "answerable: input should be a valid boolean"),
        ({"history": "One?"}, "history: input should be a valid array"),
        ({"facts": ["rain"]}, "facts.0: input should be a valid array"),
        ({"facts": [[]]}, "facts.0: list should have at least 1 item"),
        ({"facts": [[""]]}, "facts.0.0: string should match"),
        ({"evidence": "The harvest"}, "evidence: input should be a valid array"),
        ({"evidence": ["The harvest", ["failed"]]}, "evidence.0: input should be a valid array"),
        (
            {"history": ["One?", {"question": "Two?", "answer": "2"}]},
            "history: value error, give an answer to every turn",
        ),
        ({"evidence": [[]]}, "evidence.0: list should have at least 1 item"),
        ({"evidence": None}, "is answerable but has no evidence"),
        ({"answerable": False}, "is not answerable but has facts or evidence"),
    ],
)
def test_a_line_that_would_be_misread_is_refused(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert f"some.jsonl:1: {said}" in problem(tmp_path, **changes)


def test_a_dataset_without_a_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"some\.jsonl holds no question"):
        load(tmp_path, "", " ")


def test_a_missing_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.jsonl: cannot be read"):
        datasets.load(tmp_path / "gone.jsonl", TEXTS)


@pytest.fixture(scope="module")
def bundled() -> tuple[Sample, ...]:
    """The bundled dataset over the bundled lesson."""
    lesson = read(bundled_courses() / "great-leap-forward" / "lesson.md", "lesson.md")
    return datasets.load(DATASETS / "great-leap-forward.jsonl", {"lesson.md": lesson.text})


def test_the_bundled_dataset_has_sixty_questions_and_more(bundled: tuple[Sample, ...]) -> None:
    assert len(bundled) >= 60


def test_the_bundled_dataset_asks_in_every_way_that_students_do(bundled: tuple[Sample, ...]) -> None:
    wanted = {"fact", "number", "date", "why", "list", "yesno", "followup", "typo", "unanswerable", "offtopic"}
    assert wanted | {"false_premise", "conflict"} <= {sample.kind for sample in bundled}


def test_no_question_of_the_bundled_dataset_is_asked_twice(bundled: tuple[Sample, ...]) -> None:
    asked = [(sample.history, sample.question.casefold()) for sample in bundled]
    assert len(set(asked)) == len(asked)
