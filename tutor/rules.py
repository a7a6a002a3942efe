"""Rules: what a claim may not say otherwise than the sentences that it cites, each checked on its words alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Literal

from tutor.condense import names
from tutor.selection import is_dangling
from tutor.tokens import Token, tokens
from tutor.words import content_stems, stem, words

Reason = Literal[
    "markup", "uncited", "not_shown", "number", "name", "quotation", "negation", "direction", "scope", "report",
    "cause", "roles", "support", "fragment", "broken_off", "repeated", "leaked", "beside", "together", "order",
    "language",
]  # fmt: skip


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


QUOTED = re.compile(r"[“\"«„]([^”\"»“]{2,}?)[”\"»]|(?<![\w])[‘']([^’']+(?:[’'][^’'\s]+)*)[’'](?!\w)")
_CLAUSE = re.compile(
    r"[,;:—–()]|\b(?:but|although|though|because|while|whereas|which|who|unless|so that)\b"
    r"|\band(?= (?:it|he|she|they|that)\b)",
    re.IGNORECASE,
)
# The words below are compared as stems; each list is of one kind of thing that a rewording must not turn round.
_NEGATORS = _set("not no never none nobody nothing neither nor without cannot hardly barely scarcely nowhere")
_NEGATIVE_VERBS = _set("fail refus lack den stop prevent avoid ceas unabl imposs")
_OPPOSITES = (
    ("increase rise rose risen grow grew grown climb climbed gain higher more up above over exceed raise",
     "decrease fall fell fallen shrink shrank decline drop dropped lose lower less fewer down below under reduce cut"),
    ("before earlier precede prior", "after later follow since"),
    ("begin began begun start launch open introduce", "end ended finish stop close abolish abandon"),
    ("first earliest", "last final latest"),
    ("success succeed succeeded successful win won victory", "failure fail failed defeat lost disaster"),
    ("true real", "false untrue fake"),
    ("good better best improve", "bad worse worst worsen poor poorer"),
    ("north northern", "south southern"),
    ("east eastern", "west western"),
    ("accept agree support approve praise allow permit", "reject refuse oppose criticize criticise deny forbid ban"),
    ("rich wealthy", "poor poverty"),
    ("large big huge great many", "small little tiny few"),
    ("strong stronger", "weak weaker"),
    ("import", "export"),
    ("buy bought", "sell sold"),
    ("enter arrive", "leave depart left"),
    ("male man men husband son father", "female woman women wife daughter mother"),
    ("young younger", "old older"),
    ("majority most", "minority"),
)  # fmt: skip
_DEGREES = _set(  # these are of a thing: the largest producer is not the largest country
    """most least best worst largest biggest greatest highest lowest smallest longest shortest tallest fastest oldest
    youngest richest poorest deadliest"""
)
_SCOPES = _DEGREES | _set(
    "all every always everyone everybody everything everywhere only entirely completely totally exclusively solely"
)
_WIDE = {
    "all": ("every", "everi", "whole", "entire", "each"),
    "every": ("all", "each", "everi"),
    "largest": ("biggest", "greatest"),
}
_RANK = re.compile(r"\d+(?:st|nd|rd|th)|second|third|fourth|fifth")
_DEGREE_REACH = 3  # words that say something, from a degree to the thing that it is of
_HEDGES = _set(
    """say said tell told claim report announc boast believ think thought argu alleg suppos accord promis plan want hope
    expect intend aim goal predict propos suggest order demand would should could might may perhap possibl rumour rumor
    propaganda estim imagin dream pretend exagger target wish tri attempt meant seem
    appear probabl mayb"""
)
_CAUSE = re.compile(
    r"\bbecause\b|\bdue to\b|\bcaus(?:e[sd]?|ing)\b|\bowing to\b|\bthanks to\b|\bresult(?:s|ed|ing)?\b|\bled to\b"
    r"|\blead(?:s|ing)? to\b|\btherefore\b|\bin order to\b|\bso that\b|\breasons?\b",
    re.IGNORECASE,
)
_GROUND = re.compile(  # whatever may be told as a cause in other words
    rf"{_CAUSE.pattern}|\b(?:so|since|thus|hence|why|consequen\w+|fault|blame\w*|force\w*|meant|means|aim\w*|goals?"
    r"|purpose\w*|want\w*|intend\w*|hop\w+|fear\w*|felt|believ\w+|thought"
    r"|(?:made|makes?|making)(?! (?:by|of|from|in|up|out)))\b",
    re.IGNORECASE,
)
_SEEMING = _set("seem appear suppos perhap possibl probabl mayb may might")  # what follows is not said at all
_OWN_REPORTS = _HEDGES | _set("text passag describ mention")
_AFTER = re.compile(r"\b(?:from|against|to|into|for|at|on)(?: the| an?)?\s*$", re.IGNORECASE)
_JOINTS = _set("that when which who while because although and but what where")
_MODAL = re.compile(r"(?:should|would|could|must|can|will|may|might|shall|has|have|had|is|was|did|does)$")
_BY = re.compile(r"\bby(?: the| an?)?(?: \w+)?\s*$", re.IGNORECASE)
_TOGETHER = re.compile(r"\b(?:and|or|with|between|both)\b|,", re.IGNORECASE)
_UNITS = frozenset(
    stem(word, "en")
    for word in _set(
        """foot yard mile millimeter centimeter meter metre kilometer kilometre gram kilogram pound ounce ton tonne
        second minute hour day week month year decade century percent dollar acre hectare litre liter gallon degree"""
    )
)
_SAME_UNIT = {"feet": "foot", "metr": "meter", "kilometr": "kilomet", "millimetr": "millimet", "centimetr": "centimet"}
_LEAST_OF_A_CLAUSE = 3  # words that say something
_TOGETHER_SHARE = 0.7  # of a clause's words: one sentence has to say that much of it, its names and numbers included
_YEAR_OF = re.compile(  # "a 1985 lecture": the year is the lecture's
    r"\b(?:the|an?|his|her|its|their|this|that|\w+['’]s)\s+(?:[a-z]+\s+)?(1\d{3}|20\d\d)\s+([a-z]{3,})", re.IGNORECASE
)
_BOUND = re.compile(
    r"\b(?:(?P<most>up to|at most|no more than|not more than|under|below|less than|fewer than|nearly|almost)"
    r"|(?P<least>over|above|more than|at least|no (?:less|fewer) than|exceed(?:s|ed|ing)?))\s+",
    re.IGNORECASE,
)
_ONE = re.compile(r"(?<![\d.,])1(?![\d.,]?\d)")  # in figures it counts something
_PAST = re.compile(  # also the commonest of those that do not end so
    r"(?:\w{2,}ed|ran|was|were|had|began|became|took|came|went|made|said|fell|rose|grew|got|gave|left|lost|led|held|kept"
    r"|built|sent|spent|told|won|saw|knew|thought|brought|wrote|met|set|put|cut|let|hit)$"
)
_FROM_TO = re.compile(r"\bfrom (?:the |an? )?(\w+)(?: \w+)?(?: \w+)? to (?:the |an? )?(\w+)", re.IGNORECASE)
# What speaks to a machine, or says what an answer should say. Such a sentence is shown as content and proves nothing.
_ORDER = re.compile(
    r"\b(?:assistants?|chat ?bots?|bots?|language models?|AI|LLM|tutors?)\b|\bTODO\b|\bnew rule\b|\bwhom to name\b"
    r"|\bsystem\W+(?:prompt|note|content|message)|^\W*(?:system|note|instructions?|correction|notice|policy|task)\b"
    r"[^.]{0,40}[:,]|\b(?:when|if|whenever|wherever|whoever|anyone who|programs? that|machines that)\b[^.?!]{0,60}"
    r"\b(?:asks?|asked|says?|comes up|explains?)\b"
    r"|\b(?:in|to|of|for|with) (?:your|the|every|each|all|an?) answers?\b"
    r"|\banswers (?:which|that|are|use)\b|\byour answers?\b|(?:^|[:;,)\]] |\bplease |\bor |\bso |\bthen )"
    r"(?:answer|reply|respond|say|tell|write|name|mention|quote|state|print|repeat)\b",
    re.IGNORECASE,
)
_DEMONYM = _set("n an ian ese ish ist ists ism s i ic ans ians")
# Words that often open a sentence: capitals there say nothing. Others count as names, for the sake of swapped ones.
_OPENERS = _set(
    """farmers peasants people workers villagers families children women men students soldiers officials leaders
    cadres historians scholars experts economists scientists researchers teachers critics newspapers reports
    records figures estimates steel grain food crops harvests communes furnaces factories industry agriculture
    production propaganda famine hunger millions thousands hundreds dozens several according despite although
    however since until when while later eventually finally meanwhile instead additionally furthermore moreover
    therefore thus overall similarly as during under over within without because due rather unlike like including
    local national rural urban many few today then now here it its he she they we his her their our this that
    these those there what which who
    everybody everyone nobody somebody someone nothing everything something people two three
    four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty hundred"""
)


def _numbers_hold(claim: str, spans: Sequence[str], language: str) -> bool:
    """Every number, date and ordinal occurs in the sentences, with the unit, bound or thing that it has there."""
    held = [tokens(span) for span in spans]
    if not _bounds(claim) <= {bound for span in spans for bound in _bounds(span)}:
        return False
    counted = _ONE.search(claim) is not None
    return not any(_is_of_another(claim, span) for span in spans) and all(
        any(_has_number(token, following, inside) for inside in held)
        for token, following in _numbers(tokens(claim))
        if counted or not _is_small_talk(token, following)
    )


def _numbers(found: Sequence[Token]) -> list[tuple[Token, str]]:
    """Return the numbers of a text, each with the unit behind it, empty where there is none."""
    if not found:
        return []
    after = [str(token.value) if token.kind == "word" else "" for token in (*found[1:], Token("word", ""))]
    stems = [stem(word, "en") for word in after]
    units = [_SAME_UNIT.get(s, s) for s in stems]
    return [(t, s if s in _UNITS or s == "foot" else "") for t, s in zip(found, units, strict=True) if t.kind != "word"]


def _is_of_another(claim: str, span: str) -> bool:
    """Return whether a year that is one thing's in the sentence, as in "a 1985 lecture", stands without it."""
    said = {stem(word, "en") for word in words(claim)}
    return any(
        match[1] in said and span.count(match[1]) == 1 and stem(match[2].casefold(), "en") not in said
        for match in _YEAR_OF.finditer(span)
    )


def _bounds(text: str) -> set[tuple[str, str]]:
    """Return the numbers of which ``text`` says that they are the most or the least: "up to 40", "over 45"."""
    found = [(str(match.lastgroup), tokens(text[match.end() :])[:1]) for match in _BOUND.finditer(text)]
    return {(side, str(first.value)) for side, rest in found for first in rest if first.kind == "number"}


def _is_small_talk(token: Token, unit: str) -> bool:
    """Return whether a number counts nothing, as in "one of the reasons" or "first, …"."""
    return token.kind == "number" and token.value == 1 and not unit


def _has_number(token: Token, unit: str, inside: Sequence[Token]) -> bool:
    for other, its_unit in _numbers(inside):
        same = other.kind == token.kind and other.value == token.value
        if (same or _same_date(token, other)) and (not unit or unit == its_unit):
            return True
    return False


def _same_date(token: Token, other: Token) -> bool:
    """Return whether a date, or a year, says no more than another date does and nothing else."""
    if isinstance(other.value, tuple):
        year = (int(str(token.value)), 0, 0) if _is_year(token) else None
        wanted = token.value if isinstance(token.value, tuple) else year
        return wanted is not None and all(part in (0, own) for part, own in zip(wanted, other.value, strict=True))
    return isinstance(token.value, tuple) and _is_year(other) and token.value == (int(other.value), 0, 0)


def _is_year(token: Token) -> bool:
    return token.kind == "number" and isinstance(token.value, Decimal) and 1000 <= token.value <= 2100


def _names_hold(claim: str, spans: Sequence[str], language: str) -> bool:
    """Every name occurs in the sentences."""
    held = {word for span in spans for word in words(span)}
    stems = {stem(word, language) for word in held}
    return all(
        stem(part, language) in stems or any(_is_form(part, other) for other in held)
        for name in _names(claim, spans)
        for part in words(name)
        if content_stems(part, language) and not part[0].isdigit()
    )


def _names(claim: str, spans: Sequence[str]) -> list[str]:
    """Return the names in ``claim``; what only opens it is one unless it is a common word or stands small in a span."""
    first = (re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", claim) or [""])[0]
    small = {word for span in spans for word in re.findall(r"\b[a-z][\w-]+", span)}
    found = names(claim)
    common = first.lower() in _OPENERS or first.lower() in small or first.endswith("ing")
    opens = bool(found) and found[0] == first and common
    return found[1:] if opens else found


def _is_form(one: str, other: str) -> bool:
    """Return whether two words are the same name, or a place and its people: "China", "Chinese"."""
    short, long = sorted((one, other), key=len)
    root = short.rstrip("aeoiy") if len(short) > 3 else short
    return one == other or (len(short) > 2 and long.startswith(root) and long[len(root) :] in _DEMONYM)


def _quotations_hold(claim: str, spans: Sequence[str], language: str) -> bool:
    """Every quotation occurs in the sentences word for word."""
    held = [_flat(span) for span in spans]
    return all(any(_flat(quoted) in span for span in held) for quoted in quotations(claim))


def quotations(text: str) -> list[str]:
    """Return what stands between quotation marks in ``text``."""
    return [str(one or other) for one, other in QUOTED.findall(text)]


def _flat(text: str) -> str:
    return " ".join(words(text))


def _negation_holds(claim: str, spans: Sequence[str], language: str) -> bool:
    """A clause is denied where the clause that says it is denied, and nowhere else."""
    theirs = [clause for span in spans for clause in _clauses(span)]
    for clause in _clauses(claim):
        own = set(_positive_stems(clause, language))
        if len(own) < 2:
            continue
        shares = [len(own & set(_positive_stems(other, language))) for other in theirs]
        best = max(shares, default=0)
        same = [_is_denied(other) for other, share in zip(theirs, shares, strict=True) if share == best]
        if best and _is_denied(clause) not in same:
            return False
    return True


def _clauses(text: str) -> list[str]:
    return [clause for clause in _CLAUSE.split(text) if len(clause.split()) > 1] or [text]


def _is_denied(clause: str) -> bool:
    clause = re.sub(r"\b(?:nothing but|not only|no doubt|no less|not least)\b", " ", clause, flags=re.IGNORECASE)
    said = re.findall(r"[\w’']+", clause.casefold().replace("’", "'"))
    count = sum(word in _NEGATORS or word.endswith("n't") for word in said)
    return bool((count + any(stem(word, "en") in _NEGATIVE_VERBS for word in said)) % 2)


def _positive_stems(clause: str, language: str) -> list[str]:
    return [s for s in content_stems(clause, language) if s not in _NEGATORS and s not in _NEGATIVE_VERBS]


def _directions_hold(claim: str, spans: Sequence[str], language: str) -> bool:
    """No word of the claim stands where the sentences have only its opposite: "rose" for "fell", "usable" for "un-"."""
    own, held = _all_stems([claim]), _all_stems(spans)
    for one, other in _STEMMED_OPPOSITES:
        for side, opposite in ((one, other), (other, one)):
            if own & side - held and held & opposite and not held & side and not own & opposite:
                return False
    said, there = frozenset(words(claim)), frozenset(word for span in spans for word in words(span))
    return not any(_is_flipped(word, there - said) for word in said - there) and not any(
        _is_flipped(word, said - there) for word in there - said
    )


def _is_flipped(word: str, others: frozenset[str]) -> bool:
    """Return whether ``others`` deny ``word`` with a syllable before it: "usable", "unusable"."""
    return len(word) > 3 and any(prefix + word in others for prefix in ("un", "in", "im", "dis", "non"))


def _all_stems(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(stem(word, "en") for text in texts for word in words(text))


_STEMMED_OPPOSITES = tuple(tuple(_all_stems([side]) for side in pair) for pair in _OPPOSITES)


def _scope_holds(claim: str, spans: Sequence[str], language: str) -> bool:
    """What says "all", "only" or "the largest" says so in the sentences too, and of the same thing."""
    held = {word for span in spans for word in words(span)} | _all_stems(spans)
    said = [word for word in words(claim) if word in _SCOPES]
    if not all(word in held or any(same in held for same in _WIDE.get(word, ())) for word in said):
        return False
    theirs = [degree for span in spans for degree in _degrees(span, language)]
    return all(
        any(set(things[:1]) <= set(others) and order == rank for other, rank, others in theirs if _is_as(degree, other))
        for degree, order, things in _degrees(claim, language)
    )


def _degrees(text: str, language: str) -> list[tuple[str, str, list[str]]]:
    """Return each degree in ``text`` with the ordinal before it, as in "third largest", and the next words' stems."""
    said = ["", *re.findall(r"[\w-]+", text.casefold())]
    return [
        (word, before if _RANK.fullmatch(before) else "", content_stems(" ".join(said[at:]), language)[:_DEGREE_REACH])
        for at, (before, word) in enumerate(pairwise(said), 2)
        if word in _DEGREES
    ]


def _is_as(degree: str, other: str) -> bool:
    return degree == other or other in _WIDE.get(degree, ())


def _report_holds(claim: str, spans: Sequence[str], language: str) -> bool:
    """What the sentences only report, plan or suppose is not said as a fact."""
    if _all_stems([claim]) & _OWN_REPORTS:
        return True
    own = set(content_stems(claim, language))
    for span in spans:
        place = [stem(word, "en") for word in words(span)]
        hedges = [at for at, word in enumerate(place) if word in _HEDGES]
        matched = [at for at, word in enumerate(place) if word in own]
        enough = 0 if hedges and place[hedges[0]] in _SEEMING else len(matched) / 2
        if hedges and matched and sum(at > hedges[0] for at in matched) > enough:
            return any(_covers(own, other, language) for other in spans if not _all_stems([other]) & _HEDGES)
    return True


def _cause_holds(claim: str, spans: Sequence[str], language: str) -> bool:
    """What is said to be a cause is told as one: two things that went together are not."""
    return not _CAUSE.search(claim) or any(_GROUND.search(span) for span in spans)


def _covers(own: set[str], span: str, language: str) -> bool:
    return len(own & set(content_stems(span, language))) >= 0.6 * len(own)


def _roles_hold(claim: str, spans: Sequence[str], language: str) -> bool:
    """Two names stand in the order that the sentences have them in, or the other way round in the passive."""
    own = [name for name in names(claim) if content_stems(name, language)]
    if any(_is_reversed(match[1], match[2], span) for match in _FROM_TO.finditer(claim) for span in spans):
        return False
    if any(_is_doer(name, span) and _AFTER.search(claim[: claim.find(name)]) for name in own for span in spans):
        return False
    return all(
        _same_roles(claim, span, one, other)
        for one, other in combinations(own, 2)
        for span in spans
        if one != other and one in span and other in span
    ) and not any(_skips_a_verb(claim, span) for span in spans)


def _is_doer(name: str, span: str) -> bool:
    """Return whether a sentence has ``name`` once, and does something with it: "that China should copy"."""
    place = re.search(rf"(\w*)\W+{re.escape(name)}\W+(\w+)|^{re.escape(name)}\W+(\w+)", span)
    if not place or span.count(name) != 1 or _AFTER.search(f"{place[1] or ''} "):
        return False
    following = (place[2] or place[3]).casefold()
    return (place[1] or "that").casefold() in _JOINTS and bool(_MODAL.match(following) or _PAST.match(following))


def _skips_a_verb(claim: str, span: str) -> bool:
    """Return whether ``claim`` gives a verb what another verb of the sentence has: "hit A and spared B" as "hit B"."""
    said, held = words(claim), words(span)
    own = [word for word in said if content_stems(word, "en")]
    for verb, thing in pairwise(own):
        if not (_PAST.search(verb) and verb in held and thing in held[held.index(verb) :]):
            continue
        between = held[held.index(verb) + 1 : held.index(thing, held.index(verb))]
        if any(
            joint in ("and", "but", "or") and _PAST.search(other) and other not in said
            for joint, other in pairwise(between)
        ):
            return True
    return False


def _same_roles(claim: str, span: str, one: str, other: str) -> bool:
    ours, turned_here = _between(claim, one, other)
    theirs, turned_there = _between(span, one, other)
    if _TOGETHER.search(ours) or _TOGETHER.search(theirs):
        return True
    return (turned_here == turned_there) == (bool(_BY.search(ours)) == bool(_BY.search(theirs)))


def _is_reversed(start: str, end: str, span: str) -> bool:
    """Return whether "from ``start`` to ``end``" turns round the order in which a sentence has the two."""
    said = [stem(word, "en") for word in words(span)]
    one, other = (stem(next(iter(words(word)), word), "en") for word in (start, end))
    if one not in said or other not in said or one == other:
        return False
    back = _FROM_TO.search(span)
    if back and stem(back[1].casefold(), "en") == one:
        return False
    return said.index(other) < said.index(one)


def _together_hold(claim: str, spans: Sequence[str], language: str) -> bool:
    """Of several sentences, each clause has one that says most of it, with its names and numbers, and none is idle.

    Otherwise the subject of one and the predicate of another would make a third. A sentence that opens with a word
    which points back goes with the one before it, which may give it its subject and no more.
    """
    if len(spans) < 2:
        return True
    groups: list[list[str]] = []
    for span in spans:
        if groups and is_dangling(span):
            groups[-1].append(span)
        else:
            groups.append([span])
    clauses = _told_apart(claim, language)
    said = [{at for at, group in enumerate(groups) if _says_most(clause, group, language)} for clause in clauses]
    same = all(
        before & own for before, own, clause in zip(said, said[1:], clauses[1:], strict=False) if is_dangling(clause)
    )  # else what "it" is would be of one sentence, and what it does of another
    used = {min(found) for found in said if found}
    return all(said) and same and (len(used) == len(groups) or len(groups) == 1)


def _told_apart(claim: str, language: str) -> list[str]:
    """Return the clauses of ``claim``; what is too short to be one goes with its neighbour: "1958:", "and his son"."""
    clauses: list[str] = []
    for part in (part for clause in _CLAUSE.split(claim) for part in re.split(r"\b(?:and|or)\b", clause)):
        short = clauses and (len(_wordy(clauses[-1], language)) < 2 or len(_wordy(part, language)) < _LEAST_OF_A_CLAUSE)
        clauses = [*clauses[:-1], f"{clauses[-1]} {part}"] if short else [*clauses, part]
    return [clause.strip() for clause in clauses]


def _wordy(text: str, language: str) -> list[str]:
    return [one for one in content_stems(text, language) if not one[0].isdigit()]


def _says_most(clause: str, group: Sequence[str], language: str) -> bool:
    own, held = content_stems(clause, language), {one for span in group for one in content_stems(span, language)}
    share = sum(one in held for one in own) / len(own) if len(own) > 1 else 1.0
    named = _names_hold(clause, group, language) and _numbers_hold(clause, group, language)
    begins = not own or own[0] in held  # what it is about: a predicate of another sentence is not its own
    return (
        share >= _TOGETHER_SHARE and named and begins and all(_in_turn(own, *two, language) for two in pairwise(group))
    )


def _in_turn(own: Sequence[str], before: str, pointing: str, language: str) -> bool:
    """Return whether what only the sentence ``before`` has is all that there is, or comes first and in one piece."""
    first, second = content_stems(before, language), set(content_stems(pointing, language))
    sides = [one in second for one in own if (one in first) != (one in second)]
    if not any(sides):
        return True
    subject = [one for one in own if one in first and one not in second]
    run = [one in subject for one in first if one not in second]
    together = sum(now and not last for last, now in pairwise([False, *run])) <= 1
    return sides == sorted(sides) and together


def is_order(text: str) -> bool:
    """Return whether a sentence of a source speaks to a machine, or says what an answer should say."""
    return _ORDER.search(unicodedata.normalize("NFKC", text)) is not None


def _between(text: str, one: str, other: str) -> tuple[str, bool]:
    """Return what stands between two names, and whether the second one comes first."""
    at, behind = text.find(one), text.find(other)
    return (text[at + len(one) : behind], False) if at < behind else (text[behind + len(other) : at], True)


RULES: dict[Reason, Callable[[str, Sequence[str], str], bool]] = {
    "number": _numbers_hold,
    "name": _names_hold,
    "quotation": _quotations_hold,
    "negation": _negation_holds,
    "direction": _directions_hold,
    "scope": _scope_holds,
    "report": _report_holds,
    "cause": _cause_holds,
    "roles": _roles_hold,
    "together": _together_hold,
}
"""Returns whether a claim holds by the sentences, by the reason to refuse it; the language is theirs."""
