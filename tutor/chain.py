"""The chain: the path of a question, from what a student typed to the draft of an answer.

It reads downwards: rewrite the follow-up, retrieve, weigh the evidence, and then either refuse, before anything is
generated, or answer: in the course's own words, or in a chat model's that are checked (see `tutor.writing`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np
from langchain_core.runnables import Runnable, RunnableBranch, RunnableGenerator, RunnableLambda

from tutor import answering, messages, replies
from tutor.answering import Draft, StoredText
from tutor.budget import Budget, Reservation
from tutor.chat import MOST_TOKENS, Chat, ModelFailed, deadline_of
from tutor.condense import MOST_CHARACTERS, is_faithful, needs_model, standalone
from tutor.courtesy import Courtesy, courtesy, is_tampering, without_greeting
from tutor.errors import InputError
from tutor.evidence import find_evidence
from tutor.grounder import Grounder, InContext
from tutor.index import CourseIndex
from tutor.language import detect
from tutor.manner import manner_of
from tutor.prompts import Prompt, load_prompt, override
from tutor.records import CourseOptions
from tutor.retrieval import HybridRetriever
from tutor.settings import Settings
from tutor.support import THRESHOLD, support
from tutor.types import Claim, Dropped, Evidence, Fallback, Manner, Turn, Usage
from tutor.verifying import has_markup
from tutor.words import content_stems
from tutor.writing import Means, Task, Writing

log = logging.getLogger("tutor")

OVERHEAD = 900  # tokens of the rules and the marks around what is shown


@dataclass(frozen=True)
class Asked:
    """A question on its way: what was typed and said before, and what the steps so far have made of it."""

    question: str
    turns: tuple[Turn, ...] = ()
    alone: str = ""
    kind: Courtesy | None = None
    manner: Manner = "plain"
    language: str = "en"
    evidence: Evidence = field(default_factory=lambda: Evidence((), ()))


@dataclass
class Chain:
    """What one question needs of the house, and the marks that it leaves on its way: times, tokens, a reservation."""

    course: str
    title: str
    spoken: str
    options: CourseOptions
    index: Callable[[], CourseIndex]
    grounder: Callable[[], Grounder]
    correct: Callable[[str], str]
    stored: StoredText
    settings: Settings
    chat: Chat | None
    budget: Budget
    learner: str | None
    condensed: float = 0.0
    retrieved: float = 0.0
    asked: Asked | None = None
    writing: Writing | None = None
    tokens: tuple[int, int] = (0, 0)
    _reservation: Reservation | None = None
    _refused_tokens: bool = False

    def steps(self) -> Runnable[Any, Any]:
        """Return the chain: it may stream complete sentences, and gives the whole `Draft` last."""
        return (
            RunnableLambda(self._rewrite)  # the follow-up, to a question that stands alone
            | RunnableLambda(self._retrieve)  # passages of the course
            | RunnableLambda(self._weigh)  # and the evidence in them, or a reason to refuse
            | RunnableBranch(
                (lambda asked: asked.kind is not None, RunnableLambda(self._be_courteous)),
                (lambda asked: asked.evidence.reason is not None, RunnableGenerator(self._refuse)),
                (self._may_write, RunnableLambda(self._write)),  # number, generate, parse, check, repair, answer
                RunnableLambda(self._quote),
            )
        )

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _rewrite(self, asked: Asked) -> Asked:
        kind = courtesy(asked.question)
        language = detect(asked.question, (asked.turns[-1].language if asked.turns else "") or self.spoken)
        if kind:
            asked = replace(asked, alone=asked.question, kind=kind, language=language)
        else:
            manner, question = manner_of(without_greeting(asked.question), asked.turns)
            alone = self._rewritten(question, asked.turns, language) or standalone(question, asked.turns)
            asked = replace(asked, alone=self.correct(alone), manner=manner, language=language)
        self.condensed, self.asked = perf_counter(), asked
        return asked

    def _rewritten(self, question: str, turns: Sequence[Turn], language: str) -> str:
        """Return the chat model's rewriting where the rules do not do, and it may be trusted; else nothing."""
        abroad = language != self.spoken
        if self.chat is None or is_tampering(question) or not (abroad or (turns and needs_model(question, turns))):
            return ""
        if not self._may_spend():
            return ""
        prompt = self._prompt("answer", "en")
        tokens = int(self.settings.model_context_tokens * messages.SHARE_OF_HISTORY)
        parts = {
            "HISTORY": messages.history(turns, prompt, tokens, self._count),
            "QUESTION": messages.as_data(question),
        }
        written, leaked = self._reply(prompt, "rewrite", parts, self.spoken)
        alone = " ".join(written.split()).strip('"“”')
        usable = 0 < len(alone) <= MOST_CHARACTERS and not (leaked or has_markup(alone) or is_tampering(alone))
        return alone if usable and (abroad or is_faithful(alone, question, turns, self.spoken)) else ""

    def _retrieve(self, asked: Asked) -> tuple[Asked, list[int]]:
        if asked.kind or self._reason(asked):
            return asked, []
        found = HybridRetriever(index=self.index()).invoke(asked.alone)
        return asked, [document.metadata["passage"] for document in found]

    def _weigh(self, found: tuple[Asked, list[int]]) -> Asked:
        asked, passages = found
        reason = self._reason(asked)
        if asked.kind is None:
            threshold = self.settings.evidence_threshold
            evidence = (
                Evidence((), (), reason)
                if reason
                else find_evidence(asked.alone, self.index(), passages, self.grounder(), threshold, asked.manner)
            )
            asked = replace(asked, evidence=evidence)
        self.retrieved, self.asked = perf_counter(), asked
        return asked

    def _reason(self, asked: Asked) -> Any:
        if is_tampering(asked.question) or is_tampering(asked.alone):
            return "unsafe"
        return None if content_stems(asked.alone, self.spoken) else "unclear"

    def _be_courteous(self, asked: Asked) -> Draft:
        assert asked.kind
        return answering.be_courteous(asked.kind, self.title, self._prompt("courtesies", asked.language))

    def _refuse(self, stream: Iterator[Asked]) -> Iterator[str | Draft]:
        for asked in stream:
            prompt = self._prompt("refusals", asked.language)
            draft = answering.refuse(self.course, self.title, asked.evidence, self.stored, prompt)
            allowed = self.options.general_knowledge and asked.evidence.reason == "not_in_course"
            if allowed and self.chat and self._may_spend():
                yield draft.text
                draft = self._beyond(asked, draft)
            yield draft

    def _may_write(self, asked: Asked) -> bool:
        # What a model says in another language than the course's cannot be checked by the course's sentences.
        return self.chat is not None and asked.language == self.spoken and self._may_spend()

    def _write(self, asked: Asked) -> Runnable[Any, Any]:
        assert self.chat
        task = Task(self.course, asked.alone, asked.evidence, asked.turns, asked.manner, asked.language, self.spoken)
        prompt, leads = self._prompt("answer", "en"), self._prompt("leads", asked.language)
        self.writing = Writing(task, self.chat, prompt, leads, self._means())
        return RunnableLambda(lambda _: task) | self.writing.chain()

    def _quote(self, asked: Asked) -> Draft:
        leads = self._prompt("leads", asked.language)
        draft = answering.quote(self.course, asked.evidence, self.stored, leads, abroad=asked.language != self.spoken)
        why: Fallback | None = None
        if self.chat:
            why = "over_budget" if self._refused_tokens else "language"
        return replace(draft, fallback=why)

    # --- a chat model's part -----------------------------------------------------------------------------------------

    def _beyond(self, asked: Asked, draft: Draft) -> Draft:
        """Return a refusal with what a chat model knows of the question, apart and marked as unchecked."""
        prompt = self._prompt("answer", "en")
        written, leaked = self._reply(prompt, "general", {"QUESTION": messages.as_data(asked.alone)}, asked.language)
        sentences = [] if leaked else [replies.parse(one).text for one in replies.split(written, asked.language)]
        kept = [one for one in sentences if one and not has_markup(one)]
        dropped = tuple(Dropped(text=one, reason="markup") for one in sentences if has_markup(one))
        if not kept:
            return replace(draft, dropped=dropped, fallback="leaked" if leaked else "failed")
        leads = self._prompt("leads", asked.language)
        said = " ".join([leads.fill("not_from_course"), *kept])
        assert self.chat
        return replace(
            draft,
            text=f"{draft.text}\n\n{said}",
            claims=tuple(Claim(text=one, citations=(), support="unsupported") for one in kept),
            prompts=(*draft.prompts, leads, prompt),
            answerer=self.chat.name,
            dropped=dropped,
        )

    def _reply(self, prompt: Prompt, rules: str, parts: dict[str, str], language: str) -> tuple[str, bool]:
        """Return what the model replies to a section of ``prompt``, and whether that gives away what it was told."""
        assert self.chat
        chat = self.chat
        mark, told = messages.build_messages(prompt, rules, parts, "", language)
        written = ""
        counted = (0, 0)
        try:
            for piece in chat.stream(lambda: chat.model.stream(told), deadline_of(chat)):
                written += piece.text
                usage = piece.usage_metadata
                counted = (usage["input_tokens"], usage["output_tokens"]) if usage else counted
        except ModelFailed as error:
            log.warning("%s", error)
            written = ""
        counted = counted if any(counted) else (sum(self._count(str(m.content)) for m in told), self._count(written))
        self.tokens = (self.tokens[0] + counted[0], self.tokens[1] + counted[1])
        return written, messages.leaks(written, mark, str(told[0].content))

    def _may_spend(self) -> bool:
        """Return whether the learner has tokens left for an answer, and set them aside once."""
        if self._reservation is None and not self._refused_tokens:
            most = 2 * (self.settings.model_context_tokens + OVERHEAD + MOST_TOKENS)
            self._reservation = self.budget.reserve(self.learner, most)
            self._refused_tokens = self._reservation is None
        return self._reservation is not None

    def settle(self) -> Usage | None:
        """Return what the chat model has read and written, and count it; None where it was not asked."""
        if self._reservation is None:
            return None
        written = self.writing.tokens if self.writing else (0, 0)
        reservation, self._reservation = self._reservation, None
        return self.budget.settle(reservation, self.tokens[0] + written[0], self.tokens[1] + written[1])

    def _means(self) -> Means:
        index, grounder = self.index(), self.grounder()
        language = index.language

        def supported(claim: str, spans: Sequence[str]) -> bool:
            return support(claim, spans, index.embedder, grounder, language) >= THRESHOLD

        def answering_well(question: str, texts: Sequence[str]) -> list[float]:
            return [float(logit) for logit in np.asarray(grounder.logits(question, [InContext(t) for t in texts]))]

        return Means(
            self.stored, self._count, supported, answering_well,
            self.settings.model_output, self.settings.model_context_tokens,
        )  # fmt: skip

    def _count(self, text: str) -> int:
        return self.index().embedder.count_tokens(text)

    def _prompt(self, name: str, language: str) -> Prompt:
        """Return a prompt in ``language``, in the course's own wording where it has one."""
        prompt, own = load_prompt(name, language), self.options.prompts.get(name)
        if own is None or (name != "answer" and language != self.spoken):  # it is in the course's language
            return prompt
        try:
            return override(prompt, own, self.course)
        except InputError as error:  # as when the program has changed since: the student is answered all the same
            log.warning("a prompt of the course is left out: %s", error)
            return prompt
