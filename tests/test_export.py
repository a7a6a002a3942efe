"""Export: what is kept of an answer is what it said, and nobody's words become markup."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from markdown_it import MarkdownIt
from markup import HOSTILE
from test_rendering import answer, citation

from tutor import export
from tutor.types import Claim, Conversation, Dropped, Message

NOW = datetime(2026, 3, 4, tzinfo=UTC)
SAID = [
    "- no list", "1. no list", "12) none", "# no heading", "a\n===", "> no quote", "a | b\n-|-\n1 | 2", "***", "+ x",
    "    code", "http://evil.test www.evil.test <http://evil.test> a@evil.test", "$x$ ~~y~~ &amp;",
]  # fmt: skip
NASTY = [*HOSTILE, *SAID]


def conversation(*questions: str, title: str = "Plows") -> Conversation:
    messages = tuple(
        Message(id=f"m_{n}", created_at=NOW, answer=answer(question=question)) for n, question in enumerate(questions)
    )
    return Conversation(id="c_1", course="f", title=title, created_at=NOW, updated_at=NOW, messages=messages)


def shown(markdown: str) -> tuple[set[str], str]:
    """Return the kinds of tags that Markdown becomes, links and tables included, and the text that it shows."""
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(markdown)
    flat = [inner for token in tokens for inner in (token, *(token.children or ()))]
    text = "".join(t.content if t.type == "text" else "\n" * (t.type in ("softbreak", "paragraph_close")) for t in flat)
    return {token.type.removesuffix("_open") for token in flat if token.nesting >= 0} - {"inline", "text"}, text


def test_an_answer_as_text_lists_each_quotation_with_its_source():
    text = export.to_text(answer(citations=(citation(text="Plows\ncut *deep*.", page=3),)))
    assert text == (
        "Plows cut deep [1].\n\nSources:\n[1] “Plows\ncut *deep*.” — Farms, Farms › Plows, page 3 (lesson.md)\n"
    )


def test_an_answer_as_markdown_lists_each_quotation_with_its_source():
    markdown = export.to_markdown(answer(citations=(citation(text="Plows\ncut *deep*."), citation(2))))
    assert markdown == (
        "Plows cut deep \\[1\\].\n\n**Sources**\n\n> Plows\n> cut \\*deep\\*.\n\n"
        "\\[1\\] Farms, Farms › Plows (lesson.md)\n\n> Plows cut deep.\n\n\\[2\\] Farms, Farms › Plows (lesson.md)\n"
    )


def test_a_refusal_lists_what_comes_closest():
    refused = answer("Not said.", refused=True, reason="not_in_course", claims=(), citations=(), nearest=(citation(0),))
    assert export.to_text(refused).endswith(
        "Closest in the course:\n- “Plows cut deep.” — Farms, Farms › Plows (lesson.md)\n"
    )
    assert "**Closest in the course**\n\n> Plows cut deep.\n\nFarms" in export.to_markdown(refused)


@pytest.mark.parametrize("write", [export.to_text, export.to_markdown])
def test_what_the_course_does_not_support_is_still_marked(write):
    claims = (Claim(text="Plows sing", citations=(), support="unsupported"),)
    kept = write(answer("Plows sing.", claims=claims, citations=(), dropped=(Dropped(text="x", reason="name"),)))
    assert "Not found in the course:" in kept
    assert "One sentence was left out" in kept


@pytest.mark.parametrize("words", NASTY)
def test_no_words_become_markup(words):
    hostile = answer(f"{words} [1]", question=words, citations=(citation(text=words, title=words, source=words),))
    message = Message(id="m_1", created_at=NOW, answer=hostile)
    held = conversation(title=words).model_copy(update={"messages": (message,)})
    kinds, text = shown(export.conversation_to_markdown(held, words))
    assert kinds <= {"heading", "paragraph", "blockquote", "strong", "softbreak"}
    plain = " ".join(export._plain(words).split())
    assert " ".join(text.split()).count(plain) >= 6
    export.to_text(hostile).encode()


def test_a_table_and_a_list_would_be_noticed():
    assert {"table", "bullet_list"} <= shown("- a\n\na | b\n-|-\n1 | 2")[0]


def test_marks_that_turn_the_text_do_not_reach_the_source():
    kept = export.to_text(answer(citations=(citation(text="\u202egnp.exe \u05d0\u200f \u2067"),)))
    assert "“gnp.exe \u05d0\u200f ” — Farms" in kept


def test_a_conversation_is_written_oldest_first_below_its_title():
    written = export.conversation_to_markdown(conversation("How deep?", "And\nwhy?", title="On *plows*"), "Farming")
    assert written.startswith("# On \\*plows\\*\n\nFarming, 2026-03-04\n\n## How deep?\n\nPlows cut deep")
    assert written.index("## How deep?") < written.index("## And why?")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Why did the harvests fail?", "why-did-the-harvests-fail.md"),
        ("Größe & Élan", "groe-elan.md"),
        ("../../etc/passwd", "etc-passwd.md"),
        ('a"\r\nX-Evil: 1', "a-x-evil-1.md"),
        ("大跃进", "conversation.md"),
        ("x" * 200, "x" * 60 + ".md"),
    ],
)
def test_the_name_of_a_file_is_plain_ascii(title, name):
    assert export.file_name(conversation(title=title), "md") == name
