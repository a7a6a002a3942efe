"""Export: answers and conversations as plain text and as Markdown, to be kept or handed on.

Every quotation is listed with its source. Only marks that would turn the text after them are left out of it, and what
no text file can hold; the stored Answer has every character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from tutor.answering import notes
from tutor.types import Answer, Citation, Conversation
from tutor.words import UNSHOWABLE

NOT_FOUND = "Not found in the course"
NEAREST = "Closest in the course"
SOURCES = "Sources"

_SPILLING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # they turn what stands after them
_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&$!@^]|(?<=:)//|(?<=\bwww)\.|(?<=[Hh][Tt][Tt][Pp]):")
_BEGINS = re.compile(r"[-+=]|\d+(?=[.)])")  # a line that begins so would be a list, a heading or a rule


def to_text(answer: Answer) -> str:
    """Return an answer as plain text with its markers, and below it each quotation with its source."""
    return "\n\n".join(filter(None, (_plain(answer.answer), below_text(answer)))) + "\n"


def below_text(answer: Answer) -> str:
    """Return what stands below an answer as plain text: each quotation with its source, and the tutor's remarks."""
    parts = []
    for title, cited in _lists(answer):
        parts.append("\n".join([f"{title}:", *(_source_as_text(citation) for citation in cited)]))
    parts += [f"{title}: {said}" for title, said in _remarks(answer)]
    return "\n\n".join(parts)


def to_markdown(answer: Answer) -> str:
    """Return an answer as Markdown in which nobody's words are markup, with each quotation and its source."""
    parts = [_paragraphs(answer.answer)]
    for title, cited in _lists(answer):
        parts.append("\n\n".join([f"**{title}**", *(_source_as_markdown(citation) for citation in cited)]))
    parts += [f"**{title}:** {_line(said)}" for title, said in _remarks(answer)]
    return "\n\n".join(parts) + "\n"


def conversation_to_markdown(conversation: Conversation, course: str) -> str:
    """Return a conversation about the course of this title as Markdown, oldest question first."""
    head = f"# {_line(conversation.title)}\n\n{_line(course)}, {conversation.updated_at:%Y-%m-%d}\n"
    exchanges = (
        f"\n## {_line(message.answer.question)}\n\n{to_markdown(message.answer)}" for message in conversation.messages
    )
    return head + "".join(exchanges)


def file_name(conversation: Conversation, ending: str) -> str:
    """Return a name for a file that holds ``conversation``: ASCII letters, digits and hyphens only."""
    ascii_ = unicodedata.normalize("NFKD", conversation.title).encode("ascii", "ignore").decode().casefold()
    words = "-".join(re.findall(r"[a-z0-9]+", ascii_))[:60].strip("-")
    return f"{words or 'conversation'}.{ending}"


def place(citation: Citation) -> str:
    """Return where a quotation stands: title, headings, page and source."""
    page = f"page {citation.page}" if citation.page is not None else ""
    return f"{', '.join(filter(None, (citation.title, citation.section, page)))} ({citation.source})"


def _lists(answer: Answer) -> Iterator[tuple[str, tuple[Citation, ...]]]:
    if answer.citations:
        yield SOURCES, answer.citations
    if answer.nearest:
        yield NEAREST, answer.nearest


def _remarks(answer: Answer) -> Iterator[tuple[str, str]]:
    for claim in answer.claims:
        if claim.support == "unsupported":
            yield NOT_FOUND, claim.text
    for note in notes(answer):
        yield "Note", note


def _source_as_text(citation: Citation) -> str:
    marker = f"[{citation.marker}] " if citation.marker else "- "
    return f"{marker}“{_plain(citation.quote)}” — {' '.join(_plain(place(citation)).split())}"


def _source_as_markdown(citation: Citation) -> str:
    quoted = "\n> ".join(_escaped_line(line) for line in _plain(citation.quote).split("\n"))
    marker = rf"\[{citation.marker}\] " if citation.marker else ""
    return f"> {quoted}\n\n{marker}{_line(place(citation))}"


def _plain(text: str) -> str:
    """Return ``text`` as a text file can hold it, without marks that turn what stands after it."""
    text = _ENDS.sub("\n", _SPILLING.sub("", text))
    return UNSHOWABLE.sub("\ufffd", text)


def _line(text: str) -> str:
    return _escaped_line(" ".join(_plain(text).split()))


def _paragraphs(text: str) -> str:
    lines = (_escaped_line(line) for line in _plain(text).split("\n"))
    return "\n\n".join(line for line in lines if line)


def _escaped_line(line: str) -> str:
    """Return one line as Markdown that shows these characters."""
    line = line.strip()
    begins = _BEGINS.match(line)
    escaped = _MARKUP.sub(lambda found: "".join(f"\\{character}" for character in found.group()), line)
    if begins is None:
        return escaped
    if begins.group()[0].isdigit():
        return f"{begins.group()}\\{escaped[begins.end() :]}"
    return f"\\{escaped}"
