"""The library: courses, synchronised with files, each live version whole or not there at all.

A synchronisation reads every file first (one bad file and nothing happens), builds a new index beside the live one,
and then moves the course's pointer in one transaction. A crash before that leaves the old course live; the next
synchronisation completes the work and drops what was left over.
"""

from __future__ import annotations

import logging
import os
import re
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from pydantic import Field, ValidationError
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from tutor import readers
from tutor.embedder import Embedder
from tutor.errors import Conflict, InputError, NotFound, NotReady, TooLarge, TutorError, UnreadableSource
from tutor.index import CourseIndex, Progress, Stamp, Store
from tutor.passages import gather_passages, split_sentences, text_budget
from tutor.prompts import OVERRIDABLE, load_prompt, override
from tutor.records import (
    CitedSource,
    Course,
    CourseOptions,
    CourseVersion,
    Member,
    Records,
    SourceVersion,
    deleted,
    live_sources,
    stored_blocks,
)
from tutor.types import IngestReport, Model, Passage, Source

log = logging.getLogger("tutor.library")

PIPELINE = 2  # raised whenever the same file would give other blocks, sentences or passages
MANIFEST = "course.toml"
_MOST_PROMPT_BYTES = 32_000
_ADDED = "added:"  # the origin of a source that came by itself, whatever folder it once lay in
_COURSE_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # what no page can show, and no link hold


class ListedSource(Model):
    """What a manifest says of one file."""

    file: str
    title: str | None = None
    sha256: str | None = None


class Manifest(Model):
    """What ``course.toml`` in a folder says of the course; ``prompts`` names files in the folder."""

    id: str
    title: str
    language: str = "en"
    licence: str | None = None
    general_knowledge: bool = False
    prompts: dict[str, str] = Field(default_factory=dict)
    sources: tuple[ListedSource, ...] = ()


_NO_MANIFEST = Manifest(id="", title="")


@dataclass(frozen=True)
class _File:
    """A source as read from disk, with the folder or file that it was ingested from."""

    source: Source
    origin: str


@dataclass(frozen=True)
class _Facts:
    """What is known of a course beside its sources; None leaves what the course has, as a tenant does that it has."""

    title: str | None
    language: str
    licence: str | None
    options: CourseOptions | None
    tenant: str | None = None


@dataclass(frozen=True)
class _Live:
    """A course as it is before it changes: its sources by name, with the folder or file of each."""

    there: bool
    language: str
    index: str
    pipeline: int
    number: int
    held: dict[str, tuple[Source, str]]

    def apart_from(self, names: Collection[str]) -> _Live:
        """Return the course with no tie to the folders of ``names``, which would bring back what they hold."""
        left = {self.held[name][1] for name in names}
        held = {
            name: (source, f"{_ADDED}{name}" if origin in left else origin)
            for name, (source, origin) in self.held.items()
        }
        return replace(self, held=held)


def check_course_id(course: str) -> str:
    """Return ``course`` if it can name one; raises `InputError` otherwise."""
    if not _COURSE_ID.fullmatch(course):
        raise InputError(
            f"{course[:80]!r} cannot name a course. Use small letters, digits and hyphens, such as world-history."
        )
    return course


def bundled_courses() -> Path:
    """Return the folder of the courses that travel with the program."""
    inside = Path(str(files("tutor"))) / "bundled" / "knowledge"  # in an installed wheel
    return inside if inside.is_dir() else Path(str(files("tutor"))).parent / "knowledge"


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of ``folder``, an empty one where there is none; raises `InputError` for a wrong one."""
    path = folder / MANIFEST
    try:
        if not path.is_file():
            return _NO_MANIFEST
        manifest = Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Check its permissions.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors())
        raise InputError(f"{path} is wrong: {problems}. It needs id, title and for each source its file.") from None
    check_course_id(manifest.id)
    return manifest


def read_options(folder: Path, manifest: Manifest) -> CourseOptions:
    """Return the options that the ``manifest`` of ``folder`` sets, prompts as their text.

    Raises `InputError` that names each prompt that cannot be used.
    """
    texts: dict[str, str] = {}
    problems: list[str] = []
    for prompt, name in manifest.prompts.items():
        if prompt not in OVERRIDABLE:
            problems.append(f"no prompt {prompt[:40]!r} can be reworded. Known are {', '.join(OVERRIDABLE)}.")
            continue
        try:
            if name in {source.file for source in manifest.sources}:
                raise InputError(f"{name} is listed as a source too. Take it out of one of the two.")
            texts[prompt] = _read_prompt(folder, name)
            override(load_prompt(prompt), texts[prompt], name)
        except InputError as error:
            problems.append(f"prompts.{prompt}: {error}")
    if problems:
        raise InputError(f"{folder / MANIFEST}: {' '.join(problems)}")
    return CourseOptions(general_knowledge=manifest.general_knowledge, prompts=texts)


def _read_prompt(folder: Path, name: str) -> str:
    """Return the text of the file ``name`` of ``folder``; raises `InputError` for one that is not in it or no text."""
    if _UNWRITABLE.search(name):
        raise InputError(f"{name!a} cannot be the name of a file. Correct it.")
    try:
        path = Path(os.path.realpath(folder / name))
        if Path(name).is_absolute() or ".." in Path(name).parts or not path.is_relative_to(folder.resolve()):
            raise InputError(f"{name} leads out of the course's folder. Put the file inside.")
        if not path.is_file():
            raise InputError(f"{name} is not there, or is no file. Correct the path.")
        with path.open("rb") as file:
            data = file.read(_MOST_PROMPT_BYTES + 1)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}. Check the path and its permissions.") from None
    if len(data) > _MOST_PROMPT_BYTES:
        raise TooLarge(f"{name} is larger than {_MOST_PROMPT_BYTES:,} bytes. Shorten it.")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):  # which a source may be
        raise UnreadableSource(f"{name}: not UTF-8 text. Save it as UTF-8.")
    return readers.decode(data, name)


def read_files(paths: Sequence[Path], max_bytes: int) -> tuple[list[_File], list[str], Manifest, CourseOptions | None]:
    """Return the sources below ``paths``, the names of the files skipped, and the first folder's manifest and options.

    A file's source is called by its name, one in a folder by its path from there. There are no options where there is
    no folder. Raises `UnreadableSource` that names every file that cannot be read.
    """
    found: dict[str, _File] = {}
    skipped: list[str] = []
    problems: list[str] = []
    first: type[TutorError] = UnreadableSource
    manifest, options = _NO_MANIFEST, None
    for path in paths:
        inside = _files(path)
        listed: dict[str, ListedSource] = {}
        if path.is_dir():
            own = read_manifest(path)
            set_by_own = read_options(path, own)
            if not manifest.id:
                manifest, options = own, set_by_own
            told = [path / name for name in own.prompts.values()]  # to a model, and no source that it may cite
            inside = [file for file in inside if not _is_one_of(file, told)]
            listed = {source.file: source for source in own.sources}
            skipped += [str(f.relative_to(path)) for f in inside if not readers.accepts(f) and f.name != MANIFEST]
            entries = [(f, f.relative_to(path).as_posix()) for f in inside if readers.accepts(f)]
            if not entries:
                raise UnreadableSource(f"{path} holds no file that can be read. Use {readers.SUFFIXES}.")
        else:
            entries = [(path, path.name)]
        if absent := sorted(listed.keys() - {name for _, name in entries}):
            problems.append(f"{path / MANIFEST} names {', '.join(absent)}, which is not there to read. Correct it.")
        for file, name in entries:
            if _UNWRITABLE.search(name):
                problems.append(f"{str(file)!a}: this name cannot be stored. Rename the file.")
                continue
            if name in found:
                raise Conflict(f"Two files would both be called {name}. Put them under one folder and ingest that.")
            try:
                facts = listed.get(name, ListedSource(file=name))
                source = readers.read(file, name, facts.title, max_bytes)
                _check_hash(file, facts.sha256)
                found[name] = _File(source, str(path.resolve()))
            except TutorError as error:
                problems.append(str(error))
                first = type(error)
    if problems:
        raise (first if len(problems) == 1 else UnreadableSource)(" ".join(problems))
    return list(found.values()), skipped, manifest, options


class Library:
    """The courses of one installation."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def synchronise(
        self,
        course: str,
        paths: Sequence[Path],
        store: Store,
        embedder: Embedder,
        title: str | None = None,
        origin: str | None = None,
        max_bytes: int = 20_000_000,
        progress: Progress = lambda done, total: None,
        tenant: str | None = None,
    ) -> IngestReport:
        """Make ``course`` hold what ``paths`` hold now, and return what changed.

        A file adds or replaces one source. A folder is mirrored: what was ingested from it and is gone vanishes, and
        the course's options are those of its manifest, which files alone leave as they are.
        ``origin`` names the folder in its place, for one that moves between installations. A course that is not there
        yet is made for ``tenant``, for all of them where it is None.
        """
        check_course_id(course)
        read, skipped, manifest, options = read_files(paths, max_bytes)
        if origin:
            read = [replace(file, origin=origin) for file in read]
        live = self._live(course)
        language = live.language if live.there and not manifest.id else manifest.language
        facts = _Facts(title or manifest.title or None, language, manifest.licence, options, tenant)
        read = _with_title(read, title)
        report = _compare(course, live.held, read, skipped)
        return self._bring_in(course, live, read, facts, report, store, embedder, progress)

    def add(
        self,
        course: str,
        sources: Sequence[Source],
        store: Store,
        embedder: Embedder,
        title: str | None = None,
        progress: Progress = lambda done, total: None,
    ) -> IngestReport:
        """Add ``sources`` to ``course``, or put them in the place of those of the same name; return what changed.

        A course that is not there is made, and is called ``title``.
        """
        check_course_id(course)
        live = self._live(course)
        read = [_File(source, f"{_ADDED}{source.name}") for source in sources]
        report = _compare(course, live.held, read, ())
        live = live.apart_from(report.changed)
        facts = _Facts(None if live.there else title, live.language, None, None)
        return self._bring_in(course, live, read, facts, report, store, embedder, progress)

    def remove_source(
        self,
        course: str,
        name: str,
        store: Store,
        embedder: Embedder,
        progress: Progress = lambda done, total: None,
    ) -> IngestReport:
        """Take the source ``name`` out of ``course`` and return what changed; what quotes it keeps its text.

        Raises `NotFound`, or `Conflict` where it is the only one.
        """
        with self.records.read() as session:
            held = {source.name for source in live_sources(session, course)}
        if name not in held:
            raise NotFound(f"The course {course!r} has no source {name[:80]!r}. List its sources first.", "no-source")
        if held == {name}:
            raise Conflict(
                f"{name} is the only text of this course. Delete the course instead, or add another first.", "only-text"
            )
        live = self._live(course).apart_from([name])
        facts = _Facts(None, live.language, None, None)
        report = IngestReport(course=course, removed=(name,))
        return self._bring_in(course, live, [], facts, report, store, embedder, progress)

    def follows(self, course: str, origin: str) -> bool:
        """Return whether ``course`` holds a source that was ingested from ``origin``."""
        return any(where == origin for _, where in self._live(course).held.values())

    def _live(self, course: str) -> _Live:
        with self.records.read() as session:
            row = session.get(Course, course)
            live = row.live if row else None
            return _Live(
                there=row is not None,
                language=row.language if row else _NO_MANIFEST.language,
                index=live.index_name if live else "",
                pipeline=live.pipeline if live else 0,
                number=session.scalar(select(func.max(CourseVersion.number)).filter_by(course_id=course)) or 0,
                held={m.source_version.name: (m.source_version.source(), m.origin) for m in live.members}
                if live
                else {},
            )

    def _bring_in(
        self,
        course: str,
        live: _Live,
        read: list[_File],
        facts: _Facts,
        report: IngestReport,
        store: Store,
        embedder: Embedder,
        progress: Progress,
    ) -> IngestReport:
        """Make what was ``read``, with what is held beside it, live; return the ``report`` of it."""
        self.sweep(store)
        sound = bool(live.index) and (live.pipeline, live.language) == (PIPELINE, facts.language)
        previous = _open(store, live.index, embedder, facts.language)
        if sound and previous and not (report.added or report.changed or report.removed):
            self._describe(course, facts, {file.source.name: file.origin for file in read})
            return report
        kept = [
            _File(source, where)
            for name, (source, where) in live.held.items()
            if name not in report.removed and name not in {file.source.name for file in read}
        ]
        number = live.number + 1
        return self._replace(course, number, [*kept, *read], facts, report, store, embedder, previous, progress)

    def remove(self, course: str, store: Store) -> None:
        """Delete a course with its sources, index and conversations; raises `NotFound`."""
        with self.records.write() as session:
            row = session.get(Course, course)
            if row is None:
                raise NotFound(f"There is no course {course!r}. tutor courses lists them.")
            messages = select(SourceVersion.id).filter_by(course_id=course)
            session.execute(delete(CitedSource).where(CitedSource.source_version_id.in_(messages)))
            versions = select(CourseVersion.id).filter_by(course_id=course)
            session.execute(delete(Member).where(Member.course_version_id.in_(versions)))
            session.delete(row)
        self._sweep_now_or_later(store)

    def sweep(self, store: Store) -> None:
        """Drop the indexes that no course version names: what a crash or a replaced version left."""
        with self.records.read() as session:
            named = set(session.scalars(select(CourseVersion.index_name)))
        for name in store.names() - named:
            store.drop(name)

    def _sweep_now_or_later(self, store: Store) -> None:
        """Sweep after a change that is whole already: what cannot be dropped does not undo it, and goes next time."""
        try:
            self.sweep(store)
        except NotReady as error:
            log.warning("an old index is left until the next ingest: %s", error)

    def _describe(self, course: str, facts: _Facts, origins: dict[str, str]) -> None:
        """Write title, licence, options and where each source came from, without a new version."""
        with self.records.write() as session:
            row = session.get_one(Course, course)
            row.title, row.licence = facts.title or row.title, facts.licence or row.licence
            row.options = facts.options or row.options
            for member in row.live.members if row.live else ():
                member.origin = origins.get(member.source_version.name, member.origin)

    def _replace(
        self,
        course: str,
        number: int,
        read: list[_File],
        facts: _Facts,
        report: IngestReport,
        store: Store,
        embedder: Embedder,
        previous: CourseIndex | None,
        progress: Progress,
    ) -> IngestReport:
        passages = [p for file in read for p in _passages(file.source, facts.language, embedder)]
        texts = {file.source.version: file.source.text for file in read}
        name = f"{course}.v{number}"
        stamp = Stamp.of(embedder)
        embedded = store.build(name, passages, texts, embedder, facts.language, previous, progress)
        with self.records.write() as session:
            row = session.get(Course, course)
            if row is None:
                title = read[0].source.title
                row = Course(id=course, title=title, language=facts.language, licence=None, tenant=facts.tenant)
                session.add(row)
                session.flush()
            row.title, row.language = facts.title or row.title, facts.language
            row.licence, row.options = facts.licence or row.licence, facts.options or row.options
            version = CourseVersion(
                course_id=course, number=number, index_name=name,
                embedder=stamp.embedder, revision=stamp.revision, pipeline=PIPELINE,
            )  # fmt: skip
            session.add(version)
            for position, file in enumerate(read):
                stored = _store_source(session, course, file.source)
                version.members.append(Member(source_version=stored, position=position, origin=file.origin))
            session.flush()
            row.live_id = version.id
            _forget_old(session, course, version.id)
        self._sweep_now_or_later(store)
        return report.model_copy(update={"embedded": embedded})


def _open(store: Store, name: str, embedder: Embedder, language: str) -> CourseIndex | None:
    """Return the index called ``name`` if it is whole and made by ``embedder``: its vectors can be taken over."""
    try:
        return store.open(name, embedder, language) if name else None
    except Conflict:
        return None


def _files(path: Path) -> list[Path]:
    """Return the file at ``path``, or those below it in order, without hidden ones and links that lead out of it."""
    try:
        if not path.exists():
            raise InputError(f"{path} does not exist. Check the path.")
        root = path.resolve()
        return [
            file
            for file in sorted(path.rglob("*") if path.is_dir() else [path])
            if file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and file.resolve().is_relative_to(root)
        ]
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Check the path and its permissions.") from None


def _is_one_of(file: Path, others: list[Path]) -> bool:
    """Return whether ``file`` is one of ``others`` by whatever name."""
    try:
        return any(file.samefile(other) for other in others)
    except OSError:
        return False  # one has just been taken away: whoever reads it says so


def _check_hash(file: Path, expected: str | None) -> None:
    if expected and sha256(file.read_bytes()).hexdigest() != expected:
        raise UnreadableSource(f"{file}: its SHA-256 is not the one in {MANIFEST}. Restore the file or correct it.")


def _with_title(read: list[_File], title: str | None) -> list[_File]:
    if title and len(read) == 1:
        return [replace(read[0], source=replace(read[0].source, title=title))]
    return read


def _compare(
    course: str, held: dict[str, tuple[Source, str]], read: list[_File], skipped: Sequence[str]
) -> IngestReport:
    now = {file.source.name: file.source for file in read}
    origins = {file.origin for file in read}
    same = {name for name in now.keys() & held.keys() if now[name] == held[name][0]}
    return IngestReport(
        course=course,
        added=tuple(name for name in now if name not in held),
        changed=tuple(name for name in now if name in held and name not in same),
        unchanged=tuple(name for name in now if name in same),
        removed=tuple(name for name, (_, origin) in held.items() if origin in origins and name not in now),
        skipped=tuple(skipped),
    )


def _passages(source: Source, language: str, embedder: Embedder) -> tuple[Passage, ...]:
    most = text_budget(embedder.max_tokens)
    sentences = split_sentences(source, language, embedder.count_tokens, most)
    return gather_passages(source, sentences, embedder.count_tokens, most)


def _store_source(session: Session, course: str, source: Source) -> SourceVersion:
    stored = session.scalar(select(SourceVersion).filter_by(course_id=course, name=source.name, version=source.version))
    if stored is None:
        stored = SourceVersion(course_id=course, name=source.name, version=source.version, text=source.text)
        session.add(stored)
    stored.title, stored.blocks = source.title, stored_blocks(source)
    return stored


def _forget_old(session: Session, course: str, live: int) -> None:
    """Delete the versions that are not live, and the texts that neither the course nor a conversation needs."""
    session.flush()
    old = select(CourseVersion.id).where(CourseVersion.course_id == course, CourseVersion.id != live)
    session.execute(delete(Member).where(Member.course_version_id.in_(old)))
    session.execute(delete(CourseVersion).where(CourseVersion.id.in_(old)))
    forget_uncited(session, SourceVersion.course_id == course)


def forget_uncited(session: Session, *which: ColumnElement[bool]) -> int:
    """Delete the texts (of ``which``) that neither a course nor a conversation needs; return how many there were."""
    unneeded = (
        SourceVersion.id.not_in(select(Member.source_version_id)),
        SourceVersion.id.not_in(select(CitedSource.source_version_id)),
    )
    return deleted(session, SourceVersion, *which, *unneeded)
