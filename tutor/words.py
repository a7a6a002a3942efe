"""Words: the one analysis of text that the lexical index, the scoring of evidence and follow-ups share."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from threading import local

import snowballstemmer

YEAR = r"(?:1\d{3}|20\d{2})"  # four digits that are more likely a year than anything else
UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # controls, and halves of characters
DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # marks that turn the text around them
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip

# Words that say how a question is put, not what it is about. Words that carry the kind of answer wanted
# ("when", "many") are read from the question itself where that matters.
STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being between both but by can could did do
    does doing done during each either else ever every few for from further had has have having he her here hers him
    his how i if in into is it its itself just me mean more most much my no nor not of off on once one only or other our
    out over own please same shall she should so some such tell than that the their theirs them then there these they
    this those through to too under until up upon us very was we were what when where whether which while who whom
    whose why will with would you your yours many s t don doesn didn isn wasn aren weren ll ve re d m
    give explain describe say said says does exactly actually really""".split()  # noqa: SIM905
)

_local = local()


def one_line(text: str) -> str:
    """Return what somebody typed as a name: NFC, on one line, without controls and direction marks."""
    return " ".join(unicodedata.normalize("NFC", UNSHOWABLE.sub(" ", DIRECTION.sub("", text))).split())


def words(text: str) -> list[str]:
    """Return the words and numbers of ``text``, lower-cased, without accents; runs of CJK as overlapping pairs."""
    found = []
    plain = unicodedata.normalize("NFKD", text).casefold()  # first, since a letter such as 𝕬 has no small form
    folded = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    for word in _WORD.findall(unicodedata.normalize("NFC", folded).replace("’", "'")):
        if _CJK.match(word):
            word = word.replace("'", "")
            found.extend([word[i : i + 2] for i in range(len(word) - 1)] or [word])
        elif word[0].isdigit():
            found.append(word.replace(",", ""))
        else:
            found.append(word.removesuffix("'s").replace("'", ""))
    return found


def stems(text: str, language: str) -> list[str]:
    """Return the stems of all words of ``text`` (Snowball; as they are where the language has no stemmer)."""
    return [stem(word, language) for word in words(text)]


def content_stems(text: str, language: str) -> list[str]:
    """Return the distinct stems of ``text`` in order, stop words left out (English ones; other languages keep all)."""
    kept = [word for word in words(text) if language.split("-")[0] != "en" or word not in STOP_WORDS]
    return list(dict.fromkeys(stem(word, language) for word in kept))


@lru_cache(maxsize=100_000)
def stem(word: str, language: str) -> str:
    """Return the stem of one lower-cased word."""
    name = _STEMMERS.get(language.split("-")[0])
    if name is None:
        return word
    # A stemmer keeps its word in itself, so each thread has its own.
    stemmers = _local.__dict__.setdefault("stemmers", {})
    if name not in stemmers:
        stemmers[name] = snowballstemmer.stemmer(name)
    return str(stemmers[name].stemWord(word))
