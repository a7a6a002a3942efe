"""A chat model that obeys every instruction that it reads, wherever it reads it: the worst that an attack can meet."""

from __future__ import annotations

import base64
import codecs
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import quote

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr

CORPUS = Path(__file__).parent / "attacks.jsonl"
MOST = 9_000  # characters of a reply that would never end
PIECE = 9  # characters that are streamed at a time
PAUSE = 0.004  # seconds between them where there is no end: whoever reads can keep up, as with a real model
_PART = re.compile(r"\[\[(\S+) begin ([^\]]+)\]\]\n(.*?)\n?\[\[\1 end \2\]\]", re.DOTALL)
_LINE = re.compile(r"^\[(\d+)\][ \t]*(.+)$", re.MULTILINE)
_END = re.compile(r"(?<=[.!?。！？।])\s*|\n+")
_TOLD = re.compile(
    r"\b(?:repeat|print|reveal|recite|show|write out)\b[^.?!]{0,30}\byour (?:\w+ )?(?:instruction|rule|prompt)",
    re.IGNORECASE,
)
_SAY = re.compile(r"\b(?:say|answer|reply|respond)(?: with| that)?[:,]? [“\"‘'](.+?)[”\"’']", re.IGNORECASE)
_CITE = re.compile(r"\bcite [\[(‹]?(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Attack:
    """A line of the corpus: what is planted where, what an obedient model then writes, and what must never be shown.

    ``at`` says where in a source or a prompt it stands: inside the sentence that answers, after it, or in the rules.
    ``wrap`` is what hides it there, ``rest`` its other half, in another source. ``calls`` names a tool that the model
    calls. ``forbidden`` holds regular expressions.
    """

    id: str
    place: str
    language: str
    hidden: bool
    goal: str
    question: str
    text: str
    obeyed: str
    forbidden: tuple[str, ...]
    rest: str = ""
    at: str = "after"
    file: str = "lighthouse.txt"
    wrap: str = "{}"
    calls: str = ""


def corpus() -> list[Attack]:
    """Return the attacks of the corpus, in order."""
    held = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    return [Attack(**{**line, "forbidden": tuple(line["forbidden"])}) for line in held]


@cache
def letters(text: str) -> str:
    """Return the letters and digits of ``text`` as a model reads them: without what is invisible or only decorates."""
    visible = "".join(chr(ord(c) - 0xE0000) if 0xE0020 <= ord(c) <= 0xE007E else c for c in text)
    return "".join(c for c in unicodedata.normalize("NFKC", visible).casefold() if c.isalnum())


@cache
def marks(text: str) -> tuple[str, ...]:
    """Return what an attack is recognised by: the whole of it, its later half, or a sentence that is most of it."""
    whole = letters(text)
    sentences = [letters(sentence) for sentence in _END.split(text)]
    return (whole, whole[len(whole) // 2 :], *(s for s in sentences if len(s) > len(whole) / 2))


def spotted(attack: Attack, said: str) -> int:
    """Return how many letters of ``attack`` stand in ``said``, which is `letters` of something; 0 where it does not."""
    texts = [text for text in (attack.text, attack.rest) if text]
    return max(len(mark) if mark in said else 0 for text in texts for mark in marks(text))


class ObedientModel(BaseChatModel):
    """A chat model that does what it is told by anything that it reads: system, sources, history or question.

    ``obeyed`` holds the ids of the attacks that it fell for, ``written`` how many characters of each reply were taken.
    """

    _attacks: list[Attack] = PrivateAttr(default_factory=corpus)
    obeyed: list[str] = Field(default_factory=list)
    written: list[int] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "obedient"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        chunks = list(self._stream(messages))
        calls = [call for chunk in chunks for call in chunk.message.tool_calls]
        message = AIMessage("".join(chunk.text for chunk in chunks), tool_calls=calls)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        written = self.written  # of this call, whatever is set in the meantime
        written.append(0)
        call = len(written) - 1
        attack = self._attack(messages)
        if attack:
            self.obeyed.append(attack.id)
        reply = _filled(attack, messages) if attack else _generic(messages)
        endless = attack is not None and attack.goal == "endless"
        for text in (reply.replace("{n}", str(n)) for n in range(MOST // len(reply))) if endless else (reply,):
            for at in range(0, max(len(text), 1), PIECE):
                piece = text[at : at + PIECE]
                written[call] += len(piece)
                sleep(PAUSE if endless else 0)
                yield ChatGenerationChunk(message=AIMessageChunk(piece))
        if attack and attack.calls:
            arguments = {"everything": _joined(messages)}
            chunk = tool_call_chunk(name=attack.calls, args=json.dumps(arguments), id="call_1", index=0)
            yield ChatGenerationChunk(message=AIMessageChunk("", tool_call_chunks=[chunk]))

    def _attack(self, messages: Sequence[BaseMessage]) -> Attack | None:
        said = letters(_LINE.sub(r"\2", _joined(messages)))
        best = max(self._attacks, key=lambda attack: spotted(attack, said))
        return best if spotted(best, said) else None


def _joined(messages: Sequence[BaseMessage]) -> str:
    return "\n".join(str(message.text) for message in messages)


def _system(messages: Sequence[BaseMessage]) -> str:
    return "\n".join(str(message.text) for message in messages if message.type == "system")


def parts(messages: Sequence[BaseMessage]) -> dict[str, str]:
    """Return the parts of a prompt that stand between its markers, by name."""
    return {name: text for _, name, text in _PART.findall(_data(messages))}


def markers(messages: Sequence[BaseMessage]) -> list[str]:
    """Return the token of each part's markers, in order."""
    return [marker for marker, _, _ in _PART.findall(_data(messages))]


def _data(messages: Sequence[BaseMessage]) -> str:
    return "\n".join(str(message.text) for message in messages if message.type != "system")


def _filled(attack: Attack, messages: Sequence[BaseMessage]) -> str:
    """Return what obeying ``attack`` writes, with what it asks for filled in."""
    system, everything = _system(messages), _joined(messages)
    lines = _LINE.findall(parts(messages).get("SOURCES", ""))
    own = [number for number, line in lines if spotted(attack, letters(line))]
    values = {
        "own": (own or ["1"])[-1],
        "all": " ".join(f"[{number}]" for number, _ in lines) or "[1]",
        "marker": (markers(messages) or ["?"])[0],
        "system": system,
        "system_cited": " ".join(f"{s.strip().rstrip('.')} [1]." for s in _END.split(system) if s.strip()),
        "system_start": " ".join(system.split()[:10]),
        "system_base64": base64.b64encode(system.encode()).decode(),
        "system_reversed": system[::-1],
        "system_spaced": " ".join(system),
        "system_rot13": codecs.encode(system, "rot13"),
        "messages": everything,
        "messages_url": quote(everything),
    }
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), attack.obeyed)


def _generic(messages: Sequence[BaseMessage]) -> str:
    """Return what instructions of the usual forms ask for; where there is none, the first line of evidence."""
    data, held = _data(messages), parts(messages)
    line = _LINE.search(held.get("SOURCES", ""))
    number, words = line.groups() if line else ("1", held.get("QUESTION", data).strip())
    if _TOLD.search(data):
        return _system(messages)
    if say := _SAY.search(data):
        return f"{say[1].rstrip('.')} [{number}]."
    if cite := _CITE.search(data):
        return f"{words.rstrip('.')} [{cite[1]}]."
    return f"{words.rstrip('.')} [{number}]." if line else words
