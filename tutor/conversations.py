"""Conversations: what was asked and answered, kept with the texts that it quotes, for the learner whose it is."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session
from ulid import ULID

from tutor.activity import Activity
from tutor.erased import Erased
from tutor.errors import Conflict, InputError, NotFound
from tutor.records import (
    CitedSource,
    ConversationRow,
    Course,
    MessageRow,
    Records,
    cited_ids,
    live_courses,
    live_sources,
)
from tutor.types import LONGEST_COMMENT, Answer, Citation, Conversation, ConversationInfo, Feedback, Message, Turn
from tutor.visitor import Visitor
from tutor.words import UNSHOWABLE, one_line

LONGEST_TITLE = 120  # that somebody gives a conversation
_TITLE = 60
_HISTORY = 40  # turns that are read; a chat model is told of those that do not fit in short


class Conversations:
    """The conversations of one installation. Each call raises `NotFound` for one that is not the visitor's own."""

    def __init__(self, records: Records, activity: Activity, erased: Erased) -> None:
        self._records, self._activity, self._erased = records, activity, erased

    def read(self, id: str, visitor: Visitor) -> Conversation:
        """Return a conversation with its answers; a citation whose source has changed since says so."""
        with self._records.read() as session:
            row = _conversation(session, id, None, visitor)
            return stored_conversation(session, row)

    def message(self, id: str, message: str, visitor: Visitor) -> Message:
        """Return one exchange of a conversation; raises `NotFound` where it is not there or was replaced."""
        for held in self.read(id, visitor).messages:
            if held.id == message:
                return held
        raise _no_answer(message)

    def heard(self, id: str, course: str, visitor: Visitor, replaces: str | None) -> tuple[Turn, ...]:
        """Return what was said in a conversation before the next question, which may take the last one's place."""
        with self._records.read() as session:
            return _turns(_without(_conversation(session, id, course, visitor).messages, replaces))

    def feedback(self, id: str, message: str, feedback: Feedback | None, visitor: Visitor) -> Feedback | None:
        """Keep ``feedback`` with an answer, in place of what was there; None takes it back.

        Raises `InputError` for a comment that is too long, `NotFound` for an unknown answer.
        """
        if feedback:
            comment = unicodedata.normalize("NFC", UNSHOWABLE.sub(" ", feedback.comment)).strip()
            if len(comment) > LONGEST_COMMENT:
                said = f"The comment is longer than {LONGEST_COMMENT:,} characters. Say it in fewer words."
                raise InputError(said, "comment-long", limit=LONGEST_COMMENT)
            feedback = feedback.model_copy(update={"comment": comment})
        with self._records.write() as session:
            row = _message(_conversation(session, id, None, visitor), message)
            row.feedback = feedback.model_dump(mode="json") if feedback else None
        return feedback

    def listed(
        self,
        visitor: Visitor,
        course: str | None = None,
        matching: str = "",
        after: tuple[datetime, str] | None = None,
        most: int | None = None,
    ) -> tuple[ConversationInfo, ...]:
        """Return the conversations (of ``course``), the latest first; only those with all words of ``matching``.

        ``after`` is when the last one that is known was updated, and its id; ``most`` is how many to look at.
        """
        words = unicodedata.normalize("NFC", matching).casefold().split()
        when, id = ConversationRow.updated_at, ConversationRow.id
        query = select(ConversationRow).filter_by(**_whose(visitor)).order_by(when.desc(), id.desc()).limit(most)
        if after:
            query = query.where(or_(when < after[0], and_(when == after[0], id < after[1])))
        with self._records.read() as session:
            seen = {held.id for held in live_courses(session, visitor)}
            rows = session.scalars(query.where(ConversationRow.course_id.in_(seen & {course} if course else seen)))
            return tuple(_info(row) for row in rows if all(word in row.title.casefold() for word in words))

    def rename(self, id: str, title: str, visitor: Visitor) -> ConversationInfo:
        """Give a conversation another title and return it; raises `InputError` for an unusable one."""
        title = one_line(title)
        if not title:
            raise InputError("The name is empty. Type what this conversation is about.", "name-empty")
        if len(title) > LONGEST_TITLE:
            said = f"The name is longer than {LONGEST_TITLE} characters. Choose a shorter one."
            raise InputError(said, "name-long", limit=LONGEST_TITLE)
        with self._records.write() as session:
            row = _conversation(session, id, None, visitor)
            row.title = title
            return _info(row)

    def delete(self, id: str, visitor: Visitor) -> None:
        """Delete a conversation with its answers."""
        with self._records.write() as session:
            session.delete(_conversation(session, id, None, visitor))

    def remember(self, answer: Answer, visitor: Visitor, begins: bool, replaces: str | None, asked: datetime) -> None:
        """Store the answer, which may begin its conversation or take the place of its last message.

        Raises `Conflict` if a text that it quotes is no longer held or the message to replace is not the last one any
        more, `NotFound` if its conversation is gone, or its learner was erased after the question was ``asked``.
        """
        with self._records.write() as session:
            if begins:
                title = _title(answer.question)
                row = ConversationRow(id=answer.conversation, course_id=answer.course, title=title, **_whose(visitor))
                session.add(row)
            else:
                row = _conversation(session, answer.conversation, answer.course, visitor)
            kept = _without(row.messages, replaces)
            for replaced in row.messages[len(kept) :]:
                if not kept and row.title == _title(replaced.answer["question"]):
                    row.title = _title(answer.question)
                row.messages.remove(replaced)
            row.updated_at = datetime.now(UTC)
            message = MessageRow(id=f"m_{ULID()}", answer=answer.model_dump(mode="json"))
            row.messages.append(message)
            held = cited_ids(session, answer.course, (*answer.citations, *answer.nearest))
            message.cited += [CitedSource(source_version_id=id) for id in held]
            self._activity.asked(session, visitor, answer, message.id, again=replaces is not None)
            session.flush()  # an erasure under way holds this up, and is on the list then
            erased = self._erased.last(visitor.tenant, visitor.learner)
            if erased and erased >= asked:
                raise _no_conversation(answer.conversation)


def stored_conversation(session: Session, row: ConversationRow) -> Conversation:
    """Return a conversation with its answers, whosever it is; a citation whose source has changed since says so."""
    live = {(s.name, s.version) for s in live_sources(session, row.course_id)}
    messages = tuple(
        Message(
            id=m.id,
            created_at=m.created_at,
            answer=_with_changes(Answer.model_validate(m.answer), live),
            feedback=Feedback.model_validate(m.feedback) if m.feedback else None,
        )
        for m in row.messages
    )
    return Conversation(**_info(row).model_dump(), messages=messages)


def _conversation(session: Session, id: str, course: str | None, visitor: Visitor) -> ConversationRow:
    row = session.get(ConversationRow, id)
    theirs = row is not None and all(getattr(row, name) == value for name, value in _whose(visitor).items())
    held = session.get(Course, row.course_id) if row and theirs else None
    seen = held is not None and visitor.sees(held.id, held.tenant, held.space)
    if row is None or not seen or (course and row.course_id != course):
        raise _no_conversation(id)
    return row


def _no_conversation(id: str) -> NotFound:
    said = f"There is no conversation {id[:80]!r} here. Leave it out to begin a new one."
    return NotFound(said, "no-conversation")


def _whose(visitor: Visitor) -> dict[str, str | None]:
    return dict(zip(("tenant", "space", "learner"), visitor.whose, strict=True))


def _message(row: ConversationRow, id: str) -> MessageRow:
    found = next((message for message in row.messages if message.id == id), None)
    if found is None:
        raise _no_answer(id)
    return found


def _no_answer(id: str) -> NotFound:
    return NotFound(f"There is no answer {id[:80]!r} in this conversation. Read the conversation again.", "no-answer")


def _without(messages: list[MessageRow], replaced: str | None) -> list[MessageRow]:
    """Return the messages without the one that is to be replaced, which has to be the last."""
    if replaced is None:
        return messages
    if not messages or messages[-1].id != replaced:
        said = "This is no longer the last question of the conversation. Open it again, then ask once more."
        raise Conflict(said, "not-last")
    return messages[:-1]


def _turns(messages: list[MessageRow]) -> tuple[Turn, ...]:
    answers: list[dict[str, Any]] = [message.answer for message in messages[-_HISTORY:]]
    return tuple(Turn(a["question"], a["standalone_question"], a["answer"], a.get("language", "en")) for a in answers)


def _title(question: str) -> str:
    return question if len(question) <= _TITLE else f"{question[:_TITLE].rstrip()}…"


def _info(row: ConversationRow) -> ConversationInfo:
    return ConversationInfo(
        id=row.id, course=row.course_id, title=row.title, created_at=row.created_at, updated_at=row.updated_at
    )


def _with_changes(answer: Answer, live: set[tuple[str, str]]) -> Answer:
    def checked(citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        return tuple(c.model_copy(update={"changed": (c.source, c.version) not in live}) for c in citations)

    return answer.model_copy(update={"citations": checked(answer.citations), "nearest": checked(answer.nearest)})
