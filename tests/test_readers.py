"""Readers: any file becomes an exact source, or one line that names it."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from fakes import bodies, characters, markdown_texts, plain_texts, retrievable
from hypothesis import given
from hypothesis import strategies as st

from tutor import readers
from tutor.errors import TooLarge, UnreadableSource
from tutor.readers import decode, read_markdown, read_text
from tutor.types import Source


def assert_exact(source: Source) -> None:
    """Blocks are in order, do not overlap, and hold what they span, without white space around it."""
    end = 0
    for block in source.blocks:
        assert end <= block.start < block.end <= len(source.text)
        body = source.text[block.start : block.end]
        assert body == body.strip() != ""
        end = block.end


def markdown(text: str) -> Source:
    return read_markdown("lesson.md", decode(text.encode(), "lesson.md"), None)


# --- decoding --------------------------------------------------------------------------------------------------------


@given(st.text(characters, min_size=1).filter(lambda text: text.encode().strip() and text[0] != "\ufeff"))
def test_reading_loses_nothing_but_line_ends_and_composition(text: str) -> None:
    stored = read_text("a.txt", decode(text.encode(), "a.txt"), None).text
    assert stored == unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_with_or_without_a_byte_order_mark_is_read(encoding: str) -> None:
    assert decode("Mao’s plan\r\nfailed.".encode(encoding), "a.txt") == "Mao’s plan\nfailed."


def test_big_endian_text_with_a_byte_order_mark_is_read() -> None:
    assert decode(b"\xfe\xff" + "Plan.".encode("utf-16-be"), "a.txt") == "Plan."


BAD = {
    "empty": (b"", "empty"),
    "white space": (b" \n\t\r\n ", "empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "no sentence"),
    "unusual white space": ("\u00a0\n\u3000\n".encode(), "no sentence"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x08\x06", "binary"),
    "zero bytes": (b"some text\x00 and more", "binary"),
    "control characters": (b"some text\x07 and more", "binary"),
    "Latin-1": ("Der Plan der Großen".encode("latin-1"), "0xdf at position 16"),
    "UTF-16 without a mark": ("Plan.".encode("utf-16-le"), "binary"),
    "UTF-32": ("Plan.".encode("utf-32"), "binary"),
    "half a UTF-16 character": (b"\xff\xfea", "UTF"),
}


@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_a_bad_file_gives_one_line_that_names_it(tmp_path: Path, suffix: str, data: bytes, reason: str) -> None:
    path = tmp_path / f"lesson{suffix}"
    path.write_bytes(data)
    with pytest.raises(UnreadableSource, match=reason) as caught:
        readers.read(path, path.name)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_headings_alone_holds_nothing_to_answer_from(tmp_path: Path) -> None:
    path = tmp_path / "outline.md"
    path.write_text("# Course\n\n## One\n\n## Two\n")
    with pytest.raises(UnreadableSource, match=r"outline\.md: holds no sentence to answer from"):
        readers.read(path, path.name)


def test_a_missing_file_gives_one_line_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"lesson.txt: No such file or directory"):
        readers.read(tmp_path / "lesson.txt", "lesson.txt")


def test_a_file_of_an_unknown_kind_is_told_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"slides\.pptx: no reader for \.pptx\. Use \.txt, .*\.md"):
        readers.read(tmp_path / "slides.pptx", "slides.pptx")


def test_a_file_larger_than_the_limit_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("Ten bytes.")
    assert readers.read(path, "long.txt", max_bytes=10).text == "Ten bytes."
    with pytest.raises(TooLarge, match=r"long.txt: larger than 9 bytes"):
        readers.read(path, "long.txt", max_bytes=9)


def test_what_is_not_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(UnreadableSource, match=r"pipe\.txt: not a file"):
        readers.read(tmp_path / "pipe.txt", "pipe.txt")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc")
def test_a_file_that_fails_while_it_is_read_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "lesson.txt").symlink_to("/proc/self/mem")
    with pytest.raises(UnreadableSource, match=r"lesson.txt: Input/output error"):
        readers.read(tmp_path / "lesson.txt", "lesson.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_gives_one_line(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("Nobody may read this.")
    path.chmod(0)
    with pytest.raises(UnreadableSource, match=r"secret.txt: Permission denied"):
        readers.read(path, "secret.txt")


@pytest.mark.parametrize("name", ["a.txt", "a.TXT", "a.text", "a.md", "a.Markdown"])
def test_endings_are_accepted_in_any_case(name: str) -> None:
    assert readers.accepts(Path(name))


@pytest.mark.parametrize("name", ["a.pdf", "md", ".md", "a.md.bak"])
def test_other_endings_are_not_accepted(name: str) -> None:
    assert not readers.accepts(Path(name))


@pytest.mark.parametrize(
    ("text", "given", "title"),
    [
        ("# From the text\n\nBody.", None, "From the text"),
        ("Body.", None, "lesson"),
        ("# T\n\nBody.", "Given", "Given"),
    ],
)
def test_the_title_is_the_one_given_or_the_first_heading_or_the_file_name(
    text: str, given: str | None, title: str
) -> None:
    assert read_markdown("lesson.md", text, given).title == title


def test_two_files_with_the_same_words_are_the_same_version() -> None:
    assert read_text("a.txt", "Same.", None).version == read_text("b.txt", "Same.", None).version
    assert read_text("a.txt", "Same.", None).version != read_text("a.txt", "Other.", None).version


# --- Markdown --------------------------------------------------------------------------------------------------------


@given(plain_texts.filter(lambda text: text.encode().strip()))
def test_blocks_of_any_plain_text_are_exact(text: str) -> None:
    assert_exact(read_text("a.txt", decode(text.encode(), "a.txt"), None))


@given(markdown_texts.filter(lambda text: text.encode().strip()))
def test_blocks_of_any_markdown_are_exact_spans_of_normal_text(text: str) -> None:
    source = markdown(text)
    assert_exact(source)
    assert unicodedata.is_normalized("NFC", source.text)
    assert "\r" not in source.text


@given(markdown_texts.filter(lambda text: text.encode().strip()))
def test_all_of_a_markdown_sources_text_is_in_its_blocks(text: str) -> None:
    source = markdown(text)
    outside = list(source.text)
    for block in source.blocks:
        outside[block.start : block.end] = [""] * (block.end - block.start)
    assert set("".join(outside)) <= set("- \n")


def test_each_block_knows_the_headings_above_it() -> None:
    source = markdown("# Course\n\nIntro.\n\n## One\n\nFirst.\n\n### Deep\n\nDeeper.\n\n## Two\n\nSecond.\n")
    sections = {source.text[b.start : b.end]: b.section for b in source.blocks if b.retrievable}
    assert sections == {
        "Intro.": ("Course",),
        "First.": ("Course", "One"),
        "Deeper.": ("Course", "One", "Deep"),
        "Second.": ("Course", "Two"),
    }


def test_an_empty_heading_is_no_section() -> None:
    (block,) = markdown("#\n\nBody.\n").blocks
    assert block.section == ()


def test_lists_keep_their_nesting_and_no_marks_inside_blocks() -> None:
    source = markdown("- one\n  - two\n    - three\n\n1. first\n2. second\n")
    assert source.text == "- one\n  - two\n    - three\n- first\n- second\n"
    assert bodies(source, "list_item") == ["one", "two", "three", "first", "second"]


def test_a_heading_that_asks_is_joined_with_a_short_answer() -> None:
    source = markdown("# FAQ\n\n## What is it?\n\nA plan.\n\n## Why?\n\nOne.\n\nTwo.\n\nThree.\n")
    assert bodies(source, "answer") == ["A plan."]
    assert bodies(source, "paragraph") == ["One.", "Two.", "Three."]


def test_a_table_is_read_row_by_row() -> None:
    source = markdown("| Year | Event |\n|---|---|\n| 1958 | [Leap](x) **announced** |\n")
    assert bodies(source, "list_item") == ["Year | Event", "1958 | Leap announced"]


def test_links_emphasis_and_code_are_reduced_to_their_text() -> None:
    source = markdown("See [the *plan*][1], <http://a.b>, `code` and **bold**.\n\n[1]: http://secret.example 'title'\n")
    assert source.text == "See the plan, http://a.b, code and bold.\n"


@pytest.mark.parametrize(
    "html",
    [
        "<!-- secret -->",
        "<!-- secret\n\nstill secret -->",
        "<script>\nsecret()\n</script>",
        "<div class='secret'>\n</div>",
        "Text <span title='secret'>here</span><!-- secret -->.",
    ],
)
def test_raw_html_and_comments_are_never_in_the_text(html: str) -> None:
    source = markdown(f"Before.\n\n{html}\n\nAfter.\n")
    assert "secret" not in source.text
    assert "<" not in source.text


@pytest.mark.parametrize("picture", ["![An *old* map](m.png)", "[![An old map](m.png)](http://a.b)"])
def test_a_picture_is_a_caption_of_its_alternative_text(picture: str) -> None:
    source = markdown(f"Before.\n\n{picture}\n\nAfter.\n")
    assert bodies(source, "caption") == ["An old map"]
    assert retrievable(source) == "Before.\nAfter."


def test_front_matter_is_dropped() -> None:
    assert markdown("---\ntitle: Secret\ntags: [a]\n---\n# Title\n\nBody.\n").text == "Title\n\nBody.\n"


def test_a_rule_at_the_top_hides_nothing() -> None:
    assert markdown("---\n\nBody.\n\n---\n\nMore.\n").text == "Body.\n\nMore.\n"


def test_code_is_kept_as_it_stands() -> None:
    source = markdown("Look:\n\n```python\nif a < b:\n\n    return '<b>'\n```\n")
    assert bodies(source, "paragraph") == ["Look:", "if a < b:\n\n    return '<b>'"]


def test_character_references_leave_normal_text_on_one_line() -> None:
    assert markdown("a&#10;b&#13;c e&#x301; &lt;b&gt;\n").text == "a b c é <b>\n"
