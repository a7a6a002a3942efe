"""Questions for a detail that a sentence gives or lacks: "How many soldiers …?" beside a sentence on soldiers.

Questions of the training sets are mostly answered by the sentence that shares most words with them, so a model learns
to match topics. These are made from the sentence itself, so the topic always fits and only the detail decides. They are
plain, sometimes clumsy, and made alike where the detail is there and where it is not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from tutor.words import STOP_WORDS

_NUMBER = (
    r"(?:\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy"
    r"|eighty|ninety)(?:[ -](?:hundred|thousand|million|billion))?"
)
_ANY_NUMBER = re.compile(
    rf"\b(?:{_NUMBER}|hundreds?|thousands?|millions?|dozens?|one|single|pair|couple|several|many|few|all|both|most)\b",
    re.IGNORECASE,
)
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_WHEN = re.compile(
    rf",? ?\b(?:in|on|during|since|by|until|around) (?:{_MONTH}\b(?: \d+,?)? ?)?(?:\d{{1,2}} )?\d{{3,4}}s?\b,?"
)
_ANY_WHEN = re.compile(
    rf"\b\d{{3,4}}s?\b|\b{_MONTH}\b|\b(?:century|year|decade|day|night|morning|evening|when|after|before|during|while"
    r"|until|later|ago|once|spring|summer|autumn|winter|week|month)s?\b",
    re.IGNORECASE,
)
_ANY_WHERE = re.compile(
    r"\b(?:in|at|from|near|to|into|on|outside|inside|around|across|throughout|where|between)\b", re.IGNORECASE
)
_ANY_WHY = re.compile(
    r"\b(?:because|since|due|so|for|to|therefore|thus|caus\w+|reason|led|result\w*|as|after|when|owing|if|by|thanks)\b",
    re.IGNORECASE,
)
_WAS = re.compile(
    r"^(?!(?:when|as|if|in|on|at|for|by|after|before|while|although|that|there|this|it|which|who|what) )"
    r"(?P<subject>[A-Za-z][^,;:()\"“]{1,60}?) (?P<be>was|were) (?P<rest>(?:\w+ly )?(?:\w+ed|born|built|held|made|found"
    r"|written|taken|given|sent|sold|won|lost|begun|shown|known|seen|put|cut|set|led|left|kept)"
    r"\b[^;:()\"“”]{0,120}?) ?\.$",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    rf"\b(?P<number>{_NUMBER} )?(?P<noun>(?:[a-z]{{3,}} )?[a-z]{{3,}}(?<!s)s) "
    r"(?P<verb>were|are|have|had|can|[a-z]{3,}ed) (?P<rest>[^.;:()\"“”,]{4,80})"
)
_NO_NOUN = {
    "always",
    "sometimes",
    "besides",
    "perhaps",
    "others",
    "ones",
    "means",
    "towards",
    "afterwards",
    "news",
    *STOP_WORDS,
}
_NAME = re.compile(r"\b[A-Z][a-z]+(?: [A-Z][a-z]+){0,2}\b")
_ROLES = (
    "wife", "husband", "father", "mother", "brother", "sister", "son", "daughter", "teacher", "doctor", "successor",
    "favourite", "best friend", "lawyer", "boss", "rival", "biographer", "publisher", "coach", "manager", "secretary",
)  # fmt: skip
_LIVES = (
    ("When was {} born?", r"born|birth"),
    ("Where was {} born?", r"born|birth|native|hometown"),
    ("When did {} die?", r"died|dead|death|killed|dies|assassinat"),
    ("In what year did {} die?", r"died|dead|death|killed|dies|assassinat"),
    ("In what year was {} born?", r"born|birth"),
    ("Who came after {}?", r"replac|succe|follow|after|next"),
    ("Who succeeded {}?", r"replac|succe|follow|after|next"),
    ("Who was {} married to?", r"marri|wife|husband|wed|spouse"),
    ("How did {} die?", r"died|dead|death|killed|dies|assassinat"),
    ("How old was {} at the end?", r"aged?|old"),
    ("How tall was {}?", r"tall|height|feet|metres|meters|cm"),
    ("How much did {} cost?", r"cost|price|paid|worth|\$|dollars|pounds|euros"),
    ("Which prize did {} win?", r"prize|award|won|medal|honou?r"),
    ("What did {} study at university?", r"stud|degree|universit|graduat|college"),
    ("What did {} write in the letter?", r"letter|wrote|written"),
    ("How many people live in {}?", r"population|inhabitants|people|residents|live"),
    ("What is the capital of {}?", r"capital"),
    ("Who discovered {}?", r"discover|found"),
    ("Who replaced {}?", r"replac|succe|follow"),
    ("Who wrote {}?", r"writ|wrote|author|by"),
)


OF_A_NAME = 0.4  # of the questions, one about a name beside it
GIVES = 0.8  # of the questions, as far as the passage has a sentence that gives the detail it is asked for


def detail(sentences: Sequence[str], draw: random.Random) -> tuple[int, str, bool] | None:
    """Return a question made from one of ``sentences``, with its index and whether it answers; None where none can be.

    It asks for a number, a date, a doer, a place or a reason.
    """
    made = [(i, *question) for i, sentence in enumerate(sentences) for question in _made(sentence, draw) if question]
    giving, lacking = [m for m in made if m[2]], [m for m in made if not m[2]]
    if giving and draw.random() < GIVES:
        return draw.choice(giving)
    return draw.choice(lacking) if lacking and draw.random() < 0.6 else None


def _made(sentence: str, draw: random.Random) -> tuple[tuple[str, bool] | None, ...]:
    return counted(sentence), _dated(sentence, draw), _done_by(sentence), _placed_or_explained(sentence, draw)


def of_a_name(sentences: Sequence[str], draw: random.Random) -> tuple[int, str, bool] | None:
    """Return a question about what a sentence seldom says of a name in it, as `detail` does."""
    if draw.random() > OF_A_NAME:
        return None
    at = draw.randrange(len(sentences))
    about = draw.choice((_life, _role))(sentences[at], draw)
    return (at, *about) if about else None


def turned(question: str, sentence: str, draw: random.Random) -> str:
    """Return ``question`` asking for another detail ("when did" for "where did") that ``sentence`` lacks; or ""."""
    match = re.match(
        r"(when|where|why|how) (?=(?:did|was|were|is|are|does|do|has|had|have)\b)", question, re.IGNORECASE
    )
    if not match:
        return ""
    lacking = {
        "When": _ANY_WHEN,
        "Where": _ANY_WHERE,
        "Why": _ANY_WHY,
        "How often": re.compile(r"\d|often|times|every|once|twice"),
    }
    others = [w for w, has in lacking.items() if w.lower() != match[1].lower() and not has.search(sentence)]
    if not others:
        return ""
    word = draw.choice(others)
    return (word.lower() if match[1].islower() else word) + question[match.end() - 1 :]


def counted(sentence: str) -> tuple[str, bool] | None:
    """Return a "How many …?" made from ``sentence`` and whether it gives the number; None where nothing is counted."""
    for match in _COUNTED.finditer(sentence):
        if match["noun"].split()[-1] in _NO_NOUN:
            continue
        asked = f"How many {match['noun']} {match['verb']} {match['rest'].strip()}?"
        if match["number"]:
            return asked, True
        if not _ANY_NUMBER.search(sentence):
            return asked, False
    return None


def _dated(sentence: str, draw: random.Random) -> tuple[str, bool] | None:
    if not (match := _WAS.match(sentence)):
        return None
    word = draw.choice(["When", "In what year", "What year"])
    if dates := list(_WHEN.finditer(match["rest"])):
        rest = " ".join((match["rest"][: dates[0].start()] + " " + match["rest"][dates[0].end() :]).split())
        return f"{word} {match['be']} {_inside(match['subject'])} {rest}?", True
    if _ANY_WHEN.search(sentence):
        return None
    return f"{word} {match['be']} {_inside(match['subject'])} {match['rest']}?", False


def _done_by(sentence: str) -> tuple[str, bool] | None:
    """Return "Who built …?" made from a sentence in the passive, and whether it says who did it."""
    if not (match := _WAS.match(sentence)) or not (verb := re.match(r"(?:\w+ly )?(\w+)\b ?", match["rest"])):
        return None
    if not re.fullmatch(r"\w+ed|built|held|made|found|sent|sold|won|lost|put|cut|set|led|left|kept", verb[1]):
        return None
    rest = match["rest"][verb.end() :]
    doer = re.search(r" ?\bby (?!\d|the (?:end|time)|foot|sea|hand|means|way)[^,;]+", rest)
    if not doer and re.search(r"\bby\b", sentence):
        return None
    rest = rest.replace(doer.group(), "") if doer else rest
    return f"Who {verb[1]} {_inside(match['subject'])} {rest.strip()}".rstrip(" ,") + "?", doer is not None


def _placed_or_explained(sentence: str, draw: random.Random) -> tuple[str, bool] | None:
    if not (match := _WAS.match(sentence)):
        return None
    lacking = [word for word, has in (("Where", _ANY_WHERE), ("Why", _ANY_WHY)) if not has.search(match["rest"])]
    if not lacking:
        return None
    return f"{draw.choice(lacking)} {match['be']} {_inside(match['subject'])} {match['rest']}?", False


def _inside(subject: str) -> str:
    """Return the subject of a sentence as it stands inside one."""
    first = subject.split()[0]
    return subject[0].lower() + subject[1:] if first.lower() in STOP_WORDS else subject


def _names(sentence: str, draw: random.Random) -> list[str]:
    found = [m.group() for m in _NAME.finditer(sentence) if m.start() > 0 and m.group().lower() not in STOP_WORDS]
    draw.shuffle(found)
    return found


def _life(sentence: str, draw: random.Random) -> tuple[str, bool] | None:
    for name in _names(sentence, draw):
        asked, said = draw.choice(_LIVES)
        if not re.search(said, sentence, re.IGNORECASE):
            return asked.format(name), False
    return None


def _role(sentence: str, draw: random.Random) -> tuple[str, bool] | None:
    said = [r for r in _ROLES if re.search(rf"\b{r}\b", sentence)]
    for name in _names(sentence, draw):
        if said and (others := [n for n in _NAME.findall(sentence) if n != name]):
            # The sentence has the role, the person and somebody else: most such sentences say who it is.
            if re.search(rf"{re.escape(name)}(?:['’]s|.*\b(?:his|her)\b) [^.]*\b{said[0]}\b", sentence) and others:
                return f"Who was {name}'s {said[0]}?", True
            continue
        if not said:
            return f"Who was {name}'s {draw.choice(_ROLES)}?", False
    return None
