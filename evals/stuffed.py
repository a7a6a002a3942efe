"""The usual chain, as a baseline: the nearest chunks of the course in front of the question, for a chat model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter

from evals.datasets import Turn
from evals.systems import baseline_answer, fingerprint
from tutor.errors import NotReady
from tutor.prompts import Prompt, load_prompt
from tutor.tutor import Tutor
from tutor.types import Answer, Citation, Passage, Usage

CHUNK, OVERLAP, STUFFED = 1000, 200, 4  # characters, characters, chunks: what tutorials of such chains use
_REFUSES = re.compile(r"\b(?:do not|don['’]t) know\b|\bnot (?:mentioned|in the context)\b", re.IGNORECASE)


class StuffedChunks:
    """Cites every chunk that it was shown, as such chains do; refuses where the model says that it does not know."""

    name = "stuffed-chunks"

    def __init__(self, tutor: Tutor, course: str, model: BaseChatModel, answerer: str) -> None:
        self.tutor, self.course, self.answerer = tutor, course, answerer
        prompt = load_prompt("stuffed")
        self._stamp = prompt.stamp
        self._chain: Runnable[Any, AIMessage] = RunnableLambda(lambda asked: _messages(prompt, *asked)) | model
        splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True)
        self._versions = {source.name: source.version for source in tutor.sources(course)}
        texts = {name: tutor.source(course, name) for name in self._versions}
        chunks = splitter.create_documents(
            [source.text for source in texts.values()],
            [{"source": name, "title": source.title} for name, source in texts.items()],
        )
        self._store = InMemoryVectorStore.from_documents(chunks, tutor.index(course).embedder.embeddings)

    def fingerprint(self) -> str:
        """Return a hash of the code, the models, the chain's prompt and the course's texts."""
        asked = f"{self.name} {self.answerer} {self.tutor.settings.model_url} {self._stamp}"
        return fingerprint(self.tutor, self.course, asked)

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        """Return the model's answer; raises `NotReady` where the model gives none."""
        said: list[tuple[str, str]] = []
        for turn in history:
            said.append((turn.question, turn.answer or self._reply(turn.question, said)[0].text))
        reply, chunks = self._reply(question, said)
        refused = bool(_REFUSES.search(reply.text))
        cited = [] if refused else [self._cite(chunk, marker) for marker, chunk in enumerate(chunks, start=1)]
        counted = reply.usage_metadata
        usage = counted and Usage(input_tokens=counted["input_tokens"], output_tokens=counted["output_tokens"])
        return baseline_answer(
            self.course, self.answerer, question, reply.text, tuple(cited),
            refused=refused, prompts=(self._stamp,), usage=usage,
        )  # fmt: skip

    def retrieve(self, question: str, k: int) -> tuple[Passage, ...]:
        """Return the nearest chunks."""
        return tuple(
            Passage(c.source, c.version, c.title, c.start, c.end, (), ())
            for c in (self._cite(chunk, 0) for chunk in self._store.similarity_search(question, k))
        )

    def _reply(self, question: str, said: Sequence[tuple[str, str]]) -> tuple[AIMessage, list[Document]]:
        chunks = self._store.similarity_search(question, STUFFED)
        context = "\n\n".join(chunk.page_content for chunk in chunks)
        try:
            return self._chain.invoke((context, said, question)), chunks
        except Exception as error:  # whatever a provider's client raises, this question has no answer
            raise NotReady(f"{self.answerer} gave no answer ({type(error).__name__}). Ask again later.") from error

    def _cite(self, chunk: Document, marker: int) -> Citation:
        source, start = chunk.metadata["source"], chunk.metadata["start_index"]
        return Citation(
            marker=marker, course=self.course, source=source, title=chunk.metadata["title"], section=None,
            version=self._versions[source], quote=chunk.page_content, start=start, end=start + len(chunk.page_content),
        )  # fmt: skip


def _messages(prompt: Prompt, context: str, said: Sequence[tuple[str, str]], question: str) -> list[BaseMessage]:
    turns = [message for asked, answer in said for message in (HumanMessage(asked), AIMessage(answer))]
    return [SystemMessage(prompt.fill("system", context=context)), *turns, HumanMessage(question)]
