"""Manner: how a student asks to be answered, and the question without the words that say so.

"Simpler, please" asks the last question once more, in another manner; "Why did it fail, in one sentence?" asks its own.
A request is taken off where it is the whole message, a sentence of its own, set off by a comma, or where it follows
"explain" and its like; anywhere else such words may be what the question is about, and stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from tutor.condense import questions
from tutor.courtesy import courtesy
from tutor.types import Manner, Turn

_MOST = 4  # requests taken off one message
_LONGEST = 14  # words of one request, its "can you" and "please" included


def _any(forms: str) -> str:
    """Return a pattern for any of ``forms``, one a line.

    They match words as `_folded` gives them, with one space between two: "i m", "tl dr", "mas facil".
    """
    return f"(?:{'|'.join(line.strip() for line in forms.strip().splitlines())})"


# --- what surrounds a request ----------------------------------------------------------------------------------------

_ASK = _any(r"""
    (?:can|could|would|will) you(?: please)?(?: try to)?
    (?:can|could|may) (?:i|we) (?:have|get|see|ask for)
    (?:i|we) (?:need|want|d like|would like)(?: you to)?
    (?:what|how) about
    let s have
""")
_LEAD = rf"(?:(?:and|but|so|ok|okay|well|now|then|yes|sorry|please|pls|just|also|hmm|{_ASK}) ){{0,4}}"
_TAIL = _any(r"""
    please|pls|plz|thanks|thank you|ok|okay
    for me|to me|now|instead|again|then|though|this time
    if (?:you can|possible)
    (?:can|could|would|will) you
""")
_IT = _any(r"""
    it|that|this|them|those
    (?:the|your|that)(?: last)? (?:answer|one|part)
    what you (?:just )?said
    all (?:of )?(?:it|that|this)
""")
_SAY = (
    r"(?:re ?explain|explain|say|put|tell me|describe|answer|repeat|rephrase|reword|phrase|write|do|give me|give)"
    rf"(?: {_IT})?(?: (?:to|for) me)?(?: (?:again|once more))?(?: but)?"
)
_ORDER_WORD = (
    r"(?:explain|describe|summari[sz]e|define|outline|compare|discuss|tell|list|name|state|sketch|sum|give|write|say"
    r"|answer|teach|show|introduce|present|clarify)"
)
_QUESTION_WORD = r"(?:who|what|when|where|why|how|which|whose|whom)"
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|should|would)"
_LEAD_ELSEWHERE = (
    r"(?:(?:y|pero|ahora|por favor|puedes|podrias|puede|me|et|mais|maintenant|s il (?:te|vous) plait|svp|stp"
    r"|(?:peux|pourrais) tu|(?:pouvez|pourriez) vous|und|aber|bitte|jetzt|(?:kannst|konntest) du|(?:konnen|konnten) sie"
    r"|من فضلك|لو سمحت|هل (?:يمكنك|تستطيع|يمكن)|ممكن) ){0,4}"
    r"(?:[请請]|你|您|能不能|可不可以|能否|可以|能|那|麻[烦煩]|[帮幫]我|[给給]我|我想要?|想要| ){0,5}"
)
_TAIL_ELSEWHERE = (
    r"(?:一下|[吗嗎]|吧|呢|好[吗嗎]|可以[吗嗎]|行[吗嗎]|[谢謝]{2}|啊| ){0,4}"
    r"(?: (?:por favor|gracias|s il (?:te|vous) plait|svp|stp|merci|bitte|danke|من فضلك|لو سمحت|شكرا)){0,2}"
)

# --- the requests ----------------------------------------------------------------------------------------------------

_TEXT = r"(?:the|this|my|our|your) (?:texts?|course|lesson|lecture|reading|book|chapter|article|sources?|material)"
_ABOUT_IT = rf"(?: (?:about|on|of|for|into) {_IT})?"
_A_BIT = r"(?:(?:a (?:bit|little|lot)|some|much|far|way|even|any) )*"
_SOME = r"(?:an?|one|another|some|any|more|other|(?:a )?(?:few|couple(?: of)?)|two|three)"
_FROM_TEXT = rf"(?: (?:from|in|out of) {_TEXT})?"
_EXAMPLE = (
    rf"(?:{_SOME} )?(?:(?:more|other|concrete|specific|real|short|simple|good) )?examples?{_FROM_TEXT}"
    rf"(?: (?:of|for) {_IT})?{_FROM_TEXT}"
)
_AGE = (
    r"(?:(?:a|an|only|just|about) )*(?:five|six|seven|eight|nine|ten|twelve|\d{1,2}|child|kid|beginner|dummy|idiot)"
    r"(?: years? olds?)?"
)
_I_DO_NOT = (
    r"i (?:(?:still|really|just) )*(?:don ?t|do not|didn ?t|did not|can ?t|cannot|couldn ?t)"
    r"(?: (?:really|quite|even|fully))*"
)
_HARD = r"(?:hard|complicated|difficult|complex|confusing)"
_PLAIN_WORDS = (
    r"(?:(?:more|very|much|really|some) )?(?:simple|simpler|simplest|easy|easier|plain|plainer|basic|everyday|normal"
    r"|clearer|lay|lay(?:man|men|person) s|layman|laymans) (?:words?|terms?|language|english|wording|sentences)"
)
_EXPLICA = r"(?:explica|explicalo|explicamelo|explicarlo|dilo)"
_EXPLIQUE = r"(?:(?:expliquez?|expliquer|dis|dites)(?: (?:le|moi|ca|cela|moi ca|moi cela))?)"
_ERKLAERE = r"(?:(?:erklare?|erklaren sie|sage?) )?(?:(?:es|das|mir) )*"
_SHUO = r"(?:[说說讲講]|解[释釋])"
_ISHRAH = r"(?:اشرح(?:ه|ها| لي| ذلك)?|شرح ذلك)"


@dataclass(frozen=True)
class _Forms:
    """The forms of one manner, by where they are taken for a request.

    ``strong`` forms end any question ("Why did it fail in one sentence?"); ``weak`` ones, and those that come ``last``,
    need a comma or an "explain" ("Who ruled briefly?" asks for a reign); ``asked`` ones are clauses; those that stand
    ``alone`` need a sentence to themselves; ``elsewhere`` are those of other languages.
    """

    strong: str
    weak: str
    last: str
    asked: str
    alone: str
    elsewhere: str


_FORMS: dict[Manner, _Forms] = {
    "one_sentence": _Forms(
        strong=_any(r"""
            (?:in|with) (?:(?:just|only|exactly) )?(?:a|one|1)(?: (?:single|short|simple|brief))* sentence(?: only)?
            in a nutshell
        """),
        weak=_any(r"""
            in (?:one|a|a single) (?:line|phrase|word)
            in (?:just )?a (?:few|couple of) words
            in (?:short|brief|summary)
            (?:(?:very|more|as) )?(?:briefly|concisely)(?: as possible)?
            to sum up
            tl ?dr
        """),
        last=r"as short as possible|one sentence(?: only)?",
        asked=_any(rf"""
            (?:keep|make) (?:it|that|this) (?:very )?(?:short|shorter|brief|briefer|concise|one sentence)
            be (?:more )?(?:brief|concise|short|quick)
            (?:(?:a|the|your) )?(?:short|shorter|quick|brief|briefer|one sentence) (?:version|answer|summary)
            sum {_IT} up|sum up|summari[sz]e(?: {_IT})?
        """),
        alone=_any(rf"""
            {_A_BIT}(?:shorter|briefer|more (?:concise|brief))
            (?:only )?one (?:sentence|line)
            (?:(?:a|the) )?(?:summary|gist|bottom line)
            what s the (?:gist|bottom line|short version|short answer)
            (?:(?:that s|that is|that was|it s) )?too long(?: didn t read)?
            short|brief
        """),
        elsewhere=_any(r"""
            (?:en|con) una (?:sola )?(?:frase|oracion|linea)|brevemente|en resumen|en pocas palabras
            (?:(?:mas|muy) )?(?:corto|corta|breve)|resume|resumelo|resumemelo
            en une (?:seule )?(?:phrase|ligne)|(?:plus )?brievement|en bref|en resume
            (?:plus|tres) court|resumez?(?: le| la)?
            in einem (?:einzigen )?satz|kurz(?: gesagt| gefasst| und knapp)?|in kurze|kurzer|(?:die )?kurzfassung
            (?:fass|fasse|fassen sie) (?:es|das)(?: kurz)? zusammen|zusammengefasst
            用?一句[话話][来來]?(?:概括|[总總][结結]|[说說]明?|解[释釋]|回答)?
            (?:更|再)?[简簡](?:短|要|[洁潔])(?:一?[点點]|一些|些)?|短一?[点點]
            概括|[总總][结結]|[长長][话話]短[说說]|[简簡]而言之
            و?(?:في |ب)جملة واحدة(?: فقط)?|و?باختصار|و?بايجاز|لخص(?:ه|ها| ذلك| هذا)?|اقصر
        """),
    ),
    "example": _Forms(
        strong=rf"with {_SOME} (?:\w+ )?examples? from {_TEXT}",
        weak=rf"(?:with|using) (?:the help of )?{_EXAMPLE}",
        last=r"for (?:example|instance)",
        asked=_any(rf"""
            (?:give|show|name|tell|provide|find|quote)(?: (?:me|us))? {_EXAMPLE}
            (?:do you have|have you got|is there|are there|what s|what is|what are|what would be) {_EXAMPLE}
            illustrate(?: {_IT})?
        """),
        alone=rf"{_EXAMPLE}|such as(?: what)?|like (?:what|who)|e g",
        elsewhere=_any(r"""
            (?:(?:da|dame|deme|pon|ponme|dar|darme|hay|tienes) )?(?:un|algun|otro) ejemplo(?: (?:del|en el) texto)?
            (?:(?:mas|dame|con) )?ejemplos|por ejemplo|con un ejemplo
            (?:(?:donner|donnez?|donnez? moi|me donner|as tu|avez vous) )?un (?:autre )?exemple(?: du texte)?
            (?:donnez? moi )?des exemples
            par exemple|avec (?:un exemple|des exemples)
            (?:(?:gib|nenne?|geben sie|nennen sie) (?:mir )?)?(?:ein(?: anderes)? beispiel|beispiele)(?: aus dem text)?
            (?:(?:hast du|haben sie|gibt es|mir) )?ein beispiel(?: aus dem text)?(?: (?:geben|nennen))?
            zum beispiel|z b|mit (?:einem beispiel|beispielen)
            (?:[从從]?[课課]?文中?)?(?:再?[举舉]|[给給]|有[没沒]有|有)?出?我?一?[个個些]?(?:具[体體]的?)?例子
            [举舉]例(?:[说說]明)?|(?:比如|例如)[说說]?
            (?:(?:اعطني|اعطيني|هات|اذكر|اريد|هل من|هل هناك|اعطاء) )?مثالا?(?: (?:من|في) (?:النص|الدرس))?
            و?مثلا|مع مثال
        """),
    ),
    "simpler": _Forms(
        strong=_any(rf"""
            in {_PLAIN_WORDS}
            (?:like|as if|as though) (?:i m|im|i am|i was|i were) {_AGE}
            eli5
        """),
        weak=_any(rf"""
            in (?:an? )?(?:(?:more|very) )?(?:simple|simpler|easy|easier) (?:way|manner|form)
            in other words|simply put|using {_PLAIN_WORDS}
            (?:to|for) (?:{_AGE}|children|kids|beginners|dummies)
            (?:more|very|as) simply(?: as possible)?
        """),
        last=r"simply",
        asked=_any(rf"""
            {_I_DO_NOT} (?:get|understand|follow)(?: {_IT}| any of (?:it|that|this))?(?: at all)?
            {_I_DO_NOT} (?:get|understand) what (?:you mean|(?:it|that) means)
            (?:dumb|break) {_IT} down|simplify(?: {_IT})?
            (?:make|keep) {_IT} (?:simple|simpler|easier|clearer)(?: to understand)?
        """),
        alone=_any(rf"""
            {_A_BIT}(?:simpler|easier|clearer|more (?:simple|simply|clearly))(?: to understand)?
            (?:(?:use|with) )?{_PLAIN_WORDS}
            (?:is there )?(?:(?:an?|any|the) )?(?:simple|simpler|easier|clearer) (?:explanation|version|answer)
            is there an? (?:simpler|easier|clearer) way (?:to|of) (?:say|put|explain)(?:t?ing)? {_IT}
            (?:that|it|this) (?:s|is|was) (?:(?:still|too|so|very|really) )*{_HARD}
            (?:(?:still|too|so|very) )+{_HARD}
            i (?:m|am) (?:(?:still|a bit|a little|so|totally|really|very) )*(?:lost|confused)|huh
            what do you mean(?: by {_IT})?|(?:rephrase|reword)(?: {_IT})?
            (?:explain|say|put) {_IT} (?:differently|(?:in )?another way|(?:in )?a different way|again)
        """),
        elsewhere=_any(rf"""
            (?:{_EXPLICA} )?(?:(?:de|en) (?:una )?(?:forma|manera) )?(?:mas|muy) (?:simple|sencill[oa]|facil|clar[oa])
            (?:{_EXPLICA} )?(?:con|en) (?:palabras|terminos) (?:mas )?(?:simples|sencill[oa]s|faciles)
            no (?:lo )?(?:entiendo|entendi|comprendo)
            (?:{_EXPLIQUE} )?(?:de (?:facon|maniere) )?plus (?:simple|simplement|facile|clair|clairement)
            (?:{_EXPLIQUE} )?(?:en|avec des) (?:termes|mots) (?:plus )?simples
            je (?:ne |n y )?comprends (?:pas|rien)
            {_ERKLAERE}(?:(?:noch|etwas|viel) )?einfacher(?: (?:erklaren|sagen))?
            {_ERKLAERE}(?:in einfache(?:re)?r sprache|(?:in|mit) einfache(?:re)?n worten)(?: (?:erklaren|sagen))?
            ich verstehe (?:(?:das|es) )?nicht|(?:das )?verstehe ich nicht|zu (?:kompliziert|schwierig|schwer)
            {_SHUO}?得?(?:更|再)?(?:[简簡][单單]|通俗|容易)(?:易懂)?(?:一?[点點]|一?些)?地?{_SHUO}?
            用更?(?:[简簡][单單]|通俗)(?:易懂)?的?(?:[话話]|[语語]言)[来來]?{_SHUO}?
            我?(?:[还還]是)?(?:[没沒]|看不|[听聽]不|不)太?(?:懂|明白|理解)
            (?:{_ISHRAH} )?(?:(?:بشكل|بطريقة|بلغة|بكلمات|بصورة) )?(?:ابسط|اسهل|بسيطة|سهلة|مبسط)
            (?:{_ISHRAH} )?ببساطة(?: اكثر)?
            بسط(?:ه|ها| ذلك| هذا)?|(?:انا )?(?:لم|لا) افهم(?: ذلك| هذا)?|ما فهمت
        """),
    ),
    "detailed": _Forms(
        strong=rf"in {_A_BIT}(?:more|greater) (?:details?|depth)",
        weak=_any(r"""
            in (?:(?:full|great|some|all) )?(?:details?|depth)
            with (?:more|all the|full) details?
            at length|thoroughly|step by step
        """),
        last=r"as detailed as possible",
        asked=_any(rf"""
            tell me {_A_BIT}more(?: details?)?{_ABOUT_IT}
            say {_A_BIT}more{_ABOUT_IT}
            give me {_A_BIT}more(?: (?:details?|information|info|depth|context))?{_ABOUT_IT}
            explain (?:{_IT} )?(?:further|more)
            (?:elaborate|expand)(?: (?:further|more|a bit|a little))?{_ABOUT_IT}
            go {_A_BIT}(?:deeper|further|into (?:more )?(?:details?|depth)){_ABOUT_IT}
            be more (?:specific|detailed|precise|thorough)
        """),
        alone=_any(rf"""
            {_A_BIT}more(?: (?:details?|detailed|information|info|depth|context|explanation|than that))?{_ABOUT_IT}
            (?:(?:a|the) )?(?:longer|long|detailed|more detailed|fuller) (?:answer|version|explanation|one)
            longer|deeper|further|details|go on|continue|keep going|is that all
            anything (?:else|more)|is there (?:anything )?(?:more|else)
            what (?:else|more)(?: (?:is there|can you (?:say|tell me)|does (?:it|{_TEXT}) say){_ABOUT_IT})?
        """),
        elsewhere=_any(rf"""
            (?:(?:con|en) )?(?:mas|mayor) (?:detalles?|detallado|detallada|detalladamente|informacion|profundidad)
            (?:(?:cuentame|dime|explica|explicame|quiero saber) )?(?:algo )?mas(?: sobre eso)?
            en detalle|detalladamente|profundiza
            (?:donnez? (?:moi )?)?plus (?:de|d) (?:details?|infos?|informations?|explications?)|(?:plus )?en details?
            plus (?:detaille|longuement|precisement)|(?:dis|dites) m en plus|(?:m )?en dire plus
            developpez?|approfondis(?:sez)?
            (?:(?:gib mir|noch|etwas) )*mehr(?: (?:details?|einzelheiten|informationen|dazu|daruber|davon))?
            (?:erzahle?|sage?)(?: mir)? mehr(?: (?:dazu|daruber|davon))?
            (?:(?:etwas|viel) )?(?:genauer|ausfuhrlicher|ausfuhrlich)|im detail|weiter
            {_SHUO}?得?(?:更|再)?(?:[详詳][细細]|具[体體]|深入)(?:一?[点點]|一些|些)?地?(?:[说說]明|{_SHUO})?
            (?:更多|多[说說讲講])(?:一?[点點]|一些|些)?的?(?:[细細][节節]|信息|[内內]容)?
            [继繼][续續]{_SHUO}?|展[开開]{_SHUO}?
            و?(?:(?:اخبرني|اعطني|اريد|قل لي) )?(?:ال)?مزيدا?(?: من (?:التفاصيل|التفصيل|المعلومات))?|و?بالتفصيل
            و?(?:بتفصيل|تفاصيل|بتفاصيل|تفصيل) اكثر|(?:بشكل )?اكثر تفصيلا|اكمل|تابع
        """),
    ),
}  # fmt: skip

# --- where a request may stand ---------------------------------------------------------------------------------------

_Words = Sequence[re.Match[str]]
_Place = Literal["end", "order", "front", "pause", "sentence"]


@cache  # compiled when first needed: a tenth of a second, which importing this need not take
def _requests(manner: Manner) -> dict[_Place, re.Pattern[str]]:
    """Return what a request for ``manner`` must match, by where it stands.

    ``end`` is the end of any question, ``order`` that of an "explain …", ``front`` the beginning, ``pause`` what a
    comma sets off, ``sentence`` a sentence of its own.
    """
    forms = _FORMS[manner]
    ends: dict[_Place, str] = {
        "end": forms.strong,
        "order": f"{forms.strong}|{forms.weak}|{forms.last}",
        "front": f"{forms.strong}|{forms.weak}",
    }
    clauses: dict[_Place, str] = {
        "pause": f"{ends['order']}|{forms.asked}",
        "sentence": f"{ends['order']}|{forms.asked}|{forms.alone}",
    }
    elsewhere = f"{_LEAD_ELSEWHERE}{forms.elsewhere}{_TAIL_ELSEWHERE}"
    return {
        **{place: re.compile(rf"(?:{form})(?: {_TAIL}){{0,2}}") for place, form in ends.items()},
        **{
            place: re.compile(rf"{_LEAD}(?:{_SAY} )?(?:{form})(?: {_TAIL}){{0,3}}|{elsewhere}")
            for place, form in clauses.items()
        },
    }


_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f\u064b-\u065f\u0670])*")
_STOPS = ".?!…。？！؟"
_FULL_STOP = re.compile(rf"[{_STOPS}\n]")
_PAUSE = re.compile(r"[,;:(،，、；：–—]|\s-\s")
_END = re.compile(rf"[\s{_STOPS})]*")
_QUOTE = re.compile(r"[\"“„”«»‘']")
_ORDER = re.compile(rf"{_LEAD}{_ORDER_WORD}\b")
_OPENING = re.compile(rf"{_LEAD}(?:{_ORDER_WORD}(?: (?:to )?(?:me|us))? )?")
_YES_OR_NO = re.compile(rf"{_LEAD}{_AUXILIARY}\b")
_OPENS = re.compile(rf"(?:please )?(?:{_QUESTION_WORD}|{_ORDER_WORD}|{_AUXILIARY})\b")
_THING = re.compile(r"(?:the|an?|this|that|these|those|its?|his|her|their|our|my|me|us|to|about|if|whether)\b")
# "What did he write in one sentence?" is about his sentence, "What does the text say …?" is put to the tutor.
_OF_SPEECH = re.compile(
    r"\b(?:sentences?|words?|say|says|said|writ(?:e|es|ten|ing)|wrote|speaks?|spoken?|puts?|tells?|told|express\w*"
    r"|stat(?:e|es|ed)|descri\w+|explain\w*|summ\w+|discuss\w*|defin\w+)\b"
)
_TO_THE_TUTOR = re.compile(rf"\b(?:you|{_TEXT}) (?:says?|tells?|teach|teaches|describes?|explains?)(?: (?:me|us))?\b")
_MORE_ABOUT = re.compile(
    rf"{_LEAD}(?:(?:tell me|give(?: me)?|explain|(?:to )?(?:know|learn|hear)) )?{_A_BIT}more"
    r" (?:(?:detailed )?(?:details?|information|info|context) )?(?:about|on) (?=\w)"
)
_EXAMPLE_OF = re.compile(
    rf"{_LEAD}(?:(?:(?:give|show|name|tell|provide|find|quote)(?: (?:me|us))?|what s|what (?:is|was|are|were)"
    rf"|(?:is|are|was|were) there|do you have) )?(?:{_SOME} (?:\w+ )?)?examples? (?:of|for|how|where|when|in|from)\b"
)
_KIND_OF_ANSWER = re.compile(
    rf"{_LEAD}(?:(?:give|write|provide|tell|show)(?: (?:me|us))? )?an? (?P<kind>"
    r"(?P<one_sentence>(?:very )?(?:brief|short|quick|concise)|(?:one|single) sentence)"
    r"|(?P<simpler>(?:very )?(?:simple|simpler|easy|easier))"
    r"|(?P<detailed>(?:(?:very|more) )?(?:detailed|long|longer|thorough|in depth)))"
    r" (?:explanation|summary|description|overview|account|definition|answer|outline)\b"
)


def manner_of(question: str, turns: Sequence[Turn]) -> tuple[Manner, str]:
    """Return how the student wants to be answered, and the question without the words that say so.

    A message that is nothing but such a request asks the last question of ``turns`` again, courtesies aside; where
    there is none, it comes back as it is, as "plain".
    """
    manner: Manner = "plain"
    rest = question
    for _ in range(_MOST):
        if not (cut := _cut(rest)):
            break
        manner, rest = cut[0] if manner == "plain" else manner, cut[1]
    if manner != "plain" and (not rest or courtesy(rest)):
        asked = questions(turns)
        return (manner, asked[-1].standalone) if asked else ("plain", question)
    if manner == "plain" and _EXAMPLE_OF.match(_said(rest)):
        manner = "example"
    return manner, rest


def _cut(text: str) -> tuple[Manner, str] | None:
    """Return a request that ``text`` holds and what is left without it; None where it holds none."""
    words = list(_WORD.finditer(text))
    if not words:
        return None
    if manner := _named(words, "sentence"):
        return manner, ""
    return _cut_end(text, words) or _cut_front(text, words) or _cut_inside(text, words)


def _cut_end(text: str, words: _Words) -> tuple[Manner, str] | None:
    """Take off a request that ends ``text``."""
    after = text[words[-1].end() :]
    if not _END.fullmatch(after):
        return None  # in quotation marks it is no request
    for at in range(max(1, len(words) - _LONGEST), len(words)):
        rest, between = text[: words[at - 1].end()], text[words[at - 1].end() : words[at].start()]
        if (")" in after) != ("(" in between):
            continue
        place = _set_off(between) or _end_of(_said(rest))
        if place and (manner := _named(words[at:], place)):
            own = re.match(rf"[^\n]*?[{_STOPS}]+", between)  # where the question has a mark of its own, that one stays
            return manner, rest + (own[0] if own else "".join(c for c in after if c in _STOPS))
    return None


def _cut_front(text: str, words: _Words) -> tuple[Manner, str] | None:
    """Take off a request that begins ``text``, or that follows its "explain" or "can you"."""
    if _QUOTE.search(text[: words[0].start()]):
        return None
    opening = _OPENING.match(f"{_said(text)} ")
    opened = min(len(opening[0].split()) if opening else 0, len(words) - 1)
    starts = (0, opened)
    if opened and _set_off(text[words[opened - 1].end() : words[opened].start()]):
        starts = (opened, 0)  # "Explain, in detail, how …"
    for start in dict.fromkeys(starts):
        for end in range(min(len(words) - 1, start + _LONGEST), start, -1):
            rest = text[words[end].start() :]
            place = _set_off(text[words[end - 1].end() : words[end].start()])
            if start:  # "explain in brief periods …" says nothing of the answer
                place = "front" if place or _OPENS.match(_said(rest)) or _THING.match(_said(rest)) else "end"
            elif place is None and _OPENS.match(_said(rest)):
                place = "front"
            if place and (manner := _named(words[start:end], place)):
                kept = text[: words[start].start()].rstrip(" ,:") if start else ""
                return manner, f"{kept} {rest}" if kept else rest[:1].upper() + rest[1:]
    return None


def _cut_inside(text: str, words: _Words) -> tuple[Manner, str] | None:
    """Take off "more" before what more is asked about, and what an explanation or a summary is to be like."""
    said = _said(text)
    if match := _MORE_ABOUT.match(said):
        return "detailed", f"Tell me about {text[words[len(match[0].split())].start() :]}"
    if match := _KIND_OF_ANSWER.match(said):
        at = len(said[: match.start("kind")].split())
        kept, rest = text[: words[at - 1].start()], text[words[at + len(match["kind"].split())].start() :]
        kinds: tuple[Manner, ...] = ("one_sentence", "simpler", "detailed")
        article = words[at - 1].group()[0] + ("n" if rest[0].lower() in "aeiou" else "")
        return next(kind for kind in kinds if match[kind]), f"{kept}{article} {rest}"
    return None


def _set_off(between: str) -> _Place | None:
    """Return what stands ``between`` two words: the end of a sentence, a pause, or nothing but space."""
    return "sentence" if _FULL_STOP.search(between) else "pause" if _PAUSE.search(between) else None


def _end_of(said: str) -> _Place | None:
    """Return what may end the words ``said`` without a comma: an order takes more than a question does."""
    if said.endswith(" not"):
        return None
    if _ORDER.match(said):
        return "order"
    return None if _YES_OR_NO.match(said) or _OF_SPEECH.search(_TO_THE_TUTOR.sub(" ", said)) else "end"


def _named(words: _Words, place: _Place) -> Manner | None:
    """Return the manner that ``words`` ask for at ``place``."""
    if len(words) > _LONGEST:
        return None
    phrase = " ".join(_folded(word.group()) for word in words)
    return next((manner for manner in _FORMS if _requests(manner)[place].fullmatch(phrase)), None)


def _said(text: str) -> str:
    return " ".join(_folded(word.group()) for word in _WORD.finditer(text))


def _folded(word: str) -> str:
    """Return ``word`` in small letters without accents, as one word."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c) and not c.isspace()) or word
