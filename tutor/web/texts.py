"""Texts: the page's own words, in the language of the reader, from one Fluent file for each language.

What a listener renders is put into words here; the labels of Gradio's components by Gradio's own translation in the
browser; what the page's script says, there too. All read the same files, and agree on the language: the one that the
reader chose (a cookie), else the first of the browser's languages that there is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_skeleton
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor
from starlette.requests import HTTPConnection

from tutor.errors import TutorError

if TYPE_CHECKING:
    import gradio as gr

LANGUAGES = {"en": "English", "zh": "简体中文", "es": "Español", "ar": "العربية"}
COOKIE = "tutor-language"
GRADIO = {"zh": "zh-CN"}  # what Gradio calls a language where it is not its code
_IN_SCRIPT = "script-"  # how the keys begin of what only the page's script says


class Texts:
    """The page's words in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.direction = Locale.parse(language).text_direction
        self._bundle = FluentBundle([language], use_isolating=False)  # names stand in elements that isolate them
        self._bundle.add_resource(FluentResource(_read(language)))

    def __call__(self, key: str, **values: str | int) -> str:
        """Return the text called ``key`` as HTML; ``values`` have to be escaped already. Raises `LookupError`."""
        message = self._bundle.get_message(key)
        if message.value is None:
            raise LookupError(f"{key} has no text in {self.language}.")
        # Words go in afterwards: Fluent takes none that are longer than a thousand characters.
        stand_ins = {name: f"\ue000{name}\ue001" if isinstance(v, str) else v for name, v in values.items()}
        text, errors = self._bundle.format_pattern(message.value, stand_ins)
        if errors:
            raise LookupError(f"{key} in {self.language}: {errors[0]}")
        return re.sub("\ue000(\\w+)\ue001", lambda found: str(values[found[1]]), str(text))

    def error(self, error: TutorError) -> str:
        """Return what went wrong and what to do, as plain text; what helps only who runs the tutor stays English."""
        if error.key:
            return self(f"error-{error.key}", **error.values)
        return str(error) if self.language == "en" else self("error-technical", message=f"\u2068{error}\u2069")

    def day(self, moment: datetime) -> str:
        """Return a day and its month as they are written in a list."""
        return format_skeleton("MMMd", moment, locale=self.language)


@cache
def texts(language: str) -> Texts:
    """Return the texts of one of `LANGUAGES`."""
    return Texts(language)


def reader(request: HTTPConnection | gr.Request) -> Texts:
    """Return the texts for whoever sent ``request``."""
    return choose(request.cookies.get(COOKIE), request.headers.get("accept-language", ""))


def choose(cookie: str | None, accepted: str) -> Texts:
    """Return the texts for a reader: of the language in the ``cookie``, else of the first one that is ``accepted``.

    ``accepted`` is an ``Accept-Language`` header (RFC 9110); where nothing fits, the language is English.
    """
    weighed = [_weighed(one) for one in accepted.split(",")]
    wanted = [cookie or "", *(tag for tag, weight in sorted(weighed, key=lambda one: -one[1]) if weight > 0)]
    return texts(next((tag for tag in (one.partition("-")[0].lower() for one in wanted) if tag in LANGUAGES), "en"))


def _weighed(one: str) -> tuple[str, float]:
    tag, _, weight = one.strip().partition(";q=")
    try:
        return tag, float(weight or 1)
    except ValueError:
        return tag, 0


def for_script() -> str:
    """Return what the page's script says, by language, as JSON that can stand in a script element."""
    said = {
        language: {
            "locale": GRADIO.get(language, language),
            "direction": texts(language).direction,
            "texts": {key.removeprefix(_IN_SCRIPT): _template(language, key) for key in _script_keys(language)},
        }
        for language in LANGUAGES
    }
    return json.dumps(said, ensure_ascii=False).replace("<", "\\u003c")


def keys(language: str) -> tuple[str, ...]:
    """Return the keys of all texts of a language, in the order of its file."""
    return tuple(_variables(language))


def _script_keys(language: str) -> list[str]:
    return [key for key in keys(language) if key.startswith(_IN_SCRIPT)]


def _template(language: str, key: str) -> str:
    """Return a text with its variables left as ``{name}``."""
    return texts(language)(key, **{name: f"{{{name}}}" for name in _variables(language)[key]})


@cache
def _variables(language: str) -> Mapping[str, frozenset[str]]:
    """Return the names of the variables of each text, by key; raises `LookupError` for a file that is not Fluent."""
    found: dict[str, frozenset[str]] = {}
    for entry in FluentParser().parse(_read(language)).body:
        if isinstance(entry, ast.Junk):
            raise LookupError(f"{language}.ftl: {entry.annotations[0].message}: {entry.content!r}")
        if isinstance(entry, ast.Message):
            names = _Names()
            names.visit(entry)
            found[entry.id.name] = frozenset(names.found)
    return found


class _Names(Visitor):
    """The variables that a text names."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:
        self.found.add(node.id.name)


def _read(language: str) -> str:
    return (files("tutor.web") / "texts" / f"{language}.ftl").read_text("utf-8")
