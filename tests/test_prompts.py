"""Prompts: each file is whole, and no text changes without its version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from tutor.courtesy import Courtesy
from tutor.errors import InputError, SetupError
from tutor.prompts import OVERRIDABLE, Prompt, load_prompt, override, prompts_folder
from tutor.types import Fallback, RefusalReason

RECORDED = {
    # A prompt whose text changes needs a new version in its head, and a new line here beside the old one: answers
    # that are stored name the version that they were made with.
    "refusals@1": "cc216110bacc5dbf5499570ea5d26be03a176a077a59acd8c4ad7ba5aceff370",
    "refusals@2": "36dc188aee3afbcf287b9d4569bfbb8dd799178cf9ca56d95bec12e170975c49",
    "courtesies@1": "d1e5f1e5b2104280c6812ee39c0316f4fc2485c9ec4b76f58f4d048df841e5d6",
    "stuffed@1": "44d450bde9f787f96b140362fc74f64712d0a8c708d12209df5509767660e7f8",
    "judge@1": "832b848061f21e8ece4f77a67cfcb7bb368e01440eecc1107009e467e843bcc4",
    "leads@1": "2894c3e8e424fdcb47f6f5172ca66659a5df9b7a45e2326d01808cffb68d8bf1",
    "answer@1": "e754b30fdce29ee7bdd385b49919479594e8c3fefa2277b8140d947935ed3768",
    "courtesies.ar@1": "f053601991e18c98f760dd156bd004f21626aed221ead194d8cb83414894939b",
    "courtesies.de@1": "34baf9a6425203a29a4bf3f24fbc9365fb57b16d8670b1f8c3e0c082519cd2af",
    "courtesies.es@1": "23896fa4648b7019fecfc0bac246d1a9a08386d9e9f7b5096efa9b11b9d76b0f",
    "courtesies.fr@1": "2de9e48cb0b9fbf2f26c08c4a16f799862c0718ddb85d265dd24e1814105b413",
    "courtesies.zh@1": "3da95612ae27f191ffb38a79afd364732e580f63d85415802b4efb30cd8af4ce",
    "leads.ar@1": "54c7169337addcab91d096e8815ac3d40d05dc2a7e650153ce037bf5ce367602",
    "leads.de@1": "948e4139c554d9ad5a5da63ff8daa921fedad0618f4225cc36209d11bbc2d15e",
    "leads.es@1": "88e8a16eb4bf823a274070ed62b0d6109530057172dd4ae4d328550675c5477e",
    "leads.fr@1": "4cb427b6cfe913236a2e21696472dc5e86394a5921f65bab66d1fd44fdbd0da1",
    "leads@2": "15448132125c138cb020be160ef1ae4776800bcfc10bc029bf42fcfdaa3eb93d",
    "leads.zh@1": "b515e1dcf2c12d5f756afe2c76d0d82ec5f8eb177e9d9270e81126bd8bfc1c20",
    "refusals.ar@1": "29d3082264444c1b131d3765a3e6d71b5d2f047778580977618fd4e091be2cbd",
    "refusals.de@1": "03870e15b4ba2305408493fe1ae923d48b85d49c4797a53f744718b6622cd876",
    "refusals.es@1": "ce5ebd1ab259d553110475b8320b8548032bf08da0b94811b504457e995cfb22",
    "refusals.fr@1": "504cca903a2bb06833b4dd38d7228527dd6881a0f4f98e4ed64accc47d75d583",
    "refusals@3": "00046e070b7852b2101a65f58f7e5e18fcb9e1f5e60d02983c189493648e6c58",
    "refusals.zh@1": "87df1185022f5df3e222821e888289cbae561d7b74d0ac27eca5bd11098e0173",
}
FILES = sorted(prompts_folder().glob("*.md"))
SPOKEN = ("es", "fr", "de", "zh", "ar")
OWN_WORDS = ("refusals", "leads", "courtesies")


def of(path: Path) -> Prompt:
    """The prompt in a file, whose name says its language."""
    name, _, language = path.stem.partition(".")
    return load_prompt(name, language or "en")


def variables(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", text))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of prompts of this test's own."""
    monkeypatch.setattr("tutor.prompts.prompts_folder", lambda: tmp_path)
    load_prompt.cache_clear()
    yield tmp_path
    load_prompt.cache_clear()


def test_there_are_prompts() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_prompt_is_called_like_its_file_and_has_sections(path: Path) -> None:
    prompt = of(path)
    assert path.stem == prompt.id + ("" if prompt.language == "en" else f".{prompt.language}")
    assert prompt.sections and all(prompt.sections.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_prompt_that_changes_gets_a_new_version(path: Path) -> None:
    written = sha256(path.read_text(encoding="utf-8").encode()).hexdigest()
    prompt = of(path)
    assert RECORDED.get(prompt.stamp) == prompt.hash == written


@pytest.mark.parametrize("language", ["en", *SPOKEN])
def test_there_are_words_for_each_case_in_each_language(language: str) -> None:
    refusals, leads, courtesies = (load_prompt(name, language) for name in OWN_WORDS)
    for reason in get_args(RefusalReason):
        assert "Rome" in refusals.fill(reason, course="Rome")
    for why in set(get_args(Fallback)) - {"language"}:  # of which "in_course_language" tells enough
        assert leads.fill(f"fallback_{why}")
    for kind in get_args(Courtesy):
        assert courtesies.fill(kind, course="Rome")
    assert "3" in leads.fill("dropped_many", count="3")
    quoted = [refusals.fill("word", word=word) for word in ("corn", "rice")]
    listed = refusals.fill("or", words=quoted[0], word=quoted[1])
    assert quoted[0] in listed and quoted[1] in refusals.fill("unmentioned", course="Rome", words=listed)


@pytest.mark.parametrize("name", OWN_WORDS)
@pytest.mark.parametrize("language", SPOKEN)
def test_another_language_has_the_same_sections_with_the_same_variables(name: str, language: str) -> None:
    english, other = load_prompt(name), load_prompt(name, language)
    assert (other.id, other.language, other.variables) == (name, language, english.variables)
    assert list(other.sections) == list(english.sections)
    assert other.stamp.startswith(f"{name}.{language}@")
    for section, text in english.sections.items():
        assert variables(other.sections[section]) == variables(text)
        assert other.sections[section] != text or section == "word"


@pytest.mark.parametrize("language", ["pt", "xx", "", "../es", "es/../es"])
def test_what_is_not_written_in_a_language_is_said_in_english(language: str) -> None:
    assert load_prompt("leads", language) == load_prompt("leads")


@pytest.mark.parametrize("language", ["es-MX", "ES"])
def test_a_region_gets_the_words_of_its_language(language: str) -> None:
    assert load_prompt("leads", language) == load_prompt("leads", "es")


def test_missing_and_unknown_variables_are_refused_in_one_error() -> None:
    with pytest.raises(SetupError, match=r"missing \['course'\], unknown \['colour', 'title'\]"):
        load_prompt("refusals").fill("unclear", title="Rome", colour="red")


def test_a_value_cannot_act_as_a_variable() -> None:
    assert "“{course}”" in load_prompt("refusals").fill("unclear", course="{course}")


def test_a_section_is_one_line_whatever_its_line_breaks(folder: Path) -> None:
    (folder / "a.md").write_text(
        "---\nid: a\nversion: 2\nvariables: []\n---\n## one\n\nFirst\nline.\n\n## two\n\nOther.\n"
    )
    assert load_prompt("a").sections == {"one": "First line.", "two": "Other."}


def test_declared_variables_are_the_used_ones(folder: Path) -> None:
    (folder / "a.md").write_text("---\nid: a\nversion: 1\nvariables: [course]\n---\n## one\n\nSay {name}.\n")
    with pytest.raises(SetupError, match=r"a@1 declares \['course'\] but uses \['name'\]"):
        load_prompt("a")


@pytest.mark.parametrize(
    "text",
    [
        "no head",
        "---\nid: a\n---\n## one\n\nText.\n",
        "---\nid: [\n---\n## one\n\nText.\n",
        "---\njust words\n---\n## one\n\nText.\n",
        "---\nid: a\nversion: 1\nvariables:\n---\n## one\n\nText.\n",
        "---\nid: a\nversion: 1\nvariables: name\n---\n## one\n\nText.\n",
        "---\nid: a\nversion: 0\nvariables: []\n---\n## one\n\nText.\n",
        "---\nid: a\nversion: 1.5\nvariables: []\n---\n## one\n\nText.\n",
        "---\nid: a\nversion: 1\nvariables: [[a]]\n---\n## one\n\nText.\n",
        "---\nid: a\nversion: 1\nvariables: []\ncolour: red\n---\n## one\n\nText.\n",
        "---\nid: a\nversion: 1\nvariables: []\n---\n## one\n\nText.\n\n## one\n\nMore.\n",
        "words\n---\nid: a\nversion: 1\nvariables: []\n---\n## one\n\nText.\n",
        "---\n" + "[" * 5_000 + "\n---\n## one\n\nText.\n",
        "---\nid: &x [*x]\nversion: 1\nvariables: []\n---\n## one\n\nText.\n",
        "---\nid: !!python/object/apply:os.getcwd []\nversion: 1\nvariables: []\n---\n## one\n\nText.\n",
    ],
)
def test_a_wrong_head_is_refused_with_the_name_of_the_file(text: str, folder: Path) -> None:
    (folder / "a.md").write_text(text)
    with pytest.raises(SetupError, match=r"The prompt a\.md cannot be read"):
        load_prompt("a")


def test_a_missing_prompt_is_refused_with_the_name_of_the_file(folder: Path) -> None:
    with pytest.raises(SetupError, match=r"The prompt gone\.md cannot be read"):
        load_prompt("gone")


def test_a_file_says_the_same_whatever_its_line_ends(folder: Path) -> None:
    text = "---\nid: a\nversion: 1\nvariables: []\n---\n## one\n\nText.\n"
    (folder / "a.md").write_bytes(text.replace("\n", "\r\n").encode())
    assert load_prompt("a").hash == sha256(text.encode()).hexdigest()


# --- a course's own wording ------------------------------------------------------------------------------------------

GREETING = "---\nid: courtesies\nversion: 4\nvariables: [course]\n---\nOurs.\n\n## greeting\n\nAve! Ask on {course}.\n"


def worded(body: str, id: str = "leads", declared: str = "") -> str:
    return f"---\nid: {id}\nversion: 1\nvariables: [{declared}]\n---\n{body}\n"


def test_a_course_rewords_some_sections_and_keeps_the_rest() -> None:
    built_in = load_prompt("courtesies")
    own = override(built_in, GREETING, "rome")
    assert own.fill("greeting", course="Rome") == "Ave! Ask on Rome."
    assert own.fill("thanks", course="Rome") == built_in.fill("thanks", course="Rome")
    assert built_in.sections["greeting"].startswith("Hello!")


def test_a_courses_wording_has_a_stamp_and_a_hash_of_its_own() -> None:
    built_in = load_prompt("courtesies")
    own = override(built_in, GREETING, "rome")
    assert own.stamp == f"{built_in.stamp}+rome@4"
    assert own.hash == sha256(GREETING.encode()).hexdigest() != built_in.hash


def test_a_courses_wording_takes_the_place_of_a_translation_too() -> None:
    own = override(load_prompt("courtesies", "es"), GREETING, "rome")
    assert own.stamp.startswith("courtesies.es@1+rome")
    assert own.sections["greeting"].startswith("Ave!") and own.sections["thanks"].startswith("¡De nada!")


def test_a_wording_written_on_windows_is_the_same() -> None:
    built_in = load_prompt("courtesies")
    assert override(built_in, "\ufeff" + GREETING.replace("\n", "\r\n"), "rome") == override(built_in, GREETING, "rome")


def test_all_that_is_wrong_with_a_wording_is_said_in_one_error() -> None:
    text = worded(
        "## dropped_many\n\nSome {colour} ones.\n\n## disagree\n\n## praise\n\nWell asked!\n",
        id="refusals", declared="count",
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        override(load_prompt("leads"), text, "rome")
    said = str(caught.value)
    assert said.startswith("The wording of 'leads' from rome cannot be used: ") and "\n" not in said
    for problem in (
        "its id is 'refusals'",
        "it declares ['count'] but uses ['colour']",
        "the section 'dropped_many' lacks ['count'] and has unknown ['colour']",
        "the section 'disagree' is empty",
        "there is no section 'praise'",
    ):
        assert problem in said


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no head", "does not begin with a head"),
        (worded("Only words."), "it has no section"),
        (worded("## dropped_one\n\n{count} sentence.", declared="count"), "unknown ['count']"),
        (worded("## disagree\n\nA.\n\n## disagree\n\nB."), "sections are repeated: disagree"),
        (worded("## disagree\n\n" + "long " * 2_000), "10,0"),
        (worded("## disagree\n\n\ud800"), "surrogates not allowed"),
    ],
)
def test_a_wrong_wording_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InputError, match=re.escape(problem)):
        override(load_prompt("leads"), text, "rome")


def test_a_wording_as_long_as_allowed_is_taken() -> None:
    head = worded("## disagree\n\n")
    text = head + "x" * (8_000 - len(head))
    assert override(load_prompt("leads"), text, "rome").sections["disagree"].startswith("xxx")
    with pytest.raises(InputError, match=r"8,001 characters, of which 8,000 are allowed"):
        override(load_prompt("leads"), text + "x", "rome")


def test_only_some_prompts_may_be_reworded() -> None:
    judge = load_prompt("judge")
    with pytest.raises(InputError, match=f"only {', '.join(OVERRIDABLE)} may be reworded"):
        override(judge, worded("## tone\n\nBe kind.", id="judge"), "rome")
