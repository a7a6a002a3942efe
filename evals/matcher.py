"""The matcher of facts against people's verdicts on answers, beside the usual comparisons of strings.

    python -m evals.matcher matcher.jsonl

Gold answers are short and a system's answer may be shorter still, so neither need be the longer one here; a dataset's
facts are held against whole answers by `evals.facts`, which this builds on.
"""

from __future__ import annotations

import json
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.facts import TITLES, denied, same, states
from tutor.tokens import Token, tokens
from tutor.words import STOP_WORDS

SPREAD = 4  # words that may stand among those of a gold answer


def agrees(answer: str, gold: Sequence[str], question: str) -> bool:
    """Return whether a system's ``answer`` to ``question`` gives what one of the ``gold`` answers gives.

    Neither need be the longer one: where words of the question are left out, all of one may be in the other, or the
    names and dates of the gold answer in the system's.
    """
    return any(states(answer, one) or _alike(answer, one, question) for one in gold)


def _alike(answer: str, gold: str, question: str) -> bool:
    asked, said, wanted = tokens(question), _content(answer), _content(gold)
    if _in_order(wanted, said):
        return True
    new, needed = ([t for t in own if not any(same(t, one) for one in asked)] for own in (said, wanted))
    agree = _in_order(needed, new) or (len(new) > len(needed) / 2 and _all_in(new, needed))
    if agree and (min(len(needed), len(new)) > 1 or _all_in(said, wanted)):  # one word may be left of two unlike names
        return True
    names = [token for token in needed if token.kind != "word" or token.capital]
    dated = any(token.kind == "date" or _is_year(token) for token in names)
    named = len(names) > 1 and all(token.kind == "word" for token in names)  # other numbers say little by themselves
    return (dated or named) and all(any(same(other, one) for other in new) for one in names)


def _is_year(token: Token) -> bool:
    return token.kind == "number" and isinstance(token.value, Decimal) and 1000 <= token.value < 2100


def _all_in(said: Sequence[Token], wanted: Sequence[Token]) -> bool:
    return all(any(same(one, other) for other in wanted) for one in said)


def _content(text: str) -> list[Token]:
    found, light = tokens(text), STOP_WORDS | TITLES
    return [t for at, t in enumerate(found) if t.value not in light and not denied(found[:at], t)]


def _in_order(wanted: Sequence[Token], said: Sequence[Token]) -> bool:
    """Return whether ``wanted`` stands in ``said`` in its order, few other words among it."""
    for start in range(len(said)):
        stretch = iter(said[start : start + len(wanted) + SPREAD])
        if wanted and all(any(same(one, other) for other in stretch) for one in wanted):
            return True
    return False


def exact(answer: str, gold: Sequence[str], question: str) -> bool:
    """Return whether ``answer`` is one of ``gold``, case, punctuation and articles aside (as SQuAD compares them)."""
    return _normal(answer) in map(_normal, gold)


def contains(answer: str, gold: Sequence[str], question: str) -> bool:
    """Return whether ``answer`` contains one of ``gold``, both as `exact` compares them."""
    return any(_normal(one) in _normal(answer) for one in gold)


def overlaps(answer: str, gold: Sequence[str], question: str) -> bool:
    """Return whether the F1 of the words of ``answer`` and one of ``gold`` is at least 0.5."""
    said = _normal(answer).split()
    return any(
        2 * sum((Counter(said) & Counter(wanted)).values()) >= 0.5 * (len(said) + len(wanted))
        for wanted in (_normal(one).split() for one in gold)
    )


def _normal(text: str) -> str:
    bare = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(word for word in bare.split() if word not in ("a", "an", "the"))


Matcher = Callable[[str, Sequence[str], str], bool]
MATCHERS: dict[str, Matcher] = {"exact": exact, "contains": contains, "F1 >= 0.5": overlaps, "facts": agrees}


def measure(matcher: Matcher, rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Return precision and recall of ``matcher`` against the verdicts of ``rows``."""
    verdicts = [row["acceptable"] for row in rows if matcher(row["answer"], row["gold"], row["question"])]
    return sum(verdicts) / max(1, len(verdicts)), sum(verdicts) / max(1, sum(row["acceptable"] for row in rows))


def main(path: Annotated[Path, typer.Argument(help="JSON lines: question, gold, answer and acceptable")]) -> None:
    """Print precision and recall of each comparison."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    typer.echo(f"{len(rows):5} answers  precision  recall")
    for name, matcher in MATCHERS.items():
        precision, recall = measure(matcher, rows)
        typer.echo(f"{name:13}  {precision:9.3f}  {recall:6.3f}")


if __name__ == "__main__":
    typer.run(main)
