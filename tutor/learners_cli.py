"""Learners on the command line: what is held on them, erasing it, and deleting what is too old."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tutor.visitor import LOCAL

if TYPE_CHECKING:
    from tutor.tutor import Tutor

learners_app = typer.Typer(no_args_is_help=True, help="Exports and erases learners. Example: tutor learners list")
retention_app = typer.Typer(no_args_is_help=True, help="Deletes what is too old. Example: tutor retention run")

TenantOption = Annotated[str, typer.Option("--tenant", help="Whose learner it is.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
_WHO = "The learner's id, as `tutor learners list` shows it; in personal mode, me is who runs the tutor."


@learners_app.command("list")
def list_learners(tenant: TenantOption = LOCAL, as_json: JsonOption = False) -> None:
    """List the learners on whom anything is held. Example: tutor learners list --tenant oak-hill"""
    with _tutor(tenant) as tutor:
        found = tutor.privacy.learners(tenant)
    if as_json:
        typer.echo(json.dumps([learner.model_dump(mode="json") for learner in found], ensure_ascii=False))
        return
    if not found:
        typer.echo("Nothing is held on any learner.", err=True)
    for learner in found:
        last = f"{learner.last_at:%Y-%m-%d}" if learner.last_at else "-"
        count = learner.conversations
        typer.echo(f"{learner.learner}\t{count} conversation{'s' if count != 1 else ''}\t{last}")


@learners_app.command("export")
def export_learner(
    id: Annotated[str, typer.Argument(metavar="ID", help=_WHO)],
    tenant: TenantOption = LOCAL,
    as_json: Annotated[bool, typer.Option("--json", help="On one line.")] = False,
) -> None:
    """Print everything held on a learner as JSON. Example: tutor learners export l_4f1c --tenant oak-hill"""
    with _tutor(tenant) as tutor:
        held = tutor.privacy.export(tenant, _named(tutor, id))
    typer.echo(held.model_dump_json(indent=None if as_json else 2))


@learners_app.command("erase")
def erase_learner(
    id: Annotated[str | None, typer.Argument(metavar="ID", help=_WHO)] = None,
    tenant: TenantOption = LOCAL,
    again: Annotated[
        bool, typer.Option("--again", help="Erase anew what a back-up that was put back holds of erased learners.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase everything held on a learner. Example: tutor learners erase l_4f1c --tenant oak-hill"""
    if (id is None) != again:
        raise typer.BadParameter("give either a learner's ID or --again")
    with _tutor(tenant) as tutor:
        if id is None:
            gone = tutor.privacy.again()
        else:
            if sys.stdin.isatty() and sys.stdout.isatty():
                typer.confirm(f"Erase everything held on {id} of {tenant}? This cannot be undone.", abort=True)
            gone = tutor.privacy.erase(tenant, _named(tutor, id))
    if as_json:
        typer.echo(gone.model_dump_json())
    else:
        typer.echo(f"Erased: {_counted(dict(gone))}.")


@retention_app.command("run")
def run_retention(as_json: JsonOption = False) -> None:
    """Delete now what is older than it may be kept. Example: tutor retention run"""
    from tutor import retention

    with _tutor(LOCAL) as tutor:
        report = retention.run_retention(tutor.records)
    typer.echo(report.model_dump_json() if as_json else f"Deleted: {_counted(dict(report))}.")


@contextlib.contextmanager
def _tutor(tenant: str) -> Iterator[Tutor]:
    from tutor.tenants import find_tenant
    from tutor.tutor import Tutor

    with Tutor.open() as tutor:
        if tenant != LOCAL:
            with tutor.records.read() as session:
                find_tenant(session, tenant)
        yield tutor


def _named(tutor: Tutor, id: str) -> str | None:
    from tutor.privacy import ME

    return None if id == ME and tutor.settings.mode == "personal" else id


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind.replace('_', '-')}" for kind, count in counts.items() if count) or "nothing"
