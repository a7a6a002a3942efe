r"""Readers: a file to a `Source`.

A reader is two functions, ``accepts(path)`` and ``read(name, data, title)``, in `READERS`; the first that accepts a
file reads it. Every reader hands on plain text (NFC, ``\n`` line ends) whose blocks are exact spans of it.
"""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tutor.cleaning import mark_unretrievable, plain_blocks
from tutor.errors import TooLarge, UnreadableSource
from tutor.types import Block, BlockKind, Source

# Controls that no text file has a use for; tab, line feed, form feed and carriage return are not among them.
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Reader:
    """A reader of one family of files: ``read(name, text, title)`` returns the `Source`."""

    suffixes: tuple[str, ...]
    read: Callable[[str, str, str | None], Source]

    def accepts(self, path: Path) -> bool:
        """Return whether this reader reads files named like ``path``."""
        return path.suffix.lower() in self.suffixes


def accepts(path: Path) -> bool:
    """Return whether some reader reads files named like ``path``."""
    return any(reader.accepts(path) for reader in READERS)


def read(path: Path, name: str, title: str | None = None, max_bytes: int = 20_000_000) -> Source:
    """Return the file at ``path`` as a source called ``name``.

    Raises `UnreadableSource` (empty, binary, wrongly encoded, of an unknown kind, nothing to retrieve) or `TooLarge`;
    the message names the file and says what to do.
    """
    reader = next((reader for reader in READERS if reader.accepts(path)), None)
    if reader is None:
        raise UnreadableSource(f"{path}: no reader for {path.suffix or 'files without an ending'}. Use {SUFFIXES}.")
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableSource(f"{path}: not a file. Use {SUFFIXES}.")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise UnreadableSource(f"{path}: {error.strerror or error}. Check the path and its permissions.") from None
    if len(data) > max_bytes:
        raise TooLarge(
            f"{path}: larger than {max_bytes:,} bytes. Split it, or raise TUTOR_MAX_SOURCE_BYTES.", "file-large"
        )
    source = reader.read(name, decode(data, str(path)), title)
    if not any(block.retrievable for block in source.blocks):
        said = f"{path}: holds no sentence to answer from. Add some text to it, or leave it out."
        raise UnreadableSource(said, "file-no-sentence")
    return source


def decode(data: bytes, name: str) -> str:
    r"""Return ``data`` as NFC text with ``\n`` line ends; raises `UnreadableSource` that names ``name``."""
    if not data.strip():
        raise UnreadableSource(f"{name}: the file is empty. Add some text to it, or leave it out.", "file-empty")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\x00" in data[:8192]:
            raise UnreadableSource(
                f"{name}: this is a binary file, not text. Save it as UTF-8 text.", "file-binary"
            ) from None
        raise UnreadableSource(
            f"{name}: not UTF-8 text (byte 0x{data[error.start]:02x} at position {error.start}). Save it as UTF-8.",
            "file-not-utf8",
        ) from None
    if _BINARY.search(text):
        raise UnreadableSource(f"{name}: this is a binary file, not text. Save it as UTF-8 text.", "file-binary")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text)


def read_text(name: str, text: str, title: str | None) -> Source:
    """Return plain text as a source; its headings, captions and questions are found by their form."""
    blocks = plain_blocks(text)
    heading = next((text[b.start : b.end] for b in blocks if b.kind == "heading"), None)
    return Source(name, title or heading or Path(name).stem, text, mark_unretrievable(text, blocks))


def read_markdown(name: str, text: str, title: str | None) -> Source:
    """Return Markdown as a source: the text that a reader sees, without its marks, links and raw HTML."""
    writer = _Writer()
    writer.write(_markdown.parse(_FRONT_MATTER.sub("", text, count=1)))
    plain = "".join(writer.parts).rstrip("\n") + "\n"
    heading = next((plain[b.start : b.end] for b in writer.blocks if b.kind == "heading"), None)
    return Source(name, title or heading or Path(name).stem, plain, mark_unretrievable(plain, tuple(writer.blocks)))


_markdown = MarkdownIt("commonmark").enable("table")
# A key must follow: a document may also begin with a rule.
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?=[\w\"'-]+[ \t]*:).*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)


class _Writer:
    """Writes a Markdown token stream as plain text and notes the span of each block."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.blocks: list[Block] = []
        self.length = 0
        self.headings: list[tuple[int, str]] = []

    def write(self, tokens: list[Token]) -> None:
        kind: BlockKind = "paragraph"
        level, item_depth, in_cell, row = 0, 0, False, list[str]()
        for token in tokens:
            match token.type:
                case "heading_open":
                    kind, level = "heading", int(token.tag[1])
                case "list_item_open":
                    item_depth += 1
                case "list_item_close":
                    item_depth -= 1
                case "tr_open":
                    row = []
                case "tr_close":
                    self._block("list_item", " | ".join(row), prefix="- ")
                case "td_open" | "th_open" | "td_close" | "th_close":
                    in_cell = token.nesting == 1
                case "inline" if in_cell:
                    row.append(_plain(token))
                case "inline":
                    self._inline(kind, level, item_depth, token)
                    kind = "paragraph"
                case "fence" | "code_block":
                    self._block("paragraph", token.content.strip("\n"))
                case _:
                    pass

    def _inline(self, kind: BlockKind, level: int, item_depth: int, token: Token) -> None:
        if _is_picture(token):
            self._block("caption", _plain(token))
        elif kind == "heading":
            self._heading(level, _plain(token))
        elif item_depth:
            self._block("list_item", _plain(token), prefix="  " * (item_depth - 1) + "- ")
        else:
            self._block("paragraph", _plain(token))

    def _heading(self, level: int, text: str) -> None:
        self.headings = [heading for heading in self.headings if heading[0] < level]
        self._block("heading", text, level=level)
        if text.strip():
            self.headings.append((level, text.strip()))

    def _block(self, kind: BlockKind, text: str, prefix: str = "", level: int = 0) -> None:
        text = text.strip()
        if not text:
            return
        start = self.length + len(prefix)
        section = tuple(heading for _, heading in self.headings)
        self.blocks.append(Block(kind, start, start + len(text), section, level))
        part = f"{prefix}{text}\n" if kind == "list_item" else f"{prefix}{text}\n\n"
        self.parts.append(part)
        self.length += len(part)


def _is_picture(inline: Token) -> bool:
    """Return whether an inline token shows images, linked or not, and no words beside them."""
    children = inline.children or []
    worded = any(child.type in ("text", "code_inline") and child.content.strip() for child in children)
    return not worded and any(child.type == "image" for child in children)


def _plain(inline: Token) -> str:
    """Return what a reader sees of an inline token; raw HTML is dropped, an image gives its alternative text."""
    words = []
    for child in inline.children or []:
        match child.type:
            case "text" | "code_inline":
                words.append(child.content)
            case "image":
                words.append(_plain(child))
            case "softbreak" | "hardbreak":
                words.append(" ")
    # Character references can name line ends and unjoined accents.
    return unicodedata.normalize("NFC", "".join(words).replace("\r", " ").replace("\n", " "))


READERS = (Reader((".txt", ".text"), read_text), Reader((".md", ".markdown"), read_markdown))
SUFFIXES = ", ".join(suffix for reader in READERS for suffix in reader.suffixes)
