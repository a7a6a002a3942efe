"""Rendering: what is shown, and that nothing shown can run, load or spill over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from markup import HOSTILE, Page, assert_harmless

from tutor.errors import NotFound
from tutor.types import Answer, Citation, Claim, ConversationInfo, CourseInfo, Dropped, Message, Support, Timings
from tutor.web import citing, rendering
from tutor.web.escaping import escape, label
from tutor.web.texts import texts

EN = texts("en")


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


def test_a_marker_with_a_citation_is_a_named_button():
    html = rendering.render_exchange(EN, answer(), last=True)
    assert 'class="cite tone-1" data-event="cite"' in html
    assert 'aria-label="Source 1: Plows, quoted"' in html
    assert "Plows cut deep 1." in Page(html).text


def test_a_marker_without_a_citation_stays_text():
    page = Page(rendering.render_exchange(EN, answer("See [7] and [1]."), last=True))
    assert "See [7] and 1." in page.text


def test_a_marker_stays_with_the_word_before_it():
    assert '<span class="held">deep <button' in rendering.render_exchange(EN, answer(), last=True)


def test_a_word_too_long_for_a_line_may_leave_its_marker():
    assert '<span class="held"><button' in rendering.render_exchange(EN, answer("W" * 500 + " [1]."), last=True)


def test_citations_of_one_place_share_its_line_below_the_answer():
    html = rendering.render_exchange(
        EN, answer("Deep [1]. Deeper [2].", citations=(citation(), citation(2))), last=True
    )
    assert html.count('class="chip"') == 1
    assert 'aria-label="Sources 1, 2: Plows"' in html


def test_a_citation_with_a_page_says_which():
    assert "Source 1: Plows, page 3" in rendering.render_exchange(EN, answer(citations=(citation(page=3),)), last=True)


def test_a_citation_outside_any_section_is_named_after_its_source():
    assert "Source 1: Farms" in rendering.render_exchange(EN, answer(citations=(citation(section=None),)), last=True)


def test_an_answer_in_the_sources_words_says_so():
    assert "In the course’s own words" in rendering.render_exchange(EN, answer(), last=True)


def test_a_checked_rewording_says_so():
    assert "Reworded, and checked" in rendering.render_exchange(EN, answer(support="verified"), last=True)


def test_a_statement_without_support_is_marked_where_it_stands():
    html = rendering.render_exchange(EN, answer(support="unsupported"), last=True)
    assert "Plows cut deep not found in the course 1." in " ".join(Page(html).text.split())


@pytest.mark.parametrize(("support", "said"), [("quoted", "quoted"), ("verified", "reworded and checked")])
def test_each_sentence_shows_how_it_is_supported_and_its_marker_says_so(support: Support, said: str):
    two = (Claim(text="Deep", citations=(1,), support="quoted"), Claim(text="Deeper", citations=(2,), support=support))
    cited = (citation(), citation(2))
    html = rendering.render_exchange(EN, answer("Deep [1]. Deeper [2].", claims=two, citations=cited), last=True)
    assert html.count('<span class="claim" data-support="quoted"><span class="held">Deep <button') == 1
    assert f'<span class="claim" data-support="{support}"><span class="held">Deeper <button' in html
    assert f'aria-label="Source 2: Plows, {said}"' in html


def test_the_tutors_own_words_around_a_quotation_have_no_support():
    html = rendering.render_exchange(EN, answer("The course says: Plows cut deep [1]."), last=True)
    assert '<p class="words" dir="auto">The course says: <span class="claim"' in html


def test_a_marker_carries_its_quote_for_the_card():
    html = rendering.render_exchange(EN, answer(citations=(citation(text='"Deep" & <b>deeper'),)), last=True)
    assert 'data-quote="&quot;Deep&quot; &amp; &lt;b&gt;deeper"' in html
    assert 'data-place="Plows"' in html


def test_what_the_signs_mean_is_explained_where_there_is_something_to_explain():
    assert "What do these mean?" in rendering.render_exchange(EN, answer(), last=True)
    refusal = answer("Not here.", refused=True, claims=(), citations=(), nearest=(citation(0),))
    assert "What do these mean?" not in rendering.render_exchange(EN, refusal, last=True)


def test_a_number_looks_the_same_at_its_marker_and_below_the_answer():
    html = rendering.render_exchange(
        EN, answer("Deep [1]. Deeper [2].", citations=(citation(), citation(2))), last=True
    )
    assert 'class="cite tone-2"' in html
    assert '<span class="number tone-2">2</span> <bdi>Plows' in html


def test_an_answer_names_its_citations_to_the_source_panel():
    (_, found), *_ = [
        a for a in Page(rendering.render_exchange(EN, answer(), last=True)).attributes if "citations" in a[0]
    ]
    assert citing.unpack(found) == (citing.Cited(1, "lesson.md", "sha256:0", 14, 29),)


def test_a_citation_of_an_older_version_says_so():
    assert "changed since" in rendering.render_exchange(EN, answer(citations=(citation(changed=True),)), last=True)


def test_a_refusal_shows_the_nearest_passages_as_buttons():
    refusal = answer("Not here.", refused=True, claims=(), citations=(), nearest=(citation(0),))
    html = rendering.render_exchange(EN, refusal, last=True)
    assert "Closest in the course" in html
    assert 'class="near" data-event="cite"' in html
    assert "Plows cut deep." in Page(html).text


def test_the_standalone_question_is_shown_where_it_differs():
    html = rendering.render_exchange(EN, answer(standalone_question="How deep did plows cut?"), last=True)
    assert "Understood as: How deep did plows cut?" in Page(html).text


def test_the_standalone_question_is_left_out_where_only_case_and_spaces_differ():
    assert "Understood as" not in rendering.render_exchange(EN, answer(standalone_question="how  deep?"), last=True)


def test_only_the_last_exchange_proposes_questions():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    exchange = answer(suggestions=("What next?",))
    messages = [Message(id=str(n), created_at=now, answer=exchange) for n in range(2)]
    course = CourseInfo(id="farming", title="Farms", language="en", licence=None, sources=1)
    assert rendering.render_transcript(EN, course, messages).count('data-question="What next?"') == 1


def test_a_pending_answer_has_markers_that_cannot_be_used_yet():
    page = Page(rendering.render_pending(EN, "How deep?", "Plows cut deep [1].", "looking"))
    assert "button" not in page.tags
    assert "Plows cut deep 1." in page.text


def test_a_pending_answer_without_words_says_what_happens():
    assert "Looking in the course" in Page(rendering.render_pending(EN, "How deep?", "", "looking")).text


def test_an_announcement_has_no_markers():
    assert rendering.announcement(EN, answer()) == "Answer: Plows cut deep."


def test_the_current_conversation_is_told_from_the_others():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    listed = [ConversationInfo(id=i, course="f", title=i, created_at=now, updated_at=now) for i in ("c_1", "c_2")]
    html = rendering.render_conversations(EN, listed, "c_2")
    assert html.count("aria-current") == 1
    assert 'data-conversation="c_2" aria-current' in html


def test_no_conversations_render_as_nothing():
    assert rendering.render_conversations(EN, [], None) == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_in_a_conversation_are_only_shown(text: str):
    cited = citation(text=text, title=text, section=text, source=text, version=text, course=text)
    exchange = answer(
        text + " [1]", question=text, standalone_question=text + "!", suggestions=(text,), citations=(cited,),
        nearest=(cited,), claims=(Claim(text=text, citations=(1,), support="unsupported"),),
    )  # fmt: skip
    assert_harmless(rendering.render_exchange(EN, exchange, last=True))
    assert_harmless(rendering.render_pending(EN, text, text, "looking"))
    assert_harmless(rendering.announcement(EN, exchange))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_in_lists_are_only_shown(text: str):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    listed = [ConversationInfo(id=text, course=text, title=text, created_at=now, updated_at=now)]
    assert_harmless(rendering.render_conversations(EN, listed, text))
    assert_harmless(rendering.render_notice(escape(EN.error(NotFound(text))), "error"))
    assert_harmless(rendering.render_notice(escape(texts("ar").error(NotFound(text))), "error"))


def test_a_hostile_question_is_shown_letter_by_letter():
    question = "<img src=x onerror=alert(1)> & [x](javascript:alert(1))"
    assert question in Page(rendering.render_pending(EN, question, "", "looking")).text


def test_a_label_carries_no_direction_marks():
    assert label("a\u202eb\u2066c\n d") == "abc d"


@pytest.mark.parametrize("why", ["failed", "slow", "busy", "over_budget", "unsupported", "leaked"])
def test_the_page_says_why_the_course_is_quoted_though_a_chat_model_is_set(why: str) -> None:
    html = rendering.render_exchange(EN, answer(fallback=why), last=True)
    assert 'class="note"' in html
    assert "quoted from the course" in Page(html).text


def test_the_page_says_how_much_of_a_models_answer_was_left_out() -> None:
    dropped = Dropped(text="Lenin built furnaces.", reason="name")
    one = Page(rendering.render_exchange(EN, answer(dropped=(dropped,)), last=True)).text
    two = Page(rendering.render_exchange(EN, answer(dropped=(dropped, dropped)), last=True)).text
    assert "One sentence was left out" in one
    assert "2 sentences were left out" in two
    assert "Lenin" not in one


def test_a_note_is_in_the_students_language() -> None:
    html = rendering.render_exchange(EN, answer(fallback="slow", language="es"), last=True)
    assert "quoted from the course" not in html
    assert 'class="note"' in html


def test_what_is_not_from_the_course_stands_apart() -> None:
    beyond = Claim(text="Iron melts at 1,538 degrees.", citations=(), support="unsupported")
    said = "The course does not answer this.\n\nNobody has checked this: Iron melts at 1,538 degrees."
    html = rendering.render_exchange(EN, answer(said, refused=True, claims=(beyond,), citations=()), last=True)
    words, _, aside = html.partition('<aside class="beyond"')
    assert "1,538" not in words
    assert "1,538" in aside
