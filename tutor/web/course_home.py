"""The home of a course: what a new conversation shows until the first question is asked."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.types import CourseHome, KeyDate, KeyTerm, Section, SourceOutline
from tutor.web.citing import cite_button, read_button
from tutor.web.escaping import escape, label
from tutor.web.rendering import ask_button

MOST_OPEN = 30  # sections of several texts that are shown at once; where there are more, each text opens by itself


def render_home(home: CourseHome) -> str:
    """Return what can be asked and read here: first questions, the outline of the sources, key dates, key terms."""
    course = home.course
    questions = "".join(f"<li>{ask_button(question)}</li>" for question in course.first_questions)
    return (
        f'<section class="welcome here" data-course="{escape(course.id)}"><h1 dir="auto">{label(course.title)}</h1>'
        "<p>Ask anything about this course. Every answer is taken from the course’s own texts, and the numbers "
        "in it open the very place it comes from.</p>"
        f"{_part('You could begin with', f'<ul class=first>{questions}</ul>') if questions else ''}"
        f"{_outline(course.id, home.outline, course.sources)}{_dates(home.dates)}{_terms(home.terms)}</section>"
    )


def _part(heading: str, inside: str) -> str:
    return f"<h2>{heading}</h2>{inside}"


def _outline(course: str, sources: Sequence[SourceOutline], of: int) -> str:
    if not sources:
        return ""
    is_open = len(sources) == 1 or sum(len(source.sections) for source in sources) <= MOST_OPEN
    shown = "".join(_source(course, source, is_open) for source in sources)
    more = f'<p class="more">The first {len(sources)} of {of} texts are shown.</p>' if of > len(sources) else ""
    return _part("What is in this course", f'<div class="outline">{shown}</div>{more}')


def _source(course: str, source: SourceOutline, is_open: bool) -> str:
    title = f"<h3>{label(source.title)}</h3>"
    read = _read(course, source, 0, f"Read {label(source.title)}")
    if not source.sections:
        return f'<div class="source" dir="auto"><div class="row">{title}{read}</div></div>'
    sections = "".join(_section(course, source, section) for section in source.sections)
    count = f"{len(source.sections)} section{'s' * (len(source.sections) > 1)}"
    return (
        f'<div class="source" dir="auto"><div class="row">{title}{read}</div>'
        f"<details{' open' * is_open}><summary>{count}</summary><ol>{sections}</ol></details></div>"
    )


def _section(course: str, source: SourceOutline, section: Section) -> str:
    title = label(section.title)
    asked = ""
    if section.question:
        asked = (
            f'<button type="button" class="small" data-event="suggest" data-question="{escape(section.question)}" '
            f'aria-label="Ask about {title}">Ask</button>'
        )
    read = _read(course, source, section.start, f"Read {title}")
    return f'<li class="row level-{section.level}"><bdi>{title}</bdi>{asked}{read}</li>'


def _read(course: str, source: SourceOutline, at: int, name: str) -> str:
    return read_button(course, source.name, source.version, at, "Read", "small", name)


def _dates(dates: Sequence[KeyDate]) -> str:
    items = []
    for date in dates:
        quote = date.place.quote
        said = quote.removeprefix(date.when).lstrip(" \n:,–—-") if quote.startswith(date.when) else quote
        inside = f'<strong>{escape(date.when)}</strong> <span dir="auto">{escape(said)}</span>'
        items.append(f"<li>{cite_button(date.place, inside, 'date')}</li>")
    return _part("Key dates", f'<ol class="timeline">{"".join(items)}</ol>') if items else ""


def _terms(terms: Sequence[KeyTerm]) -> str:
    items = []
    for term in terms:
        inside = f'<strong dir="auto">{escape(term.term)}</strong> <span dir="auto">{escape(term.definition)}</span>'
        items.append(f"<li>{cite_button(term.place, inside, 'term')}</li>")
    return _part("Key terms", f'<ul class="terms">{"".join(items)}</ul>') if items else ""
