"""Selection: of the sentences that answer, the one to three that together make the answer.

The best one comes first; others join it where they are nearly as good and say something else. A list is gathered
whole, differing figures stand side by side, and a sentence that means nothing alone brings the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

from tutor.types import Candidate
from tutor.words import YEAR, content_stems, stem, words

MOST_SENTENCES = 3
MOST_WORDS = 60
MOST_OF_A_LIST = 8
MOST_WORDS_OF_A_LIST = 140
LEAST = 0.05  # probability of a sentence that joins
NEARLY_AS_GOOD = 0.4  # of the best one's probability
WORTH_LISTING = 0.3
WORTH_COUNTING = 0.5  # of that, while fewer are chosen than the question asks for

_LIST = re.compile(
    r"^(?:please )?(?:list|name|enumerate)\b"
    r"|^(?:and )?(?:what|which) (?:[\w-]+ ){0,3}?[\w-]{2,}(?<!s)s (?:do|does|did|are|were|have|had|can|could|should)\b"
    r"|^(?:and )?what (?:are|were) (?:the|some|all|its|their|his|her)\b",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"^(?:please )?(?:and )?(?:list|name|enumerate|give|what (?:are|were)|which|what) (?:the |me |some )?"
    r"(two|three|four|five|six|seven|eight|[2-8])\b",
    re.IGNORECASE,
)
_NUMERALS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_DANGLING = re.compile(
    r"^[“\"'(]?(?:he|she|it|they|him|her|his|its|their|them|this|these|those|that|such|both|the (?:former|latter)"
    r"|(?:one|some|many|most|all|none|each) of (?:them|these|those))\b(?! (?:is|was) (?:a|the) (?:fact|time) that)",
    re.IGNORECASE,
)
_SCALES = ("thousand", "million", "billion", "percent", "per cent", "%")
_QUANTITY = re.compile(
    r"(?P<number>\d[\d,.]*\d|\d)\s*[-–]?\s*(?P<scale>thousand|million|billion|percent|per cent|%)?\s*(?P<unit>[a-z]+)?",
    re.IGNORECASE,
)


def select(
    question: str, kind: str, ranked: Sequence[Candidate], around: Sequence[Candidate], language: str
) -> tuple[Candidate, ...]:
    """Return the sentences that together answer ``question``, in source order.

    ``ranked`` holds the candidates best first, the first of them an answer; ``kind`` is what is asked for (see
    `tutor.question.question_kind`); ``around`` holds every sentence at hand, for those that need their neighbour.
    """
    wanted = how_many_wanted(question)
    listing = wanted > 0 or asks_for_list(question)
    most, budget = (MOST_OF_A_LIST, MOST_WORDS_OF_A_LIST) if listing else (MOST_SENTENCES, MOST_WORDS)
    share = WORTH_LISTING if listing else NEARLY_AS_GOOD
    enough = share * ranked[0].score if wanted else max(LEAST, share * ranked[0].score)
    chosen: list[Candidate] = []
    for candidate in [*ranked[:1], *(_siblings(ranked[0], around) if listing else ()), *ranked[1:]]:
        if len(chosen) == most:
            break
        sibling = listing and chosen and _are_siblings(candidate, ranked[0])
        long = sum(len(c.text.split()) for c in (*chosen, candidate)) > budget
        weak = candidate.score < (WORTH_COUNTING * enough if len(chosen) < wanted else enough)
        if chosen and ((weak and not sibling) or long):
            continue
        if candidate not in chosen and not any(_repeats(candidate, other, language) for other in chosen):
            chosen.append(candidate)
    return _in_order(_with_neighbours(chosen, around))


def asks_for_list(question: str) -> bool:
    """Return whether ``question`` asks for several things: "Which slogans does the text mention?"."""
    return _LIST.search(question) is not None


def how_many_wanted(question: str) -> int:
    """Return how many things ``question`` asks for by their number ("Name two …"); 0 where it names none."""
    match = _WANTED.search(question)
    return (_NUMERALS.get(match[1].lower()) or int(match[1])) if match else 0


def is_dangling(text: str) -> bool:
    """Return whether a sentence opens with a word that points at the sentence before it: "This", "He", "They"."""
    return _DANGLING.search(text) is not None


def disagree(question: str, kind: str, chosen: Sequence[Candidate], language: str) -> bool:
    """Return whether two of the chosen sentences, in different places, answer a "how many" with different figures.

    Figures are compared where they count what the question asks for, or where they are the only ones of their scale
    ("million") in sentences that share a word with the question.
    """
    asked = set(content_stems(question, language))

    def figures(candidate: Candidate) -> dict[str, set[str]]:
        on_topic = bool(asked & set(content_stems(candidate.text, language)))
        found = quantities(candidate.text)
        return {of: n for of, n in found.items() if len(n) == 1 and (of in asked or (of in _SCALES and on_topic))}

    return kind == "number" and any(
        one.passage != other.passage and _differ(figures(one), figures(other)) for one, other in combinations(chosen, 2)
    )


def quantities(text: str) -> dict[str, set[str]]:
    """Return the numbers of ``text`` by what they count: a scale ("million") or a unit ("pound"); years are none."""
    found: dict[str, set[str]] = {}
    for match in _QUANTITY.finditer(text):
        number, scale, unit = match["number"].replace(",", ""), match["scale"], match["unit"]
        of = scale.lower() if scale else stem(unit.lower(), "en") if unit else ""
        if of and not (scale is None and re.fullmatch(YEAR, number)):
            found.setdefault(of, set()).add(number)
    return found


def _differ(one: dict[str, set[str]], other: dict[str, set[str]]) -> bool:
    shared = one.keys() & other.keys()
    return bool(shared) and all(not one[of] & other[of] for of in shared)


def _are_siblings(one: Candidate, other: Candidate) -> bool:
    return (
        one.sentence.kind == other.sentence.kind == "list_item"
        and (one.source, one.sentence.section) == (other.source, other.sentence.section)
    )  # fmt: skip


def _siblings(item: Candidate, around: Sequence[Candidate]) -> list[Candidate]:
    return sorted((c for c in around if _are_siblings(item, c)), key=lambda c: c.sentence.start)


def _with_neighbours(chosen: Sequence[Candidate], around: Sequence[Candidate]) -> list[Candidate]:
    """Return ``chosen`` with the sentence before each one that means nothing alone."""
    found = list(chosen)
    for candidate in chosen:
        if not is_dangling(candidate.text):
            continue
        earlier = [c for c in around if c.passage == candidate.passage and c.source == candidate.source]
        before = max(
            (c for c in earlier if c.sentence.start < candidate.sentence.start),
            key=lambda c: c.sentence.start,
            default=None,
        )
        if before and before not in found:
            found.append(before)
    return found


def _repeats(one: Candidate, other: Candidate, language: str) -> bool:
    a, b = set(content_stems(one.text, language)), set(content_stems(other.text, language))
    if {w for w in words(one.text) if w[0].isdigit()} != {w for w in words(other.text) if w[0].isdigit()}:
        return False  # the same thing said with another figure is worth showing
    return len(a & b) > 0.7 * min(len(a), len(b)) if a and b else True


def _in_order(chosen: Sequence[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(chosen, key=lambda c: (c.source, c.sentence.start)))
