"""The report of a run: what it says, what it must not let run, and its sheet and JUnit XML."""

from __future__ import annotations

import csv
import io
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from eval_run import ASKED, EVIL, FAILED, LESSON, TEXTS, answer, cite, confident, outcomes, place, sample, scored
from markup import HOSTILE

from evals import metrics, plots, report
from evals.datasets import Span
from evals.gates import Verdict
from evals.runs import Outcome
from evals.summary import refusal, score_all

ELEMENTS = """
html head meta title style body header main section footer h1 h2 h3 p span bdi b i u q strong div ul ol li dl dt dd
table caption thead tbody tr th td figure figcaption label select option input details summary mark script
svg g path defs use text clippath rect pattern
"""
PASSED = Verdict()


class Seen(HTMLParser):
    """The elements of a page, and the text that a reader gets."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def made() -> list[Outcome]:
    return confident(outcomes())


@pytest.fixture(scope="module")
def scores(made: list[Outcome]) -> dict[str, Any]:
    return scored(made)


@pytest.fixture(scope="module")
def page(made: list[Outcome], scores: dict[str, Any]) -> str:
    return report.render(ASKED, made, scores, TEXTS, FAILED)


@pytest.fixture(scope="module")
def seen(page: str) -> Seen:
    return Seen(page)


def rendered(*asked: Outcome, verdict: Verdict = PASSED, texts: Mapping[str, str] = TEXTS, **more: Any) -> str:
    """Return the report of a few outcomes."""
    return report.render(ASKED, asked, scored(list(asked)), texts, verdict, **more)


def cited(*spans: Span, gold: Span | None = None) -> Outcome:
    """Return an outcome that cites these places, the first of them being gold unless another is."""
    one = sample("1", "?", (gold or spans[0],))
    return Outcome(one, answer("?", "!", *map(cite, spans)), (), 0.1)


# --- what it says ----------------------------------------------------------------------------------------------------


def test_it_names_the_task_the_system_the_course_and_the_verdict_with_what_failed(seen: Seen) -> None:
    for words in ("great-leap-forward", "tutor", "FAIL", *FAILED.failed):
        assert words in seen.text
    assert "<title>FAIL great-leap-forward: eval report</title>" in rendered(cited(place("1958")), verdict=FAILED)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [(PASSED, ["✓", "PASS"]), (FAILED, ["✗", "FAIL"]), (Verdict((), "9 broke"), ["!", "ERROR", "9 broke"])],
)
def test_the_verdict_is_a_word_and_a_sign(verdict: Verdict, words: list[str]) -> None:
    text = Seen(rendered(cited(place("1958")), verdict=verdict)).text
    assert all(word in text for word in words)


def test_every_metric_is_there_with_its_interval_and_count(page: str, scores: dict[str, Any]) -> None:
    rows = re.findall(r'(?s)<tr>\s*<th scope="row">(.*?)</tr>', page)
    assert len(rows) == len(scores["summary"]["metrics"]) > 15
    for row, (name, found) in zip(rows, scores["summary"]["metrics"].items(), strict=True):
        text = Seen(row).text
        assert text.startswith(name) and text.split()[-1] == str(found["n"])
        if "low" in found:
            assert f"{report._number(found['low'])} to {report._number(found['high'])}" in text


def test_an_undefined_metric_is_na_and_never_a_number(page: str) -> None:
    (row,) = re.findall(r'(?s)<th scope="row"><span class="name">pairs_right</span>(.*?)</tr>', page)
    assert re.findall(r"n/a|\d+", Seen(row).text) == ["n/a", "n/a", "0"]


@pytest.mark.parametrize(("value", "said"), [(None, "n/a"), (0.0, "0.000"), (-0.12345, "-0.123"), (187.25, "187.2")])
def test_numbers_have_three_places_where_they_are_small(value: float | None, said: str) -> None:
    assert report._number(value) == said


def test_a_question_shows_its_history_how_it_was_understood_its_answer_and_why(page: str) -> None:
    (row,) = [row for row in page.split('<tr role="row" data-kind') if "What failed?" in row]
    for words in (
        "And how many died?",
        "How many died in the famine?",
        "Between 15 and 55 million [1].",
        "citation_iou",
    ):
        assert words in row
    (row,) = [row for row in page.split('<tr role="row" data-kind') if "not cited: group 1, 2" in row]
    assert "one of" not in row and "not <q><bdi>good steel</bdi></q>" in row


def test_a_refusal_and_an_error_say_so(seen: Seen) -> None:
    assert "a refusal (not in course)" in seen.text
    assert "None: asking failed." in seen.text and f"it broke {EVIL}" in seen.text
    assert "None: the course does not answer this." in seen.text


def test_a_quote_that_is_not_what_stands_there_is_told(seen: Seen) -> None:
    assert "The text has other words than the quote: 1962" in seen.text
    assert "This source is not among the texts of the run." in seen.text and "gone" in seen.text


def test_an_answerable_question_without_a_place_says_so() -> None:
    asked = Outcome(sample("1", "?", answerable=True), answer("?", "!"), (), 0.1)
    assert "No place is named." in rendered(asked)


# --- what is cited beside what is gold -------------------------------------------------------------------------------


def pieces(asked: Outcome, text: str) -> list[tuple[str, bool, bool]]:
    """Return the pieces of what is cited first."""
    (first, *_), _ = report._excerpts(asked, {"lesson.md": text})
    return first.pieces


def test_characters_that_are_cited_gold_or_both_are_pieces_of_their_own() -> None:
    found = pieces(cited(Span("lesson.md", 2, 6), gold=Span("lesson.md", 4, 9)), "0123456789")
    assert found == [
        ("01", False, False), ("23", True, False), ("45", True, True), ("678", False, True), ("9", False, False),
    ]  # fmt: skip


def test_the_context_ends_between_words() -> None:
    span = place("lasted until 1961")
    found = pieces(cited(span), LESSON)
    assert [piece for piece, *_ in found][:: len(found) - 1] == ["… ", " …"]
    shown = "".join(piece for piece, *_ in found[1:-1])
    before, after = LESSON.split(shown)
    assert before[-1].isspace() and after[0].isspace()
    assert len("lasted until 1961") + 200 < len(shown) <= len("lasted until 1961") + 240


def test_a_word_that_is_longer_than_the_context_is_cut() -> None:
    found = pieces(cited(Span("lesson.md", 500, 510)), "A" * 1_000)
    assert [(len(piece), held) for piece, held, _ in found] == [
        (2, False),
        (120, False),
        (10, True),
        (120, False),
        (2, False),
    ]


def test_a_text_that_is_shown_whole_has_no_ellipsis() -> None:
    assert pieces(cited(Span("lesson.md", 0, 5)), "a few words") == [("a few", True, True), (" words", False, False)]


@pytest.mark.parametrize(("start", "end"), [(-5, 3), (8, 10**9), (50, 60), (6, 2)])
def test_a_span_that_does_not_exist_is_no_trouble(start: int, end: int) -> None:
    found = pieces(cited(Span("lesson.md", start, end), gold=Span("lesson.md", 0, 1)), "a few words")
    assert "".join(piece for piece, *_ in found) == "a few words"


# --- plots -----------------------------------------------------------------------------------------------------------


def titles(*asked: Outcome) -> list[str]:
    return [plot.title for plot in plots.plots(asked, scored(list(asked)))]


def test_what_cannot_be_drawn_is_left_out() -> None:
    failed = Outcome(sample("1", "?", (place("1958"),)), None, (), 0.1, "broke")
    assert titles(failed) == ["Outcomes by kind of question"]
    assert plots.plots([], score_all([], {})) == []
    assert '<h2 id="plots">' not in report.render(ASKED, [], score_all([], {}), {}, Verdict())


def test_confidences_draw_how_reliable_they_are_and_what_refusing_costs(made: list[Outcome]) -> None:
    more = {"Reliability", "The trade-off of refusing"}
    assert more.isdisjoint(titles(*outcomes()))
    assert more <= set(titles(*made))
    assert titles(made[0])[-1] == "Reliability"  # nothing that should be refused


def stated(**sure: float) -> list[Outcome]:
    """Return the run with these confidences, by question id."""
    return [
        replace(o, answer=o.answer and o.answer.model_copy(update={"confidence": sure.get(o.sample.id)}))
        for o in outcomes()
    ]


def test_a_plot_says_in_words_what_it_shows(made: list[Outcome], scores: dict[str, Any]) -> None:
    drawn = {plot.title: plot for plot in plots.plots(stated(begin=0.75, moon=0.25, home=0.2), scores)}
    assert "fact: 1 right, 1 wrong, 1 refused" in drawn["Outcomes by kind of question"].alternative
    assert re.search(r"Recall is 0\.\d{3} at 1, .* at 5\.$", drawn["Recall at k"].alternative)
    assert re.search(r"half of \d+ answers came within \d+ ms", drawn["Latency"].alternative)
    assert "stated 0.75, true 1.00 of 1" in drawn["Reliability"].alternative
    assert "0.50 wrongly against 0.00 rightly" in drawn["The trade-off of refusing"].alternative


def test_latency_is_of_warm_answers(made: list[Outcome]) -> None:
    cold = replace(made[0], seconds=100.0)
    (drawn,) = (plot for plot in plots.plots([cold, made[2]], scored([cold, made[2]])) if plot.title == "Latency")
    assert "half of 1 answers came within 54 ms" in drawn.alternative


def test_names_in_a_plot_are_only_shown(made: list[Outcome]) -> None:
    kinds = ["@1@", "$x^$", "<b>&", "飢饉", "\x00", "k" * 10_000]
    asked = [replace(made[0], sample=replace(made[0].sample, id=kind, kind=kind)) for kind in kinds]
    svg = plots._by_kind(scored(asked))
    assert svg
    for words in ("@1@", "$x^$", "&lt;b&gt;&amp;", "飢饉", "k" * 36 + "…"):
        assert f">{words}</text>" in svg.svg


def test_no_two_elements_of_the_page_have_one_id(page: str) -> None:
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert {name for name in re.findall(r'(?:href="|url\()#([^")]*)', page)} <= set(ids)


# --- nothing runs ----------------------------------------------------------------------------------------------------


def test_hostile_words_are_shown_and_make_no_element(seen: Seen) -> None:
    assert set(seen.elements) <= set(ELEMENTS.split())
    assert (seen.elements["script"], seen.elements["style"], seen.elements["h1"], seen.elements["title"]) == (
        1,
        1,
        1,
        1,
    )
    for words in HOSTILE:
        assert report._FORBIDDEN.sub("\ufffd", words) in seen.text
    assert not [name for name, _ in seen.attributes if name.startswith("on")]


def test_nothing_comes_from_elsewhere(page: str, seen: Seen) -> None:
    assert not [(name, value) for name, value in seen.attributes if name in ("src", "href", "srcset", "action", "data")]
    assert all(value and value.startswith("#") for name, value in seen.attributes if name == "xlink:href")
    style = page[page.index("<style>") : page.index("</style>")]
    assert "@import" not in style and "url(" not in style


def test_only_the_one_script_may_run(page: str) -> None:
    (script,) = re.findall(r"(?s)<script>(.*?)</script>", page)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert page.index("Content-Security-Policy") < page.index("<title>")


def test_characters_that_no_page_may_hold_are_replaced(page: str) -> None:
    assert not report._FORBIDDEN.search(page)
    page.encode()


def test_the_same_run_gives_the_same_page(page: str, made: list[Outcome], scores: dict[str, Any]) -> None:
    assert report.render(ASKED, made, scores, TEXTS, FAILED) == page


# --- the sheet and JUnit XML -----------------------------------------------------------------------------------------


def test_the_sheet_has_a_row_for_each_question_and_a_column_for_each_metric(
    made: list[Outcome], scores: dict[str, Any]
) -> None:
    rows = list(csv.DictReader(io.StringIO(report.as_csv(made, scores), newline="")))
    assert [*rows[0]][:6] == ["id", "kind", "question", "outcome", "answer", "why"]
    assert [*rows[0]][6:] == list(scores["questions"][0]["scores"])
    assert len(rows) == len(made)
    assert (rows[0]["right"], rows[0]["nothing_forbidden"]) == ("1.0", "")
    lost = next(row for row in rows if row["id"] == "lost")
    assert (lost["outcome"], lost["answer"], lost["right"], lost["why"]) == ("error", "", "", f"it broke {EVIL}")


def test_no_cell_of_the_sheet_is_a_formula(made: list[Outcome], scores: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(report.as_csv(made, scores), newline="")))
    last = rows[-1]
    assert (last["question"], last["kind"], last["answer"]) == ("'=1+1", "'@sum", "'+1 is\r\na number")
    steel = next(row for row in rows if row["id"] == "steel")
    assert steel["crag"] == "-1.0"  # a number stays one


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\x00="])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(begin: str) -> None:
    assert report._cell(f"{begin}1") == f"'{begin.lstrip(chr(0))}1"
    assert report._cell(f"1{begin}").startswith("1")


def test_junit_has_a_case_for_each_question(made: list[Outcome], scores: dict[str, Any]) -> None:
    suite = ElementTree.fromstring(report.as_junit(ASKED, made, scores)).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    states = Counter(question["outcome"] for question in scores["questions"])
    assert len(cases) == len(made) == int(suite.attrib["tests"])
    assert len(suite.findall(".//failure")) == states["wrong"] + states["refused"] == int(suite.attrib["failures"]) > 1
    assert len(suite.findall(".//error")) == states["error"] == int(suite.attrib["errors"]) == 1
    assert [cases[0].attrib[name] for name in ("classname", "name", "time")] == [ASKED.task, "begin", "0.050"]


def test_a_failure_says_why_and_what_was_answered(made: list[Outcome], scores: dict[str, Any]) -> None:
    cases = ElementTree.fromstring(report.as_junit(ASKED, made, scores)).iter("testcase")
    faults = {case.attrib["name"]: case[0] for case in cases if len(case)}
    assert (faults["steel"].tag, faults["steel"].attrib["type"]) == ("failure", "wrong")
    assert "not cited: group 1, 2" in faults["steel"].attrib["message"]
    assert "got: Furnaces were built. [1]" in (faults["steel"].text or "")
    assert faults["home"].attrib["type"] == "refused"
    assert (faults["lost"].tag, faults["lost"].attrib["message"]) == ("error", f"it broke {EVIL}")
    assert "\x0b" not in report.as_junit(ASKED, made, scores)


def test_every_standard_metric_is_explained() -> None:
    template = (Path(report.__file__).parent / "page.j2").read_text(encoding="utf-8")
    names = {name.split("@")[0] for name in (*metrics.standard(5, {}), *refusal([]), "pairs_right")}
    assert {name for name in names if f'"{name}": "' not in template} == set()
