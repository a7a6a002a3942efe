"""Messages: what a chat model is told, with everything that others wrote as data between marks that nobody can forge.

System, sources, history, question, in that order: a model's server reads again only what has changed.
"""

from __future__ import annotations

import base64
import codecs
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from tutor.prompts import Prompt
from tutor.types import Candidate, Turn

Count = Callable[[str], int]
"""Returns how many tokens a text has."""

SHARE_OF_HISTORY = 0.3  # of the tokens that sources and history may have together
SHORTENED = "…"
RUN = 40  # letters, about eight words
LONGEST_TURN = 600  # characters of an earlier answer
_MARKER = re.compile(r"\s*\[\d{1,3}\]")
_SECRET = secrets.token_bytes(32)  # of this process; the marks change with it
_LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "{": "(", "}": ")", "|": "¦", "`": "'"})
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_NAMES = {
    "ar": "Arabic", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pl": "Polish",
    "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


def as_data(text: str) -> str:
    """Return ``text`` on one line, without unseen characters, and with look-alikes for those that mark something.

    No mark, citation, chat template or markup can be written in it.
    """
    return " ".join(_UNSEEN.sub(" ", text).translate(_LOOK_ALIKES).split())


def marker(parts: Mapping[str, str]) -> str:
    """Return the mark of a prompt with these ``parts``: a keyed hash, so that only this process can know it.

    The same sources have the same mark, which lets a model's server use again what it has read.
    """
    return blake2b(parts.get("SOURCES", "").encode(), key=_SECRET, digest_size=8).hexdigest()


def build_messages(
    prompt: Prompt, rules: str, parts: Mapping[str, str], task: str, language: str
) -> tuple[str, list[BaseMessage]]:
    """Return the mark and the messages: the section ``rules``, the ``parts`` that are not empty, and the ``task``."""
    mark = marker(parts)
    told = prompt.fill(rules, **_values(prompt, rules, marker=mark, language=language_name(language)))
    shown = [f"[[{mark} begin {name}]]\n{text}\n[[{mark} end {name}]]" for name, text in parts.items() if text]
    return mark, [SystemMessage(told), HumanMessage("\n\n".join([*shown, task]).rstrip())]


def task(prompt: Prompt, section: str, language: str) -> str:
    """Return a section of ``prompt`` that says what to write, in the language with that code."""
    return prompt.fill(section, **_values(prompt, section, language=language_name(language)))


def _values(prompt: Prompt, section: str, **values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if f"{{{name}}}" in prompt.sections[section]}


def language_name(code: str) -> str:
    """Return the English name of a language; the code itself where the tutor has no name for it."""
    return _NAMES.get(code.split("-")[0], code)


def within(candidates: Sequence[Candidate], tokens: int, count: Count) -> dict[int, Candidate]:
    """Return as many sentences, best first, as ``tokens`` allow, at least one, numbered from 1 in the texts' order."""
    kept: list[Candidate] = []
    for candidate in candidates:
        tokens -= count(candidate.text) + 4
        if kept and tokens < 0:
            break
        kept.append(candidate)
    ordered = sorted(kept, key=lambda c: (c.source, c.sentence.start))
    return dict(enumerate(ordered, start=1))


def sources(shown: Mapping[int, Candidate]) -> str:
    """Return the numbered sentences, each on a line."""
    return "\n".join(f"[{id}] {as_data(candidate.text)}" for id, candidate in shown.items())


def history(turns: Sequence[Turn], prompt: Prompt, tokens: int, count: Count) -> str:
    """Return the conversation in at most about ``tokens``: the last turns as they were, those before in short.

    What is left out altogether is counted, so that the model is never led to believe that it has seen all.
    """
    lines: list[str] = []
    left = tokens
    first = len(turns)
    for turn in reversed(turns):
        said = as_data(_MARKER.sub("", turn.answer))  # else a model writes them as it sees them here
        said = said if len(said) <= LONGEST_TURN else said[:LONGEST_TURN] + SHORTENED
        line = f"Student: {as_data(turn.question)}\nTutor: {said}"
        left -= count(line)
        if left < 0:
            break
        lines.insert(0, line)
        first -= 1
    if first:
        asked: list[str] = []
        room = max(tokens // 4, 20)
        for turn in reversed(turns[:first]):
            room -= count(turn.standalone) + 2
            if room < 0:
                break
            asked.insert(0, as_data(turn.standalone))
        named = "; ".join(asked) if len(asked) == first else "; ".join([SHORTENED, *asked])
        lines.insert(0, prompt.fill("earlier", count=str(first), text=named))
    return "\n".join(lines)


def leaks(text: str, mark: str, told: str) -> bool:
    """Return whether ``text`` gives away the mark, or so many letters in a row of what the model was ``told``.

    Spelling it out, turning it round, and the usual encodings do not hide it.
    """
    secret = _letters(told)
    encoded = [_decoded(found) for found in re.findall(r"[A-Za-z0-9+/_=-]{16,}", "".join(text.split()))]
    forms = [text, codecs.encode(text, "rot13"), *encoded]
    for form in [letters for one in forms for letters in (_letters(one), _letters(one)[::-1])]:
        if mark in form or any(form[at : at + RUN] in secret for at in range(len(form) - RUN + 1)):
            return True
    return False


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")) + "==").decode("utf-8", "ignore")
    except ValueError:
        return ""
