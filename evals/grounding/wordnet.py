"""Words that may stand for another in a question, and words that change what is asked, from WordNet.

Questions of the training sets mostly use the words of the sentence that answers them. Rewording them with words of
the same meaning teaches the grounder to look past the words; an opposite or a sibling ("barley" for "wheat") makes a
question that the sentence does not answer. Only words are used that mostly have one sense: senses are not told apart.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Container
from functools import lru_cache
from pathlib import Path
from typing import Any

from nltk.corpus.reader.wordnet import WordNetCorpusReader

MOSTLY = 0.6  # of the uses counted have the commonest sense, or the word is left alone
_ENDINGS = (
    *(("ies", "y"), ("es", "e"), ("es", ""), ("s", "")),
    *(("ied", "y"), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")),
)


class _Reader(WordNetCorpusReader):  # type: ignore[misc]
    """Debian's package leaves out the names of the lexicographers' files, which nothing here asks for."""

    def open(self, file: str) -> Any:
        """Return a file of the folder, open."""
        if file == "lexnames":
            return io.StringIO("".join(f"{i:02d}\tfile{i}\t1\n" for i in range(45)))
        return super().open(file)

    def map_wn(self, version: str = "wordnet") -> None:
        """Map nothing: other versions and languages are not asked for."""


class WordNet:
    """Same and opposite words; only words in ``known`` are given, since rare synonyms teach nothing."""

    def __init__(self, known: Container[str], folder: Path) -> None:
        with warnings.catch_warnings(action="ignore"):  # it says that other languages are missing
            self.reader: Any = _Reader(str(folder), None)
        self.known = known
        self.same = lru_cache(maxsize=None)(self._same)
        self.other = lru_cache(maxsize=None)(self._other)

    def _same(self, word: str) -> tuple[str, ...]:
        """Return words that mean what ``word`` does, or what it is a kind of, in the same form."""
        sense, base = self._sense(word)
        if not sense:
            return ()
        kinds = sense.hypernyms() if sense.min_depth() > 4 else []
        return self._words(word, base, [*sense.lemmas(), *(lemma for kind in kinds for lemma in kind.lemmas())])

    def _other(self, word: str) -> tuple[str, ...]:
        """Return opposites of ``word``, or where it has none, words for other things of its kind, in the same form."""
        sense, base = self._sense(word)
        if not sense:
            return ()
        opposite = [a for lemma in sense.lemmas() for a in lemma.antonyms()]
        opposite += [lemma for like in sense.similar_tos() for head in like.lemmas() for lemma in head.antonyms()]
        if opposite:
            return self._words(word, base, opposite)
        kinds = sense.hypernyms() if sense.min_depth() > 5 else []
        siblings = [s for kind in kinds for s in kind.hyponyms() if s != sense]
        same = {lemma.name() for kind in (sense, *kinds) for lemma in kind.lemmas()}
        return self._words(word, base, [s.lemmas()[0] for s in siblings if s.lemmas()[0].name() not in same])

    def _sense(self, word: str) -> tuple[Any, str]:
        """Return the sense that ``word`` mostly has, whatever its part of speech, and the base form it was found by."""
        counted = {
            (sense, base): next(lemma.count() for lemma in sense.lemmas() if lemma.name().lower() == base)
            for pos in "nvar"
            if (base := self.reader.morphy(word, pos))
            for sense in self.reader.synsets(base, pos)
            if any(lemma.name().lower() == base for lemma in sense.lemmas())
        }
        best = max(counted, key=counted.__getitem__, default=(None, ""))
        return best if counted and counted[best] >= MOSTLY * sum(counted.values()) else (None, "")

    def _words(self, word: str, base: str, lemmas: list[Any]) -> tuple[str, ...]:
        made = (inflected(lemma.name(), word, base) for lemma in lemmas)
        return tuple(dict.fromkeys(m for m in made if m and m not in (word, base) and m in self.known))


def inflected(lemma: str, word: str, base: str) -> str:
    """Return ``lemma`` in the form that ``word`` is of ``base``; "" where that form is not regular."""
    if word == base:
        return lemma
    ending = next((e for e, cut in _ENDINGS if word.endswith(e) and word[: -len(e)] + cut == base), "")
    if ending.endswith("s"):
        return _added(lemma, "s")
    if ending in ("ed", "ied"):
        return _added(lemma, "ed")
    return _added(lemma, "ing") if ending == "ing" else ""


def _added(lemma: str, ending: str) -> str:
    if ending == "s":
        if re.search(r"(?:s|x|z|ch|sh)$", lemma):
            return lemma + "es"
        return lemma[:-1] + "ies" if re.search(r"[^aeiou]y$", lemma) else lemma + "s"
    if lemma.endswith("e"):
        return lemma[:-1] + ending
    if ending == "ed" and re.search(r"[^aeiou]y$", lemma):
        return lemma[:-1] + "ied"
    return lemma + ending
