"""Selection: of the sentences that answer, the one to three that together make the answer.

The best one comes first; others join it where they are nearly as good and say something else. A list is gathered
whole, differing figures stand side by side, and a sentence that means nothing alone brings the one before it.
How the student asks to be answered changes how many join, and which.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

from tutor.condense import names
from tutor.types import Candidate, Manner
from tutor.words import YEAR, content_stems, stem, words

MOST_SENTENCES = 3
MOST_WORDS = 60
MOST_OF_A_LIST = 8
MOST_WORDS_OF_A_LIST = 140
LEAST = 0.05  # probability of a sentence that joins
NEARLY_AS_GOOD = 0.4  # of the best one's probability
MOST_IN_DETAIL = 5
MOST_WORDS_IN_DETAIL = 120
WORTH_A_DETAIL = 0.2  # who asks for detail wants what stands around the answer too, which dilutes a short one
WORTH_AN_EXAMPLE = 0.2  # an instance answers less by itself than the rule that it illustrates
WORTH_LISTING = 0.3
WORTH_COUNTING = 0.5  # of that, while fewer are chosen than the question asks for
AS_GOOD_ALONE = 0.7  # of the best one's probability, for a sentence that takes its place
MUCH_SHORTER = 0.6  # of the best one's words

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
_INSTANCE = re.compile(
    r"\b(?:for (?:example|instance)|such as|e\.g|including|in particular|por ejemplo|par exemple|zum beispiel|z\. ?b"
    r"|beispielsweise)\b|(?:^|[,;:] )(?:one|another) [a-z]|例如|比如|مثل |مثلا|على سبيل المثال",
    re.IGNORECASE,
)
_SCALES = ("thousand", "million", "billion", "percent", "per cent", "%")
_QUANTITY = re.compile(
    r"(?P<number>\d[\d,.]*\d|\d)\s*[-–]?\s*(?P<scale>thousand|million|billion|percent|per cent|%)?\s*(?P<unit>[a-z]+)?",
    re.IGNORECASE,
)


def select(
    question: str,
    kind: str,
    ranked: Sequence[Candidate],
    around: Sequence[Candidate],
    language: str,
    manner: Manner = "plain",
) -> tuple[Candidate, ...]:
    """Return the sentences that together answer ``question``, in source order.

    ``ranked`` holds the candidates best first, the first of them an answer; ``kind`` is what is asked for (see
    `tutor.question.question_kind`); ``around`` holds every sentence at hand, for those that need their neighbour.
    ``one_sentence`` gives one, and no neighbour; ``simpler`` gives one, but a list, or figures that disagree, whole,
    since a part of them would be wrong; ``detailed`` gives more; ``example`` prefers what gives an instance.
    """
    instances: list[Candidate] = []
    match manner:
        case "one_sentence":
            return (_standing_alone(ranked),)
        case "example":
            instances = [c for c in ranked[1:] if _INSTANCE.search(c.text)]
            ranked = [*ranked[:1], *instances, *_concrete_first(question, ranked[1:], language)]
        case "detailed":
            return _in_order(_in_detail(question, ranked, around, language))
    chosen = _joined(question, ranked, around, language, _limits(question), instances)
    if manner == "simpler" and not (is_list(question) or disagree(question, kind, chosen, language)):
        chosen = [_shorter(ranked)]
    return _in_order(_with_neighbours(chosen, around))


def _limits(question: str) -> tuple[int, int, float]:
    """Return how many sentences and words answer ``question`` at most, and the share of the best one's probability."""
    if is_list(question):
        return MOST_OF_A_LIST, MOST_WORDS_OF_A_LIST, WORTH_LISTING
    return MOST_SENTENCES, MOST_WORDS, NEARLY_AS_GOOD


def _in_detail(
    question: str, ranked: Sequence[Candidate], around: Sequence[Candidate], language: str
) -> list[Candidate]:
    """Return more sentences than answer ``question``, within limits that hold for their neighbours too."""
    most, budget, _ = _limits(question)
    limits = max(most, MOST_IN_DETAIL), max(budget, MOST_WORDS_IN_DETAIL), WORTH_A_DETAIL
    chosen = _joined(question, ranked, around, language, limits)
    while len(chosen) > 1:
        found = _with_neighbours(chosen, around)
        if len(found) <= limits[0] and sum(len(c.text.split()) for c in found) <= limits[1]:
            break
        chosen = chosen[:-1]
    return _with_neighbours(chosen, around)


def _joined(
    question: str,
    ranked: Sequence[Candidate],
    around: Sequence[Candidate],
    language: str,
    limits: tuple[int, int, float],
    instances: Sequence[Candidate] = (),
) -> list[Candidate]:
    """Return the first of ``ranked`` and those that join it, within ``limits`` (see `_limits`).

    ``instances`` are those that join at `WORTH_AN_EXAMPLE`.
    """
    most, budget, share = limits
    wanted = how_many_wanted(question)
    listing = is_list(question)
    chosen: list[Candidate] = []
    for candidate in [*ranked[:1], *(_siblings(ranked[0], around) if listing else ()), *ranked[1:]]:
        if len(chosen) == most:
            break
        sibling = listing and chosen and _are_siblings(candidate, ranked[0])
        long = sum(len(c.text.split()) for c in (*chosen, candidate)) > budget
        enough = (WORTH_AN_EXAMPLE if candidate in instances else share) * ranked[0].score
        enough = enough if wanted else max(LEAST, enough)
        weak = candidate.score < (WORTH_COUNTING * enough if len(chosen) < wanted else enough)
        if chosen and ((weak and not sibling) or long):
            continue
        if candidate not in chosen and not any(_repeats(candidate, other, language) for other in chosen):
            chosen.append(candidate)
    return chosen


def is_list(question: str) -> bool:
    """Return whether ``question`` asks for several things, by their number or without."""
    return how_many_wanted(question) > 0 or asks_for_list(question)


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


def _standing_alone(ranked: Sequence[Candidate]) -> Candidate:
    """Return the best of ``ranked``, or the first nearly as good where the best points at the sentence before it."""
    good = (c for c in ranked if c.score >= AS_GOOD_ALONE * ranked[0].score and not is_dangling(c.text))
    return next(good, ranked[0])


def _shorter(ranked: Sequence[Candidate]) -> Candidate:
    """Return the best of ``ranked``, or one nearly as good that is much shorter and means something alone."""
    best = ranked[0]
    most = MUCH_SHORTER * len(best.text.split())
    short = (c for c in ranked if len(c.text.split()) <= most and not is_dangling(c.text))
    return next((c for c in short if c.score >= AS_GOOD_ALONE * best.score), best)


def _concrete_first(question: str, ranked: Sequence[Candidate], language: str) -> list[Candidate]:
    """Return ``ranked`` with those first that hold a number, or a name that ``question`` does not give."""
    asked = set(content_stems(question, language))

    def is_concrete(text: str) -> bool:
        found = names(text[:1].lower() + text[1:]) if language.split("-")[0] != "de" else []  # there all nouns are
        return re.search(r"\d", text) is not None or any(set(content_stems(name, language)) - asked for name in found)

    return sorted(ranked, key=lambda c: not is_concrete(c.text))


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
