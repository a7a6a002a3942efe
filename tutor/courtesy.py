"""Courtesy: what is said to the tutor itself: greetings, thanks, "what can you do", and attempts to change it."""

from __future__ import annotations

import re
from typing import Literal

Courtesy = Literal["greeting", "thanks", "goodbye", "abilities"]

_GREETING = (
    r"(?:hi|hiya|hello|hey|howdy|greetings|good (?:morning|afternoon|evening|day))(?: (?:there|tutor|all|again))?"
)
_HOW_ARE_YOU = r"how (?:are|r) (?:you|u)(?: doing)?(?: today)?"
_FORMS: dict[Courtesy, str] = {
    "greeting": rf"{_GREETING}(?: {_HOW_ARE_YOU})?|{_HOW_ARE_YOU}",
    "thanks": r"(?:ok(?:ay)? |great |cool |perfect )?(?:thanks|thank you|thx|ty|cheers)"
    r"(?: (?:a lot|so much|very much|you|tutor|that helped|for (?:your|the) help))*"
    r"|(?:ok(?:ay)?|great|cool|nice|got it|i see|perfect|awesome)",
    "goodbye": r"(?:good ?bye|bye|bye bye|see you(?: later| soon)?|good night)",
    "abilities": rf"(?:{_GREETING} )?(?:what (?:can|do) you (?:do|know|help (?:me )?with)(?: for me)?|who are you"
    r"|what are you|how (?:can|do) you help(?: me)?|how do(?:es)? (?:you|this) work|help(?: me)?"
    r"|what can i ask(?: you)?|are you (?:a |an )?(?:robot|bot|ai|human))",
}
_OPENING = re.compile(rf"^{_GREETING}\s*[,.!:–-]+\s*(?=\S)|^(?:please|pls)\s+(?=\S)", re.IGNORECASE)


_TAMPERING = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|rule|prompt|direction|guideline|polic)"
    r"|\b(?:print|reveal|show|repeat|output|tell me)\b.{0,40}"
    r"\b(?:system prompt|hidden (?:prompt|instruction|rule)|your (?:\w+ )?(?:prompt|instruction|rule))"
    r"|^(?:please )?(?:pretend\b|(?:act|behave|respond|speak|talk) (?:as|like) )|\b(?:developer|dan|god) mode\b"
    r"|\byou(?: are|'re|’re) now\b|\bfrom now on,? you\b|\bjailbreak|\bnew instructions?:",
    re.IGNORECASE | re.DOTALL,
)


def is_tampering(question: str) -> bool:
    """Return whether ``question`` is an attempt to change the tutor's instructions or to read them."""
    return _TAMPERING.search(question) is not None


def courtesy(question: str) -> Courtesy | None:
    """Return which courtesy the whole of ``question`` is; None where it asks anything else."""
    said = " ".join(re.findall(r"[^\W_]+", question))
    return next((kind for kind, form in _FORMS.items() if re.fullmatch(form, said, re.IGNORECASE)), None)


def without_greeting(question: str) -> str:
    """Return ``question`` without the greeting that it opens with."""
    rest = _OPENING.sub("", question, count=1)
    return rest[:1].upper() + rest[1:] if rest != question else question
