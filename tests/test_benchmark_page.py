"""The benchmark of the page beside Gradio's own minimal chat: it measures both, and says what it measured."""

from __future__ import annotations

from chromium import NEEDED

from evals import benchmark_page
from evals.benchmark_page import ANSWERED, PAINTED, THEIRS, USABLE, launched, measure, report, serving

pytestmark = NEEDED


def test_both_pages_are_measured_and_held_against_each_other(live_server):
    with serving(THEIRS) as theirs, launched() as browser:
        found = measure(browser, live_server, theirs, rounds=1)
    assert list(found) == [PAINTED, USABLE, ANSWERED]
    for times in found.values():
        assert [len(times[whose]) for whose in ("ours", "theirs")] == [1, 1]
        assert all(0 < value < 60_000 for values in times.values() for value in values)
    for whose in ("ours", "theirs"):
        assert found[PAINTED][whose] < found[USABLE][whose]
    said = report(found)
    assert said[0] == "1 visits to each page, in turn"
    assert [line.split("  ")[0] for line in said[2:]] == [PAINTED, USABLE, ANSWERED]


def test_the_table_has_medians_and_their_ratio():
    found = {"first paint": {"ours": [100.0, 300.0, 200.0], "theirs": [400.0, 50.0, 100.0]}}
    assert benchmark_page.lines(found)[1].split() == ["first", "paint", "200", "100", "2.00"]
