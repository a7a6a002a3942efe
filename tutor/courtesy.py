"""Courtesy: what is said to the tutor itself: greetings, thanks, "what can you do", and attempts to change it.

All forms are matched against folded text: small letters without accents, so that "Qué tal" and "que tal" are one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

Courtesy = Literal["greeting", "thanks", "goodbye", "abilities"]

_GREETINGS = {
    "en": r"(?:hi|hiya|hello|hey|howdy|greetings|good (?:morning|afternoon|evening|day))"
    r"(?: (?:there|tutor|all|again))?",
    "es": r"(?:hola|buenas|buen dia|buenos dias|buenas (?:tardes|noches)|saludos)"
    r"(?: (?:a todos|tutor|profe|otra vez))?",
    "fr": r"(?:bonjour|salut|bonsoir|coucou|allo)(?: (?:a tous|tuteur|tout le monde|a toi))?",
    "de": r"(?:hallo|hi|hey|moin|servus|guten (?:morgen|tag|abend)|gru(?:ß|ss) (?:gott|dich))"
    r"(?: (?:zusammen|tutor|du))?",
    "zh": r"(?:[你您]好|大家好|老[师師]好|嗨|哈[喽囉啰]|早(?:上好|安)?|[上下]午好|晚上好)[呀啊]?",
    "ar": r"(?:مرحبا|اهلا(?: وسهلا)?|هلا|السلام عليكم(?: ورحمة الله(?: وبركاته)?)?|سلام|صباح الخير|مساء الخير)"
    r"(?: بكم?)?",
}
_HOW_ARE_YOU = {
    "en": r"how (?:are|r) (?:you|u)(?: doing)?(?: today)?",
    "es": r"que tal(?: estas)?|como estas|como te va",
    "fr": r"(?:comment )?ca va|comment vas tu|comment allez vous",
    "de": r"wie geht(?: ?e?s)?(?: dir| ihnen)?",
    "zh": r"[你您](?:最近)?好[吗嗎]|[你您]怎么[样樣]",
    "ar": r"كيف (?:ال)?حالك?|كيفك",
}
_THANKS = {
    "en": r"(?:ok(?:ay)? |great |cool |perfect )?(?:thanks|thank you|thx|ty|cheers)"
    r"(?: (?:a lot|so much|very much|you|tutor|that helped|for (?:your|the) help))*"
    r"|ok(?:ay)?|great|cool|nice|got it|i see|perfect|awesome",
    "es": r"(?:ok |vale |genial |perfecto )?(?:muchas |muchisimas |mil )?gracias"
    r"(?: (?:tutor|profe|a ti|de nuevo|por (?:tu|su|la) ayuda|por todo))*"
    r"|ok|okey|vale|de acuerdo|entendido|genial|perfecto|estupendo|ya veo|ya entiendo|ahora entiendo",
    "fr": r"(?:ok |d accord |super |parfait |genial )?merci"
    r"(?: (?:beaucoup|bien|infiniment|tuteur|a toi|a vous|pour (?:ton|votre|l) ?aide|pour tout))*"
    r"|ok|d accord|super|parfait|genial|compris|j ai compris|je vois|cool",
    "de": r"(?:ok |okay |gut |super |alles klar )?(?:(?:vielen |herzlichen |besten |tausend )?dank|danke(?:schon)?)"
    r"(?: (?:dir|ihnen|schon|sehr|vielmals|tutor|fur (?:deine|ihre|die) hilfe))*"
    r"|ok(?:ay)?|alles klar|gut|super|prima|toll|perfekt|verstanden|ach so|ich verstehe|jetzt verstehe ich",
    "zh": r"(?:好的?|太好了|明白了)? ?(?:多[谢謝]|感[谢謝]|[谢謝]{2})(?:[你您]|大家|老[师師])?"
    r"(?:的[帮幫](?:助|忙))?[了啦啊]?"
    r"|ok|好的?|好吧|明白了?|知道了|懂了|我(?:明白|知道|懂)了|太好了",
    "ar": r"(?:حسنا |تمام |اوكي )?شكرا(?: (?:لك|لكم|جزيلا|كثيرا|جدا|على (?:ال)?مساعدتك?))*"
    r"|ok|حسنا|تمام|اوكي|فهمت|ممتاز|رائع|جزاك الله خيرا",
}
_GOODBYES = {
    "en": r"good ?bye|bye|bye bye|see you(?: later| soon)?|good night",
    "es": r"adios|bye|chao|chau|hasta (?:luego|pronto|manana|la vista|la proxima)|nos vemos",
    "fr": r"au revoir|a (?:bientot|plus|demain|plus tard|la prochaine)|bonne (?:nuit|journee|soiree)|ciao",
    "de": r"bye|tschus{0,2}|tschuß|auf wiedersehen|bis (?:bald|dann|morgen|spater)|gute nacht|ciao",
    "zh": r"再[见見]|拜拜|晚安|回[头頭][见見]|下次[见見]|明天[见見]",
    "ar": r"مع السلامة|وداعا|الى اللقاء|باي|تصبح على خير|في امان الله",
}
_ABILITIES = {
    "en": r"what (?:can|do) you (?:do|know|help (?:me )?with)(?: for me)?|who are you"
    r"|what are you|how (?:can|do) you help(?: me)?|how do(?:es)? (?:you|this) work|help(?: me)?"
    r"|what can i ask(?: you)?|are you (?:a |an )?(?:robot|bot|ai|human)",
    "es": r"(?:que|en que|como) (?:me )?(?:puedes|sabes|puede usted) (?:hacer|ayudar(?:me)?)(?: por mi)?"
    r"|quien eres(?: tu)?|quien es usted|que eres(?: tu)?|como funcionas|ayuda|ayudame"
    r"|que (?:te )?puedo preguntar(?:te)?|eres (?:una? )?(?:robot|bot|ia|humano|persona)",
    "fr": r"que (?:peux tu|sais tu|pouvez vous) faire(?: pour moi)?|qu est ce que (?:tu peux|tu sais|vous pouvez) faire"
    r"|tu (?:peux|sais) faire quoi|qui (?:es tu|etes vous)|(?:tu|t) es qui|qu es tu|tu es quoi|aide(?: moi)?"
    r"|comment (?:peux tu|tu peux|pouvez vous) m aider|comment (?:fonctionnes tu|tu fonctionnes|tu marches)"
    r"|(?:que puis je|qu est ce que je peux) (?:te |vous )?demander"
    r"|(?:tu es|es tu|etes vous) (?:une? )?(?:robot|bot|ia|humaine?)",
    "de": r"was kannst du(?: (?:alles|tun|machen|fur mich))*|(?:wer|was) bist du|wie funktionierst du|hilfe|hilf mir"
    r"|(?:wie|wobei|womit) kannst du (?:mir )?helfen|was kann ich (?:dich )?(?:alles )?fragen"
    r"|bist du (?:eine? )?(?:roboter|bot|ki|mensch)",
    "zh": r"[你您](?:能|可以|[会會])(?:[为為]我|[帮幫]我)?(?:做|干)(?:些|[点點])?什[么麼]|[你您]是(?:[谁誰]|什[么麼])"
    r"|[你您](?:能|可以)?(?:怎[么麼](?:样|樣)?)?[帮幫](?:助)?我(?:做?(?:些|[点點])?什[么麼])?[吗嗎]?|(?:[请請])?[帮幫](?:[帮幫]|助)?我|[帮幫]助"
    r"|我(?:能|可以)(?:[问問])(?:[你您])?(?:些)?什[么麼]|[你您]是(?:[机機]器人|真?人|ai)[吗嗎]|[你您]怎[么麼]用",
    "ar": r"(?:ماذا|ما الذي) (?:يمكنك|تستطيع|بامكانك)(?: ان)? (?:تفعل|تعمل|تفعله|فعله|تقدم)|من انت|ما انت|ماذا تعرف"
    r"|كيف (?:يمكنك|تستطيع) (?:ان تساعدني|مساعدتي)|كيف تعمل انت|ساعدني|مساعدة|النجدة"
    r"|(?:ماذا|عم) (?:يمكنني|استطيع) ان اسالك?|هل انت (?:روبوت|انسان|بوت|ذكاء اصطناعي)",
}
_FORMS: dict[Courtesy, dict[str, str]] = {
    "greeting": {
        language: rf"(?:{greeting})(?: ?(?:{_HOW_ARE_YOU[language]}))?|{_HOW_ARE_YOU[language]}"
        for language, greeting in _GREETINGS.items()
    },
    "thanks": _THANKS,
    "goodbye": _GOODBYES,
    "abilities": {language: rf"(?:{_GREETINGS[language]} ?)?(?:{form})" for language, form in _ABILITIES.items()},
}
_PAUSE = re.compile(r"\s*[,.!:–\-，。！：،؛]+\s*(?=\S)")
_LONGEST_GREETING = 60
_PLEASE = re.compile(r"^(?:please|pls)\s+(?=\S)", re.IGNORECASE)

# An order comes first in its sentence or after "please" and its like; elsewhere "ignore the rules" has somebody else as
# its subject, unless the rules are the tutor's own. Outside English nothing but what tells which may stand between the
# two, since "ignora Mao las reglas" asks about Mao.
_FIRST = r"(?:^|[.!?;:,،。！？，；：\n])[ \"“„«'(¡]{0,3}"
_RULES = {
    "en": r"\b(?:instruction|rule|prompt|direction|guideline|polic)",
    "es": r"(?:instruccion|regla|norma|indicacion|directri|ordenes|prompt)",
    "fr": r"(?:instruction|regle|consigne|directive|prompt\b|ordres)",
    "de": r"\w*(?:anweisung|regel|richtlinie|instruktion|vorgabe|prompt|befehl)",
    "zh": r"(?:指[令示]|[规規][则則]|提示|[设設]定|要求|prompt)",
    "ar": r"(?:تعليمات|قواعد|اوامر|ارشادات|توجيهات)",
}
_ORDERS = {
    "en": (
        rf"(?:{_FIRST}|\b(?:please|pls|let.s|let us|(?:can|could|will|would) you|you (?:must|should|can|will)"
        r"|(?:want|need|order|ask|tell|command) you to) )(?:(?:please|now|just|simply|then|and) ){0,6}"
        rf"(?:ignore|disregard|forget|override|bypass)\b[^.!?,;:\n]{{0,40}}{_RULES['en']}",
        rf"\b(?:ignore|disregard|forget|override|bypass)\b.{{0,20}}\b(?:your|you were|you have been)\b"
        rf".{{0,20}}{_RULES['en']}",
        r"\b(?:print|reveal|show|repeat|output|tell me)\b.{0,40}"
        r"\b(?:system prompt|hidden (?:prompt|instruction|rule)|your (?:\w+ )?(?:prompt|instruction|rule))",
        r"^(?:please )?(?:pretend\b|(?:act|behave|respond|speak|talk) (?:as|like) )|\b(?:developer|dan|god) mode\b",
        r"\byou(?: are|.re) now\b|\bfrom now on,? you\b|\bjailbreak|\bnew instructions?:",
    ),
    "es": (
        rf"(?:{_FIRST}|\bpor favor )(?:(?:por favor|ahora),? ){{0,6}}"
        r"(?:ignor[ae]d?|olvid[ae]d?|olvidate de|omite|desobedece|no (?:sigas|obedezcas|hagas caso (?:a|de))) "
        r"(?:(?:tod[ao]s?|las?|los|el|tus?|sus|est[ao]s|es[ao]s|anteriores|previas) ){0,6}"
        rf"{_RULES['es']}",
        rf"\b(?:ignor|olvid|desobede|salt)\w* (?:(?:de|a|todas|las|los) ){{0,6}}tus? (?:\w+ )?{_RULES['es']}",
        r"\b(?:(?:muestra|ensena|revela|repite|imprime|escribe|di|da)(?:me)?|cual es|cuales son)\b.{0,40}"
        r"\b(?:prompt\b|tus? (?:\w+ )?(?:instruccion|regla|directri))",
        r"^(?:por favor,? )?(?:finge|haz como si|hazte pasar|comportate como|(?:actua|habla|responde) como)\b",
        r"\bahora eres\b|\ba partir de ahora,? (?:eres|seras|vas a|responde|actua)|\bmodo (?:desarrollador|dios|dan)\b",
        r"\bnuevas? instruccion(?:es)?:",
    ),
    "fr": (
        rf"(?:{_FIRST}|\bs.il (?:te|vous) plait )(?:maintenant,? )?"
        r"(?:ignore[rz]?|oublie[rz]?|contourne[rz]?|desobei(?:s|ssez) a|ne (?:tiens|tenez) pas compte d(?:e|u|es)) "
        r"(?:(?:toutes|tous|tes|les|vos|ces|ta|ton|la|le|precedentes|anterieures) ){0,6}"
        rf"{_RULES['fr']}",
        r"\b(?:ignor|oubli|contourn|desobei)\w* (?:(?:de|a|toutes|tous) ){0,6}(?:tes|ton|ta|vos|votre) (?:\w+ )?"
        rf"{_RULES['fr']}",
        r"\b(?:montre[rz]?|affiche[rz]?|revele[rz]?|donne[rz]?|dis|dites|repete[rz]?|imprime[rz]?|ecris|ecrivez"
        r"|quel(?:le)?s? (?:est|sont))\b.{0,40}\b(?:prompt\b|(?:message|invite|instructions?) systeme"
        r"|(?:tes|ton|ta|vos|votre) (?:\w+ )?(?:instruction|regle|consigne))",
        r"^(?:s.il te plait,? )?(?:fais semblant|fais comme si tu|comporte.toi comme|(?:agis|parle|reponds) comme)\b",
        r"\btu es (?:maintenant|desormais)\b|\b(?:desormais|a partir de maintenant),? (?:tu|vous)\b",
        r"\bmode (?:developpeur|dieu|dan)\b|\bnouvelles? instructions? ?:",
    ),
    "de": (
        rf"(?:{_FIRST}|\bbitte )(?:(?:bitte|jetzt) ){{0,6}}"
        r"(?:ignoriere?|vergiss|vergesst|missachte|umgehe?|uberschreibe?|(?:ignorieren|vergessen) sie) "
        r"(?:(?:alle|all|die|den|das|diese|dein\w{0,2}|ihre|samtliche|bisherigen?|vorherigen?|vorigen|obigen) ){0,6}"
        rf"{_RULES['de']}",
        r"\b(?:ignorier|vergiss|vergess|missacht|umgeh|uberschreib)\w* (?:alle )?dein\w{0,2} (?:\w+ )?"
        rf"{_RULES['de']}",
        rf"\bdein\w{{0,2}} (?:\w+ )?{_RULES['de']}\w* (?:zu )?(?:ignorier|vergess|missacht|umgeh)",
        r"\b(?:zeige?|nenne?|verrate?|gib|sage?|wiederhole?|drucke?|schreibe?|wie (?:lautet|lauten|ist|sind)|was ist)\b"
        r".{0,40}\b(?:system.{0,2}(?:prompt|nachricht|anweisung)"
        r"|dein\w{0,2} (?:\w+ )?\w*(?:anweisung|regel|prompt|instruktion|vorgabe))",
        r"^(?:bitte )?(?:tu so,? als|gib dich als|verhalte dich (?:wie|als)|(?:sprich|antworte) wie"
        r"|stell dir vor,? du bist)\b",
        r"\bdu bist (?:jetzt|nun|ab jetzt|ab sofort)\b|\bab (?:jetzt|sofort) (?:bist|wirst|sollst|antwortest) du\b",
        r"\b(?:entwickler|gott|dan)[- ]?modus\b|\bneue anweisung(?:en)?:",
    ),
    "zh": (
        r"(?:^|[。！？，,.!?；;：:\n]|[请請]|[你您]) ?"
        r"(?:忽略|[无無][视視]|忘[记記掉]|不要(?:遵守|理[会會])|[绕繞][过過])掉?"
        r"[^。！？，.!?,\n]{0,6}(?:[你您]的|之前|以上|上面|先前|前面|所有|全部|一切|系[统統])[^。！？，.!?,\n]{0,8}"
        rf"{_RULES['zh']}(?!的)",  # "those who ignored all the rules" has 的 behind it
        r"(?:[显顯]示|告[诉訴]我|展示|[输輸]出|打印|透露|重[复複]|[说說]出|公[开開]|[给給]我看)[^。！？.!?\n]{0,12}"
        rf"(?:系[统統]提示|[你您]的(?:系[统統]|[隐隱]藏|初始|内部)?{_RULES['zh']}|system prompt)",
        rf"(?:系[统統]提示[词詞語语]?|[你您]的(?:系[统統]|[隐隱]藏|初始)?{_RULES['zh']}[词詞]?)(?:是什[么麼]|[发發]?[给給]我)",
        r"^[请請]?(?:假[装裝](?:[你您自]|成)|扮演(?!了|[什甚][么麼]|着|的|[过過])|假[设設][你您]是)",
        r"[你您][现現]在[开開]?[始起]?(?:就)?是|[现現]在(?:[开開]始|起)?[，, ]?[你您](?:就)?是",
        r"(?:[开開][发發](?:者|人[员員])?|上帝|dan)模式|新的?指[令示][:：]",
    ),
    "ar": (
        rf"(?:{_FIRST}|(?:من فضلك|رجاء) )(?:الان )?(?:تجاهلي?|انسى?|اهمل|لا تتبع|لا تلتزم ب) ?"
        rf"(?:(?:كل|جميع|هذه|تلك|كافة) ){{0,6}}ال{_RULES['ar']}",
        rf"(?:ت?تجاهل|انسى?|تنسى|اهمل|خالف) (?:(?:كل|جميع|كافة) ){{0,6}}{_RULES['ar']}ك\b",
        r"(?:اظهر|ارني|اعرض|اكشف|اطبع|كرر|اخبرني|قل لي|اعطني|ما هي|ما هو).{0,40}"
        rf"(?:موجه النظام|برومبت|system prompt|{_RULES['ar']}ك\b)",
        r"^(?:من فضلك )?(?:تظاهر (?:بانك|انك)|تصرف (?:كانك|كما لو كنت)|تقمص|العب دور)",
        r"\bانت الان\b|من الان فصاعدا|وضع المطور|تعليمات جديدة ?:",
    ),
}


def is_tampering(question: str) -> bool:
    """Return whether ``question`` is an attempt to change the tutor's instructions or to read them."""
    return _tampering().search(_folded(question)) is not None


def courtesy(question: str) -> Courtesy | None:
    """Return which courtesy the whole of ``question`` is; None where it asks anything else."""
    said = _said(question)
    return next((kind for kind in _FORMS if _languages(kind, said)), None)


def courtesy_languages(question: str) -> frozenset[str]:
    """Return the languages in which the whole of ``question`` is a courtesy, such as en and de for "Hi"."""
    said = _said(question)
    return frozenset(next(filter(None, (_languages(kind, said) for kind in _FORMS)), ()))


def without_greeting(question: str) -> str:
    """Return ``question`` without the greeting that it opens with."""
    pause = _PAUSE.search(question[:_LONGEST_GREETING])
    opens = pause is not None and _greeting().fullmatch(_said(question[: pause.start()]))
    rest = question[pause.end() :] if pause and opens else _PLEASE.sub("", question, count=1)
    return rest[:1].upper() + rest[1:] if rest != question else question


def _languages(kind: Courtesy, said: str) -> list[str]:
    return [language for language, form in _forms()[kind].items() if form.fullmatch(said)]


# Compiled when first needed: a fifth of a second, which importing this need not take.


@cache
def _forms() -> dict[Courtesy, dict[str, re.Pattern[str]]]:
    return {kind: {language: re.compile(form) for language, form in forms.items()} for kind, forms in _FORMS.items()}


@cache
def _greeting() -> re.Pattern[str]:
    return re.compile("|".join(_GREETINGS.values()))


@cache
def _tampering() -> re.Pattern[str]:
    return re.compile("|".join(order for orders in _ORDERS.values() for order in orders), re.DOTALL)


def _said(text: str) -> str:
    """Return the words of ``text``, folded, with one space between two of them."""
    return " ".join(re.findall(r"[^\W_]+", _folded(text)))


def _folded(text: str) -> str:
    """Return ``text`` in small letters without accents, vowel signs, invisible characters and needless space."""
    apart = unicodedata.normalize("NFD", text.lower())
    plain = "".join(c for c in apart if unicodedata.category(c) not in ("Mn", "Cf"))
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", plain).splitlines())
    return "\n".join(line for line in lines if line)
