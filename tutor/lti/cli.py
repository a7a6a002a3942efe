"""The command line of the LTI tool: which LMSs may launch the tutor, and the keys that it signs with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tutor.errors import InputError
from tutor.visitor import LOCAL

if TYPE_CHECKING:
    from tutor.records import Records
    from tutor.settings import Settings

LARGEST = 100_000
app = typer.Typer(help="Registers LMSs by LTI 1.3. Example: tutor lti register registration.json")
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@app.command()
def register(
    file: Annotated[Path, typer.Argument(help="JSON with issuer, client_id, deployment_id and the three addresses.")],
    tenant: Annotated[str, typer.Option(help="The tenant whose people it launches.")] = LOCAL,
    as_json: JsonOption = False,
) -> None:
    """Let an LMS launch the tutor. Example: tutor lti register registration.json --tenant oak-hill"""
    from tutor.lti import platforms

    wanted = platforms.parse_registration(_read(file))
    with _opened() as (records, settings):
        held = platforms.register(records, wanted, tenant)
    if as_json:
        typer.echo(held.model_dump_json())
        return
    base = settings.base_url.rstrip("/")
    typer.echo(f"Registered {held.issuer} (client {held.client_id}) for {held.tenant}. Enter these in the LMS:")
    for name, path in (("target link", "launch"), ("login", "login"), ("redirect", "launch"), ("key set", "jwks")):
        typer.echo(f"{name}\t{base}/lti/{path}")


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the LMSs that may launch the tutor. Example: tutor lti list"""
    from tutor.lti import platforms

    with _opened() as (records, _):
        found = platforms.list_platforms(records)
    if as_json:
        typer.echo(json.dumps([held.model_dump() for held in found], ensure_ascii=False))
        return
    if not found:
        typer.echo("No LMS is registered yet. Register one: tutor lti register FILE.json", err=True)
    for held in found:
        typer.echo(f"{held.issuer}\t{held.client_id}\t{held.tenant}\t{', '.join(held.deployments)}")


@app.command()
def remove(
    issuer: Annotated[str, typer.Argument(help="The issuer, as tutor lti list shows it.")],
    client_id: Annotated[str | None, typer.Option(help="Which registration, where the issuer has several.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let an LMS launch the tutor no more. Example: tutor lti remove https://lms.example"""
    from tutor.lti import platforms

    with _opened() as (records, _):
        gone = platforms.remove(records, issuer, client_id)
    typer.echo(gone.model_dump_json() if as_json else f"Removed {gone.issuer} (client {gone.client_id}).")


@app.command("rotate-keys")
def rotate_keys(
    at_once: Annotated[bool, typer.Option("--at-once", help="For keys that somebody else may have.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Sign with a new key; the old one stays published for a week. Example: tutor lti rotate-keys"""
    from tutor.lti import keys

    with _opened() as (records, _):
        id = keys.rotate_keys(records, at_once)
    if as_json:
        typer.echo(json.dumps({"kid": id}))
    else:
        typer.echo(f"The key {id} is published{'' if at_once else ' and signs in an hour'}.")


@contextmanager
def _opened() -> Iterator[tuple[Records, Settings]]:
    from tutor.records import Records
    from tutor.settings import Settings

    settings = Settings.load()
    with closing(Records(settings.database)) as records:
        yield records, settings


def _read(file: Path) -> Any:
    try:
        with file.open("rb") as opened:
            written = opened.read(LARGEST + 1)
        if len(written) > LARGEST:
            raise InputError(f"{file}: larger than {LARGEST:,} bytes. Give the registration alone.")
        return json.loads(written.decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}. Check the path.") from None
    except (ValueError, RecursionError):
        raise InputError(f"{file}: not JSON. Copy the registration anew from the LMS.") from None
