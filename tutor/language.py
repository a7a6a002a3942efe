"""Language: which language a student writes in, so that the tutor's own words can be in it.

Questions are short, and a name or a term from the lesson says nothing about who uses it. So the course's language
holds unless the script decides, or the words that a question is asked with agree with a language model's verdict.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING

from tutor.courtesy import courtesy_languages

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# By the first word of a letter's Unicode name. Where several languages share a script, the first is the usual one.
_SCRIPTS = {
    "ARABIC": ("ar", "fa", "ur"), "ARMENIAN": ("hy",), "BENGALI": ("bn",), "CJK": ("zh", "ja"),
    "CYRILLIC": ("ru", "uk", "bg", "sr", "mk", "be", "kk", "mn"), "DEVANAGARI": ("hi", "mr", "ne"),
    "ETHIOPIC": ("am",), "GEORGIAN": ("ka",), "GREEK": ("el",), "GUJARATI": ("gu",), "GURMUKHI": ("pa",),
    "HANGUL": ("ko",), "HEBREW": ("he",), "HIRAGANA": ("ja",), "KANNADA": ("kn",), "KATAKANA": ("ja",),
    "KHMER": ("km",), "LAO": ("lo",), "MALAYALAM": ("ml",), "MYANMAR": ("my",), "SINHALA": ("si",),
    "TAMIL": ("ta",), "TELUGU": ("te",), "THAI": ("th",),
}  # fmt: skip
# How many letters make a word, in scripts that put no spaces between words.
_UNSPACED = {"CJK": 1.5, "HIRAGANA": 1.5, "KATAKANA": 1.5, "THAI": 4, "LAO": 4, "KHMER": 4, "MYANMAR": 4}

# Words that a question is asked with; those that English questions use for something else ("war", "die") are left out.
_ASKING = {
    language: frozenset(words.split())
    for language, words in {
        "en": "what who whom whose when where why which how did does were the about explain describe tell mean means"
        " happened please summarize compare would could should can give is are define",
        "es": "qué que quién quien quiénes quienes cuándo cuando dónde donde cómo como cuál cual cuáles cuales cuánto"
        " cuánta cuántos cuántas cuanto cuanta cuantos cuantas por fue fueron eran murió murio murieron hizo hubo es"
        " explica explícame explicame dime describe significa pasó entiendo puedes",
        "fr": "qui que quoi quel quelle quels quelles quand où comment pourquoi combien est ce qu était etait étaient"
        " sont explique expliquez décris il elle ils dit signifie fut comprends peux tu pouvez",
        "de": "wer wen wem wann warum wieso weshalb wie welche welcher welches welchen wieviel viele ist sind waren"
        " wurde wurden haben hatte hatten gab starb starben erkläre erklär erklaere beschreibe bitte nicht und"
        " bedeutet geschah passierte verstehe kannst können nenne",
        "it": "chi che quando dove perché perche quale quali quanto quanta quanti quante è fu furono erano morì"
        " morirono sono spiega spiegami dimmi descrivi significa successe capito puoi come",
        "nl": "wat wie wanneer waar waarom hoe welke hoeveel is werd werden waren er het een niet beschrijf betekent"
        " begrijp kun",
        "pt": "que quem quando onde como qual quais quanto quanta quantos quantas por porque foi foram eram morreu"
        " morreram houve é são explique explica descreva diga significa aconteceu entendi pode podes",
    }.items()
}
_OTHERS = frozenset(["ca", "cs", "da", "fi", "hr", "hu", "id", "no", "pl", "ro", "sv", "tr", "vi"])
_LATIN = _OTHERS | _ASKING.keys()

_FEWEST_WORDS = 3
_LIKELY = 0.5  # where a word that a question is asked with agrees, or the script
_PLAIN = 0.8  # of a whole sentence: no English one of 2,815 in three sets of texts reaches it for another language
_SURE = 0.95  # where nothing else speaks for a language

_QUOTED = re.compile(r"“[^”]*”|«[^»]*»|„[^“]*“|「[^」]*」|《[^》]*》|\"[^\"]*\"")
_WORD = re.compile(r"[^\W\d_]+")
_Word = tuple[str, bool]  # with whether it is written like a name: a capital, and not the first word


def detect(text: str, course_language: str) -> str:
    """Return the ISO 639-1 code of the language that a student writes ``text`` in, for the tutor's own words.

    It is the course's own language (without its region) unless another one is plain: quotations and names do not
    count, nor do fewer than three words of the Latin script. Probabilities are py3langid's (Lui and Baldwin 2012).
    """
    course = course_language.partition("-")[0].lower()
    if spoken := courtesy_languages(text):
        return min(spoken) if len(spoken) == 1 else course
    asked = _QUOTED.sub(" ", unicodedata.normalize("NFC", text))
    if not any(letter.islower() for letter in asked):
        asked = asked.lower()  # all in capitals: they tell no names
    words = [(word, place > 0 and word[0].isupper()) for place, word in enumerate(_WORD.findall(asked))]
    script = _script(words)
    if script not in _SCRIPTS:
        return _latin(asked, words) or course if script == "LATIN" else course
    languages = _SCRIPTS[script]
    likely, probability = _most_likely(asked, languages)
    if probability < (_SURE if course in languages else _LIKELY):
        return course if course in languages else languages[0]
    return likely


def is_foreign(text: str, language: str) -> bool:
    """Return whether a whole sentence is plainly in another language than ``language``; names say nothing."""
    course = language.split("-")[0].lower()
    words = [(word, place > 0 and word[0].isupper()) for place, word in enumerate(_WORD.findall(text))]
    script = _script(words)
    if script in _SCRIPTS:
        return course not in _SCRIPTS[script]
    own = [word.lower() for word, is_name in words if not is_name]
    if script != "LATIN" or len(own) < _FEWEST_WORDS:
        return False
    likely, probability = _most_likely(" ".join(own), _LATIN)
    return likely != course and probability >= _PLAIN


def _script(words: Sequence[_Word]) -> str:
    """Return the script of most words, Latin names left out, by the first word of its letters' Unicode names."""
    if any(word.lower() in _ASKING["en"] for word, _ in words):
        return "LATIN"  # "explain 人民公社" is asked in English
    count: defaultdict[str, float] = defaultdict(float)
    for word, is_name in words:
        scripts = Counter(re.split(r"[ -]", unicodedata.name(letter, ""))[0] for letter in word)
        for script, letters in scripts.items():
            if not (is_name and script == "LATIN"):
                count[script] += letters / _UNSPACED[script] if script in _UNSPACED else 1
    if "HIRAGANA" in count or "KATAKANA" in count:
        count["HIRAGANA"] += count.pop("CJK", 0.0)  # both belong to one script, which no other language uses
    return max(count, key=lambda script: count[script], default="")


def _latin(text: str, words: Sequence[_Word]) -> str | None:
    """Return the language of a question in the Latin script; None where it is not plain."""
    own = [word.lower() for word, is_name in words if not is_name]
    votes = {language: sum(word in asking for word in own) for language, asking in _ASKING.items()}
    most = max(votes.values())
    if "¿" in text:
        return "es"
    if len(words) < _FEWEST_WORDS:
        return None
    agreed = {language for language, count in votes.items() if count == most}
    likely, probability = _most_likely(text if len(own) < 2 else " ".join(own), agreed if most > 1 else _LATIN)
    if likely in _ASKING:
        return likely if votes[likely] and probability >= _LIKELY else None
    return likely if probability >= _SURE and not votes["en"] else None


def _most_likely(text: str, languages: Collection[str]) -> tuple[str, float]:
    """Return the likeliest of ``languages`` for ``text``, and its probability among them."""
    ranked = [(language, p) for language, p in _identifier().rank(text) if language in languages]
    return ranked[0][0], ranked[0][1] / (sum(p for _, p in ranked) or 1.0)


@cache
def _identifier() -> LanguageIdentifier:
    """Return py3langid's model, read from the package on first use (a second, and 70 MB of memory)."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
