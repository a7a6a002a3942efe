"""Pages: what is filled into a template as one HTML page that opens from disk. Whatever fills it is untrusted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # HTML has no use for them


def page(template: str, **values: Any) -> str:
    """Return ``template``, which lies beside this file, filled with ``values``: no words in them become elements."""
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    pages.filters["number"] = number
    return _FORBIDDEN.sub("\ufffd", pages.get_template(template).render(**values))


def number(value: float | None) -> str:
    """Return a number as a page shows it, to three places where it is small."""
    return "n/a" if value is None else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
