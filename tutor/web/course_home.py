"""The home of a course: what a new conversation shows until the first question is asked."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.types import CourseHome, KeyDate, KeyTerm, Section, SourceOutline
from tutor.web.citing import cite_button, read_button
from tutor.web.escaping import escape, label
from tutor.web.rendering import ask_button
from tutor.web.texts import Texts

MOST_OPEN = 30  # sections of several texts that are shown at once; where there are more, each text opens by itself


def render_home(say: Texts, home: CourseHome) -> str:
    """Return what can be asked and read here: first questions, the outline of the sources, key dates, key terms."""
    course = home.course
    questions = "".join(f"<li>{ask_button(question)}</li>" for question in course.first_questions)
    return (
        f'<section class="welcome here" data-course="{escape(course.id)}"><h1 dir="auto">{label(course.title)}</h1>'
        f"<p>{say('home-intro')}</p>"
        f"{_part(say('begin-with'), f'<ul class=first>{questions}</ul>') if questions else ''}"
        f"{_outline(say, course.id, home.outline, course.sources)}{_dates(say, home.dates)}{_terms(say, home.terms)}"
        "</section>"
    )


def _part(heading: str, inside: str) -> str:
    return f"<h2>{heading}</h2>{inside}"


def _outline(say: Texts, course: str, sources: Sequence[SourceOutline], of: int) -> str:
    if not sources:
        return ""
    is_open = len(sources) == 1 or sum(len(source.sections) for source in sources) <= MOST_OPEN
    shown = "".join(_source(say, course, source, is_open) for source in sources)
    first = say("first-texts", shown=len(sources), all=of)
    more = f'<p class="more">{first}</p>' if of > len(sources) else ""
    return _part(say("outline"), f'<div class="outline">{shown}</div>{more}')


def _source(say: Texts, course: str, source: SourceOutline, is_open: bool) -> str:
    title = f"<h3>{label(source.title)}</h3>"
    read = _read(say, course, source, 0, label(source.title))
    if not source.sections:
        return f'<div class="source" dir="auto"><div class="row">{title}{read}</div></div>'
    sections = "".join(_section(say, course, source, section) for section in source.sections)
    count = say("sections", count=len(source.sections))
    return (
        f'<div class="source" dir="auto"><div class="row">{title}{read}</div>'
        f"<details{' open' * is_open}><summary>{count}</summary><ol>{sections}</ol></details></div>"
    )


def _section(say: Texts, course: str, source: SourceOutline, section: Section) -> str:
    title = label(section.title)
    asked = ""
    if section.question:
        asked = (
            f'<button type="button" class="small" data-event="suggest" data-question="{escape(section.question)}" '
            f'aria-label="{say("ask-about", title=title)}">{say("ask")}</button>'
        )
    read = _read(say, course, source, section.start, title)
    return f'<li class="row level-{section.level}"><bdi>{title}</bdi>{asked}{read}</li>'


def _read(say: Texts, course: str, source: SourceOutline, at: int, title: str) -> str:
    return read_button(course, source.name, source.version, at, say("read"), "small", say("read-it", title=title))


def _dates(say: Texts, dates: Sequence[KeyDate]) -> str:
    items = []
    for date in dates:
        quote = date.place.quote
        said = quote.removeprefix(date.when).lstrip(" \n:,–—-") if quote.startswith(date.when) else quote
        inside = f'<strong>{escape(date.when)}</strong> <span dir="auto">{escape(said)}</span>'
        items.append(f"<li>{cite_button(date.place, inside, 'date')}</li>")
    return _part(say("key-dates"), f'<ol class="timeline">{"".join(items)}</ol>') if items else ""


def _terms(say: Texts, terms: Sequence[KeyTerm]) -> str:
    items = []
    for term in terms:
        inside = f'<strong dir="auto">{escape(term.term)}</strong> <span dir="auto">{escape(term.definition)}</span>'
        items.append(f"<li>{cite_button(term.place, inside, 'term')}</li>")
    return _part(say("key-terms"), f'<ul class="terms">{"".join(items)}</ul>') if items else ""
