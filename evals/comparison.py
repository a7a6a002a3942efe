"""Comparisons: what two runs over the same questions differ in, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals import statistics
from evals.summary import rounded
from tutor.errors import InputError


def compare(before: Mapping[str, Any], after: Mapping[str, Any], anyway: bool = False) -> dict[str, Any]:
    """Return what two scores files differ in: per metric the difference and its p-value, and every flip.

    Raises `InputError` where the runs asked different questions or courses, unless they are compared ``anyway``: then
    over the questions that both have.
    """
    apart = [what for what in ("dataset", "course_versions") if before["run"][what] != after["run"][what]]
    if apart and not anyway:
        raise InputError(f"The runs differ in their {' and '.join(apart)}. Compare them all the same with --anyway.")
    one, other = ({q["id"]: q for q in run["questions"] if q["outcome"] != "error"} for run in (before, after))
    shared = [id for id in one if id in other]
    if not shared:
        raise InputError("The runs have no question in common.")
    names = [name for name in one[shared[0]]["scores"] if name in other[shared[0]]["scores"]]
    flips = statistics.flips(*({id: run[id]["scores"]["right"] == 1.0 for id in shared} for run in (one, other)))
    return {
        "questions": len(shared),
        "smallest_difference": rounded(statistics.smallest_difference(len(shared))),
        "metrics": {name: _difference(name, [one[i] for i in shared], [other[i] for i in shared]) for name in names},
        "went_wrong": flips.went_wrong,
        "came_right": flips.came_right,
    }


def _difference(name: str, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    pairs = [(b["scores"][name], a["scores"][name]) for b, a in zip(before, after, strict=True)]
    pairs = [(b, a) for b, a in pairs if b is not None and a is not None]
    if not pairs:
        return {"before": None, "after": None, "difference": None, "n": 0, "p": None}
    old, new = ([pair[side] for pair in pairs] for side in (0, 1))
    if {*old, *new} <= {0.0, 1.0}:
        p = statistics.mcnemar([b == 1.0 for b in old], [a == 1.0 for a in new])
    else:
        p = statistics.sign_flip([a - b for b, a in pairs])
    means = sum(old) / len(old), sum(new) / len(new)
    return {
        "before": rounded(means[0]),
        "after": rounded(means[1]),
        "difference": rounded(means[1] - means[0]),
        "n": len(pairs),
        "p": rounded(p),
    }
