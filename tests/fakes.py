"""Small real parts with fake models, and the texts that property tests are made of."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding

from tutor.embedder import Embedder
from tutor.types import Source

# Whatever a text file may hold: no surrogates (not encodable) and no controls that only binary files have.
characters = st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, [*range(9), *range(14, 32), 127])])
plain_lines = st.one_of(
    st.text(characters, max_size=60),
    st.sampled_from(
        [
            "",
            "   ",
            "A Short Heading",
            "What is asked here?",
            "It ends. Dr. Smith left at 3.30 p.m.! Did he? “Yes.” (See p. 3.)",
            "- one item",
            "2. another item",
            "Q: Why did it fail?",
            "A: Because it rained.",
            "A poster of the time\n(Image: John Lock/Shutterstock)",
            "Learn more about the weather",
            "Keep Reading\nSomething else",
            "A paragraph that is long enough to be noticed when it is repeated.",
            "한국어 e\u0301 \u212b 😀 これは文です。次の文。",
            "word " * 300,
        ]
    ),
)
plain_texts = st.lists(plain_lines, max_size=12).map("\n".join)
markdown_texts = st.lists(
    st.one_of(
        plain_lines,
        st.sampled_from(
            [
                "# Title",
                "## Section",
                "### What is it?",
                "##",
                "> quoted",
                "- item\n  - nested\n\n    more of it",
                "1. first",
                "| a | b |\n|---|---|\n| 1 | [x](y) |",
                "```\ncode\n\n\nmore code\n```",
                "![an *old* picture](x.png)",
                "[![badge](b.svg)](c)",
                "text with [a link](http://a.b), `code`, **bold** and <b>HTML</b>",
                "<!-- a comment -->",
                "<div>block</div>",
                "a&#10;b&#13;c&#x301;&amp;",
                "---",
                "Setext\n===",
            ]
        ),
    ),
    max_size=12,
).map("\n".join)


def fake_embedder(name: str = "fake", revision: str = "1") -> Embedder:
    """Return an embedder whose vectors mean nothing, but are the same for the same text; a word is a token."""
    return Embedder(
        embeddings=DeterministicFakeEmbedding(size=8),
        name=name,
        revision=revision,
        dimension=8,
        max_tokens=256,
        count_tokens=lambda text: len(text.split()) + 2,
    )


def bodies(source: Source, kind: str) -> list[str]:
    """Return the texts of the blocks of one kind."""
    return [source.text[block.start : block.end] for block in source.blocks if block.kind == kind]


def retrievable(source: Source) -> str:
    """Return all that can answer, a block to a line."""
    return "\n".join(source.text[block.start : block.end] for block in source.blocks if block.retrievable)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file grow past ``size`` bytes: what a full disk does, without filling one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
