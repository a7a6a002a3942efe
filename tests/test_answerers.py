"""Answerers beside one another: what is counted of each, what flipped, and the page that says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from eval_run import EVIL, answer, cite, outcomes, place, sample, scored
from markup import HOSTILE

from evals import answerers, metrics, pages
from evals.runner import Finished
from evals.runs import Outcome
from evals.summary import refusal
from tutor.errors import InputError
from tutor.types import Claim, Dropped, Timings, Usage

ELEMENTS = """
html head meta title style body header main section footer h1 h2 h3 p span bdi div ul li dl dt dd table caption thead
tbody tr th td details summary
"""
MODEL = "openai:some"


def finished(made: Sequence[Outcome]) -> Finished:
    """Return a run of these outcomes."""
    about = {"task": "great-leap-forward", "course": "c", "dataset": "d", "course_versions": {}}
    return Finished(made, scored(list(made)) | {"run": about}, Path("kept") / "a-run")


def written(
    id: str,
    said: str = "It began in 1958 [1].",
    *claims: str,
    dropped: Sequence[str] = (),
    fallback: str | None = None,
    answerer: str = MODEL,
    times: Timings | None = None,
    usage: Usage | None = None,
    refused: bool = False,
    cold: bool = False,
) -> Outcome:
    """Return a question about the beginning as a chat model answered it, each claim with that support."""
    asked = answer("When did it begin?", said, cite(place("began in 1958")), refused=refused)
    made = asked.model_copy(
        update={
            "answerer": answerer,
            "claims": tuple(Claim(text="It began", citations=(1,), support=one) for one in claims),
            "dropped": tuple(Dropped(text="It ended", reason=reason) for reason in dropped),
            "fallback": fallback,
            "timings_ms": times or Timings(),
            "usage": usage,
        }
    )
    return Outcome(sample(id, "When did it begin?", (place("1958"),)), made, (), 0.1, cold=cold)


@pytest.fixture
def found() -> dict[str, Any]:
    """A comparison in which the model has a question right that the quotes have wrong, and another one wrong."""
    quoted = outcomes()
    steel = place("Most of the steel that they made was of no use, because the fires")
    changed = {
        "steel": answer("Was the steel any good?", "No <b>use</b> [1].", cite(steel)),
        "begin": answer("When did it begin?", f"In 1959 {EVIL}"),
    }
    phrased = [replace(o, answer=changed.get(o.sample.id, o.answer)) for o in quoted]
    return answerers.beside([("quotes", finished(quoted)), (MODEL, finished(phrased))])


# --- what is counted -------------------------------------------------------------------------------------------------


def test_answers_are_counted_by_who_phrased_them_and_why_not() -> None:
    made = [
        written("a"), written("b", fallback="slow"),
        written("c", answerer="quotes", fallback="unsupported"), written("d", answerer="quotes", fallback="failed"),
        written("e", answerer="quotes", fallback="unsupported"), written("f", answerer="quotes"),
        written("g", refused=True, answerer="quotes"), written("h", refused=True, fallback="failed"),
        Outcome(sample("i", "?"), None, (), 0.1, "it broke"),
    ]  # fmt: skip
    assert answerers.answers(made) == {
        "phrased": 2,
        "broken_off": {"slow": 1},
        "fallen_back": {"unsupported": 2, "failed": 1},
        "quoted": 1,
        "refused": 2,
        "errors": 1,
    }


def test_sentences_are_counted_by_what_supports_them_and_by_what_they_failed() -> None:
    made = [
        written("a", "…", "verified", "quoted", "verified", dropped=["number"]),
        written("b", "…", "quoted", dropped=["name", "number", "support"]),
        Outcome(sample("c", "?"), None, (), 0.1, "it broke"),
    ]
    assert answerers.sentences(made) == {
        "shown": {"quoted": 2, "verified": 2},
        "dropped": {"number": 2, "name": 1, "support": 1},
    }


def test_times_are_of_warm_answers_and_each_of_those_that_have_it() -> None:
    slow = Timings(total=400, first_token=100, first_sentence=150, check=10)
    made = [
        written("cold", times=Timings(total=90_000, first_token=80_000, first_sentence=85_000, check=9), cold=True),
        written("a", "…", "verified", dropped=["name"], times=slow),
        written("b", "…", "verified", times=Timings(total=200, first_token=50, first_sentence=150, check=20)),
        written("c", answerer="quotes", times=Timings(total=100)),
        Outcome(sample("d", "?"), None, (), 0.1, "it broke"),
    ]  # fmt: skip
    assert answerers.times(made) == {
        "total": {"p50": 200.0, "p95": 380.0, "n": 3},
        "first_token": {"p50": 75.0, "p95": 97.5, "n": 2},
        "first_sentence": {"p50": 150.0, "p95": 150.0, "n": 2},
        "sentence_by_token": {"p50": 2.25, "p95": 2.925, "n": 2},
        "check": {"p50": 12.5, "p95": 19.25, "n": 2},
    }
    assert answerers.times([])["check"] == {"p50": None, "p95": None, "n": 0}


@pytest.mark.parametrize(
    ("answerer", "fallback", "spent"), [(MODEL, None, 3.0), ("quotes", "unsupported", 6.0)]
)  # quotes are no sentences of the model
def test_the_check_of_a_sentence_is_over_what_the_model_wrote(answerer: str, fallback: str, spent: float) -> None:
    made = written(
        "a", "…", "verified", "quoted", dropped=["name", "name"], answerer=answerer, fallback=fallback,
        times=Timings(check=12),
    )  # fmt: skip
    assert made.answer
    assert answerers.check_ms(made.answer) == spent
    assert answerers.check_ms(made.answer.model_copy(update={"claims": (), "dropped": ()})) is None
    assert answerers.check_ms(made.answer.model_copy(update={"timings_ms": Timings()})) is None


# --- what they come to beside one another ----------------------------------------------------------------------------


def test_each_metric_is_held_against_the_first_answerer(found: dict[str, Any]) -> None:
    base, other = found["metrics"]["evidence_hit"]
    assert "difference" not in base
    assert other["difference"] == 0.0 and other["p"] == 1.0 and other["beyond_chance"] is False
    assert (base["n"], other["n"]) == (other["pairs"], other["pairs"])
    assert all("difference" not in value for value in found["metrics"]["refusal_f1"])  # no mean of questions


def test_a_difference_of_many_questions_is_beyond_chance() -> None:
    right = [written(str(n)) for n in range(12)]
    wrong = [replace(o, answer=o.answer and o.answer.model_copy(update={"citations": ()})) for o in right]
    found = answerers.beside([("quotes", finished(right)), (MODEL, finished(wrong))])
    value = found["metrics"]["right"][1]
    assert (value["difference"], value["pairs"], value["beyond_chance"]) == (-1.0, 12, True)
    assert value["p"] == pytest.approx(2 * 0.5**12, abs=1e-6)
    assert "-1.000  p = 0.000  beyond chance" in "\n".join(answerers.lines(found))
    assert "beyond chance</span>" in answerers.render(found)


def test_what_flipped_is_told_with_every_answer(found: dict[str, Any]) -> None:
    assert [flip["id"] for flip in found["flips"]] == ["begin", "steel"]
    steel = found["flips"][1]
    assert [one["outcome"] for one in steel["answers"]] == ["wrong", "right"]
    assert [one["answer"] for one in steel["answers"]] == ["Furnaces were built. [1]", "No <b>use</b> [1]."]
    assert steel["answers"][0]["why"].startswith("not cited")


@pytest.mark.parametrize("broken", [0, 1])
def test_an_error_is_no_flip(broken: int) -> None:
    made = [[written("a"), written("b")], [written("a"), written("b")]]
    made[broken][0] = replace(made[broken][0], answer=None, error="it broke")
    assert answerers.beside([(name, finished(run)) for name, run in zip("xy", made, strict=True)])["flips"] == []


def test_a_third_answerer_flips_what_the_others_agree_on() -> None:
    good = [written("a"), written("b")]
    bad = [good[0], replace(good[1], answer=answer("?", "no", refused=True))]
    failed = [good[0], replace(good[1], answer=None, error="it broke")]
    found = answerers.beside([(name, finished(run)) for name, run in zip("xyz", (good, failed, bad), strict=True)])
    (flip,) = found["flips"]
    assert [one["outcome"] for one in flip["answers"]] == ["right", "error", "refused"]
    assert flip["answers"][1]["answer"] is None
    assert "None: asking failed." in answerers.render(found)


def test_tokens_and_costs_are_told_by_answerer() -> None:
    spent = Usage(input_tokens=1_500_000, output_tokens=20)
    runs = [("quotes", finished([written("a", answerer="quotes")])), (MODEL, finished([written("a", usage=spent)]))]
    assert answerers.rows(answerers.beside(runs, (1.0, 10.0)))["cost"] == ["none", "$1.5002"]
    without = answerers.rows(answerers.beside(runs))
    assert without["cost"] == ["none", "n/a: see --price"]
    assert without["tokens"] == ["none", "1,500,000 read, 20 written"]


def test_who_phrased_the_answers_is_said_in_words() -> None:
    made = [
        written("a", fallback="slow"), written("b", answerer="quotes", fallback="over_budget"), written("c"),
        written("d", refused=True),
    ]  # fmt: skip
    rows = answerers.rows(answerers.beside([("quotes", finished(made)), (MODEL, finished(made))]))
    assert rows["answers"][0] == (
        "2 phrased by the model, of them broken off: slow 1; 1 quoted in its place (over budget 1); 1 refused"
    )
    assert (rows["sentences dropped"][0], rows["first word"][0]) == ("none", "n/a")
    nothing = [replace(one, answer=None, error="it broke") for one in made]
    assert answerers._ROWS["answers"]({"answers": answerers.answers(nothing)}) == "4 failed"
    assert answerers._ROWS["answers"]({"answers": answerers.answers([])}) == "none"


def test_runs_without_a_question_in_common_are_not_compared() -> None:
    with pytest.raises(InputError, match="no question in common"):
        answerers.beside([("x", finished([written("a")])), ("y", finished([written("b")]))])


def test_the_lines_name_every_metric_and_figure_with_each_answerer(found: dict[str, Any]) -> None:
    printed = answerers.lines(found)
    assert printed[0] == f"great-leap-forward: {found['questions']} questions, held against quotes"
    for name in (*found["metrics"], *answerers.rows(found)):
        at = printed.index(name)
        assert [line.split()[0] for line in printed[at + 1 : at + 3]] == ["quotes", MODEL]
    assert printed[-1] == "2 flipped: begin, steel"


def test_it_can_be_written_as_json(found: dict[str, Any]) -> None:
    assert json.loads(json.dumps(found)) == found


# --- the page --------------------------------------------------------------------------------------------------------


class Seen(HTMLParser):
    """The elements of a page, and the text that a reader gets."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_has_every_metric_figure_and_flip(found: dict[str, Any]) -> None:
    text = Seen(answerers.render(found)).text
    for words in (*found["metrics"], *answerers.rows(found), "Was the steel any good?", "No <b>use</b> [1].", "a-run"):
        assert words in text
    assert text.count(MODEL) > len(found["metrics"])


def test_every_metric_and_figure_is_explained(found: dict[str, Any]) -> None:
    explained = "".join(
        (Path(pages.__file__).parent / name).read_text(encoding="utf-8") for name in ("page.j2", "answerers.html.j2")
    )
    names = {name.split("@")[0] for name in (*metrics.standard(5, {}), *refusal([]), "pairs_right")}
    assert {name for name in (*names, *answerers.rows(found)) if f'"{name}": "' not in explained} == set()


def test_words_that_would_be_more_are_only_shown() -> None:
    evil = [
        replace(
            o, sample=replace(o.sample, id=f"{words} {n}", question=words, kind=words),
            answer=o.answer and o.answer.model_copy(update={"answer": words, "citations": ()}),
        )
        for n, words in enumerate(HOSTILE) for o in [written("x")]
    ]  # fmt: skip
    good = [replace(o, answer=written("x").answer) for o in evil]
    found = answerers.beside([(EVIL, finished(good)), (HOSTILE[3], finished(evil))])
    assert len(found["flips"]) == len(HOSTILE)
    page = answerers.render(found | {"task": EVIL, "course": EVIL})
    seen = Seen(page)
    assert seen.elements <= set(ELEMENTS.split())
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name in ("src", "href", "action")]
    for words in HOSTILE:
        assert pages._FORBIDDEN.sub("\ufffd", words) in seen.text
    page.encode()
    style = page.split("</style>")[0]
    assert "url(" not in style and "@import" not in style


def test_nothing_may_run_or_come_from_elsewhere(found: dict[str, Any]) -> None:
    page = answerers.render(found)
    assert "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'" in page
    assert "script" not in Seen(page).elements
    assert page.index("Content-Security-Policy") < page.index("<title>")


def test_few_questions_and_no_flip_are_said() -> None:
    one = finished([written("a")])
    page = answerers.render(answerers.beside([("quotes", one), (MODEL, one)]))
    assert "None: each answerer has the same questions right." in page
    assert "So few questions cannot show any difference" in page
    many = finished([written(str(n)) for n in range(60)])
    assert "can show a difference of 0." in answerers.render(answerers.beside([("quotes", many), (MODEL, many)]))


def test_a_run_that_was_not_kept_says_so() -> None:
    one = replace(finished([written("a")]), folder=None)
    assert "not kept" in answerers.render(answerers.beside([("quotes", one), (MODEL, one)]))


@pytest.mark.parametrize(("value", "said"), [(None, "n/a"), (0.0, "0.000"), (-0.12345, "-0.123"), (187.25, "187.2")])
def test_numbers_have_three_places_where_they_are_small(value: float | None, said: str) -> None:
    assert pages.number(value) == said
