"""Labels of support: what of a kept run is judged, by what, and what the labels come to."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from evals import runs, support_labels
from evals.datasets import Sample
from evals.runs import Found, Outcome, Run
from evals.support_labels import Labels, Sentence, add, measure, read_labels, read_sentences, todo
from tutor.errors import InputError
from tutor.types import Answer, Citation, Claim, Dropped, Timings

TEXT = "Rain fell in 1951. It is not true that the famine ended in 1959."


def answer(
    *claims: tuple[str, str],
    dropped: Sequence[tuple[str, str]] = (),
    answerer: str = "openai:some",
    refused: bool = False,
) -> Answer:
    """Return an answer whose claims cite the sentence of the text that is named."""
    places = {quote: TEXT.index(quote) for _, quote in claims if quote}
    markers = {quote: n for n, quote in enumerate(places, start=1)}
    return Answer(
        question="And when?", standalone_question="When did rain fall?", answer="…", refused=refused, reason=None,
        claims=tuple(
            Claim(text=text, citations=(markers[q],) if q else (), support="verified") for text, q in claims
        ),
        citations=tuple(
            Citation(
                marker=markers[q], course="c", source="a.md", title="A", section=None, version="v", quote=q, start=at,
                end=at + len(q),
            )
            for q, at in places.items()
        ),
        nearest=(), suggestions=(), course="c", conversation="c_1", answerer=answerer, prompts=(), timings_ms=Timings(),
        dropped=tuple(Dropped(text=text, reason=reason) for text, reason in dropped),
    )  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., Path]:
    """Keep a run with these answers, None being a question whose asking failed."""

    def keep(*answers: Answer | None, name: str = "some") -> Path:
        samples = [Sample(str(n), "And when?", (), (), (), "fact", True) for n in range(len(answers))]
        outcomes = [
            Outcome(s, a, (Found("a.md", 0, 18), Found("gone.md", 0, 9)), 0.1, "" if a else "it broke")
            for s, a in zip(samples, answers, strict=True)
        ]
        folder = runs.begin(tmp_path, Run(name, "d", "c", {}, "tutor", "f", 5), samples, {"a.md": TEXT})
        for outcome in outcomes:
            runs._append(folder, outcome)
        return folder

    return keep


RAIN, FAMINE = "Rain fell in 1951.", "It is not true that the famine ended in 1959."


# --- what is judged --------------------------------------------------------------------------------------------------


def test_what_a_model_wrote_is_read_with_what_it_cites_or_what_dropped_it(kept: Callable[..., Path]) -> None:
    folder = kept(
        answer(("It rained in 1951", RAIN), ("So it was wet", ""), dropped=[("It snowed", "support")]),
        answer(("Rain fell in 1951", RAIN), answerer="quotes", dropped=[("It hailed", "number")]),
        answer(("Rain is water", ""), refused=True),
        None,
    )
    asked = "When did rain fall?"
    assert read_sentences(folder) == [
        Sentence(asked, "It rained in 1951", (RAIN,), (RAIN,)),
        Sentence(asked, "So it was wet", (), (RAIN,)),
        Sentence(asked, "It snowed", (), (RAIN,), "support"),
        Sentence(asked, "Rain fell in 1951", (RAIN,), (RAIN,), phrased=False),
        Sentence(asked, "It hailed", (), (RAIN,), "number"),
    ]


@pytest.mark.parametrize("reason", ["markup", "fragment", "broken_off"])
def test_what_states_nothing_is_not_judged(reason: str, kept: Callable[..., Path]) -> None:
    assert read_sentences(kept(answer(dropped=[("<b>", reason), ("", "leaked")]))) == []


def test_a_sentence_that_is_a_quote_needs_no_label_and_a_part_of_one_does() -> None:
    assert Sentence("?", "rain  fell in 1951", (RAIN,), ()).verbatim
    assert not Sentence("?", "the famine ended in 1959", (FAMINE,), ()).verbatim
    assert not Sentence("?", RAIN, (), (RAIN,), "uncited").verbatim


def test_a_label_is_of_the_question_the_sentence_and_the_quotes_however_they_are_set() -> None:
    one = Sentence("When did it rain?", "It rained", (RAIN,), ())
    assert one.key == Sentence("when did  it rain?", "IT rained ", (RAIN.upper(),), ("other",)).key
    others = [
        Sentence("When?", "It rained", (RAIN,), ()), Sentence("When did it rain?", "It hailed", (RAIN,), ()),
        Sentence("When did it rain?", "It rained", (), ()),
        Sentence("When did it rain?", "It rained", (RAIN, RAIN), ()),
    ]  # fmt: skip
    assert len({one.key, *(other.key for other in others)}) == 5


def test_what_the_course_says_in_place_of_a_model_is_supported_and_counted_apart() -> None:
    asked = [Sentence("?", "It rained", (RAIN,), ()), Sentence("?", "… in 1951", (RAIN,), (), phrased=False)]
    found = measure(asked, {asked[0].key: {"ann": False}})
    assert [(found[name]["n"], found[name]["value"]) for name in ("as_fact", "shown")] == [(2, 0.5), (1, 1.0)]


# --- what it comes to ------------------------------------------------------------------------------------------------


def shown(text: str) -> Sentence:
    return Sentence("?", text, (RAIN,), ())


def lost(text: str, reason: str = "support") -> Sentence:
    return Sentence("?", text, (), (RAIN,), reason)


def labels(**judged: bool | tuple[bool, ...]) -> Labels:
    """Return labels by sentence, ``shown_a`` being the one shown that says "a"."""
    made: Labels = {}
    for name, verdicts in judged.items():
        kind, text = name.split("_")
        each = verdicts if isinstance(verdicts, tuple) else (verdicts,)
        made[(shown if kind == "shown" else lost)(text).key] = {f"person {n}": said for n, said in enumerate(each)}
    return made


def test_what_is_not_supported_is_counted_after_the_checks_and_without_them() -> None:
    written = [shown(RAIN), *map(shown, "abcd"), *map(lost, "efg")]
    judged = labels(shown_a=True, shown_b=True, shown_c=False, lost_e=False, lost_f=True)
    found = measure(written, judged)
    assert (found["shown"]["value"], found["shown"]["n"]) == (0.25, 4)
    assert (found["shown"]["verbatim"], found["shown"]["unlabelled"]) == (1, 1)
    assert (found["own_words"]["value"], found["own_words"]["n"]) == (round(1 / 3, 6), 3)
    assert (found["written"]["value"], found["written"]["n"], found["written"]["unlabelled"]) == (round(2 / 6, 6), 6, 2)
    # (1 + z²/2 ± z√(3/4 + z²/4)) / (4 + z²) with z = 1.96
    assert found["shown"]["low"] == pytest.approx(0.0456, abs=1e-4)
    assert found["shown"]["high"] == pytest.approx(0.6994, abs=1e-4)


def test_true_sentences_that_were_dropped_are_a_share_of_all_true_ones() -> None:
    written = [shown(RAIN), *map(shown, "ab"), *map(lost, "cde"), lost("f", "beside")]  # which was dropped rightly
    found = measure(written, labels(shown_a=True, shown_b=False, lost_c=True, lost_d=False, lost_f=True))
    assert (found["true_dropped"]["value"], found["true_dropped"]["n"]) == (round(1 / 3, 6), 3)


def test_where_people_differ_it_counts_as_not_supported() -> None:
    found = measure([shown("a"), shown("b")], labels(shown_a=(True, False), shown_b=(True, True)))
    assert (found["shown"]["value"], found["disputed"]) == (0.5, 1)


def test_what_nobody_judged_has_no_rate() -> None:
    found = measure([shown("a")], {})
    assert (found["shown"]["value"], found["shown"]["n"], found["shown"]["unlabelled"]) == (None, 0, 1)
    assert "n/a of 0, 0 of them word for word; 1 not judged" in support_labels.lines(found)[0]


# --- the file of labels ----------------------------------------------------------------------------------------------


def test_what_is_left_to_judge_is_told_once_with_all_that_it_needs() -> None:
    left = todo([shown("a"), shown("a"), shown(RAIN), lost("b"), shown("c")], labels(shown_c=False))
    assert left == [
        {
            "sha256": shown("a").key, "supported": None, "labeller": "", "question": "?", "sentence": "a",
            "cited": (RAIN,),
        },
        {
            "sha256": lost("b").key, "supported": None, "labeller": "", "question": "?", "sentence": "b",
            "dropped": "support", "passages": (RAIN,),
        },
    ]  # fmt: skip


def test_labels_are_taken_over_by_hash_alone_and_a_persons_later_one_stands(tmp_path: Path) -> None:
    mine, held = tmp_path / "mine.jsonl", tmp_path / "labels.jsonl"
    first, second, third = todo([shown("a"), shown("b"), shown("c")], {})
    rows = [first | {"supported": True, "labeller": "ann"}, second | {"supported": False, "labeller": "ann"}, third]
    mine.write_text("\n\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert add(mine, held) == 2
    mine.write_text(
        json.dumps(rows[0] | {"supported": False}) + "\n" + json.dumps(rows[0] | {"labeller": "bob"}) + "\n",
        encoding="utf-8",
    )
    assert add(mine, held) == 2
    assert read_labels(held) == {shown("a").key: {"ann": False, "bob": True}, shown("b").key: {"ann": False}}
    lines = [json.loads(line) for line in held.read_text(encoding="utf-8").splitlines()]
    assert {*lines[0]} == {"sha256", "supported", "labeller"}
    assert [line["sha256"] for line in lines] == sorted(line["sha256"] for line in lines)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"sha256": "abc", "supported": true, "labeller": "ann"}', "String should match pattern"),
        ('{"sha256": "%s", "supported": "yes", "labeller": "ann"}' % ("0" * 64), "should be a valid boolean"),
        ('{"sha256": "%s", "supported": true}' % ("0" * 64), "it is not said who judged this"),
        ("{", "Invalid JSON"),
    ],
)
def test_a_line_that_is_no_label_is_named(line: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"mine\.jsonl:2: .*{why}"):
        add(tmp_path / "mine.jsonl", tmp_path / "labels.jsonl")
    assert not (tmp_path / "labels.jsonl").exists()


def test_every_kept_label_is_one() -> None:
    assert all(judged for judged in read_labels(support_labels.LABELS).values())


# --- the program -----------------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> Result:
    app = Typer()
    app.command()(support_labels.main)
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_run_is_judged_step_by_step(kept: Callable[..., Path], tmp_path: Path) -> None:
    folder = kept(answer(("It rained", RAIN), ("Rain fell in 1951", RAIN), dropped=[("It snowed", "support")]))
    held = tmp_path / "labels.jsonl"
    left = run(folder, "--todo", "--labels", held).stdout.splitlines()
    filled = [json.loads(line) | {"supported": True, "labeller": "ann"} for line in left]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, filled)), encoding="utf-8")
    ran = run(folder, "--add", tmp_path / "mine.jsonl", "--labels", held)
    assert ran.stderr == f"2 labels taken over into {held}\n"
    name, _, *lines = ran.stdout.splitlines()
    assert name == folder.name
    assert (
        lines[0] == "  shown            not supported 0.000  [0.000, 0.658] of 2, 1 of them word for word; 0 not judged"
    )
    assert lines[3] == "  true sentences   dropped 0.333  [0.061, 0.792] of 3"
    assert run(folder, "--todo", "--labels", held).stdout == ""


def test_several_runs_are_told_apart_and_together(kept: Callable[..., Path], tmp_path: Path) -> None:
    folders = [kept(answer(("Rain fell in 1951", RAIN)), name=name) for name in ("one", "two")]
    found = json.loads(run(*folders, "--labels", tmp_path / "none.jsonl", "--json").stdout)
    assert [found[name]["shown"]["n"] for name in (folders[0].name, folders[1].name, "together")] == [1, 1, 2]


@pytest.mark.parametrize("asked", [["nowhere"], ["--add", "nowhere.jsonl"]])
def test_what_is_not_there_is_said_in_one_line(asked: list[str], tmp_path: Path) -> None:
    ran = run(*asked, "--labels", tmp_path / "labels.jsonl")
    assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert "nowhere" in ran.stderr
