"""The composition root: what the command line, the chat page, the HTTP API and the evals call.

A question goes: condense → retrieve → find evidence → quote or refuse → store. Every surface gets the same `Answer`.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Event, Lock
from time import perf_counter

from sqlalchemy import select
from sqlalchemy.orm import Session
from ulid import ULID

from tutor import answering, highlights, suggestions
from tutor.activity import Activity
from tutor.answering import Draft
from tutor.budget import Budget
from tutor.chat import check_going, open_chat
from tutor.conversations import Conversations
from tutor.erased import ERASED_FILE, Erased
from tutor.errors import Conflict, Forbidden, InputError, NotFound, TooLarge, TutorError
from tutor.keys import Keys
from tutor.language import detect
from tutor.library import Library, bundled_courses, check_course_id, read_manifest
from tutor.limits import Limits
from tutor.loaded import Loaded
from tutor.material import Material, check_title
from tutor.privacy import Privacy
from tutor.records import (
    Course,
    CourseOptions,
    Records,
    SourceVersion,
    cited_ids,
    live_course,
    live_courses,
    live_sources,
)
from tutor.settings import Settings
from tutor.sign_ins import SignIns
from tutor.spelling import correct
from tutor.types import (
    Answer,
    Citation,
    Conversation,
    ConversationInfo,
    CourseHome,
    CourseInfo,
    CourseMaterial,
    Feedback,
    Heading,
    IngestReport,
    MaterialFile,
    Message,
    Passage,
    Source,
    SourceInfo,
    StoredSource,
    Timings,
    Turn,
    Usage,
)
from tutor.visitor import OWNER, Visitor
from tutor.words import UNSHOWABLE, stem

TYPE_CHECKING = False
if TYPE_CHECKING:  # these import Chroma and torch: seconds that only asking and ingesting need
    from langchain_core.language_models import BaseChatModel

    from tutor.chain import Chain
    from tutor.embedder import Embedder
    from tutor.grounder import Grounder
    from tutor.index import CourseIndex, Progress, Store

log = logging.getLogger("tutor")

Version = tuple[int, datetime] | None  # of a course; the number alone is given anew once its course is deleted


class Tutor:
    """One installation of the tutor. Thread-safe; opening it is quick, models are loaded when first needed."""

    def __init__(self, settings: Settings, model: BaseChatModel | None = None) -> None:
        """Open with ``settings``; ``model`` takes the place of the chat model that they name."""
        self.settings = settings
        self.visitor = OWNER
        self.loaded = Loaded(settings)
        self.chat = open_chat(settings, model)
        self.records = Records(settings.database)
        self.budget = Budget(self.records, settings.model_tokens_per_day, settings.prices)
        self.library = Library(self.records)
        erased = Erased(settings.home / ERASED_FILE)
        self.privacy = Privacy(self.records, erased, counts_today=settings.model_tokens_per_day > 0)
        self._activity = Activity(self.records, settings)
        self._conversations = Conversations(self.records, self._activity, erased)
        self.sign_ins = SignIns(self.records)
        self.keys = Keys(self.records)
        self.limits = Limits(settings)
        self._material = Material(settings.home / "material", settings.max_source_bytes, self._add)
        # Of each course, with its live version: reading all its texts takes a while.
        self._questions: dict[str, tuple[Version, tuple[str, ...]]] = {}
        self._homes: dict[str, tuple[Version, CourseHome]] = {}
        self._ingesting = Lock()

    @classmethod
    def open(cls, settings: Settings | None = None) -> Tutor:
        """Return the tutor for these settings; raises `SetupError` or `NotReady` with what to do."""
        return cls(settings or Settings.load())

    def visited_by(self, visitor: Visitor) -> Tutor:
        """Return the same tutor as it is for ``visitor``: each call sees and changes what they may, and no more."""
        theirs = copy(self)
        theirs.visitor = visitor
        return theirs

    def close(self) -> None:
        """End the work on material, and give the store and the database back."""
        self._material.close()
        self.loaded.close()
        self.records.close()

    def __enter__(self) -> Tutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- start-up ----------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether the models are warm and the bundled course is there."""
        return self.loaded.ready

    @property
    def trouble(self) -> str:
        """Why the tutor could not start, empty where it could."""
        return self.loaded.trouble

    def warm(self, progress: Progress = lambda done, total: None) -> None:
        """Load the models and bring the bundled courses up to date, where there is no course yet or they are there."""
        self.embedder.query("Is the tutor warm?")
        detect("Is the tutor warm?", "en")
        _ = self.grounder.stems  # half a second that the first typing error would take
        existing = {course.id for course in self.courses()}
        for folder in sorted(bundled_courses().iterdir()):
            manifest = read_manifest(folder)
            origin = f"bundled:{manifest.id}"
            # One whose texts somebody replaced or took out is theirs, and stays as they left it.
            if manifest.id and (not existing or self.library.follows(manifest.id, origin)):
                self._synchronise(manifest.id, [folder], None, origin, progress)
        self.loaded.ready = True

    def warm_up(self) -> None:
        """Do as `warm` does and go on with material that waits: for a thread of its own.

        What fails is noted in ``trouble`` instead of being raised.
        """
        try:
            self.warm()
            self._material.take_up()
        except TutorError as error:
            self.loaded.trouble = str(error)
            log.error("warming up failed: %s", error)
        except Exception:
            self.loaded.trouble = "The tutor could not start for a reason that it does not know. Run: tutor doctor."
            log.exception("warming up failed")

    @property
    def embedder(self) -> Embedder:
        """The embedding model, loaded on first use (seconds)."""
        return self.loaded.embedder

    @property
    def grounder(self) -> Grounder:
        """The grounding model, loaded on first use."""
        return self.loaded.grounder

    @property
    def store(self) -> Store:
        """The store of indexes, opened on first use; raises `NotReady` while another process holds it."""
        return self.loaded.store

    # --- courses and sources -----------------------------------------------------------------------------------------

    def ingest(
        self,
        course: str,
        paths: Sequence[Path],
        title: str | None = None,
        progress: Progress = lambda done, total: None,
    ) -> IngestReport:
        """Make ``course`` hold what ``paths`` hold now (see `Library.synchronise`) and return what changed.

        A course that is not there yet becomes the visitor's tenant's, everybody's where they run the tutor. Raises
        `Forbidden` or `Conflict` for a course that is not theirs to change.
        """
        self._check_may_change(course, new=True)
        return self._synchronise(course, paths, title, None, progress)

    def _synchronise(
        self, course: str, paths: Sequence[Path], title: str | None, origin: str | None, progress: Progress
    ) -> IngestReport:
        most, tenant = self.settings.max_source_bytes, None if self.visitor.runs else self.visitor.tenant
        with self._ingesting:
            return self.library.synchronise(
                course, paths, self.store, self.embedder, title, origin, most, progress, tenant
            )

    def remove_course(self, course: str) -> None:
        """Delete a course with all that belongs to it, files that wait for it included.

        Raises `NotFound`, or `Forbidden` for one that is not the visitor's to change.
        """
        self._check_may_change(course)
        with self._material.leaving(check_course_id(course)):
            self._material.in_turn(lambda: self._remove_course(course))

    def _remove_course(self, course: str) -> None:
        begun = self._material.withdraw_all(course)
        with self._ingesting:
            try:
                self.library.remove(course, self.store)
            except NotFound:
                if not begun:
                    raise
        self.loaded.forget_index(course)
        self._homes.pop(course, None)
        self._questions.pop(course, None)

    # --- material ----------------------------------------------------------------------------------------------------

    @property
    def may_add_material(self) -> bool:
        """Whether the visitor may add, replace and delete what courses hold, at least their own."""
        return self.visitor.runs or self.visitor.role != "learner"

    def check_may_add_material(self) -> None:
        """Raise `Forbidden` where `may_add_material` says no."""
        if not self.may_add_material:
            raise Forbidden("Only teachers may change what a course holds. Ask one of them.")

    def _check_may_change(self, course: str, new: bool = False) -> None:
        """Raise `Forbidden` where ``course`` is not the visitor's to change, `NotFound` where they do not see it.

        With ``new`` it may be one that is not there yet; raises `Conflict` where it is, and somebody else's.
        """
        self.check_may_add_material()
        if new and self.visitor.courses is not None and course not in self.visitor.courses:
            raise Forbidden("This key is for other courses. Use one that is not limited to them.")
        with self.records.read() as session:
            row = session.get(Course, check_course_id(course))
            if row is None or self.visitor.changes(row.id, row.tenant, row.space):
                return
            if self.visitor.sees(row.id, row.tenant, row.space):
                raise Forbidden("This course is not yours to change. Make one of your own.", "not-your-course")
            if new:
                raise Conflict("There is a course of that name already. Choose another.", "course-exists")
            live_course(session, course, self.visitor)

    def _claim(self, course: str, title: str) -> None:
        """Make a course that is not there yet the visitor's, before the first file of it is read."""
        if self.visitor.runs:
            return
        with self.records.write() as session:
            if session.get(Course, course) is None:
                whose = {"tenant": self.visitor.tenant, "space": self.visitor.space}
                session.add(Course(id=course, title=title, language="en", licence=None, **whose))

    def hand_in(self, course: str, name: str, pieces: Iterable[bytes], title: str | None = None) -> MaterialFile:
        """Take a file for ``course``, add it in the background, and return how it stands: `material` says how it goes.

        It takes the place of a source of the same name. Where there is no such course, one called ``title`` is made.
        Raises `NotFound` without a title, `InputError` and its kinds for a file that cannot be taken, `Conflict` where
        too many wait, `NotReady` where the disk is full.
        """
        check_course_id(course)
        self._check_may_change(course, title is not None)
        if title is not None:
            title = check_title(title)
            self._claim(course, title)
        elif not self._material.begun(course):
            with self.records.read() as session:
                live_course(session, course, self.visitor)
        return self._material.hand_in(course, name, pieces, title)

    def _add(self, course: str, sources: Sequence[Source], title: str | None, progress: Progress) -> IngestReport:
        with self._ingesting:
            if title is None:
                with self.records.read() as session:
                    live_course(session, course, self.visitor)  # it may have been deleted while the file waited
            return self.library.add(course, sources, self.store, self.embedder, title, progress)

    def material(self, course: str) -> CourseMaterial:
        """Return what was handed in for ``course`` and how it stands; raises `NotFound`, `Forbidden`."""
        self._check_may_change(course)
        files = self._material.files(check_course_id(course))
        if not files and not self._material.begun(course):
            with self.records.read() as session:
                live_course(session, course, self.visitor)
        return CourseMaterial(course=course, files=files)

    def remove_source(self, course: str, name: str) -> IngestReport:
        """Take a source out of ``course``, or a file that waits for it; return what changed.

        Answers keep the words that they quote of it. Raises `NotFound`, or `Conflict` for the only source of a course.
        """
        self._check_may_change(course)
        return self._material.in_turn(lambda: self._remove_source(check_course_id(course), name))

    def _remove_source(self, course: str, name: str) -> IngestReport:
        try:
            with self._ingesting:
                report = self.library.remove_source(course, name, self.store, self.embedder)
        except NotFound:
            if not self._material.withdraw(course, name):
                raise
            return IngestReport(course=course)
        self._material.withdraw(course, name)
        return report

    def courses(self) -> tuple[CourseInfo, ...]:
        """Return the courses that can be asked, by title."""
        with self.records.read() as session:
            return tuple(self._course_info(row) for row in live_courses(session, self.visitor))

    def home(self, course: str) -> CourseHome:
        """Return what ``course`` offers to begin with: outline, key dates, key terms; raises `NotFound`."""
        with self.records.read() as session:
            row = live_course(session, course, self.visitor)
            info = self._course_info(row)
            version = _version(row)
            held, home = self._homes.get(course, (None, None))
            if home is None or held != version:
                texts = [member.source_version.source() for member in row.live.members] if row.live else []
                home = CourseHome(
                    course=info,
                    outline=highlights.outlines(texts),
                    dates=highlights.key_dates(course, texts, row.language),
                    terms=highlights.key_terms(course, texts),
                )
                self._homes[course] = (version, home)
            return home.model_copy(update={"course": info})

    def _course_info(self, row: Course) -> CourseInfo:
        return CourseInfo(
            id=row.id,
            title=row.title,
            language=row.language,
            licence=row.licence,
            sources=len(row.live.members) if row.live else 0,
            first_questions=self._first_questions(row),
        )

    def _first_questions(self, row: Course) -> tuple[str, ...]:
        if row.live is None:
            return ()
        version = _version(row)
        held, questions = self._questions.get(row.id, (None, ()))
        if held != version:
            questions = suggestions.first_questions(member.source_version.source() for member in row.live.members)
            self._questions[row.id] = (version, questions)
        return questions

    def sources(self, course: str) -> tuple[SourceInfo, ...]:
        """Return the sources that ``course`` holds, in order; raises `NotFound`."""
        with self.records.read() as session:
            return tuple(
                SourceInfo(name=s.name, title=s.title, version=s.version, characters=len(s.text))
                for s in live_sources(session, course, self.visitor)
            )

    def source(self, course: str, name: str, version: str | None = None) -> StoredSource:
        """Return a source with its stored text, at ``version`` or as the course holds it now; raises `NotFound`."""
        with self.records.read() as session:
            live = next((s for s in live_sources(session, course, self.visitor) if s.name == name), None)
            row = live
            if version and (live is None or live.version != version):
                row = session.scalar(select(SourceVersion).filter_by(course_id=course, name=name, version=version))
            if row is None:
                which = f" at version {version[:20]}" if version else ""
                raise NotFound(
                    f"The course {course!r} has no source {name[:80]!r}{which}. List its sources first.",
                    "no-source",
                    name=name[:80],
                )
            stored = row.source()
            opened = StoredSource(
                course=course,
                name=name,
                title=stored.title,
                version=stored.version,
                changed=live is None or live.version != stored.version,
                outline=tuple(
                    Heading(title=stored.text[b.start : b.end], level=b.level, start=b.start)
                    for b in stored.blocks
                    if b.kind == "heading"
                ),
                text=stored.text,
            )
        self._activity.opened(self.visitor, opened)
        return opened

    # --- questions ---------------------------------------------------------------------------------------------------

    def ask(
        self,
        course: str,
        question: str,
        conversation: str | None = None,
        history: Sequence[Turn] = (),
        replaces: str | None = None,
    ) -> Answer:
        """Return the answer to ``question`` and store it; without a ``conversation`` a new one begins.

        ``history`` is what was said before it, where the caller keeps the conversation. ``replaces`` is the id of the
        conversation's last message, whose place the question takes once it is answered. Raises `InputError` or
        `TooLarge` for an unusable question, `NotFound` for an unknown course or conversation, `Conflict` where the
        message to replace is not the last one any more.
        """
        *_, answer = self.stream(course, question, conversation, history, replaces)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self,
        course: str,
        question: str,
        conversation: str | None = None,
        history: Sequence[Turn] = (),
        replaces: str | None = None,
        stop: Event | None = None,
    ) -> Iterator[str | Answer]:
        """Yield the answer's text in pieces of a few words, and last the whole `Answer`; raises as `ask` does.

        What a chat model writes is yielded sentence by sentence, each one checked. Setting ``stop`` ends the answer
        with `Stopped`, and nothing of it is stored. It waits while many answers are made; raises `NotReady` where too
        many wait already.
        """
        question = self._checked(question)
        if replaces and not conversation:
            raise InputError("Only a question of a conversation can be replaced. Say which conversation it is.")
        begun, asked = False, datetime.now(UTC)
        with self.limits.place(stop):
            try:
                for piece in self._answers(course, question, conversation, history, replaces, stop, asked):
                    begun = True
                    yield piece
            except Conflict:
                # The course was replaced between reading and storing: ask what is live now.
                self.loaded.forget_index(course)
                if begun:
                    raise
                yield from self._answers(course, question, conversation, history, replaces, stop, asked)

    def _answers(
        self,
        course: str,
        question: str,
        conversation: str | None,
        history: Sequence[Turn],
        replaces: str | None,
        stop: Event | None,
        since: datetime,
    ) -> Iterator[str | Answer]:
        started = perf_counter()
        with self.records.read() as session:
            row = live_course(session, course, self.visitor)
            title, language, options = row.title, row.language, row.options
        heard = self._conversations.heard(conversation, course, self.visitor, replaces) if conversation else ()
        turns = (*history, *heard)
        from tutor.chain import Asked  # it loads LangChain: seconds that only asking needs

        path = self._path(course, title, language, options, stop)
        said = ""
        draft: Draft | None = None
        usage: Usage | None = None
        try:
            for piece in path.steps().stream(Asked(question, turns)):
                check_going(stop)
                if isinstance(piece, str):
                    said += piece
                    yield from _going(answering.pieces(piece), stop)
                else:
                    draft = piece
        finally:  # a student who leaves has spent what was written until then
            usage = path.settle()
        asked = path.asked
        assert draft and asked and draft.text.startswith(said)
        with self.records.read() as session:
            questions = [*(turn.question for turn in turns), question, asked.alone]
            suggested = self._suggest(session, course, draft.citations or draft.nearest, questions)
            cited_ids(session, course, (*draft.citations, *draft.nearest))
        answer = Answer(
            question=question,
            standalone_question=asked.alone,
            answer=draft.text,
            refused=draft.reason is not None,
            reason=draft.reason,
            claims=draft.claims,
            citations=draft.citations,
            nearest=draft.nearest,
            suggestions=suggested,
            course=course,
            conversation=conversation or f"c_{ULID()}",
            answerer=draft.answerer,
            prompts=tuple(prompt.stamp for prompt in draft.prompts),
            timings_ms=_timings(path, started, perf_counter()),
            confidence=asked.evidence.confidence,
            usage=usage,
            prompt_hashes={prompt.stamp: prompt.hash for prompt in draft.prompts},
            dropped=draft.dropped,
            fallback=draft.fallback,
            manner=asked.manner,
            language=asked.language,
        )
        rest = answering.pieces(draft.text[len(said) :])
        if stop is None:
            self._conversations.remember(answer, self.visitor, conversation is None, replaces, since)
            yield from rest
        else:
            try:
                yield from _going(rest, stop)
            finally:  # a student who leaves finds it when they come back
                if not stop.is_set():
                    self._conversations.remember(answer, self.visitor, conversation is None, replaces, since)
        for tell in self.loaded.listeners:
            tell(answer)
        yield answer

    def _path(
        self,
        course: str,
        title: str,
        language: str,
        options: CourseOptions,
        stop: Event | None = None,
    ) -> Chain:
        """Return the path that a question to ``course`` takes."""
        from tutor.chain import Chain

        return Chain(
            course=course,
            title=title,
            spoken=language,
            options=options,
            index=cache(lambda: self.index(course)),
            grounder=lambda: self.grounder,
            correct=lambda question: self._corrected(course, question, language),
            stored=_Texts(self.records, course),
            settings=self.settings,
            chat=self.chat.until(stop) if self.chat and stop else self.chat,
            budget=self.budget,
            learner=self.visitor.account,
        )

    def retrieve(self, course: str, question: str, k: int = 12) -> tuple[Passage, ...]:
        """Return the ``k`` passages that come nearest to a standalone question, best first; raises `NotFound`."""
        from tutor.retrieval import HybridRetriever

        index = self.index(course)
        found = HybridRetriever(index=index, k=k).invoke(question)
        return tuple(passage for passage, _ in index.passages([d.metadata["passage"] for d in found]))

    def _corrected(self, course: str, question: str, language: str) -> str:
        """Return ``question`` with its typing errors mended by the course's own words."""
        index = self.index(course)

        def known(word: str) -> bool:
            root = stem(word, language)
            return root in self.grounder.stems or any(index.frequencies([root]).values())

        return correct(question, index.words, self.grounder.vocabulary, known)

    def _suggest(
        self, session: Session, course: str, near: Sequence[Citation], asked: Sequence[str]
    ) -> tuple[str, ...]:
        if not near:
            return self._first_questions(live_course(session, course, self.visitor))
        query = select(SourceVersion).filter_by(course_id=course, name=near[0].source, version=near[0].version)
        row = session.scalar(query)
        return suggestions.next_questions(row.source(), near[0].start, asked) if row else ()

    def index(self, course: str) -> CourseIndex:
        """Return the live index of ``course``, opened once."""
        with self.records.read() as session:
            row = live_course(session, course, self.visitor)
            name, language = row.live.index_name if row.live else "", row.language
        return self.loaded.index(course, name, language)

    def _checked(self, question: str) -> str:
        limit = self.settings.max_question_characters
        if len(question) > limit:
            raise TooLarge(
                f"The question is longer than {limit:,} characters. Ask it in fewer words.",
                "question-long",
                limit=limit,
            )
        question = unicodedata.normalize("NFC", UNSHOWABLE.sub(" ", question)).strip()
        if not question:
            raise InputError("The question is empty. Type what you want to know.", "question-empty")
        return question

    # --- conversations -----------------------------------------------------------------------------------------------

    def conversation(self, id: str) -> Conversation:
        """Return a conversation with its answers; a citation whose source has changed since says so.

        Raises `NotFound` for an unknown one, or one of somebody else.
        """
        return self._conversations.read(id, self.visitor)

    def message(self, id: str, message: str) -> Message:
        """Return one exchange of a conversation; raises `NotFound` where it is not there or was replaced."""
        return self._conversations.message(id, message, self.visitor)

    def feedback(self, id: str, message: str, feedback: Feedback | None) -> Feedback | None:
        """Keep with an answer what a student thinks of it, in place of what they thought before, and return it.

        None takes it back. Raises `InputError` for a comment that is too long, `NotFound` for an unknown answer.
        """
        return self._conversations.feedback(id, message, feedback, self.visitor)

    def conversations(
        self,
        course: str | None = None,
        matching: str = "",
        after: tuple[datetime, str] | None = None,
        most: int | None = None,
    ) -> tuple[ConversationInfo, ...]:
        """Return the conversations (of ``course``), the latest first; only those with all words of ``matching``.

        ``after`` is when the last one that is known was updated, and its id; ``most`` is how many to look at.
        """
        return self._conversations.listed(self.visitor, course, matching, after, most)

    def rename_conversation(self, id: str, title: str) -> ConversationInfo:
        """Give a conversation another title and return it; raises `InputError` for an unusable one, `NotFound`."""
        return self._conversations.rename(id, title, self.visitor)

    def delete_conversation(self, id: str) -> None:
        """Delete a conversation with its answers; raises `NotFound`."""
        self._conversations.delete(id, self.visitor)


def _version(row: Course) -> Version:
    return (row.live.id, row.live.created_at) if row.live else None


class _Texts:
    """The stored texts that one answer quotes, each read once."""

    def __init__(self, records: Records, course: str) -> None:
        self._records, self._course = records, course
        self._read: dict[tuple[str, str], str] = {}

    def __call__(self, source: str, version: str) -> str:
        if (source, version) not in self._read:
            query = select(SourceVersion.text).filter_by(course_id=self._course, name=source, version=version)
            with self._records.read() as session:
                text = session.scalar(query)
            if text is None:
                raise Conflict(f"The course {self._course!r} has just changed. Ask again.", "course-changed")
            self._read[source, version] = text
        return self._read[source, version]


def _going(pieces: Iterable[str], stop: Event | None) -> Iterator[str]:
    """Yield from ``pieces``; raises `Stopped` once ``stop`` is set."""
    for piece in pieces:
        yield piece
        check_going(stop)


def _timings(path: Chain, started: float, ended: float) -> Timings:
    clock = path.writing.clock if path.writing else None
    first, checked = (clock.first_token, clock.first_sentence) if clock else (None, None)
    return Timings(
        condense=_ms(started, path.condensed),
        retrieve=_ms(path.condensed, path.retrieved),
        answer=_ms(path.retrieved, ended),
        total=_ms(started, ended),
        first_token=_ms(started, first) if first else None,
        first_sentence=_ms(started, checked) if checked else None,
        check=round(clock.checking * 1000) if clock else None,
    )


def _ms(start: float, end: float) -> int:
    return round((end - start) * 1000)
