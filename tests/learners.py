"""Learners: the tutor as it is for one of those whom whoever runs it can act for."""

from __future__ import annotations

from tutor.tutor import Tutor
from tutor.visitor import OWNER


def as_learner(tutor: Tutor, name: str) -> Tutor:
    """Return ``tutor`` acting for the learner called ``name``."""
    return tutor.visited_by(OWNER.acting_for(name))
