"""An eval run made by hand: one question of every outcome, and words that try to be more than words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from markup import HOSTILE

from evals import metrics
from evals.datasets import Sample, Span, Turn
from evals.gates import Verdict
from evals.runs import Found, Outcome, Run
from evals.summary import score_all
from tutor.types import Answer, Citation, Timings

LESSON = (
    "The Great Leap Forward began in 1958 and was meant to turn a farming country into an industrial one within a few "
    "years. Villages were joined into people's communes, and meals were eaten in common halls.\n\n"
    "Backyard furnaces were built all over the country. Most of the steel that they made was of no use, because the "
    "fires were not hot enough.\n\n"
    "In 1959 the harvest failed, and a famine followed that lasted until 1961. Estimates of the dead range from 15 to "
    "55 million. In 1960 Moscow called its advisers home, and many projects were left unfinished.\n"
)
EVIL = HOSTILE[0]  # also the name of a source and of a kind
TEXTS = {"lesson.md": LESSON, EVIL: " ".join(HOSTILE)}
ASKED = Run("great-leap-forward", "d" * 64, "great-leap-forward", {"lesson.md": "v"}, "tutor", "f" * 64, 5)
FAILED = Verdict(("right is 0.500, below 0.74", f"mrr is n/a, below {EVIL}"))


def place(words: str, source: str = "lesson.md") -> Span:
    """Return where some words stand."""
    start = TEXTS[source].index(words)
    return Span(source, start, start + len(words))


def cite(span: Span, marker: int = 1, quote: str | None = None) -> Citation:
    """Return a citation of a span, of its very words unless a quote is given."""
    quote = TEXTS[span.source][span.start : span.end] if quote is None else quote
    return Citation(
        marker=marker, course="c", source=span.source, title="A lesson", section="History › The famine", version="v",
        quote=quote, start=span.start, end=span.end,
    )  # fmt: skip


def answer(
    question: str, said: str, *cited: Citation, refused: bool = False, standalone: str = "", sure: float | None = None
) -> Answer:
    """Return an answer with these citations, or a refusal."""
    return Answer(
        question=question, standalone_question=standalone or question, answer=said, refused=refused,
        reason="not_in_course" if refused else None, claims=(), citations=cited, nearest=(), suggestions=(),
        course="c", conversation="c_1", answerer="quotes", prompts=(), timings_ms=Timings(), confidence=sure,
    )  # fmt: skip


def sample(id: str, question: str, *groups: tuple[Span, ...], kind: str = "fact", **more: Any) -> Sample:
    """Return a question that the course answers where evidence is named."""
    held = {"history": (), "facts": (), "answerable": bool(groups)} | more
    return Sample(id=id, question=question, evidence=groups, kind=kind, **held)


def outcomes() -> list[Outcome]:
    """Return the outcomes of the run."""
    dead, steel, home = (
        place("15 to 55 million"),
        place("Most of the steel that they made was of no use"),
        place("1960"),
    )
    began = "When did the Great Leap Forward begin?"
    asked = [
        (
            sample("begin", began, (place("began in 1958"),), facts=(("1958", "fifty-eight"),)),
            answer(
                began,
                "“The Great Leap Forward began in 1958” [1].",
                cite(place("The Great Leap Forward began in 1958")),
            ),
        ),
        (
            sample(
                "dead", "And how many died?", (dead, place("famine")), kind="follow-up", history=(Turn("What failed?"),)
            ),
            answer(
                "And how many died?",
                "Between 15 and 55 million [1].",
                cite(place("Estimates of the dead range from 15 to 55 million.")),
                standalone="How many died in the famine?",
            ),
        ),
        (
            sample("steel", "Was the steel any good?", (steel,), (place("fires"),), forbidden=("good steel",)),
            answer("Was the steel any good?", "Furnaces were built. [1]", cite(place("Backyard furnaces were built"))),
        ),
        (
            sample("home", "When did the advisers leave?", (home,)),
            answer("?", "The course does not say.", refused=True),
        ),
        (
            sample("moon", "How far away is the moon?", kind="beyond the course"),
            answer("How far away is the moon?", "The course does not say.", refused=True),
        ),
        (
            sample("mars", "How far away is Mars?", kind="beyond the course"),
            answer(
                "How far away is Mars?",
                "1961 [1].",
                cite(place("until 1961"), quote="1962"),
                cite(Span("x.md", 3, 9), 2, "gone"),
            ),
        ),
        (sample("lost", "What was lost?", (home,), kind="follow-up"), None),
        *(
            (
                sample(
                    f"{words[:40]} {n}", words, (Span(EVIL, 30, 60), place(words, EVIL)), kind=EVIL, facts=((words,),)
                ),
                answer(
                    words,
                    words,
                    cite(Span(EVIL, 0, 50), 1, words),
                    cite(Span(EVIL, -9, 50_000), 2),
                    standalone=f"{words}?",
                ),
            )
            for n, words in enumerate(HOSTILE)
        ),
        (sample("formula", "=1+1", kind="@sum"), answer("-1", "+1 is\r\na \x0bnumber", refused=True)),
    ]
    ranks = [dead, Span("lesson.md", 0, 60), home, steel, Span("lesson.md", 200, 300)]
    passages = tuple(Found(span.source, span.start, span.end) for span in ranks)
    return [
        Outcome(s, a, passages if a else (), 0.05 + n * n / 900, "" if a else f"it broke {EVIL}", cold=n == 0)
        for n, (s, a) in enumerate(asked)
    ]


def scored(made: list[Outcome]) -> dict[str, Any]:
    """Return the scores of outcomes."""
    return score_all(made, metrics.standard(5, TEXTS))


def confident(made: list[Outcome]) -> list[Outcome]:
    """Return the outcomes with a confidence in each answer, higher where the course answers."""
    return [
        replace(o, answer=o.answer and o.answer.model_copy(update={"confidence": sure}))
        for n, o in enumerate(made)
        for sure in (min(1.0, 0.13 * (n % 6) + 0.3 * o.sample.answerable),)
    ]
