"""Citing: what the page hands to the source panel and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.web import citing
from tutor.web.citing import Cited

spans = st.builds(Cited, st.integers(0, 99), st.text(), st.text(), st.integers(), st.integers())


@given(st.lists(spans, max_size=5))
def test_what_is_packed_is_unpacked_again(cited: list[Cited]):
    assert citing.pack(citing.unpack(citing.pack(cited))) == citing.pack(cited)


@pytest.mark.parametrize("packed", [None, 7, "", "nothing", "{}", "[1]", '[{"marker":1}]', '[{"marker":"x"}]', ["[]"]])
def test_what_nobody_packed_is_no_citation(packed: object):
    assert citing.unpack(packed) == ()


def test_no_more_citations_are_read_than_a_panel_can_mark():
    many = [Cited(n, "lesson.md", "sha256:0", n, n + 1) for n in range(1, 500)]
    assert len(citing.unpack(citing.pack(many))) == citing.MOST


def test_neighbouring_citations_differ_in_tone_and_one_without_number_has_none():
    tones = [citing.tone(marker) for marker in range(1, 6)]
    assert len(set(tones)) == citing.TONES
    assert tones[4] == tones[0]
    assert citing.tone(0) == ""
