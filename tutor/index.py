"""The index of a course: passages as vectors in Chroma, and as words, sentences and their vectors in SQLite.

Each version of a course has an index of its own, named ``course.vN``: a Chroma collection and a file. It is built
beside the live one and never changed afterwards; the records say which one is live. What the records do not name is
left over from a crash and is dropped. Quotes never come from here: they are cut from the stored text.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from filelock import FileLock, Timeout
from langchain_chroma import Chroma

from tutor.embedder import Embedder
from tutor.errors import Conflict, NotReady
from tutor.passages import header, question
from tutor.types import Passage, Sentence
from tutor.words import content_stems, stems, words

Progress = Callable[[int, int], None]
Vector = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

# The distance must be named (the default is l2); ef_search 200 finds .986 of the true ten nearest of 100,000 at the
# cost of 100, which finds .948.
_CONFIGURATION: Any = {"hnsw": {"space": "cosine", "ef_search": 200}}
_SCHEMA = """
CREATE TABLE passages (id INTEGER PRIMARY KEY, key TEXT, source TEXT, version TEXT, title TEXT, section TEXT,
                       start INTEGER, "end" INTEGER);
CREATE TABLE sentences (id INTEGER PRIMARY KEY, passage INTEGER REFERENCES passages(id), key TEXT, start INTEGER,
                        "end" INTEGER, kind TEXT, question TEXT, page INTEGER, text TEXT, vector BLOB);
CREATE INDEX sentences_of_passage ON sentences (passage);
CREATE VIRTUAL TABLE lexical USING fts5 (stems, content='', tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (lexical, row);
"""
_BATCH = 32


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Turn what Chroma, SQLite and the disk say of what they cannot do into one line; "not found" passes through."""
    try:
        yield
    except chromadb.errors.NotFoundError:
        raise
    except (chromadb.errors.ChromaError, sqlite3.Error, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
        raise NotReady(
            f"The index cannot be read or written: {reason}. Nothing was changed; free space and try again.", "records"
        ) from error


@dataclass(frozen=True)
class Stamp:
    """What made the vectors of an index; with another embedder they mean nothing."""

    embedder: str
    revision: str
    dimension: int

    @classmethod
    def of(cls, embedder: Embedder) -> Stamp:
        """Return the stamp of what ``embedder`` makes."""
        return cls(embedder.name, embedder.revision, embedder.dimension)


@dataclass(frozen=True)
class IndexedSentence:
    """A sentence with its text and unit vector, as the index holds it."""

    id: int
    sentence: Sentence
    text: str
    vector: Vector


class Store:
    """Owns the folder of indexes; one process at a time does, held by a lock file."""

    def __init__(self, folder: Path, chroma_url: str = "") -> None:
        """Open the store; raises `NotReady` when another process owns it or the disk refuses."""
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / "lock", thread_local=False)  # another thread may close it
            self._lock.acquire(timeout=0)
        except Timeout:
            raise NotReady(
                f"Another tutor is using {folder.parent}. Ask there, stop it first, or set TUTOR_HOME elsewhere."
            ) from None
        except OSError as error:
            raise NotReady(
                f"{folder} cannot be written: {error.strerror or error}. Free space or set TUTOR_HOME."
            ) from error
        try:
            with _plainly():
                self._client = _client(folder, chroma_url)
        except NotReady:
            self._lock.release()
            raise

    def close(self) -> None:
        """Give the folder back."""
        self._client.close()  # type: ignore[attr-defined]  # every client has it, its interface does not say so
        self._lock.release()

    def names(self) -> set[str]:
        """Return the names of all indexes, whole or left over."""
        with _plainly():
            files = {path.name.removesuffix(".db") for path in self.folder.glob("*.v*.db")}
            return files | {held.name for held in self._client.list_collections() if ".v" in held.name}

    def drop(self, name: str) -> None:
        """Delete an index, whole or left over."""
        with _plainly():
            with contextlib.suppress(chromadb.errors.NotFoundError):
                self._client.delete_collection(name)
            for ending in ("", "-wal", "-shm", "-journal"):
                self._file(name).with_name(f"{name}.db{ending}").unlink(missing_ok=True)
            self._drop_segments()

    def open(self, name: str, embedder: Embedder, language: str) -> CourseIndex:
        """Return the index called ``name``.

        Raises `Conflict` when it is not whole or another embedder made it: the course must be ingested again.
        """
        missing = f"The index {name} is missing or damaged. Ingest the course again to rebuild it."
        try:
            with _plainly():
                collection = self._client.get_collection(name, embedding_function=None)
        except chromadb.errors.NotFoundError:
            raise Conflict(missing) from None
        made = {key: (collection.metadata or {}).get(key) for key in ("embedder", "revision", "dimension")}
        wanted = vars(Stamp.of(embedder))
        if made != wanted:
            raise Conflict(
                f"The index {name} was made by {made['embedder']} ({made['revision']}), but {wanted['embedder']} "
                f"({wanted['revision']}) is set. Ingest the course again, or set TUTOR_EMBEDDER back."
            )
        try:
            return CourseIndex(name, self._client, self._file(name), embedder, language)
        except sqlite3.Error:
            raise Conflict(missing) from None

    @_plainly()
    def build(
        self,
        name: str,
        passages: Sequence[Passage],
        texts: dict[str, str],
        embedder: Embedder,
        language: str,
        previous: CourseIndex | None = None,
        progress: Progress = lambda done, total: None,
    ) -> int:
        """Build the index ``name`` of ``passages`` and return how many texts had to be embedded.

        ``texts`` maps a source version to its text. Vectors of texts that ``previous`` already holds are taken over.
        ``progress`` is told (done, total) as texts are embedded.
        """
        self.drop(name)
        headers = [header(passage, embedder.count_tokens) for passage in passages]
        bodies = [texts[p.version][p.start : p.end] for p in passages]
        passage_texts = [f"{head}\n{body}" for head, body in zip(headers, bodies, strict=True)]
        sentence_texts = [
            [f"{question(s, embedder.count_tokens)} {texts[p.version][s.start : s.end]}".strip() for s in p.sentences]
            for p in passages
        ]
        known = previous.vectors() if previous else {}
        wanted = {_key(t): t for t in [*passage_texts, *(text for group in sentence_texts for text in group)]}
        missing = {key: text for key, text in wanted.items() if key not in known}
        vectors = known | _embed(missing, embedder, progress)

        collection = self._client.create_collection(
            name, embedding_function=None, configuration=_CONFIGURATION, metadata=vars(Stamp.of(embedder))
        )
        size = min(1000, self._client.get_max_batch_size())
        for at in range(0, len(passages), size):
            collection.add(
                ids=[str(i) for i in range(at, min(at + size, len(passages)))],
                embeddings=np.stack([vectors[_key(text)] for text in passage_texts[at : at + size]]),
                documents=bodies[at : at + size],
            )
        with contextlib.closing(sqlite3.connect(self._file(name))) as db, db:
            db.executescript(_SCHEMA)
            for i, passage in enumerate(passages):
                section = json.dumps(passage.section, ensure_ascii=False)
                db.execute(
                    "INSERT INTO passages VALUES (?,?,?,?,?,?,?,?)",
                    (i, _key(passage_texts[i]), passage.source, passage.version, passage.title, section,
                     passage.start, passage.end),
                )  # fmt: skip
                lexical = " ".join(stems(f"{headers[i]} {bodies[i]}", language))
                db.execute("INSERT INTO lexical (rowid, stems) VALUES (?,?)", (i, lexical))
                for sentence, text in zip(passage.sentences, sentence_texts[i], strict=True):
                    key = _key(text)
                    quote = texts[passage.version][sentence.start : sentence.end]
                    db.execute(
                        'INSERT INTO sentences (passage, key, start, "end", kind, question, page, text, vector) '
                        "VALUES (?,?,?,?,?,?,?,?,?)",
                        (i, key, sentence.start, sentence.end, sentence.kind, sentence.question, sentence.page, quote,
                         vectors[key].tobytes()),
                    )  # fmt: skip
        return len(missing)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.db"

    def _drop_segments(self) -> None:
        """Delete the vectors of dropped collections, which Chroma leaves on disk."""
        database = self.folder / "chroma" / "chroma.sqlite3"
        if not database.exists():
            return  # a server keeps its own files
        with _read_only(database) as db:
            held = {row[0] for row in db.execute("SELECT id FROM segments")}
        for path in database.parent.iterdir():
            if path.is_dir() and path.name not in held:
                shutil.rmtree(path)


class CourseIndex:
    """One version of one course, open for questions. Thread-safe: every read opens its own connection.

    Reading raises `Conflict` when the index has been replaced meanwhile, and `NotReady` when the disk refuses.
    """

    def __init__(self, name: str, client: ClientAPI, file: Path, embedder: Embedder, language: str) -> None:
        self.name = name
        self.language = language
        self.embedder = embedder
        self._file = file
        self._collection = client.get_collection(name, embedding_function=None)
        self._dense = Chroma(collection_name=name, client=client, create_collection_if_not_exists=False)
        with _read_only(file) as db:
            self.passage_count = int(db.execute("SELECT count(*) FROM passages").fetchone()[0])

    def dense(self, vector: Sequence[float], k: int) -> list[int]:
        """Return the ids of the ``k`` passages nearest to ``vector``, nearest first."""
        with self._reading():
            found = self._dense.similarity_search_by_vector(list(vector), k=min(k, self.passage_count))
        return [int(document.id or 0) for document in found]

    def lexical(self, query: str, k: int) -> list[int]:
        """Return the ids of the ``k`` passages that share most words with ``query`` (BM25), best first."""
        terms = content_stems(query, self.language)
        if not terms:
            return []
        match = " OR ".join(f'"{term}"' for term in terms)
        with self._connect() as db:
            rows = db.execute(
                "SELECT rowid FROM lexical WHERE lexical MATCH ? ORDER BY rank, rowid LIMIT ?", (match, k)
            )
            return [row[0] for row in rows]

    def passages(self, ids: Sequence[int]) -> list[tuple[Passage, list[IndexedSentence]]]:
        """Return passages with their sentences, in the order of ``ids``."""
        marks = ",".join("?" * len(ids))
        with self._connect() as db:
            heads = {
                row[0]: row
                for row in db.execute(
                    f'SELECT id, source, version, title, section, start, "end" FROM passages WHERE id IN ({marks})', ids
                )
            }
            rows = db.execute(
                'SELECT passage, id, start, "end", kind, question, page, text, vector FROM sentences '
                f"WHERE passage IN ({marks}) ORDER BY id",
                ids,
            ).fetchall()
        found = []
        for i in ids:
            _, source, version, title, section, start, end = heads[i]
            path = tuple(json.loads(section))
            held = [
                IndexedSentence(
                    row[1],
                    Sentence(row[2], row[3], row[4], path, row[5], row[6]),
                    row[7],
                    np.frombuffer(row[8], dtype=np.float32),
                )
                for row in rows
                if row[0] == i
            ]
            passage = Passage(source, version, title, start, end, path, tuple(s.sentence for s in held))
            found.append((passage, held))
        return found

    def frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return in how many passages (headings included) each stem occurs; absent ones count 0."""
        wanted = list(terms)
        with self._connect() as db:
            marks = ",".join("?" * len(wanted))
            rows = dict(db.execute(f"SELECT term, doc FROM vocabulary WHERE term IN ({marks})", wanted).fetchall())
        return {term: int(rows.get(term, 0)) for term in wanted}

    @cached_property
    def words(self) -> Counter[str]:
        """How often each word occurs in the sentences and headings of the course; read once."""
        found: Counter[str] = Counter()
        with self._connect() as db:
            for (text,) in db.execute("SELECT text FROM sentences"):
                found.update(words(text))
            for title, section in db.execute("SELECT DISTINCT title, section FROM passages"):
                found.update(words(" ".join([title, *json.loads(section)])))
        return found

    def vectors(self) -> dict[str, Vector]:
        """Return every vector by the hash of the text that it was made of."""
        with self._connect() as db:
            keys = dict(db.execute("SELECT id, key FROM passages").fetchall())
            known = {
                key: np.frombuffer(v, dtype=np.float32) for key, v in db.execute("SELECT key, vector FROM sentences")
            }
        with self._reading():
            held = self._collection.get(include=["embeddings"])
        for i, vector in zip(held["ids"], held["embeddings"] if held["embeddings"] is not None else [], strict=True):
            known[keys[int(i)]] = np.asarray(vector, dtype=np.float32)
        return known

    @contextlib.contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with self._reading(), _read_only(self._file) as db:
            yield db

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        replaced = f"The index {self.name} has been replaced. Ask again."
        try:
            with _plainly():
                yield
        except chromadb.errors.NotFoundError:
            raise Conflict(replaced) from None
        except NotReady:
            if not self._file.exists():
                raise Conflict(replaced) from None
            raise


def _read_only(file: Path) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True))


def _client(folder: Path, url: str) -> ClientAPI:
    settings = Settings(anonymized_telemetry=False)
    if not url:
        try:
            return chromadb.PersistentClient(str(folder / "chroma"), settings=settings)
        except chromadb.errors.ChromaError:
            SharedSystemClient.clear_system_cache()  # else the next try gets the one that failed
            raise
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    tls = parts.scheme == "https"
    try:
        port = parts.port or (443 if tls else 8000)
        return chromadb.HttpClient(parts.hostname or "localhost", port, ssl=tls, settings=settings)
    except ValueError as error:
        raise NotReady(
            f"The Chroma server {url} does not answer: {error}. Start it or unset TUTOR_CHROMA_URL."
        ) from error


def _embed(texts: dict[str, str], embedder: Embedder, progress: Progress) -> dict[str, Vector]:
    vectors: dict[str, Vector] = {}
    ordered = sorted(texts.items(), key=lambda item: len(item[1]))  # neighbours of one length pad least
    for at in range(0, len(ordered), _BATCH):
        batch = ordered[at : at + _BATCH]
        made = embedder.documents([text for _, text in batch])
        for (key, _), vector in zip(batch, made, strict=True):
            vectors[key] = np.asarray(vector, dtype=np.float32)
        progress(min(at + _BATCH, len(ordered)), len(ordered))
    return vectors


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
