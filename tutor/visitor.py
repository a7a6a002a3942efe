"""The visitor: on whose behalf a call is made, and therefore what it may see and change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tutor.errors import Forbidden

LOCAL = "local"  # the tenant of whoever runs the tutor
Role = Literal["learner", "teacher", "administrator"]
Whose = tuple[str, str, str | None]
Scope = Literal["ask", "read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("ask", "read", "write", "admin")
SCOPES_OF: dict[Role, frozenset[Scope]] = {
    "learner": frozenset({"ask", "read"}),
    "teacher": frozenset({"ask", "read", "write"}),
    "administrator": frozenset(SCOPES),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: a learner, teacher or administrator of a tenant, perhaps inside one context of its LMS.

    ``space`` names that context (a hash of issuer, deployment and context), empty outside of an LMS. ``scopes`` are the
    kinds of calls they may make, ``courses`` those that they may use, None for all of their tenant's. ``acts`` says
    that they may ask for any learner, as a program of the LMS does. ``runs`` marks whoever runs this installation, who
    sees all of it. ``key`` is the id of the API key that was shown, ``link`` that of the LMS link that they came by. A
    conversation belongs to its tenant, space and learner together.
    """

    tenant: str = LOCAL
    space: str = ""
    learner: str | None = None
    role: Role = "learner"
    scopes: frozenset[Scope] = SCOPES_OF["learner"]
    courses: frozenset[str] | None = None
    acts: bool = False
    runs: bool = False
    key: str = ""
    link: int | None = None

    @property
    def account(self) -> str:
        """What this visitor's tokens are counted under: the same in every space of the tenant, and no one else's."""
        learner = self.learner or ""
        return learner if self.tenant == LOCAL and "/" not in learner else f"{self.tenant}/{learner}"

    @property
    def whose(self) -> Whose:
        """Whose conversations and open pages are theirs: tenant, space and learner together."""
        return self.tenant, self.space, self.learner

    def sees(self, course: str, tenant: str | None, space: str) -> bool:
        """Return whether a course that belongs to ``tenant`` (None: to everyone) and ``space`` is there for them."""
        if self.runs:
            return True
        if self.courses is not None and course not in self.courses:
            return False
        if tenant is None:
            return True
        return tenant == self.tenant and (space in ("", self.space) or self.role == "administrator")

    def changes(self, course: str, tenant: str | None, space: str) -> bool:
        """Return whether they may change what such a course holds; what belongs to everyone is not theirs to change."""
        if self.runs:
            return True
        if self.role == "learner" or tenant is None or not self.sees(course, tenant, space):
            return False
        return self.role == "administrator" or space == self.space

    def check(self, scope: Scope) -> None:
        """Raise `Forbidden` where they may not make calls of this kind."""
        if scope not in self.scopes:
            raise Forbidden(f"This needs the scope {scope!r}, which was not given to you. Ask an administrator for it.")

    def acting_for(self, learner: str | None) -> Visitor:
        """Return the visitor as ``learner``, themselves where it is None; raises `Forbidden` for somebody else."""
        if learner is None or learner == self.learner:
            return self
        if not self.acts:
            raise Forbidden("Nobody but a program with an API key asks for somebody else. Leave the learner out.")
        return replace(self, learner=learner)


OWNER = Visitor(role="administrator", scopes=SCOPES_OF["administrator"], acts=True, runs=True)
