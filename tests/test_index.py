"""The index: what was put in is found again, whole indexes only, and one owner of the folder."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import fake_embedder
from hypothesis import given
from hypothesis import strategies as st

from tutor.embedder import Embedder
from tutor.errors import Conflict, NotReady
from tutor.index import CourseIndex, Stamp, Store
from tutor.passages import gather_passages, header, split_sentences
from tutor.readers import read_markdown
from tutor.types import Passage, Source

LESSON = """# The Leap

The plan was announced in 1958. It failed within two years.

## Sparrows

Sparrows were hunted because they ate grain. Insects then spread.

## Questions

### Who led it?

Mao Zedong led it, "the chairman".
"""
EMBEDDER = fake_embedder()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "indexes")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CourseIndex]:
    """An index of the lesson, for tests that only read."""
    opened = Store(tmp_path_factory.mktemp("lesson"))
    build(opened, "lesson.v1")
    yield opened.open("lesson.v1", EMBEDDER, "en")
    opened.close()


def passages_of(source: Source) -> tuple[Passage, ...]:
    sentences = split_sentences(source, "en", EMBEDDER.count_tokens, 100)
    return gather_passages(source, sentences, EMBEDDER.count_tokens, 100)


def build(
    store: Store,
    name: str,
    text: str = LESSON,
    previous: CourseIndex | None = None,
    embedder: Embedder = EMBEDDER,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    source = read_markdown("lesson.md", text, None)
    texts = {source.version: source.text}
    return store.build(name, passages_of(source), texts, embedder, "en", previous, progress)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


# --- reading ---------------------------------------------------------------------------------------------------------


def test_passages_and_sentences_come_back_as_they_were_put_in(lesson: CourseIndex) -> None:
    source = read_markdown("lesson.md", LESSON, None)
    held = lesson.passages(range(lesson.passage_count))
    assert tuple(passage for passage, _ in held) == passages_of(source)
    for _, sentences in held:
        assert all(s.text == source.text[s.sentence.start : s.sentence.end] for s in sentences)


def test_passages_come_in_the_order_that_was_asked_for(lesson: CourseIndex) -> None:
    forwards, backwards = lesson.passages([0, 1, 2]), lesson.passages([2, 1, 0])
    assert [passage for passage, _ in forwards] == [passage for passage, _ in reversed(backwards)]


def test_the_vector_of_a_sentence_is_that_of_its_text_with_its_question(lesson: CourseIndex) -> None:
    _, (answer,) = lesson.passages([2])[0]
    (expected,) = EMBEDDER.documents([f"Who led it? {answer.text}"])
    assert answer.vector == pytest.approx(np.array(expected, dtype=np.float32))


def test_the_nearest_passage_comes_first(lesson: CourseIndex) -> None:
    source = read_markdown("lesson.md", LESSON, None)
    for number, passage in enumerate(passages_of(source)):
        text = f"{header(passage, EMBEDDER.count_tokens)}\n{source.text[passage.start : passage.end]}"
        (vector,) = EMBEDDER.documents([text])
        assert lesson.dense(vector, 2)[0] == number


def test_no_more_passages_are_found_than_there_are(lesson: CourseIndex) -> None:
    assert sorted(lesson.dense(EMBEDDER.query("anything"), 1_000)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Why were sparrows hunted?", [1]),
        ("hunting a sparrow", [1]),
        ("SPARROWS", [1]),
        ("What happened in 1958?", [0]),
        ("the chairman", [2]),
        ("Who led it?", [2]),
        ("a zebra", []),
        ("What about it?", []),
        ("", []),
    ],
)
def test_words_are_found_in_any_form_and_stop_words_are_not_looked_for(
    lesson: CourseIndex, query: str, found: list[int]
) -> None:
    assert lesson.lexical(query, 5) == found


def test_the_passage_that_shares_most_words_comes_first(lesson: CourseIndex) -> None:
    assert lesson.lexical("Which insects spread when sparrows were hunted, and who led the plan?", 5)[0] == 1
    assert len(lesson.lexical("insects plan chairman", 1)) == 1


@given(st.text() | st.lists(st.sampled_from(['"', "AND", "NOT", "*", "(", "NEAR(", "leap", "-", ":"])).map(" ".join))
def test_no_query_is_a_syntax_error(lesson: CourseIndex, query: str) -> None:
    assert set(lesson.lexical(query, 5)) <= {0, 1, 2}


def test_frequencies_count_the_passages_that_hold_a_stem(lesson: CourseIndex) -> None:
    assert lesson.frequencies(["leap", "sparrow", "zebra"]) == {"leap": 3, "sparrow": 1, "zebra": 0}
    assert lesson.frequencies([]) == {}


# --- the collection --------------------------------------------------------------------------------------------------


def test_the_collection_is_cosine_and_stamped_with_its_embedder(store: Store) -> None:
    build(store, "lesson.v1")
    collection = store._client.get_collection("lesson.v1", embedding_function=None)
    assert collection.configuration_json["hnsw"]["space"] == "cosine"
    assert collection.configuration_json["hnsw"]["ef_search"] == 200
    assert collection.metadata == {"embedder": "fake", "revision": "1", "dimension": 8}
    assert collection.count() == 3


def test_chroma_sends_no_telemetry(store: Store) -> None:
    assert store._client.get_settings().anonymized_telemetry is False


@pytest.mark.parametrize("other", [fake_embedder(name="other"), fake_embedder(revision="2")])
def test_an_index_of_another_embedder_is_not_opened(store: Store, other: Embedder) -> None:
    build(store, "lesson.v1")
    with pytest.raises(Conflict, match=rf"made by fake \(1\), but {other.name} \({other.revision}\) is set"):
        store.open("lesson.v1", other, "en")


def test_a_stamp_holds_name_revision_and_dimension() -> None:
    assert Stamp.of(EMBEDDER) == Stamp("fake", "1", 8)


# --- building --------------------------------------------------------------------------------------------------------


def test_every_sentence_and_passage_is_embedded_once(store: Store) -> None:
    assert build(store, "lesson.v1") == 3 + 5


def test_a_new_version_takes_over_the_vectors_of_the_old_one(store: Store) -> None:
    build(store, "lesson.v1")
    old = store.open("lesson.v1", EMBEDDER, "en")
    assert build(store, "lesson.v2", previous=old) == 0
    new = store.open("lesson.v2", EMBEDDER, "en")
    assert {key: vector.tolist() for key, vector in new.vectors().items()} == {
        key: pytest.approx(vector.tolist()) for key, vector in old.vectors().items()
    }


def test_a_changed_sentence_costs_itself_and_its_passage(store: Store) -> None:
    build(store, "lesson.v1")
    old = store.open("lesson.v1", EMBEDDER, "en")
    assert build(store, "lesson.v2", LESSON.replace("two years", "three years"), old) == 2


def test_building_tells_its_progress(store: Store) -> None:
    told: list[tuple[int, int]] = []
    text = "# T\n\n" + "\n\n".join(f"Sentence number {n} of them." for n in range(60))
    total = build(store, "lesson.v1", text, progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == [*range(32, total, 32), total]
    assert {whole for _, whole in told} == {total}


def test_building_replaces_what_a_crash_left_under_the_name(store: Store) -> None:
    build(store, "lesson.v1", "# Old\n\nLeft over.\n")
    build(store, "lesson.v1")
    assert store.open("lesson.v1", EMBEDDER, "en").lexical("left over", 5) == []


def test_old_and_new_versions_stand_beside_each_other(store: Store) -> None:
    build(store, "lesson.v1")
    build(store, "lesson.v2", "# New\n\nA zebra.\n")
    assert store.names() == {"lesson.v1", "lesson.v2"}
    assert store.open("lesson.v1", EMBEDDER, "en").lexical("sparrows", 5) == [1]
    assert store.open("lesson.v2", EMBEDDER, "en").lexical("zebra", 5) == [0]


def test_dropping_an_index_leaves_nothing_of_it(store: Store) -> None:
    before = files(store.folder)
    build(store, "lesson.v1")
    assert files(store.folder) > before
    store.drop("lesson.v1")
    assert files(store.folder) == before
    assert store.names() == set()


def test_dropping_one_index_leaves_the_other_whole(store: Store) -> None:
    build(store, "lesson.v1")
    build(store, "other.v1")
    store.drop("other.v1")
    index = store.open("lesson.v1", EMBEDDER, "en")
    assert (len(index.dense(EMBEDDER.query("Why?"), 5)), index.lexical("sparrows", 5)) == (3, [1])


def test_half_an_index_is_listed_not_opened_and_can_be_dropped(store: Store) -> None:
    build(store, "no-file.v1")
    store._file("no-file.v1").unlink()
    build(store, "no-vectors.v1")
    store._client.delete_collection("no-vectors.v1")
    build(store, "broken.v1")
    store._file("broken.v1").write_bytes(b"not a database" * 100)
    halves = {"no-file.v1", "no-vectors.v1", "broken.v1"}
    assert store.names() == halves
    for half in sorted(halves):
        with pytest.raises(Conflict, match=f"The index {half} is missing or damaged. Ingest the course again"):
            store.open(half, EMBEDDER, "en")
        store.drop(half)
    assert store.names() == set()


@pytest.mark.parametrize(
    "read",
    [
        lambda index: index.dense(EMBEDDER.query("Why?"), 5),
        lambda index: index.lexical("sparrows", 5),
        lambda index: index.passages([0]),
        lambda index: index.frequencies(["leap"]),
        lambda index: index.vectors(),
    ],
    ids=["dense", "lexical", "passages", "frequencies", "vectors"],
)
def test_reading_an_index_that_was_replaced_meanwhile_says_so(
    store: Store, read: Callable[[CourseIndex], object]
) -> None:
    build(store, "lesson.v1")
    index = store.open("lesson.v1", EMBEDDER, "en")
    store.drop("lesson.v1")
    with pytest.raises(Conflict, match=r"The index lesson\.v1 has been replaced\. Ask again\."):
        read(index)


def test_an_index_that_breaks_while_it_is_open_gives_one_line(store: Store) -> None:
    build(store, "lesson.v1")
    index = store.open("lesson.v1", EMBEDDER, "en")
    store._file("lesson.v1").write_bytes(b"not a database" * 100)
    with pytest.raises(NotReady, match="The index cannot be read or written: file is not a database"):
        index.lexical("sparrows", 5)


# --- the folder ------------------------------------------------------------------------------------------------------


def test_a_second_store_on_the_folder_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    first = Store(tmp_path / "indexes")
    with pytest.raises(NotReady, match=r"Another tutor is using .*stop it first") as caught:
        Store(tmp_path / "indexes")
    assert "\n" not in str(caught.value)
    first.close()
    Store(tmp_path / "indexes").close()


def test_an_index_outlives_its_store(tmp_path: Path) -> None:
    first = Store(tmp_path / "indexes")
    build(first, "lesson.v1")
    first.close()
    second = Store(tmp_path / "indexes")
    assert len(second.open("lesson.v1", EMBEDDER, "en").dense(EMBEDDER.query("Why?"), 5)) == 3
    second.close()


def test_a_broken_store_gives_one_line_and_is_not_held(tmp_path: Path) -> None:
    folder = tmp_path / "indexes"
    Store(folder).close()
    (folder / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 1_000)
    with pytest.raises(NotReady, match="The index cannot be read or written") as caught:
        Store(folder)
    assert "\n" not in str(caught.value)
    shutil.rmtree(folder / "chroma")
    Store(folder).close()


def test_a_folder_that_cannot_be_made_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(NotReady, match=r"file/indexes cannot be written: .*set TUTOR_HOME|Set TUTOR_HOME"):
        Store(tmp_path / "file" / "indexes")


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    opened = Store(tmp_path / "50% #1? é\N{SNOWMAN}")
    build(opened, "lesson.v1")
    assert opened.open("lesson.v1", EMBEDDER, "en").lexical("sparrows", 5) == [1]
    opened.drop("lesson.v1")
    opened.close()


def test_other_files_in_the_folder_are_left_alone(store: Store) -> None:
    (store.folder / "notes.txt").write_text("mine")
    with sqlite3.connect(store.folder / "mine.db"):
        pass
    assert store.names() == set()


def test_a_server_that_does_not_answer_gives_one_line(tmp_path: Path, unused_port: int) -> None:
    with pytest.raises(NotReady, match=rf"127\.0\.0\.1:{unused_port} does not answer: .*TUTOR_CHROMA_URL") as caught:
        Store(tmp_path / "indexes", f"http://127.0.0.1:{unused_port}")
    assert "\n" not in str(caught.value)


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
