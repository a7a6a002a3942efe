"""The verbs of the outbox on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from tutor.admin_cli import opened_records

if TYPE_CHECKING:
    from tutor.records import Delivery

app = typer.Typer(help="Shows what has not reached an LMS or a record store yet. Example: tutor outbox list")


@app.command("list")
def list_waiting(as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False) -> None:
    """List what has not arrived, and why. Example: tutor outbox list"""
    from tutor.outbox import waiting

    with opened_records() as records:
        rows = [_shown(row) for row in waiting(records)]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        typer.echo("Everything has arrived.", err=True)
    for row in rows:
        state = f"given up {row['given_up_at']}" if row["given_up_at"] else f"due {row['due_at']}"
        typer.echo(f"{row['id']}\t{row['kind']}\t{row['attempts']} attempts\t{state}\t{row['failure'] or ''}")


@app.command()
def retry(
    id: Annotated[str | None, typer.Argument(help="What to send; everything that waits if left out.")] = None,
) -> None:
    """Send at once what waits or was given up: the server does it. Example: tutor outbox retry"""
    from tutor import outbox

    with opened_records() as records:
        count = outbox.retry(records, id)
    typer.echo(f"{count} will be sent by the tutor that serves, within seconds.")


def _shown(row: Delivery) -> dict[str, str | int | None]:
    moments = {name: getattr(row, name) for name in ("created_at", "due_at", "given_up_at")}
    written = {name: moment.isoformat(timespec="seconds") if moment else None for name, moment in moments.items()}
    return {"id": row.id, "kind": row.kind, "attempts": row.attempts, "failure": row.failure, **written}
