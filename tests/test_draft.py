"""Drafts: what is asked of a course by its own words, and that a draft is a dataset as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commandline import run

from evals import datasets
from evals.draft import Drafted, as_lines, as_sheet, draft
from tutor.tutor import Tutor

COURSE = "great-leap-forward"


@pytest.fixture(scope="module")
def drafted(lesson_tutor: Tutor) -> list[Drafted]:
    return draft(lesson_tutor.index(COURSE), 60)


def test_a_course_is_asked_for_its_questions_terms_figures_years_and_sections(drafted: list[Drafted]) -> None:
    assert {one.kind for one in drafted} == {"faq", "term", "number", "date", "section"}
    assert any(one.question == "What happened in 1958?" for one in drafted)


def test_a_year_is_answered_by_every_sentence_that_names_it(drafted: list[Drafted]) -> None:
    (year,) = [one for one in drafted if one.question == "What happened in 1958?"]
    assert len(year.evidence) > 2
    assert all("1958" in text for text in year.evidence)


def test_a_draft_holds_as_many_questions_as_are_wanted_of_every_kind(lesson_tutor: Tutor) -> None:
    few = draft(lesson_tutor.index(COURSE), 5)
    assert len(few) == 5
    assert len({one.kind for one in few}) == 5


@pytest.mark.parametrize(("name", "written"), [("d.jsonl", as_lines), ("d.csv", as_sheet)])
def test_a_draft_is_a_dataset_as_it_stands(
    name: str, written: object, drafted: list[Drafted], lesson_tutor: Tutor, tmp_path: Path
) -> None:
    assert callable(written)
    (tmp_path / name).write_text(written(drafted), encoding="utf-8", newline="")
    samples = datasets.load(tmp_path / name, {"lesson.md": lesson_tutor.source(COURSE, "lesson.md").text})
    assert [sample.question for sample in samples] == [one.question for one in drafted]
    assert all(sample.answerable and sample.evidence for sample in samples)


def test_what_a_cell_cannot_hold_is_left_to_the_lines() -> None:
    both = [Drafted("A?", "fact", ("one | two",)), Drafted("B?", "fact", ("three",), ("3",))]
    assert [json.loads(line)["question"] for line in as_lines(both).splitlines()] == ["A?", "B?"]
    assert as_sheet(both).splitlines()[1:] == ["draft-002,B?,yes,fact,3,three"]


@pytest.mark.usefixtures("lesson_home")
def test_a_teacher_drafts_runs_and_never_loses_what_was_corrected(tmp_path: Path) -> None:
    sheet = tmp_path / "mine.csv"
    made = run("eval", "new", COURSE, "--out", sheet, "--most", 4)
    assert made.out.splitlines()[0].startswith("4 questions in ")
    assert run("eval", "run", sheet, "--course", COURSE).status == 0
    again = run("eval", "new", COURSE, "--out", sheet)
    assert (again.status, "exists already" in again.err) == (1, True)
    assert run("eval", "new", COURSE, "--out", tmp_path / "mine.doc").status == 2
