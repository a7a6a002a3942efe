"""Prompts: every text that the tutor says in its own name or tells a model, one file each, with a version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from tutor.errors import SetupError


@dataclass(frozen=True)
class Prompt:
    """A prompt file: its id, version, declared variables and the text of each section."""

    id: str
    version: int
    variables: frozenset[str]
    sections: dict[str, str]

    @property
    def stamp(self) -> str:
        """The id and version as an Answer names them, such as ``refusals@1``."""
        return f"{self.id}@{self.version}"

    def fill(self, section: str, **values: str) -> str:
        """Return a section with its variables filled in; raises `SetupError` that lists missing and unknown ones."""
        wanted = set(re.findall(r"\{(\w+)\}", self.sections[section]))
        missing, unknown = wanted - values.keys(), values.keys() - self.variables
        if missing or unknown:
            raise SetupError(f"Prompt {self.stamp}: missing {sorted(missing)}, unknown {sorted(unknown)}.")
        # Values are put in at once and never read again, so that nothing in them can act as a variable.
        return re.sub(r"\{(\w+)\}", lambda m: values[m.group(1)], self.sections[section])


def prompts_folder() -> Path:
    """Return the folder of the prompts that travel with the program."""
    inside = Path(str(files("tutor"))) / "bundled" / "prompts"  # in an installed wheel
    return inside if inside.is_dir() else Path(str(files("tutor"))).parent / "prompts"


@cache
def load_prompt(name: str) -> Prompt:
    """Return the prompt in ``name``.md; raises `SetupError` for a missing file or a wrong head."""
    path = prompts_folder() / f"{name}.md"
    try:
        _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        declared = yaml.safe_load(head)
        parts = re.split(r"^## (\w+)\n", body, flags=re.MULTILINE)
        sections = {key: " ".join(text.split()) for key, text in zip(parts[1::2], parts[2::2], strict=True)}
        prompt = Prompt(declared["id"], declared["version"], frozenset(declared["variables"]), sections)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise SetupError(f"The prompt {path.name} cannot be read: {error}. Reinstall the tutor.") from error
    used = {name for text in sections.values() for name in re.findall(r"\{(\w+)\}", text)}
    if used != prompt.variables:
        raise SetupError(f"Prompt {prompt.stamp} declares {sorted(prompt.variables)} but uses {sorted(used)}.")
    return prompt
