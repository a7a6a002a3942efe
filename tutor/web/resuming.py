"""Resuming: what became of a question that was under way when the page or the server went away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tutor.errors import NotFound
from tutor.tutor import Tutor
from tutor.types import Conversation
from tutor.web.escaping import label


@dataclass(frozen=True)
class Asked:
    """A question under way, as the page remembers it.

    ``known`` are the messages and conversations that the page showed then; ``tab`` is what Gradio called the page.
    """

    question: str
    conversation: str
    known: frozenset[str]
    tab: str

    @classmethod
    def of(cls, sent: Any) -> Asked | None:
        """Return what `connection.js` sent; None where no question was under way."""
        if not isinstance(sent, Mapping) or not sent.get("question"):
            return None
        known = sent.get("known")
        return cls(
            question=str(sent["question"]),
            conversation=str(sent.get("conversation") or ""),
            known=frozenset(map(str, known if isinstance(known, list) else ())),
            tab=str(sent.get("tab")),
        )

    def put(self, words: str) -> bool:
        """Return whether ``words`` are the question."""
        return label(words) == label(self.question)


def find_answered(tutor: Tutor, course: str | None, asked: Asked) -> Conversation | None:
    """Return the conversation in which the question was answered after all; None where it was not.

    A conversation that began with the question has an id that the page never heard: it is the latest one then.
    """
    id = asked.conversation
    if not id and course:
        id = next((info.id for info in tutor.conversations(course)[:1] if info.id not in asked.known), "")
    try:
        held = tutor.conversation(id)
    except NotFound:
        return None
    new = (message for message in held.messages if message.id not in asked.known)
    return held if any(asked.put(message.answer.question) for message in new) else None
