"""Records: a migrated database whose transactions are whole, in the order they came, or not there at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fakes import files_of_at_most
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tutor.errors import NotReady, SetupError
from tutor.readers import read_markdown
from tutor.records import (
    Base,
    CitedSource,
    ConversationRow,
    Course,
    CourseVersion,
    Member,
    MessageRow,
    Records,
    SourceVersion,
    stored_blocks,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tutor.db"


@pytest.fixture
def records(file: Path) -> Iterator[Records]:
    opened = Records(f"sqlite:///{file}")
    yield opened
    opened.close()


def course(id: str = "history") -> Course:
    return Course(id=id, title="History", language="en", licence=None)


def count(records: Records, table: type[Base] = Course) -> int:
    with records.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def pragma(records: Records, name: str) -> object:
    with records.read() as session:
        return session.scalar(text(f"PRAGMA {name}"))


# --- the schema ------------------------------------------------------------------------------------------------------


def test_the_migrations_make_the_schema_that_the_models_describe(records: Records) -> None:
    with records._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_opening_a_database_again_keeps_what_it_holds(file: Path, records: Records) -> None:
    with records.write() as session:
        session.add(course())
    again = Records(f"sqlite:///{file}")
    assert count(again) == 1
    again.close()


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    Records(f"sqlite:///{tmp_path}/a/b/tutor.db").close()
    assert (tmp_path / "a" / "b" / "tutor.db").exists()


def test_a_database_of_a_newer_tutor_is_not_touched(file: Path, records: Records) -> None:
    with records.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(SetupError, match=r"from-the-future.*Update the tutor") as caught:
        Records(f"sqlite:///{file}")
    assert "\n" not in str(caught.value)


def test_threads_that_open_a_new_database_at_once_all_succeed(file: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: Records(f"sqlite:///{file}"), range(4)))
    assert [count(records) for records in opened] == [0] * 4
    for records in opened:
        records.close()


def test_processes_that_open_a_new_database_at_once_all_succeed(file: Path) -> None:
    code = f"import sys; from tutor.records import Records; print('ready', end='', flush=True); sys.stdin.read(); Records('sqlite:///{file}').close()"
    start = partial(subprocess.Popen, [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with start() as one, start() as two, start() as three:
        for process in (one, two, three):
            assert process.stdout and process.stdout.read(5) == b"ready"
        for process in (one, two, three):
            assert process.stdin
            process.stdin.close()
    assert [one.returncode, two.returncode, three.returncode] == [0] * 3


# --- SQLite ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 10_000)])
def test_every_connection_is_set_up(records: Records, name: str, value: object) -> None:
    assert pragma(records, name) == value


def test_a_row_that_points_nowhere_is_refused(records: Records) -> None:
    with pytest.raises(NotReady, match="IntegrityError"), records.write() as session:
        session.add(ConversationRow(id="c_1", course_id="nowhere", learner=None, title="T"))
    assert count(records, ConversationRow) == 0


def test_a_failed_write_changes_nothing(records: Records) -> None:
    with pytest.raises(RuntimeError, match="half-way"), records.write() as session:
        session.add(course())
        session.flush()
        raise RuntimeError("half-way")
    assert count(records) == 0


def test_a_write_that_breaks_a_rule_changes_nothing(records: Records) -> None:
    with records.write() as session:
        session.add(course())
    with pytest.raises(NotReady) as caught, records.write() as session:
        session.add(course("geography"))
        session.flush()
        session.execute(text("INSERT INTO courses SELECT * FROM courses"))
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert count(records) == 1


def test_two_threads_that_write_at_once_both_succeed(records: Records) -> None:
    both = threading.Barrier(2)

    def write(number: int) -> None:
        both.wait()
        for n in range(20):
            with records.write() as session:
                known = session.scalar(select(func.count()).select_from(Course)) or 0
                session.add(Course(id=f"t{number}-{n}", title=str(known), language="en", licence=None))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))
    with records.read() as session:
        assert sorted(int(row.title) for row in session.scalars(select(Course))) == list(range(40))


def test_a_writer_sees_no_other_writer_between_its_reading_and_its_writing(records: Records, file: Path) -> None:
    with records.write() as session:
        session.scalar(select(func.count()).select_from(Course))
        other = sqlite3.connect(file, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO courses VALUES ('a', 'A', 'en', NULL, NULL, '2026-01-01')")
        other.close()


def test_readers_go_on_while_one_writes_and_see_the_last_whole_state(records: Records) -> None:
    with records.write() as session:
        session.add(course())
        session.flush()
        assert count(records) == 0
    assert count(records) == 1


def test_moments_come_back_in_utc(records: Records) -> None:
    before = datetime.now(UTC)
    with records.write() as session:
        session.add(course())
    with records.read() as session:
        created = session.get_one(Course, "history").created_at
    assert created.utcoffset() == before.utcoffset()
    assert before <= created <= datetime.now(UTC)


# --- the tables ------------------------------------------------------------------------------------------------------


def fill(session: Session) -> None:
    """Add a course with a version of one source, cited by one message."""
    source = read_markdown("lesson.md", "# T\n\nBody.\n", None)
    stored = SourceVersion(course_id="history", name=source.name, version=source.version, title=source.title)
    stored.text, stored.blocks = source.text, stored_blocks(source)
    version = CourseVersion(
        course_id="history", number=1, index_name="history.v1", embedder="fake", revision="1", pipeline=1
    )
    version.members.append(Member(source_version=stored, position=0, origin="/lesson.md"))
    session.add(course())
    session.flush()
    session.add(version)
    session.flush()
    session.get_one(Course, "history").live_id = version.id
    conversation = ConversationRow(id="c_1", course_id="history", learner=None, title="T")
    message = MessageRow(id="m_1", answer={"text": "Body."})
    message.cited.append(CitedSource(source_version_id=stored.id))
    conversation.messages.append(message)
    session.add(conversation)


def test_a_stored_source_comes_back_as_it_was(records: Records) -> None:
    with records.write() as session:
        fill(session)
    with records.read() as session:
        (stored,) = session.scalars(select(SourceVersion))
        assert stored.source() == read_markdown("lesson.md", "# T\n\nBody.\n", None)
        assert stored.source().version == stored.version


def test_a_course_leads_to_its_live_version_and_that_to_its_sources(records: Records) -> None:
    with records.write() as session:
        fill(session)
    with records.read() as session:
        live = session.get_one(Course, "history").live
        assert live is not None
        assert [member.source_version.name for member in live.members] == ["lesson.md"]


def test_deleting_a_conversation_deletes_its_messages_and_what_they_cite(records: Records) -> None:
    with records.write() as session:
        fill(session)
    with records.write() as session:
        session.delete(session.get_one(ConversationRow, "c_1"))
    assert [count(records, table) for table in (ConversationRow, MessageRow, CitedSource)] == [0, 0, 0]
    assert count(records, SourceVersion) == 1


def test_a_cited_text_cannot_be_deleted(records: Records) -> None:
    with records.write() as session:
        fill(session)
        session.execute(text("DELETE FROM course_members"))
    with pytest.raises(NotReady, match="IntegrityError"), records.write() as session:
        session.execute(text("DELETE FROM source_versions"))
    assert count(records, SourceVersion) == 1


# --- what does not work ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite", "no-such-database://host/name", "postgresql://user:secret@host:port/name"]
)
def test_a_wrong_url_gives_one_line_with_an_example_and_no_password(url: str) -> None:
    with pytest.raises(
        SetupError, match=r"TUTOR_DATABASE_URL cannot be used: .*Example: sqlite:///tutor\.db"
    ) as caught:
        Records(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_folder_that_cannot_be_made_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(NotReady, match=r"file/home cannot be made: .*Set TUTOR_HOME elsewhere"):
        Records(f"sqlite:///{tmp_path}/file/home/tutor.db")


def test_a_file_that_is_no_database_gives_one_line(file: Path) -> None:
    file.write_bytes(b"not a database" * 1_000)
    with pytest.raises(NotReady, match=r"The records are damaged: file is not a database. Put a copy"):
        Records(f"sqlite:///{file}")
    assert file.read_bytes() == b"not a database" * 1_000


def test_a_full_disk_gives_one_line_and_loses_nothing(records: Records) -> None:
    with records.write() as session:
        session.add(course())
    refused = pytest.raises(NotReady, match=r"disk is full\. Nothing was changed; free space")
    with refused as caught, records.write() as session:
        pages = session.scalar(text("PRAGMA page_count")) or 0
        session.execute(text(f"PRAGMA max_page_count = {pages + 1}"))
        session.add(Course(id="large", title="x" * 1_000_000, language="en", licence=None))
    assert "\n" not in str(caught.value)
    assert count(records) == 1


def test_a_disk_that_refuses_a_new_database_gives_one_line(file: Path) -> None:
    with files_of_at_most(8_192), pytest.raises(NotReady, match="The records cannot be read or written"):
        Records(f"sqlite:///{file}")
    Records(f"sqlite:///{file}").close()


def test_a_database_that_may_only_be_read_gives_one_line(records: Records) -> None:
    with pytest.raises(NotReady, match="attempt to write a readonly database"), records.write() as session:
        session.execute(text("PRAGMA query_only = ON"))
        session.add(course())
        session.flush()
