"""Material: files that somebody hands in for a course, and what becomes of each.

A file that has arrived whole waits in the state folder until its course holds it, and is deleted then. So whatever
waits there after a crash is taken up again, and nothing else has to be remembered. One thread does the work, a batch
of files at a time; what else changes a course takes its turn between two batches.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeVar

from ulid import ULID

from tutor import readers
from tutor.errors import Conflict, InputError, NotReady, Stopped, TooLarge, TutorError, UnreadableSource
from tutor.types import IngestReport, MaterialFile, Source
from tutor.words import DIRECTION, UNSHOWABLE, one_line

log = logging.getLogger("tutor.material")

LONGEST_NAME = 200  # bytes, of the 255 that file systems take
LONGEST_TITLE = 120
MOST_WAITING = 100  # files
_ROOM_FOR = 10  # files of the largest size may wait at once
_BATCH = 200_000  # bytes: small files share a version of the course, a large one has its own
_KEPT = 200  # files of a course whose end is still told
_TITLE = ".title"  # beside the files of a course that is not there yet
_PART = ".part"
_UNUSABLE = re.compile(r'[\x00-\x1f\x7f-\x9f\\/:*?"<>|\ud800-\udfff\ufffe\uffff]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)  # Windows opens these instead of a file
_UNKNOWN = "The tutor could not add this file for a reason that it does not know. Its log says more."
_STOPPED = "The tutor is stopping. It takes the file up again when it starts."
_AGAIN = "The file is kept: it is tried again with the next file, or when the tutor starts."

Progress = Callable[[int, int], None]
Add = Callable[[str, Sequence[Source], str | None, Progress], IngestReport]
T = TypeVar("T")


def check_name(name: str) -> str:
    """Return ``name`` (NFC) if a file that is handed in can be called that; raises `UnreadableSource` otherwise."""
    name = unicodedata.normalize("NFC", name)
    shown = DIRECTION.sub("", UNSHOWABLE.sub("\ufffd", name))[:80]
    if len(name.encode(errors="replace")) > LONGEST_NAME:
        raise UnreadableSource(f"The name “{shown}…” is too long. Give the file a shorter one.", "file-name-long")
    if _UNUSABLE.search(name) or DIRECTION.search(name):
        raise UnreadableSource(
            f"“{shown}” cannot be the name of a file here. Rename it without slashes, colons and other special signs.",
            "file-name",
        )
    if not name.strip() or name != name.strip() or name[0] == "." or name[-1] == "." or _DEVICE.match(name):
        raise UnreadableSource(
            f"“{shown}” cannot be the name of a file here. Rename it, for example to notes.txt.", "file-name"
        )
    if not readers.accepts(Path(name)):
        raise UnreadableSource(
            f"“{shown}” is of a kind that the tutor cannot read. Use one of {readers.SUFFIXES}.",
            "file-kind",
            kinds=readers.SUFFIXES,
        )
    return name


def check_title(title: str) -> str:
    """Return ``title`` on one line if a course can be called that; raises `InputError` otherwise."""
    title = one_line(title)
    if not title:
        raise InputError("The course has no name. Type one.", "course-name-empty")
    if len(title) > LONGEST_TITLE:
        raise InputError(
            f"The name of the course is longer than {LONGEST_TITLE} characters. Choose a shorter one.",
            "course-name-long",
            limit=LONGEST_TITLE,
        )
    return title


@dataclass(frozen=True)
class _Waiting:
    """A file that waits, as it was when it was looked at: one of the same name may take its place."""

    path: Path
    size: int
    mark: tuple[int, int]

    @classmethod
    def at(cls, path: Path) -> _Waiting:
        stat = path.stat()
        return cls(path, stat.st_size, (stat.st_ino, stat.st_mtime_ns))


class Material:
    """The files that wait below one folder, and the thread that brings them into their courses. Thread-safe."""

    def __init__(self, folder: Path, most_bytes: int, add: Add) -> None:
        """Keep files in ``folder``; ``add`` brings sources into a course (a new one by its title)."""
        self._folder, self._most_bytes, self._add = folder, most_bytes, add
        self._states: dict[str, dict[str, MaterialFile]] = {}
        self._arriving: set[Path] = set()
        self._leaving: set[str] = set()  # courses that are being deleted
        self._closing = False
        self._lock = Lock()
        self._worker = ThreadPoolExecutor(1, "material")

    def close(self) -> None:
        """End the work at the next step; what waits is taken up at the next start."""
        self._closing = True
        self._worker.shutdown(cancel_futures=True)

    def begun(self, course: str) -> bool:
        """Return whether a course of this id has been named and waits for its first file."""
        return (self._folder / course / _TITLE).is_file()

    def files(self, course: str) -> tuple[MaterialFile, ...]:
        """Return what was handed in for ``course`` since the start and what still waits, in order."""
        with self._lock:
            return tuple(self._states.get(course, {}).values())

    def hand_in(self, course: str, name: str, pieces: Iterable[bytes], title: str | None = None) -> MaterialFile:
        """Keep a file for ``course``, which gets ``title`` if it is new, and return how it stands.

        Raises `UnreadableSource`, `TooLarge`, `Conflict` or `NotReady`; nothing is kept then. Whatever ``pieces``
        raises passes through, and nothing is kept either.
        """
        name = check_name(name)
        part = self._folder / f".{ULID()}{_PART}"
        try:
            with self._lock:
                self._check_room(course, name)
                self._arriving.add(part)
            self._receive(part, name, pieces)
            with self._lock:
                folder = self._folder / course
                folder.mkdir(exist_ok=True)
                if title:
                    _write(folder / _TITLE, title)
                os.replace(part, folder / name)
                _sync_folder(folder)
                self._try_again(course)
                state = self._note(MaterialFile(id=str(ULID()), course=course, name=name, state="waiting"))
        except OSError as error:
            raise NotReady(
                f"{name} cannot be kept: {error.strerror or error}. Free space on the disk and try again."
            ) from error
        finally:
            with self._lock:
                self._arriving.discard(part)
                part.unlink(missing_ok=True)
        self._work_on(course)
        return state

    def take_up(self) -> None:
        """Go on with what waits since an earlier start, and delete what had not arrived whole then."""
        if not self._folder.is_dir():
            return
        with self._lock:
            for part in set(self._folder.glob(f".*{_PART}")) - self._arriving:
                part.unlink(missing_ok=True)
            courses = sorted(path.name for path in self._folder.iterdir() if path.is_dir())
            for course in courses:
                for waiting in self._waiting(course):
                    if waiting.path.name not in self._states.get(course, {}):
                        self._note(MaterialFile(id=str(ULID()), course=course, name=waiting.path.name, state="waiting"))
        for course in courses:
            self._work_on(course)

    def in_turn(self, what: Callable[[], T]) -> T:
        """Return what ``what`` returns, done between two batches of files."""
        stopping = NotReady("The tutor is stopping. Try again when it has started.")
        try:
            done = self._worker.submit(what)
        except RuntimeError:
            raise stopping from None
        try:
            return done.result()
        except CancelledError:
            raise stopping from None

    def withdraw(self, course: str, name: str) -> bool:
        """Forget the file ``name`` that was handed in for ``course``, and return whether it still waited."""
        with self._lock:
            self._states.get(course, {}).pop(name, None)
            waiting = next((one for one in self._waiting(course) if one.path.name == name), None)
            if waiting:
                waiting.path.unlink(missing_ok=True)
                self._tidy(course)
            return waiting is not None

    @contextlib.contextmanager
    def leaving(self, course: str) -> Iterator[None]:
        """While the block runs, nothing is added to ``course``: work on it ends at the next step."""
        self._leaving.add(course)
        try:
            yield
        finally:
            self._leaving.discard(course)

    def withdraw_all(self, course: str) -> bool:
        """Forget all files that were handed in for ``course``, and return whether it was begun by them."""
        with self._lock:
            begun = self.begun(course)
            self._states.pop(course, None)
            shutil.rmtree(self._folder / course, ignore_errors=True)
            return begun

    # --- receiving -----------------------------------------------------------------------------------------------

    def _check_room(self, course: str, name: str) -> None:
        """Raise `Conflict` where too much waits already, or a file that some systems would take for the same."""
        waiting = [one for path in self._courses() for one in self._waiting(path.name)]
        for one in waiting:
            same = one.path.parent.name == course and one.path.name.casefold() == name.casefold()
            if same and one.path.name != name:
                raise Conflict(
                    f"{one.path.name} is still waiting, and is called nearly the same. Add this one later.", "file-same"
                )
        reserved = self._most_bytes * (len(self._arriving) + 1) + sum(one.size for one in waiting)
        if len(waiting) + len(self._arriving) >= MOST_WAITING or reserved > self._most_bytes * _ROOM_FOR:
            raise Conflict(
                "Many files are waiting already. Wait until some of them are added, and try again.", "files-many"
            )

    def _receive(self, part: Path, name: str, pieces: Iterable[bytes]) -> None:
        size = 0
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            for piece in pieces:
                size += len(piece)
                if size > self._most_bytes:
                    raise TooLarge(
                        f"{name} is larger than {self._most_bytes:,} bytes. Split it into smaller files.", "file-large"
                    )
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if not size:
            raise UnreadableSource(f"{name} is empty. Choose a file with some text in it.", "file-empty")

    def _courses(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if path.is_dir()] if self._folder.is_dir() else []

    def _waiting(self, course: str) -> list[_Waiting]:
        """Return the files that wait for ``course``, those that came first before the others."""
        folder = self._folder / course
        files = [path for path in folder.iterdir() if path.name[0] != "."] if folder.is_dir() else []
        return sorted(map(_Waiting.at, files), key=lambda one: (one.mark[1], one.path.name))

    def _note(self, state: MaterialFile) -> MaterialFile:
        states = self._states.setdefault(state.course, {})
        states.pop(state.name, None)  # the latest comes last
        states[state.name] = state
        for name in list(states)[:-_KEPT]:
            if states[name].ended:
                del states[name]
        return state

    def _try_again(self, course: str) -> None:
        """Let what waits and has failed, since the disk was full or the like, be tried with the next batch."""
        states = self._states.get(course, {})
        for waiting in self._waiting(course):
            if (state := states.get(waiting.path.name)) and state.state == "failed":
                states[state.name] = state.model_copy(update={"state": "waiting", "detail": None})

    # --- the work ------------------------------------------------------------------------------------------------

    def _work_on(self, course: str) -> None:
        with contextlib.suppress(RuntimeError):  # stopping: it is taken up at the next start
            self._worker.submit(self._bring_in, course).add_done_callback(_log_failure)

    def _bring_in(self, course: str) -> None:
        """Bring the next batch of files into ``course``."""
        with self._lock:
            batch, states = self._next_batch(course)
            title = _read(self._folder / course / _TITLE)
            self._tidy(course)
        sources: dict[str, Source] = {}
        for waiting in batch:
            name = waiting.path.name
            self._move(states[name], state="reading")
            try:
                sources[name] = readers.read(waiting.path, check_name(name), max_bytes=self._most_bytes)
            except TutorError as error:
                said = str(error).replace(str(waiting.path), name)
                self._end(waiting, states[name], InputError(said, error.key, **error.values))
            except Exception:
                log.exception("reading %s failed", waiting.path)
                self._end(waiting, states[name], TutorError(_UNKNOWN, "file-unknown"))
        read = [waiting for waiting in batch if waiting.path.name in sources]
        if read:
            self._add_read(course, title, read, sources, states)
        with self._lock:
            self._tidy(course)
            more, _ = self._next_batch(course)
        if more:
            self._work_on(course)

    def _add_read(
        self,
        course: str,
        title: str | None,
        read: Sequence[_Waiting],
        sources: dict[str, Source],
        states: dict[str, MaterialFile],
    ) -> None:
        def progress(done: int, total: int) -> None:
            if self._closing or course in self._leaving:
                raise Stopped(_STOPPED, "file-stopped")
            for name in sources:
                self._move(states[name], state="embedding", done=done, total=total)

        try:
            progress(0, 0)
            report = self._add(course, list(sources.values()), title, progress)
        except (Stopped, NotReady) as error:
            again = error if isinstance(error, Stopped) else NotReady(f"{error} {_AGAIN}", "file-kept")
            for name in sources:
                self._fail(states[name], again)
            return
        except Exception as error:
            if not isinstance(error, TutorError):
                log.exception("adding to %s failed", course)
            for waiting in read:
                failure = error if isinstance(error, TutorError) else TutorError(_UNKNOWN, "file-unknown")
                self._end(waiting, states[waiting.path.name], failure)
            return
        for waiting in read:
            name = waiting.path.name
            change = "added" if name in report.added else "changed" if name in report.changed else "unchanged"
            self._end(waiting, states[name].model_copy(update={"change": change}))

    def _next_batch(self, course: str) -> tuple[list[_Waiting], dict[str, MaterialFile]]:
        """Return the files that are brought in next, and how they stand."""
        states = {name: one for name, one in self._states.get(course, {}).items() if one.state == "waiting"}
        batch: list[_Waiting] = []
        for waiting in self._waiting(course):
            small = sum(one.size for one in batch) + waiting.size <= _BATCH
            if waiting.path.name in states and (small or not batch):
                batch.append(waiting)
        return batch, states

    def _move(self, state: MaterialFile, /, **change: object) -> None:
        """Note how a file stands now, unless another one of its name has come meanwhile."""
        with self._lock:
            states = self._states.get(state.course, {})
            if (held := states.get(state.name)) and held.id == state.id:
                states[state.name] = state.model_copy(update=change)

    def _end(self, waiting: _Waiting, state: MaterialFile, failure: TutorError | None = None) -> None:
        """Delete a file that is in its course or cannot be, unless another one has taken its place; note its end."""
        with self._lock, contextlib.suppress(OSError):
            if _Waiting.at(waiting.path) == waiting:
                waiting.path.unlink()
        if failure:
            self._fail(state, failure)
        else:
            self._move(state, state="done")

    def _fail(self, state: MaterialFile, failure: TutorError) -> None:
        self._move(state, state="failed", detail=str(failure), key=failure.key, values=failure.values)

    def _tidy(self, course: str) -> None:
        """Delete the folder of a course for which nothing waits."""
        if not self._waiting(course):
            shutil.rmtree(self._folder / course, ignore_errors=True)


def _log_failure(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()):
        log.error("the work on material broke off", exc_info=error)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _write(path: Path, text: str) -> None:
    """Write a small file whole, or not at all."""
    beside = path.with_name(f"{path.name}-")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def _sync_folder(folder: Path) -> None:
    """Make sure that a file's new name outlives a loss of power, where the system can say so of a folder."""
    if os.name != "posix":
        return
    for one in (folder, folder.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
