"""The frozen data that both paths hand on.

Dataclasses stay inside the house; pydantic models are what callers see (HTTP, command line, page), with the names of
the contract. All offsets are half-open spans in Unicode code points of a source's stored text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

# --- the path of a document ------------------------------------------------------------------------------------------

BlockKind = Literal["heading", "paragraph", "list_item", "caption", "question", "answer", "boilerplate"]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a source: ``text[start:end]`` is what a reader sees as one paragraph, heading or list item.

    ``section`` is the path of headings above the block, outermost first. ``retrievable`` is false for what stays
    viewable but never answers a question: headings, captions, promotion, repeated paragraphs.
    """

    kind: BlockKind
    start: int
    end: int
    section: tuple[str, ...] = ()
    level: int = 0
    retrievable: bool = True
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A document as plain text (NFC) with its blocks in order."""

    name: str
    title: str
    text: str
    blocks: tuple[Block, ...]

    @property
    def version(self) -> str:
        """``sha256:`` and the hash of the text: two sources with the same words are the same version."""
        return "sha256:" + sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence's exact span in its source, with the block that it stands in.

    ``question`` is the FAQ question that the sentence answers, empty elsewhere.
    """

    start: int
    end: int
    kind: BlockKind
    section: tuple[str, ...]
    question: str = ""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A few neighbouring sentences under one heading: what is embedded and retrieved.

    ``source`` and ``version`` name the stored text that the span belongs to.
    """

    source: str
    version: str
    title: str
    start: int
    end: int
    section: tuple[str, ...]
    sentences: tuple[Sentence, ...]


# --- the path of a question ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier exchange of the conversation, as follow-up rewriting sees it."""

    question: str
    standalone: str
    answer: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a retrieved passage with its text and the calibrated probability that it answers."""

    source: str
    version: str
    title: str
    sentence: Sentence
    text: str
    score: float
    passage: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the course holds on a question: the sentences that answer it (none means refuse), and the nearest ones.

    ``unmentioned`` are words of the question that the course never uses; ``disagree`` says that the chosen sentences
    give different figures for the same thing; ``confidence`` is the probability that the course answers, None where the
    question was not weighed; ``around`` are further sentences that may help to explain.
    """

    chosen: tuple[Candidate, ...]
    nearest: tuple[Candidate, ...]
    reason: RefusalReason | None = None
    unmentioned: tuple[str, ...] = ()
    disagree: bool = False
    confidence: float | None = None
    around: tuple[Candidate, ...] = ()


# --- what callers see ------------------------------------------------------------------------------------------------

RefusalReason = Literal["not_in_course", "off_topic", "unsafe", "unclear"]
Support = Literal["quoted", "verified", "unsupported"]
Manner = Literal["plain", "simpler", "detailed", "example", "one_sentence"]
FeedbackReason = Literal["wrong", "not_asked", "hard", "incomplete", "other"]
LONGEST_COMMENT = 1_000
Fallback = Literal["failed", "slow", "busy", "over_budget", "unsupported", "leaked", "language"]


class Model(BaseModel):
    """Base of every shape that leaves the house: frozen, and no field that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(Model):
    """An exact span of a stored text: ``quote == text[start:end]`` of ``source`` at ``version``, in code points."""

    marker: int = Field(description="The number shown in the answer as [n]; 0 in `nearest`.", examples=[1])
    course: str = Field(examples=["great-leap-forward"])
    source: str = Field(examples=["lesson.md"])
    title: str = Field(examples=["The Great Leap Forward"])
    section: str | None = Field(description="The headings above the quote, joined by ›.")
    page: int | None = None
    version: str = Field(description="sha256 of the stored text that the offsets refer to.")
    quote: str
    start: int
    end: int
    changed: bool = Field(default=False, description="True when the course now holds another version of this source.")


class Claim(Model):
    """One statement of an answer, with the markers of the citations that support it."""

    text: str
    citations: tuple[int, ...]
    support: Support


class Timings(Model):
    """Milliseconds spent in each step."""

    condense: int = 0
    retrieve: int = 0
    answer: int = 0
    total: int = 0
    first_token: int | None = Field(default=None, description="From the question to the chat model's first word.")
    first_sentence: int | None = Field(default=None, description="From the question to the first sentence checked.")
    check: int | None = Field(default=None, description="Spent on checking sentences, all of them together.")


class Usage(Model):
    """Tokens that a chat model read and wrote for one answer, as its provider counts them."""

    input_tokens: int
    output_tokens: int
    cost_usd: float | None = Field(default=None, description="By the prices in the settings; null without prices.")


class Dropped(Model):
    """A sentence that a chat model wrote and that is not part of the answer, with the check that it failed."""

    text: str = Field(description="Empty where it gave away what the model had been told.")
    reason: str = Field(examples=["number", "name", "support"])


class Answer(Model):
    """What the tutor says to one question; refused answers have no citations and show the nearest passages."""

    question: str
    standalone_question: str
    answer: str
    refused: bool
    reason: RefusalReason | None
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    suggestions: tuple[str, ...]
    course: str
    conversation: str
    answerer: str
    prompts: tuple[str, ...]
    timings_ms: Timings
    confidence: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Calibrated probability that the course answers; null where that was not weighed.",
    )
    usage: Usage | None = Field(default=None, description="Tokens of a chat model; null where none was asked.")
    prompt_hashes: dict[str, str] = Field(
        default_factory=dict, description="SHA-256 of each of `prompts`, the course's own wording included."
    )
    dropped: tuple[Dropped, ...] = Field(default=(), description="What a chat model wrote and the course does not say.")
    fallback: Fallback | None = Field(
        default=None, description="Why the built-in answerer answered though a chat model is set; null otherwise."
    )
    manner: Manner = Field(default="plain", description="How the student asked to be answered.")
    language: str = Field(default="en", description="The language of the tutor's own words.")


class Heading(Model):
    """An entry of a source's outline."""

    title: str
    level: int
    start: int


class SourceInfo(Model):
    """A source of a course, without its text."""

    name: str
    title: str
    version: str
    characters: int


class StoredSource(Model):
    """A source with its outline and the stored text that citation offsets refer to."""

    course: str
    name: str
    title: str
    version: str
    changed: bool = Field(default=False, description="True when this is not the version that the course now holds.")
    outline: tuple[Heading, ...]
    text: str


class CourseInfo(Model):
    """A course that can be asked."""

    id: str
    title: str
    language: str
    licence: str | None
    sources: int
    first_questions: tuple[str, ...] = ()


class Section(Model):
    """A heading of a source, one of its two outermost levels, with the question that asks for what stands below it."""

    title: str
    level: int
    start: int
    question: str | None = None


class SourceOutline(SourceInfo):
    """A source of a course with its headings."""

    sections: tuple[Section, ...]


class KeyDate(Model):
    """What a source says of a date: ``place`` is a sentence or list item that begins with it."""

    when: str
    place: Citation


class KeyTerm(Model):
    """A term with its definition, both as they stand in ``place``."""

    term: str
    definition: str
    place: Citation


class CourseHome(Model):
    """What a course offers to begin with: its outline, key dates and key terms, all exact spans of its sources."""

    course: CourseInfo
    outline: tuple[SourceOutline, ...]
    dates: tuple[KeyDate, ...] = ()
    terms: tuple[KeyTerm, ...] = ()


class Feedback(Model):
    """What a student thinks of an answer."""

    rating: Literal["up", "down"]
    reason: FeedbackReason | None = None
    comment: str = Field(default="", description=f"At most {LONGEST_COMMENT:,} characters.")


class Message(Model):
    """One stored exchange."""

    id: str
    created_at: datetime
    answer: Answer
    feedback: Feedback | None = None


class ConversationInfo(Model):
    """A conversation, without its messages."""

    id: str
    course: str
    title: str
    created_at: datetime
    updated_at: datetime


class Conversation(ConversationInfo):
    """A conversation with its stored answers, oldest first."""

    messages: tuple[Message, ...]


class IngestReport(Model):
    """What one synchronisation did, by source name."""

    course: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = Field(default=(), description="Files of a folder that no reader accepts.")
    embedded: int = Field(default=0, description="Texts embedded (sentences and passages); 0 when nothing changed.")


class MaterialFile(Model):
    """A file that was handed in for a course, and how it stands; one that is handed in again has another ``id``."""

    id: str
    course: str
    name: str
    state: Literal["waiting", "reading", "embedding", "done", "failed"]
    done: int = Field(default=0, description="Texts embedded so far, of all files that are added together.")
    total: int = Field(default=0, description="Texts to embed; 0 while that is not known.")
    change: Literal["added", "changed", "unchanged"] | None = Field(default=None, description="What it did, once done.")
    detail: str | None = Field(default=None, description="Where it failed: what was wrong and what to do.")
    key: str = Field(
        default="", description="What the page calls that failure, in each of its languages.", exclude=True
    )
    values: dict[str, str | int] = Field(default={}, exclude=True)

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in ("done", "failed")


class CourseMaterial(Model):
    """What was handed in for a course since the tutor started, and what waits since before, the oldest first."""

    course: str
    files: tuple[MaterialFile, ...]
