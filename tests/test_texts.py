"""The page's words: each language says all of it, in its own way, and whoever looks gets theirs."""

from __future__ import annotations

import ast
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tutor import errors
from tutor.errors import InputError, NotFound, SetupError
from tutor.web import texts as module
from tutor.web.texts import LANGUAGES, choose, texts

OTHERS = sorted(LANGUAGES.keys() - {"en"})
PRODUCT = sorted(Path(str(module.__file__)).parents[1].rglob("*.py"))
SCRIPTS = sorted((Path(str(module.__file__)).parent / "static").glob("*.js"))


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_the_keys_of_english_in_the_same_order(language: str) -> None:
    assert module.keys(language) == module.keys("en")


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_takes_the_values_of_the_english_one(language: str) -> None:
    for key, names in module._variables(language).items():
        wanted = module._variables("en")[key]
        assert names <= wanted, key
        assert wanted - names <= {"count"}, key  # which some languages do not need to choose a form


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_left_in_english(language: str) -> None:
    same = {key for key in module.keys("en") if module._template(language, key) == module._template("en", key)}
    assert same <= {"place-among", "script-match"}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_text_is_markup(language: str) -> None:
    assert not [key for key in module.keys(language) if re.search('[<>&"]', module._template(language, key))]


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_is_in_the_script_of_its_language(language: str) -> None:
    letters = {"zh": r"[\u4e00-\u9fff]", "ar": r"[\u0600-\u06ff]", "es": r"[a-záéíóúñ]"}[language]
    other = r"(?!Markdown|JSON|PDF|MB|UTF)\b[A-Za-z]{2,}" if language != "es" else r"[\u4e00-\u9fff\u0600-\u06ff]"
    for key in module.keys(language):
        said = re.sub(r"\{\w+\}", "", module._template(language, key))
        assert re.search(letters, said), key
        assert not re.search(other, said), key


def called(tree: ast.AST, names: set[str]) -> set[str]:
    """Return the texts that are handed to calls of ``names`` first."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    heads = [n.args[0] for n in calls if (getattr(n.func, "id", "") or getattr(n.func, "attr", "")) in names]
    return {
        n.value for head in heads for n in ast.walk(head) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def test_every_text_that_is_asked_for_is_there_and_every_one_that_is_there_is_asked_for() -> None:
    sources = [path.read_text(encoding="utf-8") for path in PRODUCT]
    literals = {n.value for s in sources for n in ast.walk(ast.parse(s)) if isinstance(n, ast.Constant)}
    scripts = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    asked = {key for s in sources for key in called(ast.parse(s), {"say", "said", "hint"})}
    assert asked <= set(module.keys("en")) | {"how-", "meaning-", "-is", "-citation", "error-", "empty-question"}
    for key in module.keys("en"):
        if key.startswith("script-"):
            said = key.removeprefix("script-")
            assert {f'"{said}"', f'"{said.removesuffix("-sent")}"'} & set(re.findall(r'"[\w-]+"', scripts)), key
        elif key.startswith("error-"):
            assert key.removeprefix("error-") in literals or key == "error-technical", key
        else:
            made = key.startswith(("how-", "meaning-")) or key.endswith("-citation")
            assert made or key in literals, key


def test_every_failure_that_names_a_text_has_one() -> None:
    named, kinds = set(), set(vars(errors))
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            raised = isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds
            if raised and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):  # else it is handed on
                named.add(f"error-{node.args[1].value}")
    assert len(named) > 8
    assert named <= set(module.keys("en"))


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "de-DE,de;q=0.9", "en"),
        (None, "de,es-MX;q=0.8,en;q=0.7", "es"),
        (None, "en;q=0.2,ar-EG;q=0.9", "ar"),
        (None, "zh-TW", "zh"),
        (None, "es;q=0,zh;q=0.1", "zh"),
        (None, "*;q=x,;;;, ar", "ar"),
        ("ar", "zh-CN", "ar"),
        ("xx", "zh-CN", "zh"),
        ("../en", "es", "es"),
        ("EN", "es", "en"),
    ],
)
def test_a_reader_gets_the_language_that_they_chose_or_that_their_browser_names(
    cookie: str | None, accepted: str, language: str
) -> None:
    assert choose(cookie, accepted).language == language


def test_numbers_choose_the_form_of_a_word() -> None:
    assert [texts("en")("sections", count=n) for n in (1, 2)] == ["1 section", "2 sections"]
    assert [texts("ar")("sections", count=n) for n in (1, 2, 3, 11)] == ["قسم واحد", "قسمان", "3 أقسام", "11 قسمًا"]
    assert texts("zh")("sections", count=2) == "2 节"


def test_a_value_of_any_length_stands_as_it_is() -> None:
    title = "{ $count } \ue000markers\ue001 " + "W" * 10_000
    assert texts("en")("read-it", title=title) == f"Read {title}"


def test_a_text_that_is_not_there_or_lacks_a_value_is_an_error() -> None:
    with pytest.raises(LookupError):
        texts("en")("no-such-text")
    with pytest.raises(LookupError, match="read-it in en"):
        texts("en")("read-it")


def test_a_file_that_is_not_fluent_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_read", lambda language: "no text at all\n")
    with pytest.raises(LookupError, match=r"en\.ftl: Expected"):
        module._variables.__wrapped__("en")


def test_days_are_written_as_in_the_language() -> None:
    day = datetime(2026, 11, 25, tzinfo=UTC)
    assert [texts(language).day(day) for language in LANGUAGES] == ["Nov 25", "11月25日", "25 nov", "25 نوفمبر"]


def test_what_a_student_meets_is_said_in_their_language_and_the_rest_in_english() -> None:
    assert texts("es").error(InputError("Too long.", "name-long", limit=120)).startswith("El nombre tiene más de 120")
    assert texts("en").error(SetupError("The disk is on fire.")) == "The disk is on fire."
    assert "The disk is on fire." in texts("ar").error(SetupError("The disk is on fire."))


def test_the_script_gets_its_texts_with_places_for_values() -> None:
    said = json.loads(module.for_script())
    assert said["en"]["texts"]["match"] == "{at} of {count}"
    assert said["ar"]["direction"] == "rtl"
    assert "<" not in module.for_script()


def test_an_unknown_conversation_is_told_in_words_for_a_reader(tutor) -> None:
    with pytest.raises(NotFound) as told:
        tutor.conversation("c_0")
    assert texts("en").error(told.value) == "That conversation is no longer here. Begin a new one."
