"""Highlights: key dates, key terms and outline of a course, as exact spans of its sources.

They are found by their form alone: what begins with a date, what stands in a glossary or in a list of definitions, and
the headings. A course without such things has none; nothing is written that its texts do not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

import sentencex

from tutor.answering import section_path
from tutor.suggestions import heading_questions
from tutor.types import Block, Citation, KeyDate, KeyTerm, Section, Source, SourceOutline

MOST_DATES = 12
ENOUGH_DATES = 60  # from here on, only lists are looked through: a long text is full of dates
FEWEST_DATES = 2  # one is no timeline
MOST_TERMS = 12
FEWEST_TERMS = 3  # of a list outside a glossary: fewer may be anything with a colon
MOST_SOURCES = 40
MOST_SECTIONS = 40  # of one source
_WORDS_OF_A_TERM = 6

_MONTHS = [
    "january januar janvier enero", "february februar février febrero", "march märz mars marzo",
    "april avril abril", "may mai mayo", "june juni juin junio", "july juli juillet julio",
    "august août agosto", "september septembre septiembre", "october oktober octobre octubre",
    "november novembre noviembre", "december dezember décembre diciembre",
]  # fmt: skip
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_MONTH = rf"(?:{'|'.join(_MONTH_NUMBERS)})\b"
_ERA = r"\s?(?:BCE?|CE|AD)\b"
_YEAR = rf"(?:\d{{1,4}}(?={_ERA}){_ERA}|(?:1\d|20)\d\d(?:s\b|年(?:\d{{1,2}}月(?:\d{{1,2}}日)?)?|(?!\d)))"
_DAY = r"\d{1,2}(?:st|nd|rd|th|er|\.)?"
_DATE = (
    rf"(?:(?:1\d|20)\d\d-\d\d-\d\d|{_DAY}\s(?:de\s)?{_MONTH},?\s(?:de\s)?{_YEAR}|{_MONTH}\s{_DAY},?\s{_YEAR}"
    rf"|{_MONTH},?\s(?:de\s)?{_YEAR}|(?:(?:early|mid|late)[\s-](?:the\s)?)?{_YEAR})"
)
_WHEN = rf"{_DATE}(?:\s?[–—-]\s?(?:{_DATE}|\d\d\b)|\s(?:to|and|until|bis|und|à|et|a|y)\s{_DATE})?"
_BEFORE = r"(?:in|on|by|from|since|around|between|during|im jahr|am|im|en|el|le|dès)\s(?:the\s)?"
_SET_OFF = ":–—："
# Without a word before it, a date needs a mark or a capital behind it: "2000 soldiers" are no date.
_DATED = re.compile(
    rf"(?i:{_BEFORE})(?P<in>(?i:{_WHEN}))(?![\d.,]*\d)"
    rf"|(?P<when>(?i:{_WHEN}))(?=\s?[:,–—)：，]|\s-\s|\s[^\W\d_a-zß-ÿ]|[\u3400-\u9fff])"
)
_OPENING = re.compile(r"\A\s*|[.!?…][\"”’'»)\]]*\s+|[。！？]\s*|\n\s*")
_TERM = re.compile(r"(?P<term>[^\W\d_][^:：\n–—.!?;]{0,58}?)(?:\s?[:：]\s?|\s[–—=-]\s)(?P<definition>\w.*)", re.DOTALL)
_GLOSSARIES = frozenset(
    [
        "glossary", "key terms", "key words", "keywords", "key concepts", "terms", "vocabulary", "definitions",
        "glossar", "begriffe", "wichtige begriffe", "glossaire", "mots clés", "vocabulaire", "définitions",
        "glosario", "términos clave", "vocabulario", "definiciones", "词汇表", "术语表", "术语",
        "مسرد", "مسرد المصطلحات",
    ]
)  # fmt: skip


def outlines(sources: Sequence[Source]) -> tuple[SourceOutline, ...]:
    """Return the outlines of the first sources of a course."""
    return tuple(_outline(source) for source in sources[:MOST_SOURCES])


def key_dates(course: str, sources: Iterable[Source], language: str) -> tuple[KeyDate, ...]:
    """Return the sentences and list items that begin with a date, in the order of time, or none.

    Those of lists and those set off by a mark come first; other sentences fill up, for years that have none.
    """
    listed: list[KeyDate] = []
    told: list[KeyDate] = []
    for source in sources:
        for block in source.blocks:
            kinds = ("paragraph", "list_item") if len(told) < ENOUGH_DATES else ("list_item",)
            if block.kind in kinds and block.retrievable and len(listed) < MOST_DATES:
                for date, is_set_off in _dated(course, source, block, language):
                    (listed if is_set_off else told).append(date)
    years = {int(_time(date.when)) for date in listed}
    found = [*listed, *(date for date in told if int(_time(date.when)) not in years)][:MOST_DATES]
    return tuple(sorted(found, key=lambda date: _time(date.when))) if len(found) >= FEWEST_DATES else ()


def key_terms(course: str, sources: Iterable[Source]) -> tuple[KeyTerm, ...]:
    """Return the terms that the sources define: those of their glossaries, else those of lists of definitions."""
    defined: dict[str, KeyTerm] = {}
    listed: dict[str, KeyTerm] = {}
    for source in sources:
        kinds = ("paragraph", "list_item")
        blocks = [block for block in source.blocks if block.kind in kinds and block.retrievable]
        for section, group in groupby(blocks, key=lambda block: block.section):
            is_glossary = any(heading.casefold().strip() in _GLOSSARIES for heading in section)
            inside = [block for block in group if is_glossary or block.kind == "list_item"]
            terms = [term for block in inside for term in _defined(course, source, block)]
            if not is_glossary and (len(terms) < FEWEST_TERMS or len(terms) < len(inside)):
                continue
            kept = defined if is_glossary else listed
            for term in terms:
                kept.setdefault(term.term.casefold(), term)
    return tuple((defined or listed).values())[:MOST_TERMS]


def _outline(source: Source) -> SourceOutline:
    """Return the headings of ``source`` on its two outermost levels, each with the question that asks for its text."""
    questions = {at: question for question, at in heading_questions(source)}
    headings = [block for block in source.blocks if block.kind == "heading"]
    if headings and source.text[headings[0].start : headings[0].end] == source.title:
        headings = headings[1:]
    levels = sorted({block.level for block in headings})[:2]
    sections = (
        Section(
            title=source.text[block.start : block.end],
            level=levels.index(block.level) + 1,
            start=block.start,
            question=questions.get(block.start),
        )
        for block in headings
        if block.level in levels
    )
    return SourceOutline(
        name=source.name,
        title=source.title,
        version=source.version,
        characters=len(source.text),
        sections=tuple(islice(sections, MOST_SECTIONS)),
    )


def _dated(course: str, source: Source, block: Block, language: str) -> Iterator[tuple[KeyDate, bool]]:
    """Yield what begins with a date in a block, with whether a list or a mark sets it off."""
    body = source.text[block.start : block.end]
    if not any(_DATED.match(body, opening.end()) for opening in _OPENING.finditer(body)):
        return  # splitting sentences takes much longer
    for start, end in _sentences(body, language):
        found = _DATED.match(body, start, end)
        if not found or not body[found.end() : end].strip(f" \n.,)，-{_SET_OFF}"):
            continue
        when = found["in"] or found["when"]
        is_alone = start == 0 and found["when"] and body[found.end() :].lstrip()[:1] in _SET_OFF
        is_set_off = block.kind == "list_item" or bool(is_alone)
        place = _place(course, source, block, block.start + start, block.start + end)
        yield KeyDate(when=when, place=place), is_set_off
        if block.kind == "list_item":
            return


def _sentences(body: str, language: str) -> Iterator[tuple[int, int]]:
    for boundary in sentencex.get_sentence_boundaries(language, body):
        start, end = boundary["start_index"], boundary["end_index"]
        start += len(body[start:end]) - len(body[start:end].lstrip())
        if end := start + len(body[start:end].rstrip()):
            yield start, end


def _time(when: str) -> float:
    """Return a date as a year with the part of it that has passed, to sort by."""
    if iso := re.match(r"(\d{4})-(\d\d)-(\d\d)", when):
        return int(iso[1]) + int(iso[2]) / 13 + int(iso[3]) / 500
    year = re.search(rf"(\d{{1,4}})\s?(?=BC)|\d{{1,4}}(?={_ERA})|\d{{4}}", when)
    if year is None or year[1]:
        return -float(year[1]) if year else 0.0
    words = re.findall(r"[^\W\d_]+", when.casefold())
    month = next((_MONTH_NUMBERS[word] for word in words if word in _MONTH_NUMBERS), 0)
    day = re.search(r"(?<!\d)\d{1,2}(?!\d)", when) if month else None
    part = {"mid": 4, "late": 7}.get(words[0], 0) if words else 0
    return int(year.group()) + part + month / 13 + (int(day.group()) / 500 if day else 0)


def _defined(course: str, source: Source, block: Block) -> Iterator[KeyTerm]:
    """Yield the term that a block defines, or one for each of its lines if all of them are definitions."""
    lines = list(re.finditer(r"[^\n]+", source.text[block.start : block.end]))
    each = [_TERM.fullmatch(line.group()) for line in lines]
    if not all(each):
        lines = list(re.finditer(r"(?s).+", source.text[block.start : block.end]))
        each = [_TERM.fullmatch(line.group()) for line in lines]
    for line, found in zip(lines, each, strict=True):
        if found and len(found["term"].split()) <= _WORDS_OF_A_TERM and not _DATED.match(line.group()):
            place = _place(course, source, block, block.start + line.start(), block.start + line.end())
            yield KeyTerm(term=found["term"].strip(), definition=found["definition"], place=place)


def _place(course: str, source: Source, block: Block, start: int, end: int) -> Citation:
    return Citation(
        marker=0,
        course=course,
        source=source.name,
        title=source.title,
        section=section_path(block.section, source.title),
        page=block.page,
        version=source.version,
        quote=source.text[start:end],
        start=start,
        end=end,
    )
