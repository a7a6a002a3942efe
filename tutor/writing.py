"""Writing: a chat model phrases the answer, and what it writes is checked sentence by sentence while it arrives.

Whatever the model does, the student gets an answer: what fails is left out, and where nothing holds, where the model
fails or is slow, the course is quoted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Literal

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda

from tutor import messages, replies
from tutor.answering import Draft, StoredText, cite, ended, quote, without_footnotes
from tutor.chat import Chat, ModelFailed, deadline_of
from tutor.evidence import odds_of
from tutor.messages import Count
from tutor.prompts import Prompt
from tutor.question import is_open
from tutor.replies import Sentence
from tutor.types import Candidate, Citation, Claim, Dropped, Evidence, Fallback, Manner, Support, Turn
from tutor.verifying import Supported, Verdict, as_quoted, verify
from tutor.words import content_stems

log = logging.getLogger("tutor")

MOST_SENTENCES: Mapping[Manner, int] = {"plain": 6, "simpler": 4, "detailed": 10, "example": 6, "one_sentence": 1}
SAME = 0.8  # of the shorter sentence's words: it says the same again
SAID = 0.5  # of a failed sentence's words: its second wording takes it up
IN_CIRCLES = 3  # repetitions in a row: a model that turns in circles is not listened to any longer
FAR = 4.0  # logits by which a sentence that explains may answer less well than the evidence
FALLS_SHORT = 1.5  # logits by which what was written may answer less well than the best quotation
_NO_GAP = ("markup", "beside", "leaked")  # what was dropped for these answered nothing
_NOT_REWRITTEN = ("markup", "fragment", "broken_off", "leaked", "repeated", "beside")


@dataclass(frozen=True)
class Task:
    """A question whose evidence is to be phrased. ``question`` stands alone; ``spoken`` is the course's language."""

    course: str
    question: str
    evidence: Evidence
    turns: tuple[Turn, ...]
    manner: Manner
    language: str
    spoken: str


@dataclass(frozen=True)
class Checked:
    """A sentence of the model with what the checks say of it."""

    sentence: Sentence
    verdict: Verdict


@dataclass(frozen=True)
class Means:
    """What writing needs of the house: the texts, the tokens' count, and the two readings of the grounder."""

    stored: StoredText
    count: Count
    supported: Supported
    answering: Callable[[str, Sequence[str]], Sequence[float]]
    output: Literal["text", "structured", "citations"] = "text"
    context_tokens: int = 3_000


@dataclass
class Clock:
    """When things happened, as times of `time.perf_counter`, and how many seconds the checks took."""

    first_token: float | None = None
    first_sentence: float | None = None
    checking: float = 0.0


@dataclass
class Writing:
    """One answer under way; `chain` is how it comes about, step by step."""

    task: Task
    chat: Chat
    prompt: Prompt
    leads: Prompt
    means: Means
    clock: Clock = field(default_factory=Clock)
    tokens: list[int] = field(default_factory=lambda: [0, 0])

    def chain(self) -> Runnable[Any, Any]:
        """Return the chain: it streams the sentences that hold, each complete, and last the whole `Draft`."""
        return (
            RunnableLambda(self._number)  # the evidence as numbered sentences, as many as the tokens allow
            | RunnableGenerator(self._generate)  # what the model writes, as it arrives
            | RunnableGenerator(self._parse)  # in sentences, with the numbers that each cites
            | RunnableGenerator(self._check)  # against those sentences, cited anew where others say it
            | RunnableGenerator(self._repair)  # what failed is written once more, and checked again
            | RunnableGenerator(self._answer)  # what holds is said; the course is quoted where that falls short
        )

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _number(self, task: Task) -> dict[int, Candidate]:
        count, tokens = self.means.count, self.means.context_tokens
        self._history = messages.history(task.turns, self.prompt, int(tokens * messages.SHARE_OF_HISTORY), count)
        best = sorted(task.evidence.chosen, key=lambda c: -c.score)
        self._shown = messages.within([*best, *task.evidence.around], tokens - count(self._history), count)
        self._texts = {id: candidate.text for id, candidate in self._shown.items()}
        self._deadline = deadline_of(self.chat)
        self._failure: Fallback | None = None
        self._leaked = False
        self._dropped: list[Dropped] = []
        self._said: list[str] = []
        self._heard: list[str] = []
        self._logits: dict[str, float] = {}
        return self._shown

    def _generate(self, shown: Iterator[dict[int, Candidate]]) -> Iterator[Any]:
        for numbered in shown:
            parts = {
                "SOURCES": messages.sources(numbered),
                "HISTORY": self._history,
                "QUESTION": messages.as_data(self.task.question),
            }
            yield from self._ask(parts, messages.task(self.prompt, self.task.manner, self.task.language))

    def _ask(self, parts: Mapping[str, str], wanted: str) -> Iterator[Any]:
        """Yield the model's reply; what goes wrong ends it and is kept for the answer to say."""
        self._mark, told = messages.build_messages(self.prompt, "rules", parts, wanted, self.task.language)
        self._told = str(told[0].content)
        counted = (0, 0)
        read = sum(self.means.count(str(message.content)) for message in told)
        written = ""
        try:
            self._pieces = self.chat.stream(lambda: self._stream(told, parts), self._deadline)
            for piece in self._pieces:
                self.clock.first_token = self.clock.first_token or perf_counter()
                written += str(piece) if isinstance(piece, dict) else piece.text
                usage = getattr(piece, "usage_metadata", None)
                if usage:
                    counted = (counted[0] + usage["input_tokens"], counted[1] + usage["output_tokens"])
                yield piece
        except ModelFailed as error:
            log.warning("%s", error)
            self._failure = error.why
        finally:  # a provider that counts nothing is counted by the embedder's tokens
            used = counted if any(counted) else (read, self.means.count(written))
            self.tokens = [self.tokens[0] + used[0], self.tokens[1] + used[1]]

    def _stream(self, told: list[BaseMessage], parts: Mapping[str, str]) -> Iterator[Any]:
        match self.means.output:
            case "structured":
                return self.chat.model.with_structured_output(replies.SCHEMA, method="json_schema").stream(told)
            case "citations":
                return self.chat.model.stream([told[0], _with_document(told[1], self._texts)])
        return self.chat.model.stream(told)

    def _parse(self, pieces: Iterator[Any]) -> Iterator[Sentence]:
        match self.means.output:
            case "structured":
                yield from replies.from_structure(pieces)
            case "citations":
                yield from replies.from_citations(pieces, self.task.language)
            case _:
                yield from replies.from_text(pieces, self.task.language)
        self._pieces.close()  # a step that ends is read to its end all the same, and this model may have none

    def _check(self, sentences: Iterator[Sentence]) -> Iterator[Checked]:
        passed = again = 0
        for sentence in sentences:
            checked = Checked(sentence, self._verdict(sentence))
            passed += checked.verdict.reason is None
            again = again + 1 if checked.verdict.reason == "repeated" else 0
            yield checked
            if self._leaked or passed >= MOST_SENTENCES[self.task.manner] or again >= IN_CIRCLES:
                break
        self._pieces.close()

    def _verdict(self, sentence: Sentence) -> Verdict:
        started = perf_counter()
        try:
            if messages.leaks(sentence.text, self._mark, self._told):
                self._leaked = True
                return Verdict(reason="leaked")
            if not sentence.whole:
                return Verdict(reason="broken_off")
            if self._is_said(sentence):
                return Verdict(reason="repeated")
            self._heard.append(sentence.text)
            if self._asks_again(sentence.text):
                return Verdict(reason="fragment")
            verdict = verify(sentence.text, sentence.cited, self._texts, self.means.supported, self.task.spoken)
            if verdict.reason is None and self._is_beside(sentence.text, verdict.cited):
                return Verdict(reason="beside")
            if verdict.reason is None:
                self._said.append(sentence.text)
            return verdict
        finally:
            self.clock.checking += perf_counter() - started

    def _is_said(self, sentence: Sentence) -> bool:
        own = self._stems(sentence.text)
        told = map(self._stems, [*self._said, *self._heard])
        return bool(own) and any(len(own & said) > SAME * len(own) for said in told)

    def _asks_again(self, claim: str) -> bool:
        """Return whether a claim only has words of a question that wants another: it is no answer, true or not."""
        return is_open(self.task.question) and self._stems(claim) <= self._stems(self.task.question)

    def _stems(self, text: str) -> set[str]:
        return set(content_stems(text, self.task.spoken))

    def _is_beside(self, claim: str, cited: Sequence[int]) -> bool:
        """Return whether a claim that holds answers so much less well than the evidence that it is beside the point.

        What rests on the evidence itself is not, unless it has to do alone.
        """
        alone, explains = self.task.manner == "one_sentence", self.task.manner in ("detailed", "example")
        if not alone and any(self._shown[id] in self.task.evidence.chosen for id in cited):
            return False
        chosen, far = self.task.evidence.chosen, FAR if explains else FALLS_SHORT
        own, best = (max(c.score for c in those) for those in ([self._shown[id] for id in cited], chosen))
        if not explains and odds_of(own) < odds_of(best) - far:
            return True  # however much it sounds like an answer
        return self._answering(claim) < max(self._answering(c.text) for c in chosen) - far

    def _answering(self, text: str) -> float:
        """Return how well a text answers, as the grounder's logit."""
        if text not in self._logits:
            (self._logits[text],) = self.means.answering(self.task.question, [text])
        return self._logits[text]

    def _repair(self, checked: Iterator[Checked]) -> Iterator[Checked]:
        failed: list[Checked] = []
        passed = 0
        for one in checked:
            passed += one.verdict.reason is None
            if one.verdict.reason is None or one.verdict.reason in _NOT_REWRITTEN:
                yield one
            else:
                failed.append(one)
        if not failed:
            return
        enough = passed >= MOST_SENTENCES[self.task.manner]
        if enough or self._failure or self._leaked:
            yield from failed
            return
        self._heard.clear()  # what failed may be said again, better cited
        parts = {
            "SOURCES": messages.sources(self._shown),
            "QUESTION": messages.as_data(self.task.question),
            "SENTENCES": "\n".join(messages.as_data(one.sentence.text) for one in failed),
        }
        wanted = messages.task(self.prompt, "repair", self.task.language)
        rewritten: list[set[str]] = []
        for one in self._check(self._parse(self._ask(parts, wanted))):
            if one.verdict.reason is None:
                rewritten.append(self._stems(one.sentence.text))
                yield one
        for one in failed:  # what is said in other words now was not left out
            own = self._stems(one.sentence.text)
            if not any(len(own & said) > SAID * len(own) for said in rewritten):
                yield one

    def _answer(self, checked: Iterator[Checked]) -> Iterator[str | Draft]:
        text, claims, citations = "", [], dict[int, Citation]()
        for one in checked:
            if one.verdict.reason is not None:
                self._drop(one)
                continue
            piece, claim = self._say(one, citations)
            piece = f" {piece}" if text else piece
            self.clock.first_sentence = self.clock.first_sentence or perf_counter()
            text += piece
            claims.append(claim)
            yield piece
        fallback: Fallback | None = "leaked" if self._leaked else self._failure
        if not claims:
            quoted = quote(self.task.course, self.task.evidence, self.means.stored, self.leads)
            yield replace(quoted, dropped=tuple(self._dropped), fallback=fallback or "unsupported")
            return
        for candidate in self._lacking(claims, citations):
            piece, claim = self._quote(candidate, citations)
            text += f" {piece}"
            claims.append(claim)
            yield f" {piece}"
        yield Draft(
            text, tuple(claims), tuple(citations.values()), prompts=(self.prompt,), dropped=tuple(self._dropped),
            fallback=fallback, answerer=self.chat.name,
        )  # fmt: skip

    # --- their parts -------------------------------------------------------------------------------------------------

    def _drop(self, one: Checked) -> None:
        if one.verdict.reason != "repeated":  # what was said already is in the answer
            text = "" if one.verdict.reason == "leaked" else one.sentence.text
            self._dropped.append(Dropped(text=text, reason=str(one.verdict.reason)))

    def _say(self, one: Checked, citations: dict[int, Citation]) -> tuple[str, Claim]:
        spans = [self._texts[id] for id in one.verdict.cited]
        body, end = ended(as_quoted(one.sentence.text, spans))
        markers = tuple(self._marker(id, citations) for id in one.verdict.cited)
        support: Support = "quoted" if any(_same(body, span) for span in spans) else "verified"
        return _marked(body, markers, end), Claim(text=body, citations=markers, support=support)

    def _quote(self, candidate: Candidate, citations: dict[int, Citation]) -> tuple[str, Claim]:
        id = next(id for id, shown in self._shown.items() if shown == candidate)
        body, end = ended(without_footnotes(candidate.text))
        markers = (self._marker(id, citations),)
        return _marked(body, markers, end), Claim(text=body, citations=markers, support="quoted")

    def _is_told(self, text: str, claims: Sequence[Claim]) -> bool:
        """Return whether the claims together say what a sentence says."""
        own = self._stems(text)
        return len(own & self._stems(" ".join(claim.text for claim in claims))) > SAME * len(own)

    def _marker(self, id: int, citations: dict[int, Citation]) -> int:
        """Return the marker of a sentence that was shown, the next one where it has none yet."""
        if id not in citations:
            marker = len(citations) + 1
            citations[id] = cite(self.task.course, self._shown[id], self.means.stored, marker)
        return citations[id].marker

    def _lacking(self, claims: Sequence[Claim], citations: Mapping[int, Citation]) -> Iterable[Candidate]:
        """Return the evidence that is quoted beside the ``claims``: what answers better than they all do.

        What they cite is their own ground: it has to answer better by some way. Where a sentence had to be left out,
        whatever they do not say of the evidence stands in its place.
        """
        said = max(self._answering(claim.text) for claim in claims)
        cited = {self._shown[id] for id in citations}
        gap = self.task.manner != "one_sentence" and any(one.reason not in _NO_GAP for one in self._dropped)
        return [
            candidate
            for candidate in self.task.evidence.chosen
            if (gap and not self._is_told(candidate.text, claims))
            or self._answering(candidate.text) > said + (FALLS_SHORT if candidate in cited else 0.0)
        ]


def _marked(body: str, markers: Sequence[int], end: str) -> str:
    return f"{body} {''.join(f'[{marker}]' for marker in markers)}{end}"


def _same(text: str, span: str) -> bool:
    """Return whether ``text`` stands in ``span`` word for word."""
    return " ".join(text.split()).casefold() in " ".join(span.split()).casefold()


def _with_document(asked: BaseMessage, shown: Mapping[int, str]) -> HumanMessage:
    """Return the message with the numbered sentences as a document that Anthropic's models cite by block."""
    blocks = [{"type": "text", "text": messages.as_data(text)} for text in shown.values()]
    document = {
        "type": "document",
        "source": {"type": "content", "content": blocks},
        "citations": {"enabled": True},
    }
    return HumanMessage([document, {"type": "text", "text": str(asked.content)}])
