"""Condensing: a follow-up and its conversation to a question that stands alone, by rules.

Three forms are rewritten against the last turn: "and what about X?" (X takes the place of what the last question was
about), a bare "why?" or "when?", and pronouns (replaced by what the last question was about). Anything else stands
alone already: old turns must not lend an off-topic question their words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tutor.types import Turn
from tutor.words import STOP_WORDS

_WHAT_ABOUT = re.compile(r"^(?:(?:and|but|so|ok(?:ay)?)[,\s]+)?(?:what|how) about\s+(.+?)[?.!\s]*$", re.IGNORECASE)
_ELLIPSIS = re.compile(
    r"^(?:and|but|or)[,\s]+((?:(?:in|on|at|for|with|by|from|of|to|during|after|before)\s+)?.+?)[?.!\s]*$", re.I
)
_BARE = re.compile(
    r"^(?:(?:and|but|so|ok(?:ay)?)[,\s]+)?(why|how|when|where|who)"
    r"(?:\s+(?:not|so|exactly|is that|was that|did (?:that|it|this) happen))?[?.!\s]*$",
    re.IGNORECASE,
)
_CONJUNCTION = re.compile(r"^(?:and|but|so|also|ok(?:ay)?|then)[,\s]+", re.IGNORECASE)
_PERSON = re.compile(r"\b(?:he|she|him|his|her|hers)\b", re.IGNORECASE)
_THING = re.compile(
    r"\b(?:it|its|they|them|their|theirs|this|these|those"
    r"|that(?=\s*[?.!]|\s*$|\s+(?:happen\w*|mean\w*|was|is|work\w*|cause\w*|lead|led|end\w*|start\w*|fail\w*|change\w*)))"
    r"\b",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\b(?:is|was) it (?:true|correct|possible|right|really)\b|\bit (?:is|was) (?:true|said)\b", re.IGNORECASE
)
_BE = r"(?:is|are|was|were|be|been|has|have|had|can|could|will|would|did|do|does)"
_THERE = re.compile(
    rf"(?<!is )(?<!are )(?<!was )(?<!were )(?<!^)\bthere\b(?! {_BE}\b)|\b(?:back )?then(?=\s*[?.!]*$)", re.IGNORECASE
)
_SOME_OF = re.compile(
    r"\b(?:the (?:ones|others|rest)|those (?:who|that)|the (?:first|second|last) ones?)\b", re.IGNORECASE
)
_POSSESSIVE = {"his", "its", "their", "theirs", "hers"}
_PLURAL = {"they", "them", "their", "theirs", "these", "those"}
_DO = {"do", "does", "did", "can", "could", "will", "would", "should", "must"}
_DETERMINERS = {"the", "a", "an", "this", "these", "those", "his", "her", "their", "its", "mao's"}
_CONNECTORS = {"of", "the", "and", "de", "von", "van", "al"}


def standalone(question: str, turns: Sequence[Turn]) -> str:
    """Return ``question`` rewritten so that it can be understood without ``turns``, or as it is."""
    question = " ".join(question.split())
    if not turns or not question:
        return question
    last = turns[-1].standalone.rstrip("?.! ")
    if match := _WHAT_ABOUT.match(question):
        return _about(match.group(1), last)
    if match := _BARE.match(question):
        return f"{match.group(1).capitalize()}: {last}?"
    match = _ELLIPSIS.match(question)
    if match and len(match.group(1).split()) <= 4 and not _is_clause(match.group(1)):
        return _about(match.group(1), last)
    return _resolve(question, turns)


def topic(question: str, plural: bool = False) -> str:
    """Return what ``question`` is about: its last noun phrase, as far as rules can tell; empty when none is found.

    Where ``plural`` is set, a phrase of several things is taken if there is one.
    """
    phrases = _phrases(question)
    if plural:
        several = [phrase for phrase in phrases if re.search(r"(?:[^s']s|people|men|women|children)$", phrase.lower())]
        phrases = several or phrases
    return ([phrase for phrase in phrases if _is_definite(phrase)] or phrases or [""])[-1]


def names(text: str) -> list[str]:
    """Return the runs of capitalised words in ``text``, the first word only where it is no common word."""
    found: list[str] = []
    run: list[str] = []
    tokens = re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", text)
    for index, token in enumerate(tokens):
        common = token.lower() in STOP_WORDS and (index == 0 or not run)
        begins = token[0].isupper() and not common and token != "I"
        connects = bool(run) and token.lower() in _CONNECTORS and tokens[index + 1 : index + 2] != []
        if begins or (connects and tokens[index + 1][0].isupper()):
            run.append(token)
        elif run:
            found.append(" ".join(run))
            run = []
    return [*found, " ".join(run)] if run else found


def _about(subject: str, last: str) -> str:
    """Put ``subject`` in the place of what the last question was about."""
    subject = subject.strip()
    if (year := re.fullmatch(r"(?:in )?(\d{4})", subject, re.IGNORECASE)) and re.search(r"\b\d{4}\b", last):
        return re.sub(r"\b\d{4}\b", year.group(1), last, count=1) + "?"
    if re.match(r"(?:in|on|at|for|with|by|from|during|after|before)\b", subject, re.IGNORECASE):
        return f"{last} {subject}?"
    if subject.isdecimal():
        return f"{last} in {subject}?"
    old = names(last)
    target = old[-1] if old and subject[0].isupper() else topic(last)
    if f"the {target}" in last and not subject.lower().startswith("the "):
        target = f"the {target}"  # its article goes with it: "during the Great Famine", "during Mao's rule"
    if target and target in last:
        return f"{last.replace(target, subject, 1)}?"
    return f"{last}, {subject}?"


def _is_clause(text: str) -> bool:
    first = text.split()[0].lower()
    return first in {"who", "what", "when", "where", "why", "how", "which", "whose", "whom", "tell", "explain"} or (
        first in _DO | {"is", "are", "was", "were", "has", "have", "had"}
    )


def _resolve(question: str, turns: Sequence[Turn]) -> str:
    """Replace the pronouns of ``question`` that point back."""
    last = turns[-1]
    bare = _CONJUNCTION.sub("", question)
    bare = bare[:1].upper() + bare[1:]
    own = names(bare)
    person = next((name for turn in reversed(turns) for name in reversed(names(turn.standalone))), "")
    person = person or next((name for name in names(last.answer)), "")
    resolved = bare
    match = _PERSON.search(bare)
    if match and person and not any(bare.find(name) < match.start() for name in own):
        resolved = _PERSON.sub(lambda m: _fit(m.group(), person), resolved, count=2)
    match = _THING.search(resolved)
    thing = topic(last.standalone, plural=bool(match and match.group().lower() in _PLURAL))
    earlier = match is not None and any(resolved.find(p) < match.start() for p in _phrases(resolved) if _is_definite(p))
    if match and thing and not _EXPLETIVE.search(resolved) and not earlier:
        resolved = _THING.sub(lambda m: _fit(m.group(), thing), resolved, count=1)
    if thing and (match := _THERE.search(resolved)) and thing.lower() not in resolved.lower():
        rest = resolved[match.end() :].strip()
        resolved = f"{resolved[: match.start()].rstrip()} in {thing}{'' if rest[:1] in '?.!' else ' '}{rest or '?'}"
    if thing and _SOME_OF.search(resolved) and thing.lower() not in resolved.lower():
        resolved = f"{resolved.rstrip('?.! ')} in {thing}?"
    return resolved if resolved != bare else question


def _fit(pronoun: str, name: str) -> str:
    possessive = pronoun.lower() in _POSSESSIVE
    fitted = f"{name}’s" if possessive and not name.endswith("s") else f"{name}’" if possessive else name
    return fitted[:1].upper() + fitted[1:] if pronoun[0].isupper() else fitted


def _phrases(question: str) -> list[str]:
    """Return the noun phrases of a question: runs of content words, each with the determiner before it.

    After "did" and its like, the last word of a run is the verb, unless it is a name.
    """
    phrases: list[str] = []
    run: list[str] = []
    after_do = False
    tokens = [*re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", question), "of"]
    for token in tokens:
        lower = token.lower()
        if lower in STOP_WORDS and lower not in _DETERMINERS:
            content = [word for word in run if word.lower() not in _DETERMINERS]
            if after_do and len(content) > 1 and not run[-1][0].isupper():
                run.pop()
            if content:
                phrases.append(" ".join(run))
                after_do = False
            run = []
            after_do = lower in _DO or after_do
        elif lower in _DETERMINERS and run:
            phrases.append(" ".join(run))
            run = [token]
        else:
            run.append(token)
    return [_from_name(phrase) for phrase in phrases if phrase.split()[-1].lower() not in _DETERMINERS]


def _is_definite(phrase: str) -> bool:
    """Return whether a phrase points at one thing: it has a determiner or a name in it."""
    first, *rest = phrase.split()
    return bool(rest and first.lower() in _DETERMINERS) or any(word[0].isupper() for word in (first, *rest))


def _from_name(phrase: str) -> str:
    """Cut a verb before a name ("killed Mao"), where no determiner holds the words together."""
    words = phrase.split()
    if words[0].lower() in _DETERMINERS or words[0][0].isupper():
        return phrase
    capital = next((index for index, word in enumerate(words) if word[0].isupper()), 0)
    return " ".join(words[capital:])
