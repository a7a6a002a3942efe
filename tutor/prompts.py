"""Prompts: every text that the tutor says in its own name or tells a model, one file each, with a version.

A file ``NAME.LANGUAGE.md`` holds the same words in another language than English. A course may reword some of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import yaml

from tutor.errors import InputError, SetupError

OVERRIDABLE = ("answer", "refusals", "leads", "courtesies")
MOST_CHARACTERS = 8_000  # of a course's own wording

_VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Prompt:
    """A prompt file: its id, version, declared variables, the text of each section, and the SHA-256 of the file.

    ``language`` is an ISO 639-1 code. ``origin`` says whose wording it is, with its version there; empty for ours.
    """

    id: str
    version: int
    variables: frozenset[str]
    sections: dict[str, str]
    hash: str
    language: str = "en"
    origin: str = ""

    @property
    def stamp(self) -> str:
        """The id and version as an Answer names them, such as ``refusals@1``, ``leads.es@1`` or ``leads@2+rome@1``."""
        name = self.id if self.language == "en" else f"{self.id}.{self.language}"
        return f"{name}@{self.version}" + (f"+{self.origin}" if self.origin else "")

    def fill(self, section: str, **values: str) -> str:
        """Return a section with its variables filled in; raises `SetupError` that lists missing and unknown ones."""
        wanted = _used(self.sections[section])
        missing, unknown = wanted - values.keys(), values.keys() - self.variables
        if missing or unknown:
            raise SetupError(f"Prompt {self.stamp}: missing {sorted(missing)}, unknown {sorted(unknown)}.")
        # Values are put in at once and never read again, so that nothing in them can act as a variable.
        return _VARIABLE.sub(lambda m: values[m.group(1)], self.sections[section])


def prompts_folder() -> Path:
    """Return the folder of the prompts that travel with the program."""
    inside = Path(str(files("tutor"))) / "bundled" / "prompts"  # in an installed wheel
    return inside if inside.is_dir() else Path(str(files("tutor"))).parent / "prompts"


@cache
def load_prompt(name: str, language: str = "en") -> Prompt:
    """Return the prompt called ``name`` in ``language``, or in English where it is not written in that one.

    Raises `SetupError` for a missing file, a wrong head, or variables that are declared and not used or the reverse.
    """
    path, spoken = prompts_folder() / f"{name}.md", "en"
    wanted = language.partition("-")[0].lower()
    if wanted.isalpha() and (translated := path.with_name(f"{name}.{wanted}.md")).is_file():
        path, spoken = translated, wanted
    try:
        prompt = replace(_parsed(path.read_text(encoding="utf-8")), language=spoken)
    except (OSError, ValueError) as error:
        raise SetupError(f"The prompt {path.name} cannot be read: {error}. Reinstall the tutor.") from error
    if wrong := _misdeclared(prompt):
        raise SetupError(f"Prompt {prompt.stamp} {wrong}.")
    return prompt


def override(prompt: Prompt, text: str, origin: str) -> Prompt:
    """Return ``prompt`` in a course's own wording: ``text`` is a file of the same form with some of its sections.

    The rest stays as it is built in. ``origin`` names whose wording it is, such as the course's id. Raises one
    `InputError` that lists all that is wrong: a prompt that may not be reworded, another id, unknown, repeated or
    empty sections, variables that are not those of the built-in section, or more than 8,000 characters.
    """
    try:
        if len(text) > MOST_CHARACTERS:  # nothing of it is read then
            raise ValueError(f"it has {len(text):,} characters, of which {MOST_CHARACTERS:,} are allowed")
        own = _parsed(text.removeprefix("\ufeff").replace("\r\n", "\n"))
        problems = list(_problems(prompt, own))
    except ValueError as error:
        problems = [str(error)]
    if problems:
        raise InputError(f"The wording of {prompt.id!r} from {origin} cannot be used: {'; '.join(problems)}.")
    return replace(
        prompt, sections={**prompt.sections, **own.sections}, hash=own.hash, origin=f"{origin}@{own.version}"
    )


def _problems(prompt: Prompt, own: Prompt) -> Iterator[str]:
    """Yield what keeps ``own`` from taking the place of ``prompt``."""
    if prompt.id not in OVERRIDABLE:
        yield f"only {', '.join(OVERRIDABLE)} may be reworded"
    if own.id != prompt.id:
        yield f"its id is {own.id[:40]!r}"
    if wrong := _misdeclared(own):
        yield f"it {wrong}"
    if not own.sections:
        yield "it has no section"
    for name, text in own.sections.items():
        if name not in prompt.sections:
            yield f"there is no section {name[:40]!r}"
            continue
        if not text:
            yield f"the section {name!r} is empty"
        # What a section is filled with is known to the code alone, so it can use no other variable of the prompt.
        missing, unknown = _used(prompt.sections[name]) - _used(text), _used(text) - _used(prompt.sections[name])
        if missing or unknown:
            yield f"the section {name!r} lacks {sorted(missing)} and has unknown {sorted(unknown)}"


def _misdeclared(prompt: Prompt) -> str:
    used = {variable for text in prompt.sections.values() for variable in _used(text)}
    return "" if used == prompt.variables else f"declares {sorted(prompt.variables)} but uses {sorted(used)}"


def _used(text: str) -> set[str]:
    return set(_VARIABLE.findall(text))


def _parsed(text: str) -> Prompt:
    """Return the prompt that ``text`` is; raises `ValueError` with what is wrong with its form, in one line."""
    before, *parts = text.split("---\n", 2)
    if before.strip() or len(parts) != 2:
        raise ValueError("it does not begin with a head between two lines ---")
    try:
        # Every value stays text: a teacher's file makes no objects.
        declared = yaml.load(parts[0], Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"its head is no YAML ({type(error).__name__})") from error
    match declared:
        case {"id": str(id), "version": str(version), "variables": list(variables), **more} if not more:
            pass
        case _:
            raise ValueError("its head needs id, version and variables, and nothing else")
    if not re.fullmatch(r"[1-9][0-9]{0,5}", version) or not all(isinstance(name, str) for name in variables):
        raise ValueError("its version is a whole number from 1 on, and its variables are names")
    pieces = re.split(r"^## (\w+)[ \t]*\n", parts[1], flags=re.MULTILINE)
    names = pieces[1::2]
    if repeated := sorted({name[:40] for name in names if names.count(name) > 1}):
        raise ValueError(f"sections are repeated: {', '.join(repeated)}")
    sections = {name: " ".join(body.split()) for name, body in zip(names, pieces[2::2], strict=True)}
    return Prompt(id, int(version), frozenset(variables), sections, sha256(text.encode()).hexdigest())
