"""Records: a migrated database whose transactions are whole, in the order they came, or not there at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from fakes import files_of_at_most
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import tutor
from tutor.errors import NotReady, SetupError
from tutor.readers import read_markdown
from tutor.records import (
    Base,
    CitedSource,
    ConversationRow,
    Course,
    CourseOptions,
    CourseVersion,
    Member,
    MessageRow,
    Records,
    SourceVersion,
    Spent,
    _engine,
    stored_blocks,
)
from tutor.tenants import ensure_tenant


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
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def migrate(file: Path, move: Callable[[Config, str], None], revision: str) -> None:
    """Take the database in ``file`` to another tutor's schema, by the migrations themselves."""
    config = Config()
    config.set_main_option("script_location", str(Path(tutor.__file__).parent / "migrations"))
    config.attributes["engine"] = _engine(f"sqlite:///{file}")
    move(config, revision)
    config.attributes["engine"].dispose()


def revision_of(file: Path) -> str | None:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return revision


OLD_ROWS = {
    "courses": ("history", "History", "en", "CC0", 1, "2026-01-01 00:00:00.000000"),
    "course_versions": (1, "history", 1, "history.v1", "fake", "1", 2, "2026-01-01 00:00:00.000000"),
    "source_versions": (1, "history", "a.md", "sha256:0", "A", "Body.", "[]", "2026-01-01 00:00:00.000000"),
    "course_members": (1, 1, 0, "/a.md"),
    "conversations": ("c_1", "history", None, "T", "2026-01-01 00:00:00.000000", "2026-01-01 00:00:00.000000"),
    "messages": (1, "m_1", "c_1", '{"text": "Body."}', "2026-01-01 00:00:00.000000"),
    "cited_sources": (1, 1),
}


@pytest.fixture
def old(file: Path) -> Path:
    """A database as the first tutor left it, with a row in every table."""
    migrate(file, command.upgrade, "0001")
    with sqlite3.connect(file) as connection:
        for table, row in OLD_ROWS.items():
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    connection.close()
    return file


def rows_of(file: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(file)
    rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in OLD_ROWS}
    connection.close()
    return rows


def test_a_database_of_the_first_tutor_keeps_every_row_and_gains_default_options(old: Path) -> None:
    before = rows_of(old)
    Records(f"sqlite:///{old}").close()
    new = {"courses": ("{}", None, ""), "messages": (None,), "conversations": ("local", "")}
    grown = {name: [(*OLD_ROWS[name], *columns)] for name, columns in new.items()}
    assert rows_of(old) == before | grown
    records = Records(f"sqlite:///{old}")
    with records.read() as session:
        row = session.get_one(Course, "history")
        assert row.options == CourseOptions(general_knowledge=False, prompts={})
        assert row.live is not None and [member.source_version.text for member in row.live.members] == ["Body."]
        assert session.scalars(select(Spent)).all() == []
    records.close()


def test_an_upgraded_database_has_the_schema_that_the_models_describe(old: Path) -> None:
    records = Records(f"sqlite:///{old}")
    with records._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    records.close()


def test_going_back_to_the_first_tutor_keeps_every_row_too(old: Path) -> None:
    before = rows_of(old)
    Records(f"sqlite:///{old}").close()
    migrate(old, command.downgrade, "0001")
    assert revision_of(old) == "0001"
    assert rows_of(old) == before


def test_an_upgrade_that_fails_half_way_leaves_the_old_database(old: Path) -> None:
    before = rows_of(old)
    with sqlite3.connect(old) as connection:
        connection.execute("CREATE TABLE spent (in_the_way)")
    connection.close()
    with pytest.raises(NotReady, match="table spent already exists"):
        Records(f"sqlite:///{old}")
    assert (revision_of(old), rows_of(old)) == ("0001", before)


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
            other.execute("INSERT INTO courses VALUES ('a', 'A', 'en', NULL, NULL, '2026-01-01', '{}', NULL, '')")
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


def test_a_new_course_has_default_options(records: Records) -> None:
    with records.write() as session:
        session.add(course())
    with records.read() as session:
        assert session.get_one(Course, "history").options == CourseOptions()


def test_the_options_of_a_course_come_back_as_they_were_set(records: Records) -> None:
    options = CourseOptions(general_knowledge=True, prompts={"answer": "Say “{question}” — 日本.\n"})
    with records.write() as session:
        session.add(course())
    with records.write() as session:
        session.get_one(Course, "history").options = options
    with records.read() as session:
        assert session.get_one(Course, "history").options == options


@pytest.mark.parametrize("written", ['{"colour": "red"}', '{"prompts": {"answer": 5}}', "[]"])
def test_options_that_only_a_newer_tutor_knows_give_one_line(records: Records, written: str) -> None:
    with records.write() as session:
        session.add(course())
        session.flush()
        session.execute(text("UPDATE courses SET options = :options"), {"options": written})
    refused = pytest.raises(SetupError, match="options of a course are of a newer tutor")
    with refused as caught, records.read() as session:
        session.get_one(Course, "history")
    assert "\n" not in str(caught.value)


def test_the_tokens_of_a_learner_are_one_row_for_each_day(records: Records) -> None:
    def spent() -> Spent:
        return Spent(learner="", day=date(2026, 11, 1), reserved=2**40, input_tokens=0, output_tokens=0, cost_usd=0)

    with records.write() as session:
        session.add(spent())
    with pytest.raises(NotReady, match="IntegrityError"), records.write() as session:
        session.add(spent())
    assert count(records, Spent) == 1


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


def test_who_waits_too_long_for_others_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor.records._LONGEST_TURN", 0.01)
    records = Records(f"sqlite:///{tmp_path / 'tutor.db'}")
    with records.write(), ThreadPoolExecutor(1) as pool, pytest.raises(NotReady, match="records are busy"):
        pool.submit(records.write().__enter__).result()
    with records.write() as session:
        ensure_tenant(session, "oak-hill")
    records.close()
