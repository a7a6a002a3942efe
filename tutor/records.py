"""Records: courses, versions of their texts, conversations and answers, tokens spent (SQLAlchemy, Alembic).

On SQLite: WAL, foreign keys on, write transactions begin as such and are short. A course points at its live version;
moving that pointer is the one transaction that makes a new version live.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from pydantic import Field, ValidationError
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    Engine,
    ForeignKey,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    select,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from tutor.errors import Conflict, NotFound, NotReady, SetupError
from tutor.types import Block, Citation, Model, Source

MEND = "Put a copy of the database back, or move it away to begin anew."


def _now() -> datetime:
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the database gave, with its zone."""
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class CourseOptions(Model):
    """What a course's manifest says to chat models."""

    general_knowledge: bool = Field(
        default=False, description="Whether they may answer what the course does not, apart and marked as unchecked."
    )
    prompts: dict[str, str] = Field(default_factory=dict, description="The course's own text of a prompt, by its name.")


class Options(TypeDecorator[CourseOptions]):
    """Course options as JSON."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: CourseOptions | None, dialect: Dialect) -> dict[str, Any] | None:
        """Return the options as the database keeps them."""
        return value.model_dump() if value else None

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> CourseOptions:
        """Return what the database gave as options; raises `SetupError` for options that a newer program wrote."""
        try:
            return CourseOptions.model_validate(value)
        except ValidationError:
            raise SetupError("The options of a course are of a newer tutor, or damaged. Update the tutor.") from None


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, datetime: Moment, CourseOptions: Options}  # noqa: RUF012


class Course(Base):
    """A course; ``live_id`` is the version that answers, none while the first one is being built."""

    __tablename__ = "courses"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str]
    language: Mapped[str] = mapped_column(String(16))
    licence: Mapped[str | None]
    live_id: Mapped[int | None]  # no foreign key: two tables that point at each other cannot be written in order
    created_at: Mapped[datetime] = mapped_column(default=_now)
    options: Mapped[CourseOptions] = mapped_column(default=CourseOptions(), server_default="{}")
    live: Mapped[CourseVersion | None] = relationship(
        primaryjoin="foreign(Course.live_id) == CourseVersion.id", viewonly=True
    )


class CourseVersion(Base):
    """One synchronised state of a course, with the index made for it."""

    __tablename__ = "course_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    number: Mapped[int]
    index_name: Mapped[str] = mapped_column(unique=True)
    embedder: Mapped[str]
    revision: Mapped[str]
    pipeline: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=_now)
    members: Mapped[list[Member]] = relationship(cascade="all, delete-orphan", order_by="Member.position")


class SourceVersion(Base):
    """The text of a source at one version, kept while a course holds it or a conversation cites it."""

    __tablename__ = "source_versions"
    __table_args__ = (UniqueConstraint("course_id", "name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    name: Mapped[str]
    version: Mapped[str]
    title: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    blocks: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=_now)

    def source(self) -> Source:
        """Return the stored text with its blocks."""
        blocks = (Block(k, s, e, tuple(path), level, ok, page) for k, s, e, path, level, ok, page in self.blocks)
        return Source(self.name, self.title, self.text, tuple(blocks))


class Member(Base):
    """A source version's place in a course version; ``origin`` is the file or folder that it was ingested from."""

    __tablename__ = "course_members"

    course_version_id: Mapped[int] = mapped_column(
        ForeignKey("course_versions.id", ondelete="CASCADE"), primary_key=True
    )
    source_version_id: Mapped[int] = mapped_column(ForeignKey("source_versions.id"), primary_key=True)
    position: Mapped[int]
    origin: Mapped[str]
    source_version: Mapped[SourceVersion] = relationship(lazy="joined")


class ConversationRow(Base):
    """A conversation about one course."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), index=True)
    learner: Mapped[str | None] = mapped_column(index=True)
    title: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=_now)
    updated_at: Mapped[datetime] = mapped_column(default=_now)
    messages: Mapped[list[MessageRow]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="MessageRow.number"
    )


class MessageRow(Base):
    """A question with its Answer as callers saw it."""

    __tablename__ = "messages"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    answer: Mapped[dict[str, Any]]
    feedback: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(default=_now)
    cited: Mapped[list[CitedSource]] = relationship(cascade="all, delete-orphan", passive_deletes=True)


class CitedSource(Base):
    """That a message shows words of a source version, which is therefore kept."""

    __tablename__ = "cited_sources"

    message_number: Mapped[int] = mapped_column(ForeignKey("messages.number", ondelete="CASCADE"), primary_key=True)
    source_version_id: Mapped[int] = mapped_column(ForeignKey("source_versions.id"), primary_key=True)


class Spent(Base):
    """The tokens that chat models read and wrote for one learner on one day (UTC), and those set aside for answers.

    ``learner`` is empty where nobody is signed in; ``reserved`` holds what answers under way may take at most.
    """

    __tablename__ = "spent"

    learner: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    reserved: Mapped[int] = mapped_column(BigInteger)
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_usd: Mapped[float] = mapped_column(Double)


def stored_blocks(source: Source) -> list[Any]:
    """Return the blocks of ``source`` as JSON, in the form that `SourceVersion.source` reads."""
    return [[b.kind, b.start, b.end, list(b.section), b.level, b.retrievable, b.page] for b in source.blocks]


class Records:
    """The database, migrated to this program's schema."""

    def __init__(self, url: str) -> None:
        """Open the database at ``url``.

        Raises `SetupError` for a wrong URL or a newer program's database, `NotReady` where it does not answer.
        """
        try:
            self._engine = _engine(url)
        except (ArgumentError, ImportError, ValueError) as error:
            raise SetupError(f"TUTOR_DATABASE_URL cannot be used: {error}. Example: sqlite:///tutor.db.") from None
        with _plainly():
            migrate(self._engine)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session for reading."""
        with _plainly(), Session(self._engine) as session:
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session whose changes are committed together, or not at all."""
        with _plainly(), Session(self._engine, expire_on_commit=False) as session:
            session.connection(execution_options={"tutor_writes": True})
            yield session
            session.commit()


def live_course(session: Session, course: str) -> Course:
    """Return a course that can be asked; raises `NotFound` with those that there are."""
    row = session.get(Course, course)
    if row is None or row.live is None:
        known = ", ".join(session.scalars(select(Course.id).where(Course.live_id.is_not(None)).order_by(Course.id)))
        have = f"The courses are: {known}." if known else "There is no course yet: tutor ingest FILE --course NAME."
        raise NotFound(f"There is no course {course[:80]!r}. {have}", "no-course")
    return row


def live_sources(session: Session, course: str) -> list[SourceVersion]:
    """Return the sources that a course holds now, in order; raises `NotFound`."""
    row = live_course(session, course)
    return [member.source_version for member in row.live.members] if row.live else []


def cited_ids(session: Session, course: str, cited: Iterable[Citation]) -> list[int]:
    """Return the ids of the texts that are cited; raises `Conflict` if one is no longer held."""
    held = []
    for name, version in {(citation.source, citation.version) for citation in cited}:
        query = select(SourceVersion.id).filter_by(course_id=course, name=name, version=version)
        id = session.scalar(query)
        if id is None:
            raise Conflict(f"The course {course!r} has just changed. Ask again.", "course-changed")
        held.append(id)
    return held


_migrating = Lock()


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema (Alembic); raises `SetupError` for one that a newer program made."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    try:
        with _migrating:  # Alembic keeps its context in a global
            command.upgrade(config, "head")
    except CommandError as error:
        raise SetupError(f"The records cannot be brought up to date: {error}. Update the tutor.") from error


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name != "sqlite":
        return engine
    if engine.url.database:
        folder = Path(engine.url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotReady(f"{folder} cannot be made: {error.strerror or error}. Set TUTOR_HOME elsewhere.") from error

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A transaction that will write takes the write lock at once: it waits its turn instead of failing half-way.
        writes = connection.get_execution_options().get("tutor_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Turn what a database says of a full disk, a lock or a lost server into one line."""
    try:
        yield
    except OperationalError as error:
        raise NotReady(
            f"The records cannot be read or written: {error.orig}. Nothing was changed; free space and try again.",
            "records",
        ) from error
    except SQLAlchemyError as error:
        if type(error) is DatabaseError:  # none of its kinds: SQLite says so of a file that is not a whole database
            raise NotReady(f"The records are damaged: {error.orig}. {MEND}") from error
        raise NotReady(f"The records cannot be used: {type(error).__name__}. Run tutor doctor.") from error
