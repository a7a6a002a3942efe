"""What an administrator does on the command line: tenants and API keys."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tutor.visitor import LOCAL, SCOPES

if TYPE_CHECKING:
    from tutor.keys import KeyInfo, NewKey
    from tutor.records import Records
    from tutor.tenants import TenantInfo
    from tutor.types import Model

keys_app = typer.Typer(no_args_is_help=True, help="Manages API keys. Example: tutor keys list")
tenants_app = typer.Typer(no_args_is_help=True, help="Manages tenants. Example: tutor tenants list")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose key it is.")]
KeyArgument = Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `tutor keys list` shows it.")]
RetentionOption = Annotated[
    int, typer.Option(min=0, max=36_500, help="After which what its learners left is deleted; 0 keeps it.")
]


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="What the key is for, such as the program that uses it.")],
    scopes: Annotated[list[str], typer.Option("--scope", help=f"What it may do: {', '.join(SCOPES)}; give several.")],
    tenant: TenantOption = LOCAL,
    courses: Annotated[
        list[str] | None, typer.Option("--course", help="A course that it is limited to; give several.")
    ] = None,
    expires_days: Annotated[int, typer.Option(min=0, max=3_650, help="After which it expires; 0: never.")] = 365,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it once. Example: tutor keys create --tenant oak-hill --name Moodle --scope ask"""
    from tutor.keys import Keys

    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise typer.BadParameter(f"{unknown[0]!r} is no scope; they are: {', '.join(SCOPES)}", param_hint="--scope")
    may = [scope for scope in SCOPES if scope in scopes]
    lasts = timedelta(days=expires_days) if expires_days else None
    with opened_records() as records:
        _print_new(Keys(records).create(tenant, name, may, courses or None, lasts), as_json)


@keys_app.command("list")
def list_keys(
    tenant: Annotated[str | None, typer.Option(help="Only the keys of this tenant.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the keys without their secrets. Example: tutor keys list --tenant oak-hill"""
    from tutor.keys import Keys

    with opened_records() as records:
        found = Keys(records).listed(tenant)
    if as_json:
        _print_json(found)
        return
    if not found:
        typer.echo("No key yet. Make one: tutor keys create --name NAME --scope ask", err=True)
    for key in found:
        typer.echo("\t".join((key.id, key.tenant, key.name, ",".join(key.scopes), _courses(key), _state(key))))


@keys_app.command("revoke")
def revoke_key(id: KeyArgument, as_json: JsonOption = False) -> None:
    """End a key at once. Example: tutor keys revoke 4f1c2a9be07d5538"""
    from tutor.keys import Keys

    with opened_records() as records:
        revoked = Keys(records).revoke(id)
    typer.echo(revoked.model_dump_json() if as_json else f"Revoked {revoked.id} ({revoked.name}).")


@keys_app.command("rotate")
def rotate_key(
    id: KeyArgument,
    grace_hours: Annotated[int, typer.Option(min=0, max=8_760, help="For which the old key still works.")] = 24,
    as_json: JsonOption = False,
) -> None:
    """Make a key in place of another and print it once. Example: tutor keys rotate 4f1c2a9be07d5538"""
    from tutor.keys import Keys

    with opened_records() as records:
        _print_new(Keys(records).rotate(id, timedelta(hours=grace_hours)), as_json)


@tenants_app.command("create")
def create_tenant(
    tenant: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and hyphens.")],
    retention_days: RetentionOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Make a tenant: a school or a department. Example: tutor tenants create oak-hill --retention-days 365"""
    from tutor import tenants

    with opened_records() as records:
        _print_tenants([tenants.create_tenant(records, tenant, retention_days or None)], as_json)


@tenants_app.command("set")
def set_tenant(
    tenant: Annotated[str, typer.Argument(metavar="NAME", help="The tenant.")],
    retention_days: RetentionOption,
    as_json: JsonOption = False,
) -> None:
    """Change how long a tenant's data is kept. Example: tutor tenants set oak-hill --retention-days 90"""
    from tutor import tenants

    with opened_records() as records:
        _print_tenants([tenants.set_retention(records, tenant, retention_days or None)], as_json)


@tenants_app.command("list")
def list_tenants(as_json: JsonOption = False) -> None:
    """List the tenants. Example: tutor tenants list"""
    from tutor import tenants

    with opened_records() as records:
        found = tenants.list_tenants(records)
    if as_json:
        _print_json(found)
    else:
        _print_tenants(found, False)


@contextlib.contextmanager
def opened_records() -> Iterator[Records]:
    """Yield the records of this installation, and close them."""
    from tutor.records import Records
    from tutor.settings import Settings

    with contextlib.closing(Records(Settings.load().database)) as records:
        yield records


def _print_new(key: NewKey, as_json: bool) -> None:
    if as_json:
        typer.echo(key.model_dump_json())
        return
    typer.echo(key.key)
    typer.echo("This is the only time that the key is shown: keep it somewhere safe.", err=True)


def _print_tenants(found: Sequence[TenantInfo], as_json: bool) -> None:
    for tenant in found:
        kept = f"{tenant.retention_days} days" if tenant.retention_days else "kept"
        typer.echo(tenant.model_dump_json() if as_json else f"{tenant.id}\t{kept}")


def _print_json(found: Sequence[Model]) -> None:
    typer.echo(json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=False))


def _courses(key: KeyInfo) -> str:
    return "all courses" if key.courses is None else ",".join(key.courses)


def _state(key: KeyInfo) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    return f"expires {key.expires_at:%Y-%m-%d}" if key.expires_at else "never expires"
