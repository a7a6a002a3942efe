"""Rendering: what is shown, and that nothing shown can run, load or spill over."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutor.types import (
    Answer,
    Citation,
    Claim,
    ConversationInfo,
    CourseInfo,
    Heading,
    Message,
    StoredSource,
    Support,
    Timings,
)
from tutor.web import rendering

TEXT = (
    "Farms\n\nPlows\n\nPlows cut deep. Harvests\nfailed.\n\n- Quota: an amount of work.\n- Utopia: a perfect place.\n"
)
OUTLINE = (Heading(title="Farms", level=1, start=0), Heading(title="Plows", level=2, start=7))

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=//evil.test/x.png>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<math><mtext></p><style>@import'//evil.test'",
    "<a href=javascript:alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "![x](http://evil.test/x.png)",
    "[1]: http://evil.test",
    "<!--",
    "]]>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "</p></div></article></aside><h1>out</h1>",
    "<mark>not the quote</mark>",
    "<button data-event=cite>1</button>",
    "${alert(1)}",
    "{{constructor.constructor('alert(1)')()}}",
    "`${alert(1)}`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "\x00<b>\x00",
    "\ud800<b>\udfff",
    "\u202egnp.exe\u202c",
    "\u2066\u202e[1]\u2069",
    "A" * 10_000,
    "\u0301" * 200,
    "\u2028<b>\u2029",
]


class Page(HTMLParser):
    """What a browser would make of some HTML: elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.marked = ""
        self.comments: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "path":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self.open:
            self.marked += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        self.comments.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.comments.append(data)


OWN_TAGS = {
    "article", "aside", "bdi", "button", "code", "div", "h1", "h2", "h3", "h4", "header", "li", "mark", "nav", "ol",
    "p", "pre", "q", "section", "span", "strong", "time", "ul",
}  # fmt: skip
OWN_ATTRIBUTES = {"class", "dir", "type", "role", "tabindex", "datetime"}


def assert_harmless(html: str) -> None:
    page = Page(html)
    assert not page.open
    assert not page.comments
    assert set(page.tags) <= OWN_TAGS
    assert {n for n, _ in page.attributes if not n.startswith(("data-", "aria-"))} <= OWN_ATTRIBUTES
    html.encode()


def citation(marker: int = 1, text: str = "Plows cut deep.", **other: object) -> Citation:
    facts: dict[str, object] = {
        "marker": marker, "course": "farming", "source": "lesson.md", "title": "Farms", "section": "Farms › Plows",
        "version": "sha256:0", "quote": text, "start": 14, "end": 14 + len(text),
    }  # fmt: skip
    return Citation.model_validate(facts | other)


def answer(text: str = "Plows cut deep [1].", support: Support = "quoted", **other: object) -> Answer:
    facts: dict[str, object] = {
        "question": "How deep?", "standalone_question": "How deep?", "answer": text, "refused": False, "reason": None,
        "claims": (Claim(text="Plows cut deep", citations=(1,), support=support),), "citations": (citation(),),
        "nearest": (), "suggestions": (), "course": "farming", "conversation": "c_1", "answerer": "quotes",
        "prompts": (), "timings_ms": Timings(),
    }  # fmt: skip
    return Answer.model_validate(facts | other)


def stored(text: str = TEXT, outline: tuple[Heading, ...] = OUTLINE, **other: object) -> StoredSource:
    facts: dict[str, object] = {
        "course": "farming", "name": "lesson.md", "title": "Farms", "version": "sha256:0", "outline": outline,
        "text": text,
    }  # fmt: skip
    return StoredSource.model_validate(facts | other)


def test_a_marker_with_a_citation_is_a_named_button():
    html = rendering.render_exchange(answer(), last=True)
    assert 'class="cite" data-event="cite"' in html
    assert 'aria-label="Source 1: Plows"' in html
    assert "Plows cut deep 1." in Page(html).text


def test_a_marker_without_a_citation_stays_text():
    page = Page(rendering.render_exchange(answer("See [7] and [1]."), last=True))
    assert "See [7] and 1." in page.text


def test_a_marker_stays_with_the_word_before_it():
    assert '<span class="held">deep <button' in rendering.render_exchange(answer(), last=True)


def test_a_word_too_long_for_a_line_may_leave_its_marker():
    assert '<span class="held"><button' in rendering.render_exchange(answer("W" * 500 + " [1]."), last=True)


def test_citations_of_one_place_share_its_line_below_the_answer():
    html = rendering.render_exchange(answer("Deep [1]. Deeper [2].", citations=(citation(), citation(2))), last=True)
    assert html.count('class="chip"') == 1
    assert 'aria-label="Sources 1, 2: Plows"' in html


def test_a_citation_with_a_page_says_which():
    assert "Source 1: Plows, page 3" in rendering.render_exchange(answer(citations=(citation(page=3),)), last=True)


def test_a_citation_outside_any_section_is_named_after_its_source():
    assert "Source 1: Farms" in rendering.render_exchange(answer(citations=(citation(section=None),)), last=True)


def test_an_answer_in_the_sources_words_says_so():
    assert "In the course’s own words" in rendering.render_exchange(answer(), last=True)


def test_a_checked_rewording_says_so():
    assert "Reworded, and checked" in rendering.render_exchange(answer(support="verified"), last=True)


def test_a_statement_without_support_is_marked_where_it_stands():
    html = rendering.render_exchange(answer(support="unsupported"), last=True)
    assert "Plows cut deep not found in the course 1." in " ".join(Page(html).text.split())


def test_a_citation_of_an_older_version_says_so():
    assert "changed since" in rendering.render_exchange(answer(citations=(citation(changed=True),)), last=True)


def test_a_refusal_shows_the_nearest_passages_as_buttons():
    refusal = answer("Not here.", refused=True, claims=(), citations=(), nearest=(citation(0),))
    html = rendering.render_exchange(refusal, last=True)
    assert "Closest in the course" in html
    assert 'class="near" data-event="cite"' in html
    assert "Plows cut deep." in Page(html).text


def test_the_standalone_question_is_shown_where_it_differs():
    html = rendering.render_exchange(answer(standalone_question="How deep did plows cut?"), last=True)
    assert "Understood as: How deep did plows cut?" in Page(html).text


def test_the_standalone_question_is_left_out_where_only_case_and_spaces_differ():
    assert "Understood as" not in rendering.render_exchange(answer(standalone_question="how  deep?"), last=True)


def test_only_the_last_exchange_proposes_questions():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    exchange = answer(suggestions=("What next?",))
    messages = [Message(id=str(n), created_at=now, answer=exchange) for n in range(2)]
    course = CourseInfo(id="farming", title="Farms", language="en", licence=None, sources=1)
    assert rendering.render_transcript(course, messages).count('data-question="What next?"') == 1


def test_a_pending_answer_has_markers_that_cannot_be_used_yet():
    page = Page(rendering.render_pending("How deep?", "Plows cut deep [1].", "Looking"))
    assert "button" not in page.tags
    assert "Plows cut deep 1." in page.text


def test_a_pending_answer_without_words_says_what_happens():
    assert "Looking" in Page(rendering.render_pending("How deep?", "", "Looking")).text


def test_an_announcement_has_no_markers():
    assert rendering.announcement(answer()) == "Answer: Plows cut deep."


def test_the_current_conversation_is_told_from_the_others():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    listed = [ConversationInfo(id=i, course="f", title=i, created_at=now, updated_at=now) for i in ("c_1", "c_2")]
    html = rendering.render_conversations(listed, "c_2")
    assert html.count("aria-current") == 1
    assert 'data-conversation="c_2" aria-current' in html


def test_no_conversations_render_as_nothing():
    assert rendering.render_conversations([], None) == ""


def test_no_notice_renders_as_nothing():
    assert rendering.render_notice("", "hint") == ""


def test_the_quote_is_marked_exactly():
    start = TEXT.index("Harvests")
    assert Page(rendering.render_source(stored(), start, start + 16)).marked == "Harvests\nfailed."


def test_a_quote_over_two_paragraphs_is_marked_in_both():
    start, end = TEXT.index("failed"), TEXT.index("Quota") + 5
    assert Page(rendering.render_source(stored(), start, end)).marked == "failed.- Quota"


def test_a_source_shows_headings_paragraphs_and_list_items():
    page = Page(rendering.render_source(stored(), 14, 29))
    assert page.tags.count("h3") == page.tags.count("h4") == 1
    assert sum(attribute == ("class", "item") for attribute in page.attributes) == 2


def test_the_heading_path_leaves_out_a_title_that_stands_above_it():
    html = rendering.render_source(stored(), 14, 29)
    path = html[html.index('<ol class="path"') : html.index("</ol>")]
    assert Page(path + "</ol>").text == "Plows"


def test_the_heading_path_ends_with_the_innermost_heading():
    assert rendering.heading_path(OUTLINE, 20) == ("Farms", "Plows")
    assert rendering.heading_path(OUTLINE, 3) == ("Farms",)


def test_a_sibling_heading_replaces_the_one_before():
    outline = (*OUTLINE, Heading(title="Sparrows", level=2, start=30))
    assert rendering.heading_path(outline, 40) == ("Farms", "Sparrows")


def test_a_source_that_changed_since_says_so():
    assert "newer version" in rendering.render_source(stored(changed=True), 0, 5)


def test_a_very_long_source_is_shown_around_the_quote():
    long = "Harvests failed.\n\n" * 20_000
    html = rendering.render_source(stored(long, ()), 180_000, 180_016)
    assert Page(html).marked == "Harvests failed."
    assert len(html) < 400_000
    assert html.count("only the part around the quote") == 2


@pytest.mark.parametrize("span", [(-5, 3), (10**9, 10**9 + 5), (9, 3)])
def test_a_span_outside_the_text_breaks_nothing(span: tuple[int, int]):
    assert_harmless(rendering.render_source(stored(), *span))


def test_a_problem_with_a_source_is_shown_in_its_place():
    assert "There is no such source." in Page(rendering.render_source_problem("There is no such source.", "k")).text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_in_a_conversation_are_only_shown(text: str):
    cited = citation(text=text, title=text, section=text, source=text, version=text, course=text)
    exchange = answer(
        text + " [1]", question=text, standalone_question=text + "!", suggestions=(text,), citations=(cited,),
        nearest=(cited,), claims=(Claim(text=text, citations=(1,), support="unsupported"),),
    )  # fmt: skip
    assert_harmless(rendering.render_exchange(exchange, last=True))
    assert_harmless(rendering.render_pending(text, text, text))
    assert_harmless(rendering.announcement(exchange))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_in_a_source_are_only_shown(text: str):
    body = f"{text}\n\n- {text}\n\n{text}"
    source = stored(body, (Heading(title=text, level=2, start=0),), name=text, title=text, version=text)
    html = rendering.render_source(source, 0, len(body))
    assert_harmless(html)
    assert_harmless(rendering.render_source_problem(text, text))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_in_lists_are_only_shown(text: str):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    listed = [ConversationInfo(id=text, course=text, title=text, created_at=now, updated_at=now)]
    course = CourseInfo(id=text, title=text, language="en", licence=None, sources=1, first_questions=(text,))
    assert_harmless(rendering.render_conversations(listed, text))
    assert_harmless(rendering.render_welcome(course))
    assert_harmless(rendering.render_notice(text, "error"))


def test_a_hostile_question_is_shown_letter_by_letter():
    question = "<img src=x onerror=alert(1)> & [x](javascript:alert(1))"
    assert question in Page(rendering.render_pending(question, "", "Looking")).text


def test_a_label_carries_no_direction_marks():
    assert rendering.label("a\u202eb\u2066c\n d") == "abc d"


@given(st.text(alphabet="ab \n-.1[]", max_size=300), st.data())
def test_paragraphs_hold_every_visible_character_once_and_in_order(text: str, data: st.DataObject):
    starts = [m for m in range(len(text)) if text[m].strip() and (m == 0 or text[m - 1] == "\n")]
    chosen = data.draw(st.lists(st.sampled_from(starts), unique=True).map(sorted)) if starts else []
    outline = [Heading(title="x", level=2, start=start) for start in chosen]
    spans = list(rendering.split_paragraphs(text, outline, 0, len(text)))
    assert all(a < b for a, b in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())


@given(st.text(max_size=200), st.integers(0, 200), st.integers(0, 200))
@example("\r\x0c\x1c\x85", 0, 4)
def test_the_marked_words_are_those_of_the_span(text: str, start: int, end: int):
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    marked = Page(rendering.render_source(stored(text, ()), start, end)).marked
    shown = rendering.escape(text[start:end])
    assert "".join(marked.split()) == "".join(Page(shown).text.split())
