"""What is held on a learner: handed over and erased over the API, by an administrator or by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response, Security

from tutor.errors import Forbidden
from tutor.privacy import ME, LearnerExport, Privacy
from tutor.tutor import Tutor
from tutor.web.access import BEARER, visitor_of
from tutor.web.problems import documented

router = APIRouter(
    prefix="/api/v1/learners", responses=documented(400, 401, 403, 422, 429, 503), dependencies=[Security(BEARER)]
)

Id = Annotated[str, Path(max_length=256, description="The learner's id; `me` is whoever is signed in.")]


@dataclass(frozen=True)
class _Whose:
    privacy: Privacy
    tenant: str
    learner: str | None


def whose(request: Request, id: Id) -> _Whose:
    """Return whose data is asked for; raises `Forbidden` where it is somebody else's and not theirs to see."""
    tutor: Tutor = request.app.state.tutor
    visitor = visitor_of(tutor, request)
    request.state.tenant = visitor.tenant  # for the log
    tutor.limits.count_call(visitor)
    if visitor.runs and id == ME:
        return _Whose(tutor.privacy, visitor.tenant, visitor.learner)
    if not visitor.acts and id in (ME, visitor.learner):
        return _Whose(tutor.privacy, visitor.tenant, visitor.learner)
    visitor.check("admin")
    if visitor.courses is not None:
        raise Forbidden("This key is limited to some courses; a learner's data is of all. Use one without limits.")
    return _Whose(tutor.privacy, visitor.tenant, id)


Asked = Annotated[_Whose, Depends(whose)]


@router.get("/{id:path}/export", summary="Everything held on a learner")
def export_learner(asked: Asked, response: Response) -> LearnerExport:
    """Return all that is held on a learner of your tenant, with the scope `admin`, or with `me` on yourself.

    Of a learner whom the tutor does not know, that is empty lists.
    """
    response.headers["Content-Disposition"] = 'attachment; filename="learner.json"'
    response.headers["Cache-Control"] = "no-store"
    return asked.privacy.export(asked.tenant, asked.learner)


@router.delete("/{id:path}", status_code=204, summary="Erase a learner")
def erase_learner(asked: Asked) -> Response:
    """Erase all that is held on a learner of your tenant, with the scope `admin`, or with `me` on yourself.

    It can be called any number of times. An answer under way meanwhile is not stored, and browsers are signed out.
    """
    asked.privacy.erase(asked.tenant, asked.learner)
    return Response(status_code=204)
