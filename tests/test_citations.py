"""Citation metrics, each against a value worked out by hand."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import citations
from evals.citations import Evidence, Fidelity
from evals.datasets import Span
from tutor.types import Citation

ONE, TWO = Span("a.md", 0, 10), Span("a.md", 100, 120)


def cite(*spans: tuple[int, int], source: str = "a.md") -> list[Citation]:
    """Return a citation of each span."""
    return [
        Citation(
            marker=1, course="c", source=source, title="A", section=None, version="v", quote="", start=start, end=end
        )
        for start, end in spans
    ]


@st.composite
def spans(draw: st.DrawFn, shortest: int = 1) -> Span:
    """Draw a span of at least so many characters."""
    start = draw(st.integers(0, 20))
    return Span(draw(st.sampled_from(["a.md", "b.md"])), start, start + draw(st.integers(shortest, 10)))


groups = st.lists(st.lists(spans(), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple)
cited = st.lists(spans(0).map(lambda span: cite((span.start, span.end), source=span.source)[0]), min_size=1, max_size=4)


# --- precision -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "agrees"),
    [
        ((0, 10), True),
        ((5, 15), True),  # 5 of 10
        ((6, 16), False),  # 4 of 10
        ((2, 4), True),  # within the gold: 2 of 2
        ((0, 1000), True),  # around the gold: 10 of 10
        ((8, 12), True),  # 2 of 4, the citation being the shorter
        ((9, 12), False),  # 1 of 3
        ((5, 1000), True),  # 5 of 10, the gold being the shorter
        ((6, 1000), False),
        ((10, 20), False),  # side by side
        ((5, 5), False),  # nothing
    ],
)
def test_a_citation_agrees_where_half_of_the_shorter_overlaps(span: tuple[int, int], agrees: bool) -> None:
    assert citations.precision(cite(span), ((ONE,),)) == agrees


def test_precision_is_the_share_of_citations_that_agree_with_any_gold_span() -> None:
    # Of four, one agrees with ONE and one with TWO, an alternative.
    assert citations.precision(cite((0, 10), (50, 60), (100, 120), (200, 210)), ((ONE, TWO),)) == 2 / 4
    assert citations.precision(cite((0, 10), (50, 60), (100, 120)), ((ONE,), (TWO,))) == 2 / 3


def test_the_length_of_a_gold_span_counts_from_where_it_begins() -> None:
    assert citations.precision(cite((110, 1000), (111, 1000)), ((TWO,),)) == 1 / 2  # 10 and 9 of 20


def test_a_citation_of_another_source_does_not_agree() -> None:
    assert citations.precision(cite((0, 10), source="b.md"), ((ONE,),)) == 0


# --- recall ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([(0, 5)], True),
        ([(0, 4)], False),
        ([(0, 1000)], True),
        ([(0, 2), (7, 10)], True),  # 2 + 3 of 10 together
        ([(0, 4), (1, 4)], False),  # what is cited twice counts once
        ([(10, 100)], False),
        ([], False),
    ],
)
def test_a_group_is_found_where_half_of_an_alternative_is_covered(spans: list[tuple[int, int]], found: bool) -> None:
    assert citations.recall(cite(*spans), ((ONE,),)) == found


def test_recall_is_the_share_of_groups_found() -> None:
    three = Span("a.md", 300, 310)
    assert citations.recall(cite((0, 10), (100, 120)), ((ONE,), (TWO,), (three,))) == 2 / 3
    assert citations.recall(cite((100, 120)), ((ONE, TWO), (three, TWO), (three,))) == 2 / 3


def test_a_citation_of_another_source_finds_nothing() -> None:
    assert citations.recall(cite((0, 10), source="b.md"), ((ONE,),)) == 0


# --- characters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "share"),
    [
        ([(0, 10)], 1),
        ([(5, 15)], 5 / 15),
        ([(0, 4)], 4 / 10),
        ([(0, 20)], 10 / 20),
        ([(0, 6), (4, 8)], 8 / 10),
        ([(0, 10), (30, 35)], 10 / 15),
        ([(10, 20)], 0),
    ],
)
def test_cited_and_gold_characters_are_compared(spans: list[tuple[int, int]], share: float) -> None:
    assert citations.character_iou(cite(*spans), ((ONE,),)) == pytest.approx(share)


def test_characters_are_told_apart_by_their_source() -> None:
    assert citations.character_iou(cite((0, 10), source="b.md"), ((ONE,),)) == 0
    both = cite((0, 10)) + cite((0, 10), source="b.md")
    assert citations.character_iou(both, ((ONE,), (Span("b.md", 0, 10),))) == 1
    assert citations.character_iou(both, ((ONE,),)) == 10 / 20


def test_gold_spans_that_overlap_count_their_characters_once() -> None:
    assert citations.character_iou(cite((0, 10)), ((ONE,), (Span("a.md", 5, 15),))) == 10 / 15


def test_of_each_group_the_alternative_that_agrees_best_is_the_gold() -> None:
    long = Span("a.md", 0, 100)
    for group in [(ONE, long, TWO), (TWO, long, ONE)]:
        assert citations.character_iou(cite((0, 10)), (group,)) == 1  # ONE: 10 of 10, not long: 10 of 100
        assert citations.character_iou(cite((0, 80)), (group,)) == 80 / 100  # long, though all of ONE is cited
        assert citations.character_iou(cite((50, 55)), (group,)) == 5 / 100
    assert citations.character_iou(cite((0, 10), (100, 110)), ((ONE,), (TWO, Span("a.md", 200, 300)))) == 20 / 30


def test_of_equally_good_alternatives_the_shortest_is_the_gold() -> None:
    for group in [(ONE, TWO), (TWO, ONE)]:
        # None is cited. Of the gold 10 characters are ONE's and 10 the other group's, of which 10 are cited.
        assert citations.character_iou(cite((500, 510)), (group, (Span("a.md", 500, 510),))) == 10 / 20


def test_of_equally_good_and_long_alternatives_the_last_is_the_gold() -> None:
    # The last by source, then by place. Each is 5 of the 10 that are cited; the other group's gold adds to the first.
    for first, last in [(Span("a.md", 0, 5), Span("a.md", 5, 10)), (Span("a.md", 50, 55), Span("b.md", 0, 5))]:
        said = [c for span in (first, last) for c in cite((span.start, span.end), source=span.source)]
        for group in [(first, last), (last, first)]:
            assert citations.character_iou(said, (group, (last,))) == 5 / 10
            assert citations.character_iou(said, (group, (first,))) == 10 / 10


def test_what_is_quoted_twice_has_its_length_once() -> None:
    assert citations.cited_length(cite((0, 10), (5, 15), (20, 23))) == 15 + 3
    assert citations.cited_length(cite((0, 10), (2, 4), (6, 12))) == 12  # one within another
    assert citations.cited_length(cite((0, 10), (10, 20), (30, 30))) == 20  # side by side, and nothing
    assert citations.cited_length(cite((0, 10)) + cite((0, 10), source="b.md")) == 20
    assert citations.cited_length([]) == 0


def characters(spans: Iterable[Span | Citation]) -> set[tuple[str, int]]:
    """Return the characters of the spans one by one."""
    return {(span.source, at) for span in spans for at in range(span.start, span.end)}


@given(cited, groups)
def test_spans_are_compared_as_if_character_by_character(said: list[Citation], evidence: Evidence) -> None:
    quoted = characters(said)
    assert citations.cited_length(said) == len(quoted)
    shares = [[len(characters([span]) & quoted) / len(characters([span])) for span in group] for group in evidence]
    assert citations.recall(said, evidence) == sum(max(of) >= 0.5 for of in shares) / len(evidence)

    def index(gold: set[tuple[str, int]]) -> float:
        return len(quoted & gold) / len(quoted | gold)

    groups = [[characters([span]) for span in group] for group in evidence]
    taken = [max(group, key=lambda gold: (index(gold), -len(gold), min(gold))) for group in groups]
    assert citations.character_iou(said, evidence) == index(set().union(*taken))


def test_a_span_of_millions_of_characters_is_not_spelt_out() -> None:
    said, evidence = cite((0, 5_000_000)), ((Span("a.md", 2_500_000, 7_500_000),),)
    tracemalloc.start()
    try:
        found = (citations.cited_length(said), citations.recall(said, evidence))
        overlap = citations.character_iou(said, evidence)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (found, overlap) == ((5_000_000, 1), 2_500_000 / 7_500_000)
    assert most < 1_000_000  # bytes, which is less than one for each character


# --- all of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "evidence", "precision", "recall", "iou"),
    [
        ([], (), None, None, None),
        (cite((0, 10)), (), None, None, None),
        ([], ((ONE,),), None, 0, None),
    ],
)
def test_figures_without_citations_or_gold_are_undefined(
    said: list[Citation], evidence: Evidence, precision: None, recall: float | None, iou: None
) -> None:
    assert citations.precision(said, evidence) is precision
    assert citations.recall(said, evidence) == recall
    assert citations.character_iou(said, evidence) is iou


@given(cited, groups)
def test_figures_lie_between_0_and_1_in_any_order(said: list[Citation], evidence: Evidence) -> None:
    turned = tuple(group[::-1] for group in evidence[::-1])
    for measure in (citations.precision, citations.recall, citations.character_iou):
        found = measure(said, evidence)
        assert found is not None
        assert 0 <= found <= 1
        assert measure(said * 2, evidence) == found == measure(said[::-1], turned)


@given(groups)
def test_citing_all_the_gold_is_perfect(evidence: Evidence) -> None:
    said = [c for group in evidence for span in group for c in cite((span.start, span.end), source=span.source)]
    assert citations.precision(said, evidence) == citations.recall(said, evidence) == 1
    alone = tuple((span,) for group in evidence for span in group)
    assert citations.character_iou(said, alone) == 1


# --- fidelity --------------------------------------------------------------------------------------------------------

TEXTS = {
    "a.md": "The harvest of 1959 was far smaller than reported. Officials sent the grain abroad all the same.",
    "b.md": "Cadres were told to report\nrecord figures. In some villages  the kitchens closed in spring.",
}


def fidelity(quote: str, source: str = "a.md", start: int = 0, end: int | None = None) -> Fidelity:
    """Return how true a quote is that is said to stand at ``start``."""
    return citations.fidelity(quote, source, start, start + len(quote) if end is None else end, TEXTS)


def test_a_quote_is_exact_where_the_text_holds_it() -> None:
    assert fidelity("harvest of 1959", start=4) == "exact"
    assert fidelity("report\nrecord", "b.md", start=20) == "exact"
    assert fidelity("The", end=3) == "exact"
    assert fidelity(TEXTS["a.md"]) == "exact"


@pytest.mark.parametrize(
    ("source", "start", "end"),
    [
        ("a.md", 3, 18),  # one too early
        ("a.md", 5, 20),
        ("a.md", 4, 20),  # one too long
        ("a.md", 5, 19),
        ("b.md", 4, 19),
        ("c.md", 4, 19),
        ("a.md", 4 - len(TEXTS["a.md"]), 19 - len(TEXTS["a.md"])),  # Python would take it
    ],
)
def test_a_quote_that_stands_elsewhere_is_misattributed(source: str, start: int, end: int) -> None:
    assert fidelity("harvest of 1959", source, start, end) == "misattributed"


def test_an_end_beyond_the_text_is_not_exact() -> None:
    length = len(TEXTS["a.md"])
    assert fidelity("same.", start=length - 5, end=length) == "exact"
    assert fidelity("same.", start=length - 5, end=length + 1) == "misattributed"


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("report record figures", "misattributed"),  # over the end of a line
        ("villages the\n kitchens", "misattributed"),
        ("  kitchens closed ", "misattributed"),
        ("in spring", "misattributed"),  # before a full stop
        ("spring. ", "misattributed"),
        (". In some", "misattributed"),  # begins between two words
        ("kitchen", "fabricated"),  # part of a word
        ("itchens", "fabricated"),
        ("he kitchens closed in", "fabricated"),
        ("Kitchens closed", "fabricated"),  # another letter case
        ("same. Cadres were", "fabricated"),  # over the end of a text
        ("", "fabricated"),
        (" \n", "fabricated"),
    ],
)
def test_words_are_verbatim_and_whole_but_for_white_space(quote: str, found: Fidelity) -> None:
    assert fidelity(quote, start=1) == found


def test_an_empty_quote_or_course_holds_nothing() -> None:
    assert citations.fidelity("", "a.md", 3, 3, TEXTS) == "fabricated"
    assert citations.fidelity(" ", "a.md", 3, 4, TEXTS) == "fabricated"
    assert citations.fidelity("harvest", "a.md", 0, 7, {}) == "fabricated"


@pytest.mark.parametrize("gap", ["…", "...", "[…]", "[...]", " … ", " [...] ", "....", " [ … ] "])
@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        (("The harvest", "smaller than reported."), "stitched"),
        (("kitchens closed", "The harvest", "grain"), "stitched"),  # of two texts, in any order
        (("The harvest was", "smaller"), "fabricated"),  # "was" does not follow
        (("The harvest", "smaller than feared"), "fabricated"),
        (("smaller than feared", "The harvest"), "fabricated"),
        (("", "The harvest", "."), "stitched"),
        (("", ""), "fabricated"),
    ],
)
def test_pieces_between_ellipses_stand_each_for_itself(gap: str, pieces: tuple[str, ...], found: Fidelity) -> None:
    assert fidelity(gap.join(pieces)) == found


def test_an_ellipsis_that_the_text_itself_has_stitches_nothing() -> None:
    assert citations.fidelity("wait … for it", "b.md", 0, 13, {"a.md": "So wait … for it."}) == "misattributed"


FOUR, OTHER, THIRD = "harvest of 1959 was", "the grain abroad all", "Cadres were told to"


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        (f"{FOUR} {OTHER}", "stitched"),
        (f"{THIRD} {OTHER} {FOUR}", "stitched"),
        (f"{FOUR} far smaller {OTHER} the same. {THIRD} report", "stitched"),  # longer runs
        (f"{FOUR} {OTHER} {FOUR} {OTHER}", "fabricated"),  # four runs
        (f"of 1959 was {OTHER}", "fabricated"),  # a run of three words
        (f"{OTHER} of 1959 was", "fabricated"),
        (f"{FOUR} the grain abroad {THIRD}", "fabricated"),
        (f"{FOUR} not {OTHER}", "fabricated"),
        (f"{FOUR} {OTHER} … {THIRD} {FOUR} {OTHER}", "stitched"),  # three runs a piece
        (f"{FOUR} {OTHER} … in spring", "stitched"),
        (f"{FOUR} {OTHER} … in autumn", "fabricated"),
    ],
)
def test_a_piece_may_consist_of_three_runs_of_four_words(quote: str, found: Fidelity) -> None:
    assert fidelity(quote) == found


def test_the_first_run_may_end_early_so_that_the_next_is_long_enough() -> None:
    # "a b c d e f" stands, but only what follows "d" begins the second run.
    texts = {"a.md": "a b c d e f. Then e f g h."}
    assert citations.fidelity("a b c d e f g h", "a.md", 0, 15, texts) == "stitched"


@given(st.data())
def test_every_slice_of_a_text_is_exact_and_stands_under_any_other_name(data: st.DataObject) -> None:
    text = TEXTS["b.md"]
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    whole = f" {text} "[start : start + len(quote) + 2]  # with its neighbours on both sides
    if quote.strip():
        assert citations.fidelity(quote, "b.md", start, start + len(quote), TEXTS) == "exact"
        if not (whole[:2].isalnum() or whole[-2:].isalnum()):
            assert citations.fidelity(quote, "x.md", start, start + len(quote), TEXTS) == "misattributed"
