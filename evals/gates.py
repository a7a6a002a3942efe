"""Gates: the one rule by which a run passes, for the printed verdict, the report and the exit status alike.

``gates.toml`` has a table for each task: floors by metric, ``most_errors`` (0 if left out), and ``no_drop``, the margin
by which a metric of single questions may fall behind the task's baseline where the fall is significant. A baseline is
the scores.json of an earlier run, kept in ``baselines/TASK.json``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.comparison import compare
from evals.runs import read_scores
from tutor.errors import SetupError

GATES = Path(__file__).parent / "gates.toml"
BASELINES = Path(__file__).parent / "baselines"
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Verdict:
    """What a run failed, a line each; and whether so many questions ended in errors that no score counts."""

    failed: tuple[str, ...] = ()
    errors: str = ""

    @property
    def status(self) -> int:
        """The exit status: 0 passed, 3 below a gate, 4 too many errors."""
        return 4 if self.errors else 3 if self.failed else 0

    @property
    def word(self) -> str:
        """PASS, FAIL or ERROR."""
        return {0: "PASS", 3: "FAIL", 4: "ERROR"}[self.status]


def judge(scores: Mapping[str, Any], gates: Path = GATES, baselines: Path = BASELINES) -> Verdict:
    """Return the verdict on a scores file; a floor on an undefined metric fails. Without gates, errors alone count."""
    task = scores["run"]["task"]
    rules = tomllib.loads(gates.read_text(encoding="utf-8")).get(task, {}) if scores["run"]["gated"] else {}
    errors, most = scores["summary"]["errors"], rules.pop("most_errors", 0)
    margins = rules.pop("no_drop", {})
    metrics = scores["summary"]["metrics"]
    failed = [line for name, floor in rules.items() if (line := _below(metrics, name, floor))]
    if margins:
        failed += _dropped(scores, margins, baselines / f"{task}.json")
    said = f"{errors} question{'s' if errors != 1 else ''} ended in an error, {most} allowed"
    return Verdict(tuple(failed), said if errors > most else "")


def _below(metrics: Mapping[str, Any], name: str, floor: float) -> str:
    value = metrics.get(name, {}).get("value")
    if value is not None and value >= floor:
        return ""
    return f"{name} is {'n/a' if value is None else format(value, '.3f')}, below {floor}"


def _dropped(scores: Mapping[str, Any], margins: Mapping[str, float], baseline: Path) -> list[str]:
    found = compare(read_scores(baseline), scores, anyway=True)["metrics"]
    if whole := [name for name in margins if name not in found]:
        raise SetupError(
            f"gates.toml: no_drop compares question by question, which {', '.join(whole)} cannot be. "
            f"It can be: {', '.join(found)}."
        )
    return [
        f"{name} fell by {-found[name]['difference']:.3f} (p = {found[name]['p']:.3f}), more than {margin}"
        for name, margin in margins.items()
        if found[name]["n"] and found[name]["p"] < SIGNIFICANT and found[name]["difference"] < -margin
    ]
