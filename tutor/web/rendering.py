"""Rendering: answers and lists as HTML.

Every word that somebody asked, wrote or named goes through `escape`, so none of it can become markup: no Markdown is
interpreted, and there is no element here that could load anything. What a reader can activate is a ``<button>`` whose
``data-`` attributes `page.js` hands to the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

from tutor.answering import notes
from tutor.types import Answer, Citation, Claim, ConversationInfo, CourseInfo, Message, Support
from tutor.web.actions import answer_actions, entry_actions, printed_sources
from tutor.web.citing import cite_button, pack, place, tone
from tutor.web.escaping import escape, label
from tutor.web.texts import Texts

_MARKER = re.compile(r"\[(\d{1,3})\]")
_MARKERS = re.compile(r"(?:\s*\[\d{1,3}\])+")
_LAST_WORD = re.compile(r"(?<!\S)\S{1,20} ?\Z")


def render_no_course(say: Texts, add: str) -> str:
    """Return what to do when there is nothing to ask about; ``add`` is the button that does it, if there is one."""
    return (
        f'<section class="welcome"><h1>{say("no-course-title")}</h1><p>{say("no-course")}</p>{add}'
        '<pre dir="ltr"><code>tutor ingest FILE --course NAME</code></pre></section>'
    )


def render_begun(say: Texts) -> str:
    """Return what stands above the first question while it is answered."""
    return f'<h1 class="unseen">{say("your-conversation")}</h1>'


def render_transcript(say: Texts, course: CourseInfo, messages: Sequence[Message]) -> str:
    """Return the exchanges of a conversation, oldest first, below a heading for those who hear the page."""
    exchanges = [
        render_exchange(say, message.answer, last=last, doing=answer_actions(say, message, last))
        for message in messages
        for last in [message is messages[-1]]
    ]
    here = f'data-course="{escape(course.id)}" data-conversation="{escape(messages[0].answer.conversation)}"'
    return f'<h1 class="unseen here" {here}><bdi>{label(course.title)}</bdi></h1>{"".join(exchanges)}'


def render_exchange(say: Texts, answer: Answer, last: bool, doing: str = "") -> str:
    """Return a question with its answer and what can be done with it; the ``last`` one proposes what to ask next."""
    return (
        f'<article class="exchange">{_question(say, answer.question)}{_understood(say, answer)}'
        f'<div class="answer{" refused" if answer.refused else ""}" '
        f'data-citations="{escape(pack(answer.citations or answer.nearest))}">'
        f"{_words(say, answer)}{_support(say, answer)}{_notes(answer)}"
        f"{_sources(say, answer.citations)}{_nearest(say, answer.nearest)}</div>{_beyond(answer)}"
        f"{printed_sources(say, answer)}{doing}{_suggestions(say, answer.suggestions) if last else ''}</article>"
    )


def render_pending(say: Texts, question: str, text: str, status: str) -> str:
    """Return the exchange that is under way: the question, and the text so far or the ``status`` of the tutor."""
    marked = _MARKER.sub(lambda m: f'<span class="cite waiting {tone(int(m[1]))}">{m[1]}</span>', escape(text))
    body = f'<p class="words" dir="auto">{marked}</p>' if text else f'<p class="status">{say(status)}</p>'
    return f'<article class="exchange pending">{_question(say, question)}<div class="answer">{body}</div></article>'


def announcement(say: Texts, answer: Answer) -> str:
    """Return what a screen reader says once when an answer is finished."""
    said = re.sub(r"\s+([.,;:!?])", r"\1", _MARKER.sub("", answer.answer))
    found = f" {say('said-sources', count=len(answer.citations))}" if len(answer.citations) > 1 else ""
    return say("said-refusal" if answer.refused else "said-answer", answer=label(said)) + found


def render_conversations(say: Texts, listed: Iterable[ConversationInfo], current: str | None, words: str = "") -> str:
    """Return the earlier conversations of a course as a list of buttons, or nothing where there are none.

    ``words`` are what they were searched by.
    """
    items = "".join(
        f'<li><button type="button" class="entry" data-event="reopen" data-conversation="{escape(info.id)}"'
        f"{' aria-current=true' if info.id == current else ''}><bdi>{label(info.title)}</bdi>"
        f'<time datetime="{info.updated_at.isoformat()}">{say.day(info.updated_at)}</time></button>'
        f"{entry_actions(say, info, info.id == current)}</li>"
        for info in listed
    )
    if not (items or words):
        return ""
    title = say("earlier-conversations")
    found = f'<nav aria-label="{title}"><h2>{title}</h2><ul>{items}</ul></nav>'
    return f'<div class="list" data-words="{escape(words)}">{found * bool(items)}</div>'


def render_notice(message: str, kind: str) -> str:
    """Return a one-line ``message``, which is HTML, of ``kind`` ``hint``, ``wait`` or ``error``."""
    return f'<p class="notice {kind}">{message}</p>'


def ask_button(question: str) -> str:
    """Return a button that asks ``question``."""
    return (
        f'<button type="button" class="ask" data-event="suggest" data-question="{escape(question)}">'
        f"<bdi>{label(question)}</bdi></button>"
    )


def _question(say: Texts, question: str) -> str:
    asked = f'<span class="unseen" dir="auto">{say("you-asked")} </span>'  # so that it says nothing of the question's
    return f'<h2 class="question" dir="auto">{asked}{escape(question)}</h2>'


def _understood(say: Texts, answer: Answer) -> str:
    if answer.standalone_question.casefold().split() == answer.question.casefold().split():
        return ""
    alone = escape(answer.standalone_question)
    return (
        f'<p class="understood">{say("understood-as")} <q dir="auto">{alone}</q> '
        f'<button type="button" class="reword" data-event="reword" data-question="{alone}">{say("not-meant")}'
        "</button></p>"
    )


def _words(say: Texts, answer: Answer) -> str:
    """Return the answer's text with markers as buttons, and with how the course supports each of its sentences."""
    cited = {str(citation.marker): citation for citation in answer.citations}
    parts = []
    for text, support in _by_support(answer):
        said = _with_buttons(say, text, cited, support)
        parts.append(f'<span class="claim" data-support="{support}">{said}</span>' if support else said)
        if support == "unsupported":
            parts.append(f' <span class="unsupported">{say("how-unsupported")}</span>')
    return f'<p class="words" dir="auto">{"".join(parts)}</p>'


def _with_buttons(say: Texts, text: str, cited: Mapping[str, Citation], support: Support | None) -> str:
    pieces = _MARKER.split(text)
    parts = []
    for plain, marker in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        if citation := cited.get(marker):
            before, word = _last_word(plain)
            held = f"{escape(word)}{_marker_button(say, citation, support)}"
            parts.append(f'{escape(before)}<span class="held">{held}</span>')
        else:
            parts.append(escape(plain) + (f"[{marker}]" if marker else ""))
    return "".join(parts)


def _marker_button(say: Texts, citation: Citation, support: Support | None) -> str:
    where = place(say, citation)
    named = {"marker": str(citation.marker), "place": where}
    return cite_button(
        citation,
        str(citation.marker),
        f"cite {tone(citation.marker)}",
        say("source-supported", **named, how=say(f"how-{support}")) if support else say("source", **named),
        f' data-quote="{escape(citation.quote)}" data-place="{where}"',
    )


def _last_word(text: str) -> tuple[str, str]:
    """Return ``text`` in two, the second part being a last word that is short enough to stay with its marker."""
    match = _LAST_WORD.search(text)
    return (text[: match.start()], match.group()) if match else (text, "")


def _in_parts(answer: Answer) -> tuple[str, str]:
    """Return the answer's text in two: what rests on the course, and what does not and stands below it."""
    if all(claim.support != "unsupported" for claim in answer.claims):
        return answer.answer, ""
    said, _, beyond = answer.answer.partition("\n\n")
    return said, beyond


def _by_support(answer: Answer) -> Iterator[tuple[str, Support | None]]:
    """Yield what stands above the part beyond the course, in parts, each with the support of the claim that it is.

    The markers of a claim belong to it, unless there is no support for it; what lies between claims has none.
    """
    said = _in_parts(answer)[0]
    at = 0
    for claim in answer.claims:
        start = said.find(claim.text, at)
        if start < 0 or not claim.text:
            continue
        end = _claim_end(said, start, claim)
        yield said[at:start], None
        yield said[start:end], claim.support
        at = end
    yield said[at:], None


def _claim_end(said: str, start: int, claim: Claim) -> int:
    end = start + len(claim.text)
    markers = None if claim.support == "unsupported" else _MARKERS.match(said, end)
    return markers.end() if markers else end


def _beyond(answer: Answer) -> str:
    """Return what is not from the course, set apart."""
    beyond = _in_parts(answer)[1]
    return f'<aside class="beyond" dir="auto"><p>{escape(beyond)}</p></aside>' if beyond else ""


def _notes(answer: Answer) -> str:
    return "".join(f'<p class="note" dir="auto">{escape(note)}</p>' for note in notes(answer))


def _support(say: Texts, answer: Answer) -> str:
    supports = {support for _, support in _by_support(answer) if support}
    if not supports:
        return ""
    if "unsupported" in supports:
        said = "support-partly-not"
    elif supports == {"quoted"}:
        said = "support-quoted"
    elif supports == {"verified"}:
        said = "support-verified"
    else:
        said = "support-mixed"
    return f'<div class="supports"><p class="support">{say(said)}</p>{_meaning(say)}</div>'


def _meaning(say: Texts) -> str:
    """Return what the looks of a sentence and of a number mean, folded."""
    items = "".join(
        f'<li><span class="claim" data-support="{support}">{say(f"meaning-{support}")}</span>: '
        f"{say(f'meaning-{support}-is')}</li>"
        for support in get_args(Support)
    )
    numbers = '<span class="number tone-1">1</span> <span class="number tone-2">2</span>'
    return (
        f'<details class="meaning"><summary>{say("meaning")}</summary><ul>{items}'
        f"<li>{numbers}: {say('meaning-number-is')}</li></ul></details>"
    )


def _sources(say: Texts, citations: Sequence[Citation]) -> str:
    """Return the places that were cited, each once with its markers; a place opens at its first quote."""
    places: dict[tuple[str, str, str], list[Citation]] = {}
    for citation in citations:
        places.setdefault((citation.source, citation.version, place(say, citation)), []).append(citation)
    items = []
    for (_, _, where), group in places.items():
        markers = ", ".join(str(citation.marker) for citation in group)
        name = say("sources-of", count=len(group), markers=markers, place=where)
        numbers = " ".join(f'<span class="number {tone(one.marker)}">{one.marker}</span>' for one in group)
        changed = f'<span class="changed">{say("changed-since")}</span>' if group[0].changed else ""
        items.append(f"<li>{cite_button(group[0], f'{numbers} <bdi>{where}</bdi>', 'chip', name)}{changed}</li>")
    return f'<ul class="sources" aria-label="{say("sources")}">{"".join(items)}</ul>' if items else ""


def _nearest(say: Texts, nearest: Sequence[Citation]) -> str:
    items = []
    for citation in nearest:
        inside = f'<strong><bdi>{place(say, citation)}</bdi></strong><span dir="auto">{escape(citation.quote)}</span>'
        items.append(f"<li>{cite_button(citation, inside, 'near')}</li>")
    title = say("nearest")
    return f'<section class="nearest"><h3>{title}</h3><ul>{"".join(items)}</ul></section>' if items else ""


def _suggestions(say: Texts, questions: Sequence[str]) -> str:
    items = "".join(f"<li>{ask_button(question)}</li>" for question in questions)
    return f'<section class="next"><h3>{say("ask-next")}</h3><ul>{items}</ul></section>' if items else ""
