"""Condensing: a follow-up and its conversation to a question that stands alone, by rules.

Three forms are rewritten against the last turn: "and what about X?" (X takes the place of what the last question was
about), a bare "why?" or "when?", and pronouns (replaced by what the last question was about). Anything else stands
alone already: old turns must not lend an off-topic question their words.

A chat model may rewrite what the rules leave unresolved; `is_faithful` holds it to the words of the conversation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from tutor.courtesy import courtesy
from tutor.types import Turn
from tutor.words import STOP_WORDS, content_stems, stem, words

MOST_WORDS = 60  # of a rewritten question
MOST_CHARACTERS = 400
FEWEST_WORDS = 3  # content words; a phrase of fewer may take up what was said

_WHAT_ABOUT = re.compile(r"^(?:(?:and|but|so|ok(?:ay)?)[,\s]+)?(?:what|how) about\s+(.+?)[?.!\s]*$", re.IGNORECASE)
_ELLIPSIS = re.compile(
    r"^(?:and|but|or)[,\s]+((?:(?:in|on|at|for|with|by|from|of|to|during|after|before)\s+)?.+?)[?.!\s]*$", re.I
)
_BARE = re.compile(
    r"^(?:(?:and|but|so|ok(?:ay)?)[,\s]+)?(why|how|when|where|who)"
    r"(?:\s+(?:not|so|exactly|is that|was that|did (?:that|it|this) happen))?[?.!\s]*$",
    re.IGNORECASE,
)
_CONJUNCTION = re.compile(r"^(?:and|but|so|also|ok(?:ay)?|then)[,\s]+", re.IGNORECASE)
_PERSON = re.compile(r"\b(?:he|she|him|his|her|hers)\b", re.IGNORECASE)
_THING = re.compile(
    r"\b(?:it|its|they|them|their|theirs|this|these|those"
    r"|that(?=\s*[?.!]|\s*$|\s+(?:happen\w*|mean\w*|was|is|work\w*|cause\w*|lead|led|end\w*|start\w*|fail\w*|change\w*)))"
    r"\b",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\b(?:is|was) it (?:true|correct|possible|right|really)\b|\bit (?:is|was) (?:true|said)\b", re.IGNORECASE
)
_BE = r"(?:is|are|was|were|be|been|has|have|had|can|could|will|would|did|do|does)"
_THERE = re.compile(
    rf"(?<!is )(?<!are )(?<!was )(?<!were )(?<!^)\bthere\b(?! {_BE}\b)|\b(?:back )?then(?=\s*[?.!]*$)", re.IGNORECASE
)
_SOME_OF = re.compile(
    r"\b(?:the (?:ones|others|rest)|those (?:who|that)|the (?:first|second|last) ones?)\b", re.IGNORECASE
)
_POSSESSIVE = {"his", "its", "their", "theirs", "hers"}
_PLURAL = {"they", "them", "their", "theirs", "these", "those"}
_DO = {"do", "does", "did", "can", "could", "will", "would", "should", "must"}
_DETERMINERS = {"the", "a", "an", "this", "these", "those", "his", "her", "their", "its", "mao's"}
# Stems of words that tell nothing of what a question is about: "What were the consequences?", "How many died?"
_TOPICLESS = frozenset(
    stem(word, "en")
    for word in """advantage aim began begin begun benefit cause change consequence cost detail die difference
    disadvantage effect end example fact fail first follow goal happen help idea impact importance
    important last later lead leader long main meaning mistake more next oppose outcome part people
    person place point problem purpose reaction reason respond response result role second significance
    similar solution start stop support survive thing third victim win won work worse worst year""".split()  # noqa: SIM905
)
_TO_THE_TUTOR = {"you", "your", "yours", "i", "my", "mine"}
_MOST_NEW = 3  # content words that a question which points back may have for itself, and still be about the course
_DEMONSTRATIVE = (
    r"(?:(?:^|\b(?:is|was|were|are|does|did|do|can|would|of|about|after|before|by|from|with|like|than|for|in|at|on"
    r"|during|and|why|how)\s+)that\b(?! (?:true|correct|right)\b)|\bthat\s*[?.!]*$)"
)
_ONE_OF_THEM = (
    r"\bthe (?:first|second|third|fourth|last|next|other|same|previous|earlier)(?: ones?\b| things?\b|\s*[?.!]*$)"
    r"|\bthe (?:latter|former|others|rest(?! of\b))\b|\b(?:which|what) ones?\b(?! of\b)"
)
_POINTING = re.compile(
    r"\b(?:he|she|him|his|hers?|its?|they|them|theirs?|this|these|those(?! (?:who|that|which)\b))\b"
    rf"|{_DEMONSTRATIVE}|{_ONE_OF_THEM}",
    re.IGNORECASE,
)
_OWNER = {"his", "her", "hers", "its", "their", "theirs"}
_NEW_CLAUSE = re.compile(
    r"[,;:.?!–—]|\b(?:and|but|or|if|because|so|while|since|than|as|who|whom|which|that|when|where|why|how|after|before"
    r"|to|without|\w+ing|says?|said|thinks?|thought|believed?|claims?|claimed|knows?|knew)\b",
    re.IGNORECASE,
)
_BARE_ELSEWHERE = re.compile(
    r"(?:(?:y|et|und|o|ou|pero|mais|aber) )?(?:por que|como|cuando|donde|quien(?:es)?|pourquoi|comment|quand|qui|warum"
    r"|wieso|weshalb|wie|wann|wo|wer)|و?(?:لماذا|كيف|متى|اين|من)|那?(?:为什么|為什麼|怎么|怎麼|什么时候|什麼時候|谁|誰|哪里|哪裡)呢?"
)
# Content stems keep all words of other languages: these say how a question is put, and a rewriting may add them.
_FUNCTION_WORDS = frozenset(
    """a al ante como con cual cuales cuando cuantas cuanto cuantos de del desde donde durante el ella en entre era eran
    es esa ese eso esta este esto fue fueron ha han hasta hay la las le les lo los para por que quien quienes se ser si
    sobre son su sus un una y au aux avec ce ces cette combien comment contre dans depuis des dont du elle elles et
    etait etaient est eut furent fut il ils l d qu n s c on ou par pendant pour pourquoi quand quel quelle quelles quels
    qui quoi sa ses sont sur une vers als am an auf aus bei bis das dem den der die durch ein eine einem einen einer
    eines er fur gegen hat hatte hatten im in ins ist ihr ihre kann mit nach sich sie sind seine seinen so um und uber
    unter von vor wann war waren warum was welche welchem welchen welcher welches wenn wer wie wieso wird wo wurde
    wurden zu zum zur""".split()  # noqa: SIM905
)
_EMPTY = {"ok", "okay", "well", "hey", "hi", "hello", "thank", "one", "thing", "again", "repeat"}  # stems
_KIND_OF_QUESTION = {"why", "how", "when", "where", "who", "whom", "whose", "many", "much"}
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|without|neither|nor|cannot|\w+n['’]t|nunca|sin|pas|jamais|sans|nicht|nie"
    r"|kein\w*|ohne)\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"\b(?:again|repeat|once more|same question)\b", re.IGNORECASE)
_ADDRESS = re.compile(r"://|\bwww\.|\b(?:javascript|data|mailto):|\w@\w|[^\W\d_]\.[^\W\d_]{2}", re.IGNORECASE)
_MARKUP = re.compile(r"[<>{}\[\]|`*_#~^\\]|&#?\w+;")
_ABBREVIATED = re.compile(r"\b(?:Dr|Mrs?|Ms|St|Prof|Gen|[A-Z])\.")
_TWO_SENTENCES = re.compile(r"[?!？！。؟].*\w|\.\s+\w")
_MARKER = re.compile(r"\[\d{1,3}\]")
_CONNECTORS = {"of", "the", "and", "de", "von", "van", "al"}


def standalone(question: str, turns: Sequence[Turn]) -> str:
    """Return ``question`` rewritten so that it can be understood without ``turns``, or as it is."""
    question = " ".join(question.split())
    turns = questions(turns)
    if not turns or not question or question == turns[-1].standalone:
        return question
    last = turns[-1].standalone.rstrip("?.! ")
    if match := _WHAT_ABOUT.match(question):
        return _about(match.group(1), last)
    if match := _BARE.match(question):
        return f"{match.group(1).capitalize()}: {last}?"
    match = _ELLIPSIS.match(question)
    if match and len(match.group(1).split()) <= 4 and not _is_clause(match.group(1)):
        return _about(match.group(1), last)
    return _resolve(question, turns)


def needs_model(question: str, turns: Sequence[Turn]) -> bool:
    """Return whether `standalone` leaves ``question`` unresolved, so that a chat model may try.

    That is a word that points at ``turns``, or a fragment without a topic. A question with a topic of its own never
    needs a model, however far it is from the course: a rewriting could lend it the course's words.
    """
    turns = questions(turns)
    if not turns or not words(question):
        return False
    alone = standalone(question, turns)
    held = {term for turn in turns for text in (turn.standalone, turn.answer) for term in content_stems(text, "en")}
    new = set(content_stems(alone, "en")) - held - _TOPICLESS
    if len(new) > _MOST_NEW:
        return False
    return _points_back(alone, turns[-1].standalone) or _is_fragment(alone, held)


def is_faithful(rewritten: str, question: str, turns: Sequence[Turn], language: str) -> bool:
    """Return whether ``rewritten``, by a chat model, asks what ``question`` asks in the words of the conversation.

    It is one question of at most `MOST_WORDS` words and `MOST_CHARACTERS` characters, without addresses, markup or
    control characters. Its content words are those of the question and of the turns' standalone questions and answers.
    Of the question it keeps every one but what points back, its "why" or "how many", and its "not". It repeats an
    earlier question only where that is asked. In doubt it is refused, since the rules' own rewriting is at hand.
    """
    return (
        _is_one_plain_question(rewritten)
        and _keeps_to_the_words(rewritten, question, turns, language)
        and _asks_the_same_way(rewritten, question, turns)
        and (_is_asked_again(question, turns) or not _is_earlier(rewritten, turns))
    )


def _points_back(question: str, last: str) -> bool:
    """Return whether a word of ``question`` points at what it does not name itself; ``last`` is the question before."""
    expletive = _EXPLETIVE.search(question)
    # After "Who was Lysenko?", the ideas of "Did China use his ideas?" are not those of China.
    owners = _OWNER - {"his", "her", "hers"} if re.match(r"who", last, re.IGNORECASE) else _OWNER
    for match in _POINTING.finditer(question):
        word, before = match.group().lower(), question[: match.start()]
        named = [phrase for phrase in _phrases(before) if _is_definite(phrase)]
        if word == "it" and expletive:
            continue
        # "Did Stalin like it?" cannot mean Stalin; "Did Stalin like his wife?" can, and so can what a new clause says.
        if not named or (word not in owners and not _NEW_CLAUSE.search(before.rpartition(named[-1].split()[-1])[2])):
            return True
    return False


def _is_fragment(question: str, held: set[str]) -> bool:
    """Return whether ``question`` is too short to have a topic; ``held`` are the stems of the conversation."""
    said = words(question)
    if _BARE_ELSEWHERE.fullmatch(" ".join(said)) or _BARE_ELSEWHERE.fullmatch(question.strip("¿?？؟ ")):
        return True
    content = set(content_stems(question, "en"))
    if _TO_THE_TUTOR & set(said):
        return False
    # "What were sparrows?" has a topic, while "the sparrows?" may take up a word of the conversation.
    taken_up = not _is_clause(question) and len(content) < FEWEST_WORDS and content <= _TOPICLESS | held
    return taken_up or content <= _TOPICLESS


def _is_one_plain_question(text: str) -> bool:
    if len(text) > MOST_CHARACTERS or len(text.split()) > MOST_WORDS or not words(text):
        return False
    kinds = {unicodedata.category(character) for character in text}
    if kinds & {"Zl", "Zp", "So"} or any(kind.startswith("C") for kind in kinds):
        return False
    if _ADDRESS.search(text) or _MARKUP.search(text) or _TWO_SENTENCES.search(_ABBREVIATED.sub("", text)):
        return False
    return text.rstrip()[-1] in "?？؟" or _is_clause(text)


def _keeps_to_the_words(rewritten: str, question: str, turns: Sequence[Turn], language: str) -> bool:
    """Return whether no content word is new, and none of the question's is lost."""

    def stems(text: str) -> set[str]:
        found = set(content_stems(_MARKER.sub(" ", text), language))
        return found if language.split("-")[0] == "en" else found - {stem(word, language) for word in _FUNCTION_WORDS}

    kept = stems(_POINTING.sub(" ", _WHAT_ABOUT.sub(r"\1", question))) - _EMPTY
    held = {term for turn in turns for text in (turn.standalone, turn.answer) for term in stems(text)}
    return kept <= stems(rewritten) <= stems(question) | held


def _asks_the_same_way(rewritten: str, question: str, turns: Sequence[Turn]) -> bool:
    """Return whether the question word is kept, and the negation neither lost nor made up."""
    asked = set() if _WHAT_ABOUT.match(question) else _KIND_OF_QUESTION & set(words(question))
    denied = _NEGATION.search(question) is not None
    if _NEGATION.search(rewritten):
        denied = denied or any(_NEGATION.search(turn.standalone) for turn in turns)
        return denied and asked <= set(words(rewritten))
    return not denied and asked <= set(words(rewritten))


def _is_asked_again(question: str, turns: Sequence[Turn]) -> bool:
    return _AGAIN.search(question) is not None or _is_earlier(standalone(question, turns), turns)


def _is_earlier(question: str, turns: Sequence[Turn]) -> bool:
    return any(words(question) in (words(turn.standalone), words(turn.question)) for turn in turns)


def questions(turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns that asked something: thanks and greetings are left out."""
    return [turn for turn in turns if not courtesy(turn.question)]


def topic(question: str, plural: bool = False) -> str:
    """Return what ``question`` is about: its last noun phrase, as far as rules can tell; empty when none is found.

    Where ``plural`` is set, a phrase of several things is taken if there is one.
    """
    phrases = _phrases(question)
    if plural:
        several = [phrase for phrase in phrases if re.search(r"(?:[^s']s|people|men|women|children)$", phrase.lower())]
        phrases = several or phrases
    return ([phrase for phrase in phrases if _is_definite(phrase)] or phrases or [""])[-1]


def names(text: str) -> list[str]:
    """Return the runs of capitalised words in ``text``, the first word only where it is no common word."""
    found: list[str] = []
    run: list[str] = []
    tokens = re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", text)
    for index, token in enumerate(tokens):
        common = token.lower() in STOP_WORDS and (index == 0 or not run)
        begins = token[0].isupper() and not common and token != "I"
        connects = bool(run) and token.lower() in _CONNECTORS and tokens[index + 1 : index + 2] != []
        if begins or (connects and tokens[index + 1][0].isupper()):
            run.append(token)
        elif run:
            found.append(" ".join(run))
            run = []
    return [*found, " ".join(run)] if run else found


def _about(subject: str, last: str) -> str:
    """Put ``subject`` in the place of what the last question was about."""
    subject = subject.strip()
    if (year := re.fullmatch(r"(?:in )?(\d{4})", subject, re.IGNORECASE)) and re.search(r"\b\d{4}\b", last):
        return re.sub(r"\b\d{4}\b", year.group(1), last, count=1) + "?"
    if re.match(r"(?:in|on|at|for|with|by|from|during|after|before)\b", subject, re.IGNORECASE):
        return f"{last} {subject}?"
    if subject.isdecimal():
        return f"{last} in {subject}?"
    old = names(last)
    target = old[-1] if old and subject[0].isupper() else topic(last)
    if f"the {target}" in last and not subject.lower().startswith("the "):
        target = f"the {target}"  # its article goes with it: "during the Great Famine", "during Mao's rule"
    if target and target in last:
        return f"{last.replace(target, subject, 1)}?"
    return f"{last}, {subject}?"


def _is_clause(text: str) -> bool:
    first = text.split()[0].lower().strip(",:")
    return first in {"who", "what", "when", "where", "why", "how", "which", "whose", "whom", "tell", "explain"} or (
        first in _DO | {"is", "are", "was", "were", "has", "have", "had"}
    )


def _resolve(question: str, turns: Sequence[Turn]) -> str:
    """Replace the pronouns of ``question`` that point back."""
    last = turns[-1]
    bare = _CONJUNCTION.sub("", question)
    bare = bare[:1].upper() + bare[1:]
    own = names(bare)
    person = next((name for turn in reversed(turns) for name in reversed(names(turn.standalone))), "")
    person = person or next((name for name in names(last.answer)), "")
    resolved = bare
    match = _PERSON.search(bare)
    if match and person and not any(bare.find(name) < match.start() for name in own):
        resolved = _PERSON.sub(lambda m: _fit(m.group(), person), resolved, count=2)
    match = _THING.search(resolved)
    thing = topic(last.standalone, plural=bool(match and match.group().lower() in _PLURAL))
    earlier = match is not None and any(resolved.find(p) < match.start() for p in _phrases(resolved) if _is_definite(p))
    if match and thing and not _EXPLETIVE.search(resolved) and not earlier:
        resolved = _THING.sub(lambda m: _fit(m.group(), thing), resolved, count=1)
    if thing and (match := _THERE.search(resolved)) and thing.lower() not in resolved.lower():
        rest = resolved[match.end() :].strip()
        resolved = f"{resolved[: match.start()].rstrip()} in {thing}{'' if rest[:1] in '?.!' else ' '}{rest or '?'}"
    if thing and _SOME_OF.search(resolved) and thing.lower() not in resolved.lower():
        resolved = f"{resolved.rstrip('?.! ')} in {thing}?"
    return resolved if resolved != bare else question


def _fit(pronoun: str, name: str) -> str:
    possessive = pronoun.lower() in _POSSESSIVE
    fitted = f"{name}’s" if possessive and not name.endswith("s") else f"{name}’" if possessive else name
    return fitted[:1].upper() + fitted[1:] if pronoun[0].isupper() else fitted


def _phrases(question: str) -> list[str]:
    """Return the noun phrases of a question: runs of content words, each with the determiner before it.

    After "did" and its like, the last word of a run is the verb, unless it is a name.
    """
    phrases: list[str] = []
    run: list[str] = []
    after_do = False
    tokens = [*re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", question), "of"]
    for token in tokens:
        lower = token.lower()
        if lower in STOP_WORDS and lower not in _DETERMINERS:
            content = [word for word in run if word.lower() not in _DETERMINERS]
            if after_do and len(content) > 1 and not run[-1][0].isupper():
                run.pop()
            if content:
                phrases.append(" ".join(run))
                after_do = False
            run = []
            after_do = lower in _DO or after_do
        elif lower in _DETERMINERS and run:
            phrases.append(" ".join(run))
            run = [token]
        else:
            run.append(token)
    return [_from_name(phrase) for phrase in phrases if phrase.split()[-1].lower() not in _DETERMINERS]


def _is_definite(phrase: str) -> bool:
    """Return whether a phrase points at one thing: it has a determiner or a name in it."""
    first, *rest = phrase.split()
    return bool(rest and first.lower() in _DETERMINERS) or any(word[0].isupper() for word in (first, *rest))


def _from_name(phrase: str) -> str:
    """Cut a verb before a name ("killed Mao"), where no determiner holds the words together."""
    words = phrase.split()
    if words[0].lower() in _DETERMINERS or words[0][0].isupper():
        return phrase
    capital = next((index for index, word in enumerate(words) if word[0].isupper()), 0)
    return " ".join(words[capital:])
