"""Records: courses, their texts, conversations and answers, tokens spent, keys, LMS platforms (SQLAlchemy, Alembic).

On SQLite: WAL, foreign keys on, write transactions begin as such and are short. A course points at its live version;
moving that pointer is the one transaction that makes a new version live.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from pydantic import Field, ValidationError
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    CursorResult,
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
    delete,
    event,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from tutor.errors import Conflict, NotFound, NotReady, SetupError
from tutor.types import Block, Citation, Model, Source
from tutor.visitor import LOCAL, OWNER, Visitor

log = logging.getLogger("tutor.records")

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
    tenant: Mapped[str | None] = mapped_column(String(64), index=True)  # none: offered to every tenant
    space: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
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
    tenant: Mapped[str] = mapped_column(String(64), default=LOCAL, server_default=LOCAL)
    space: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
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


class Tenant(Base):
    """A school or a department whose courses and learners are its own; what is older than its retention goes."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    retention_days: Mapped[int | None]  # none: kept until somebody erases it
    created_at: Mapped[datetime] = mapped_column(default=_now)


class Secret(Base):
    """A secret that the installation made for itself, such as the one that learners' pseudonyms come from."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=_now)


class ApiKey(Base):
    """An API key of a tenant: its salted hash, never the key."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant: Mapped[str] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    salt: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(128))
    scopes: Mapped[list[Any]]
    courses: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(default=_now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class Replay(Base):
    """The answer to a write that named an idempotency key, given again when the same write comes again."""

    __tablename__ = "replays"

    owner: Mapped[str] = mapped_column(String(160), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]  # none while the first one is under way
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    body: Mapped[str | None] = mapped_column(Text)
    learner: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=_now, index=True)


class Platform(Base):
    """An LMS that may launch the tutor, for one tenant, as it was registered."""

    __tablename__ = "lti_platforms"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str]
    client_id: Mapped[str]
    auth_login_url: Mapped[str]
    auth_token_url: Mapped[str]
    key_set_url: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=_now)
    deployments: Mapped[list[Deployment]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="Deployment.deployment"
    )


class Deployment(Base):
    """A deployment of the tutor on a platform."""

    __tablename__ = "lti_deployments"

    platform_id: Mapped[int] = mapped_column(ForeignKey("lti_platforms.id", ondelete="CASCADE"), primary_key=True)
    deployment: Mapped[str] = mapped_column(String(255), primary_key=True)


class LaunchState(Base):
    """A login that waits for its launch: hashes of its state, its nonce and the browser's own secret. Used once."""

    __tablename__ = "lti_states"

    state: Mapped[str] = mapped_column(String(64), primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("lti_platforms.id", ondelete="CASCADE"))
    nonce: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(Text)
    again: Mapped[str] = mapped_column(Text)  # the address that begins the same login in a window of its own
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ToolKey(Base):
    """A key that the tutor signs with towards platforms; one that is retired is still published for a while."""

    __tablename__ = "tool_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    private_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=_now)
    retired_at: Mapped[datetime | None]


class Link(Base):
    """A place in an LMS that opens the tutor: on which course and section, and where its scores go."""

    __tablename__ = "lti_links"
    __table_args__ = (UniqueConstraint("platform_id", "deployment", "context", "resource"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("lti_platforms.id", ondelete="CASCADE"))
    deployment: Mapped[str] = mapped_column(String(255))
    context: Mapped[str] = mapped_column(String(255))
    resource: Mapped[str] = mapped_column(String(255))
    space: Mapped[str] = mapped_column(String(64), index=True)
    course: Mapped[str | None] = mapped_column(String(64))
    section: Mapped[str | None]
    line_item: Mapped[str | None] = mapped_column(Text)
    line_items: Mapped[str | None] = mapped_column(Text)
    memberships: Mapped[str | None] = mapped_column(Text)
    scopes: Mapped[list[Any]]
    rule: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # what counts as completing it
    created_at: Mapped[datetime] = mapped_column(default=_now)


class SignIn(Base):
    """A browser that is signed in, by the hash of its cookie's value."""

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    space: Mapped[str] = mapped_column(String(64), default="")
    learner: Mapped[str] = mapped_column(index=True)
    role: Mapped[str] = mapped_column(String(16))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("lti_links.id", ondelete="CASCADE"))
    platform_id: Mapped[int | None] = mapped_column(ForeignKey("lti_platforms.id", ondelete="CASCADE"))
    details: Mapped[dict[str, Any]]  # course and section to open; for a deep link, where it is returned to
    created_at: Mapped[datetime] = mapped_column(default=_now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Progress(Base):
    """What a learner has done at a link; ``subject`` is what the platform calls them, to whom a score is given."""

    __tablename__ = "progress"

    link_id: Mapped[int] = mapped_column(ForeignKey("lti_links.id", ondelete="CASCADE"), primary_key=True)
    learner: Mapped[str] = mapped_column(primary_key=True, index=True)
    subject: Mapped[str]
    asked: Mapped[int] = mapped_column(default=0)
    opened: Mapped[list[Any]]
    score: Mapped[float | None] = mapped_column(Double)
    maximum: Mapped[float | None] = mapped_column(Double)
    updated_at: Mapped[datetime] = mapped_column(default=_now)


class Delivery(Base):
    """Something that has to reach another server: kept until it has, tried again later and later, sent once.

    ``kind`` is ``score`` or ``xapi``; of the same ``key`` there is one.
    """

    __tablename__ = "outbox"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(255), unique=True)
    tenant: Mapped[str] = mapped_column(String(64))
    learner: Mapped[str | None] = mapped_column(index=True)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("lti_links.id", ondelete="CASCADE"))
    body: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(default=_now, index=True)
    created_at: Mapped[datetime] = mapped_column(default=_now)
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    failure: Mapped[str | None]


def stored_blocks(source: Source) -> list[Any]:
    """Return the blocks of ``source`` as JSON, in the form that `SourceVersion.source` reads."""
    return [[b.kind, b.start, b.end, list(b.section), b.level, b.retrievable, b.page] for b in source.blocks]


_LONGEST_TURN = 30.0  # seconds that a change waits for others in this process


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
        self._turn = Lock() if self._engine.dialect.name == "sqlite" else None

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
        with _plainly(), self._in_turn(), Session(self._engine, expire_on_commit=False) as session:
            session.connection(execution_options={"tutor_writes": True})
            yield session
            session.commit()

    @contextlib.contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let the threads of this process write to an SQLite database one after the other.

        SQLite has who waits sleep and look again: of many, the lock is mostly held by nobody, and some get it too late.
        """
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=_LONGEST_TURN):
            raise NotReady("The records are busy. Nothing was changed; try again in a few seconds.", "records")
        try:
            yield
        finally:
            self._turn.release()

    def leave_nothing(self) -> None:
        """Rewrite an SQLite database, so that nothing of what was deleted is left in its files.

        Overwriting alone leaves copies of rows that were once moved between pages. Another database sees to it itself.
        Where it cannot be done now, since the disk is full or the like, that is logged: retention does it once a day.
        """
        if self._engine.dialect.name != "sqlite":
            return
        try:
            with contextlib.closing(self._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute("VACUUM")
                (busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                cursor.close()
        except (sqlite3.Error, SQLAlchemyError) as error:
            log.warning("what was deleted is left in the database's files until the next clean-up: %s", error)
        else:
            if busy:
                log.warning("what was deleted is left in the database's log until the next clean-up: it is in use")


def deleted(session: Session, table: type[Base], *which: ColumnElement[bool]) -> int:
    """Delete the rows of ``table`` of which all of ``which`` is true; return how many there were."""
    gone = session.execute(delete(table).where(*which).execution_options(synchronize_session=False))
    return cast(CursorResult[Any], gone).rowcount


def tenant_of(session: Session, link: int) -> str:
    """Return the tenant whose LMS a link stands in."""
    return session.get_one(Platform, session.get_one(Link, link).platform_id).tenant


def live_courses(session: Session, visitor: Visitor = OWNER) -> list[Course]:
    """Return the courses that can be asked and that ``visitor`` sees, by title."""
    rows = session.scalars(select(Course).where(Course.live_id.is_not(None)).order_by(Course.title, Course.id))
    return [row for row in rows if visitor.sees(row.id, row.tenant, row.space)]


def live_course(session: Session, course: str, visitor: Visitor = OWNER) -> Course:
    """Return a course that can be asked; raises `NotFound`, with those that ``visitor`` sees, for any other."""
    row = session.get(Course, course)
    if row is None or row.live is None or not visitor.sees(row.id, row.tenant, row.space):
        known = ", ".join(sorted(row.id for row in live_courses(session, visitor)))
        have = f"The courses are: {known}." if known else "There is no course yet: tutor ingest FILE --course NAME."
        raise NotFound(f"There is no course {course[:80]!r}. {have}", "no-course")
    return row


def live_sources(session: Session, course: str, visitor: Visitor = OWNER) -> list[SourceVersion]:
    """Return the sources that a course holds now, in order; raises `NotFound` for one that ``visitor`` does not see."""
    row = live_course(session, course, visitor)
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
        for pragma in (
            "busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON",
        ):  # fmt: skip
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
