"""What is loaded once and shared by everyone who asks: the models, the store, the indexes that are open."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from threading import RLock

from tutor.settings import Settings
from tutor.types import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:  # these import Chroma and torch: seconds that only asking and ingesting need
    from tutor.embedder import Embedder
    from tutor.grounder import Grounder
    from tutor.index import CourseIndex, Store


class Loaded:
    """Models and store of one installation, each loaded on first use. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loading = RLock()
        self._indexes: dict[str, CourseIndex] = {}
        self.ready = False  # the models are warm and the bundled course is there
        self.trouble = ""  # why it never will be
        self.listeners: list[Callable[[Answer], None]] = []  # told of each answer, by whatever surface it was asked

    def close(self) -> None:
        """Give the store back."""
        if store := self.__dict__.get("store"):
            store.close()

    @cached_property
    def embedder(self) -> Embedder:
        """The embedding model (seconds)."""
        from tutor.embedder import load_embedder

        with self._loading:
            held: Embedder | None = self.__dict__.get("embedder")  # loaded by another thread in the meantime
            return held or load_embedder(self._settings.embedder, self._settings.cache)

    @cached_property
    def grounder(self) -> Grounder:
        """The grounding model."""
        from tutor.embedder import unpack_builtin_model
        from tutor.grounder import load_grounder

        with self._loading:
            held: Grounder | None = self.__dict__.get("grounder")
            return held or load_grounder(unpack_builtin_model(self._settings.cache) / "tokenizer.json")

    @cached_property
    def store(self) -> Store:
        """The store of indexes; raises `NotReady` while another process holds it."""
        from tutor.index import Store

        with self._loading:
            held: Store | None = self.__dict__.get("store")
            return held or Store(self._settings.home / "indexes", self._settings.chroma_url)

    def index(self, course: str, name: str, language: str) -> CourseIndex:
        """Return the index of ``course`` that is called ``name``, opened once."""
        with self._loading:
            held = self._indexes.get(course)
            if held is None or held.name != name:
                held = self._indexes[course] = self.store.open(name, self.embedder, language)
            return held

    def forget_index(self, course: str) -> None:
        """Open the index of ``course`` anew when it is next asked for."""
        self._indexes.pop(course, None)
