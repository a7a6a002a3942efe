"""Tokens: a text as words, numbers, ordinals, decades and dates, each compared by what it means.

"1,500" and "1500" are one number, "8 May 1945" and "May 8, 1945" one date, "twenty-one" is 21, "40%" is "40 percent",
"1914-18" is "1914 to 1918". Articles and citation markers are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

# ruff: noqa: SIM905 (lists of words read best as text)
_MONTHS = "january february march april may june july august september october november december".split()
_ONES = "zero one two three four five six seven eight nine ten eleven twelve".split()
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = dict(zip(_ONES + _TEENS, count(), strict=False)) | dict(zip(_TENS, count(20, 10), strict=False))
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ORDINALS = {re.sub("y$", "ie", word) + "th": n for word, n in _SMALL.items()} | {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12
}  # fmt: skip
_UNITS = {
    "ft": "foot", "yd": "yard", "mi": "mile", "mm": "millimeter", "cm": "centimeter", "m": "meter", "km": "kilometer",
    "g": "gram", "kg": "kilogram", "lb": "pound", "lbs": "pound", "oz": "ounce", "sec": "second", "min": "minute",
    "hr": "hour", "hrs": "hour", "yr": "year", "yrs": "year",
}  # fmt: skip
_SIGNS = {"%": "percent", "&": "and", "$": "dollar", "£": "pound", "€": "euro"}

# In small letters, "may" and "march" are verbs where no year follows.
_SURE = r"""(?:jan(?:uary)?|feb(?:ruary)?|(?-i:Mar(?:ch)?|MARCH|May|MAY)|apr(?:il)?|june?|july?|aug(?:ust)?
    |sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"""
_MONTH = rf"(?:{_SURE}|(?:may|mar(?:ch)?)\b\.?)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?(?!\d|\.\d|,\d{3}(?!\d)|[^\W\d])"
_YEAR = r"\s*,?\s*(?:of\s+)?\d{4}(?![.,]?\d|\w)"
_LEXEME = re.compile(
    rf"""(?P<date>\b(?:\d{{4}}-\d\d-\d\d(?![\w-])|{_DAY}\s+(?:of\s+)?(?:{_MONTH}{_YEAR}|{_SURE})
        |{_MONTH}\s+{_DAY}{_YEAR}|{_SURE}\s+{_DAY}|{_MONTH}{_YEAR}))
    |(?P<to>(?<=\d)\s*-\s*(?=\d))
    |(?P<number>(?:(?<![\w.,)%])-)?\.?\d(?:[\d.,:/]*\d)?(?:'?[^\W\d_][^\W_]*)?)
    |(?P<sign>[%&$£€])
    |(?P<word>[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|\b(?:[^\W\d_]\.\s?){{2,}}(?:[^\W\d_]\b)?
        |[^\W\d_][^\W_]*(?:'[^\W\d_]+)*[+\#]*)""",
    re.VERBOSE | re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(-?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}|(?:0|[1-9]\d*)?(?:[.,]\d+)?))('?[a-z]*)"
)
_MONEY = re.compile(
    r"(?:\bUS)?([$£€])\s?(\d+(?:[.,]\d+)*(?:\s(?:thousand|million|billion|trillion)\b)?)", re.IGNORECASE
)

Date = tuple[int, int, int]  # year, month and day, 0 for what is not said


@dataclass(frozen=True)
class Token:
    """A word, number, ordinal, decade or date; ``apart`` where punctuation sets it off from what is before it."""

    kind: str
    value: str | Decimal | Date
    capital: bool = False
    apart: bool = False


def tokens(text: str) -> list[Token]:
    """Return the tokens of ``text``, numbers in words as numbers, without its articles and citation markers."""
    found = _composed(list(_lexemes(_plain(text))))
    kept: list[Token] = []
    apart = False
    for token, after in zip(found, [*found, None][1:], strict=True):
        apart = apart or token.apart
        letter = after is None or after.apart or (token.capital and not apart)  # as in "vitamin A"
        if token.value not in ("an", "the") and (token.value != "a" or letter):
            kept.append(replace(token, apart=apart))
            apart = False
    return _ranged(kept or found)


def _plain(text: str) -> str:
    """Return ``text`` without markers and accents; dashes, quotes, amounts of money and ranges written one way."""
    text = unicodedata.normalize("NFKD", re.sub(r"\s*\[\d+\]", "", text))
    text = unicodedata.normalize("NFC", "".join(c for c in text if not unicodedata.combining(c)))
    text = re.sub("[‘’ʼ`´]", "'", re.sub("[‐‑‒–—―−]", "-", text))
    text = re.sub(r"(?i)\bper cent\b", "percent", re.sub(r"(?i)\bhalf an? (?=[mb]illion|thousand)", "0.5 ", text))
    text = _MONEY.sub(r"\2 \1", text)
    return re.sub(r"\b([12]\d)(\d\d)-(?=\d\d\b(?!-))", r"\1\2-\1", text)  # "1914-18"


def _lexemes(text: str) -> Iterator[Token]:
    end = 0
    for match in _LEXEME.finditer(text):
        written, gap = match.group(), text[end : match.start()]
        if re.search(r"(?i)\b(?:[a-z]|mrs?|dr|st)$", text[:end]):
            gap = gap.removeprefix(".")
        apart = end == 0 or re.search(r"[.,;:!?()]", gap) is not None
        end = match.end()
        if match.lastgroup == "date":
            found = [Token("date", _date(written.casefold()))]
        elif match.lastgroup == "number":
            found = _numeral(written.casefold())
        elif match.lastgroup == "word":
            found = _word(written)
        else:
            found = [Token("word", _SIGNS.get(written, "to"))]
        yield from (replace(token, apart=apart and at == 0) for at, token in enumerate(found))


def _date(written: str) -> Date:
    numbers = re.findall(r"\d+", written)
    if len(numbers) == 3:
        year, month, day = map(int, numbers)
        return year, month, day
    month = month_number(next(iter(re.findall(r"[a-z]{3,}", written))))
    year = next((int(n) for n in numbers if len(n) == 4), 0)
    return year, month, next((int(n) for n in numbers if len(n) < 4), 0)


def month_number(word: str) -> int:
    """Return the number of the month that ``word`` names or abbreviates; -1 for none."""
    return next((n for n, name in enumerate(_MONTHS, start=1) if len(word) > 2 and name.startswith(word)), -1)


def _numeral(written: str) -> list[Token]:
    number, suffix = match.groups() if (match := _NUMBER.fullmatch(written)) else ("", "")
    grouped = re.search(r",\d{3}(?!\d)", number)
    number = number.replace(",", "" if grouped else ".")
    value = Decimal(number.replace(".", "") if number.count(".") > 1 else number or 0)
    if number and suffix in ("", *_UNITS):
        return [Token("number", value), *([Token("word", suffix)] if suffix else [])]
    if number and suffix in ("st", "nd", "rd", "th"):
        return [Token("ordinal", value)]
    if number and suffix in ("s", "'s") and value % 10 == 0:
        return [Token("decade", value)]
    return [Token("word", written)]


def _word(written: str) -> list[Token]:
    word = re.sub(r"[\s.]", "", written.casefold()).removesuffix("'s")
    capital = written[0].isupper() or "." in written
    if word == "cannot" or word.endswith("n't"):
        verb = {"cannot": "can", "can't": "can", "won't": "will", "shan't": "shall"}.get(word, word[:-3])
        return [Token("word", verb, capital), Token("word", "not")]
    return [Token("word", word.replace("'", ""), capital)]


def _composed(found: Sequence[Token]) -> list[Token]:
    """Return the tokens with numbers in words read as numbers, and the unit behind a number spelled out."""
    composed: list[Token] = []
    at = 0
    while at < len(found):
        token, (amount, end) = found[at], _amount(found, at)
        if composed and composed[-1].kind == "number" and token.value in _UNITS:
            token = replace(token, value=_UNITS[str(token.value)])
        composed.append(replace(amount, apart=token.apart) if amount else token)
        at = max(end, at + 1)
    return composed


def _amount(found: Sequence[Token], start: int) -> tuple[Token | None, int]:
    """Return the number or ordinal that begins at ``start``, if one does, and where it ends."""
    total, current, room, scale = Decimal(0), Decimal(0), 1000, 10**15
    at = start
    while at < len(found) and (at == start or not found[at].apart):
        token, word = found[at], str(found[at].value)
        if isinstance(token.value, Decimal):
            if token.kind != "number" or at > start:
                break
            current, room = token.value, 0
        elif word in _SMALL and _SMALL[word] < room and not _is_pronoun(found, at):
            current, room = current + _SMALL[word], 10 if _SMALL[word] >= 20 else 0
        elif word in _ORDINALS and _ORDINALS[word] < room:
            return Token("ordinal", total + current + _ORDINALS[word]), at + 1
        elif word == "hundred" and current < 100 and (current or at == start):
            current, room = (current or Decimal(1)) * 100, 100
        elif word in _LARGE and _LARGE[word] < scale and (current or at == start):
            scale = _LARGE[word]
            total, current, room = total + (current or Decimal(1)) * scale, Decimal(0), 1000
        elif word != "and" or at == start or not _is_and(found[at + 1 : at + 2], room, scale):
            break
        at += 1
    return (Token("number", total + current), at) if at > start else (None, at)


def _is_and(after: Sequence[Token], room: int, scale: int) -> bool:
    """Return whether an "and" is part of a number, as in "two hundred and ten"."""
    return (room == 100 or room == scale == 1000) and any(token.value in _SMALL for token in after)


def _is_pronoun(found: Sequence[Token], at: int) -> bool:
    """Return whether the "one" at this place counts nothing ("no one", "one of them")."""
    before, after = found[max(at - 1, 0)].value, found[min(at + 1, len(found) - 1)].value
    counted = before not in ("no", "any", "some", "every", "each", "this", "that") and after not in ("of", "another")
    return found[at].value == "one" and not counted


def _ranged(found: Sequence[Token]) -> list[Token]:
    """Return the tokens with every range of numbers or dates as "1914 to 1918"."""
    ranged: list[Token] = []
    for at, token in enumerate(found):
        opener = ranged[-2].value if len(ranged) > 1 else ""
        joins = token.value in ("to", "until", "till", "through") or (token.value, opener) == ("and", "between")
        if joins and 0 < at < len(found) - 1 and "word" not in (found[at - 1].kind, found[at + 1].kind):
            token = replace(token, value="to")
            ranged = ranged[:-2] + ranged[-1:] if opener in ("from", "between") else ranged
        ranged.append(token)
    return ranged
