"""The command line: parse, call, print. Everything slow to import is imported by the verb that needs it."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals.cli import app as evals_app
from tutor import __version__, admin_cli, learners_cli
from tutor.errors import InputError, NotReady, SetupError, TutorError
from tutor.lti.cli import app as lti_app
from tutor.outbox_cli import app as outbox_app
from tutor.progress import progress_bar

if TYPE_CHECKING:
    from tutor.remote import RunningTutor
    from tutor.tutor import Tutor
    from tutor.types import Answer

app = typer.Typer(
    name="tutor",
    help="A tutor that answers from a course's own texts and shows the very words it relied on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
courses_app = typer.Typer(help="Lists and removes courses. Example: tutor courses remove world-history")
app.add_typer(courses_app, name="courses")
app.add_typer(evals_app, name="eval")
app.add_typer(admin_cli.keys_app, name="keys")
app.add_typer(admin_cli.tenants_app, name="tenants")
app.add_typer(lti_app, name="lti")
app.add_typer(outbox_app, name="outbox")
app.add_typer(learners_cli.learners_app, name="learners")
app.add_typer(learners_cli.retention_app, name="retention")

CourseOption = Annotated[
    str | None, typer.Option("--course", help="The course to ask; needed where there are several.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def main() -> None:
    """Run the command line; every expected failure is one line on standard error and exit status 1."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")  # what programs read is the same on every machine
    try:
        app()
    except TutorError as error:
        _fail(str(error))


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """A tutor that answers from a course's own texts and shows the very words it relied on."""
    if show:
        typer.echo(f"tutor {__version__}")
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on: a loopback one in personal mode.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 7860,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve the chat page and the HTTP API. Example: tutor serve --port 8080"""
    from tutor.web.server import run

    run(host, port, open_browser=browser)


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders that are mirrored.")],
    course: Annotated[str, typer.Option(help="The course, such as world-history; made if it is new.")],
    title: Annotated[str | None, typer.Option(help="The title that students see.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose course it is; a new one is everybody's without.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Add or synchronise sources. Example: tutor ingest notes/ --course world-history --title 'World history'"""
    with _tutor() as tutor, progress_bar("Embedding") as progress:
        if tenant is not None:
            from tutor.tenants import administrator_of

            tutor = tutor.visited_by(administrator_of(tutor.records, tenant))
        report = tutor.ingest(course, paths, title, progress)
    if as_json:
        typer.echo(report.model_dump_json())
        return
    for kind in ("added", "changed", "unchanged", "removed", "skipped"):
        names = getattr(report, kind)
        listed = f": {', '.join(names[:10])}{' …' if len(names) > 10 else ''}" if names and kind != "unchanged" else ""
        if names or kind != "skipped":
            typer.echo(f"{len(names)} {kind}{listed}")


@courses_app.callback(invoke_without_command=True)
def courses(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the courses. Example: tutor courses"""
    if context.invoked_subcommand:
        return
    with _tutor() as tutor:
        found = tutor.courses()
    if as_json:
        typer.echo(json.dumps([course.model_dump(mode="json") for course in found], ensure_ascii=False))
        return
    if not found:
        typer.echo("No course yet. Add one: tutor ingest FILE --course NAME", err=True)
    for course in found:
        typer.echo(f"{course.id}\t{course.title}\t{course.sources} source{'s' if course.sources != 1 else ''}")


@courses_app.command("remove")
def remove(course: Annotated[str, typer.Argument(help="The course to remove.")]) -> None:
    """Remove a course with its sources and conversations. Example: tutor courses remove world-history"""
    with _tutor() as tutor:
        if sys.stdin.isatty() and sys.stdout.isatty():
            count = len(tutor.conversations(course))
            typer.confirm(f"Remove {course} and {count} conversation(s)? This cannot be undone.", abort=True)
        tutor.remove_course(course)
    typer.echo(f"Removed {course}.")


@app.command()
def text(
    course: Annotated[str, typer.Argument(help="The course.")],
    source: Annotated[str, typer.Argument(help="The source, as citations name it.")],
    version: Annotated[
        str | None, typer.Option(help="sha256:… as a citation gives it; the present one if left out.")
    ] = None,
) -> None:
    """Print the stored text that citation offsets refer to. Example: tutor text great-leap-forward lesson.md"""
    with _tutor() as tutor:
        stored = tutor.source(course, source, version)
    typer.echo(stored.text.encode(), nl=False)  # as bytes: no line end and no letter is changed on the way


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    course: CourseOption = None,
    as_json: JsonOption = False,
    batch: Annotated[
        Path | None, typer.Option(help='JSON lines {"question", "conversation"?}; - reads standard input.')
    ] = None,
) -> None:
    """Ask one question, or a file of them. Example: tutor ask "Why did the harvests fail?" --course history"""
    if (question is None) == (batch is None):
        raise typer.BadParameter('give either a "QUESTION" or --batch FILE')
    lines = _batch_lines(batch) if batch else []
    with _asked() as tutor:
        chosen = _course(tutor, course)
        if question is not None:
            answer = tutor.ask(chosen, question)
            typer.echo(answer.model_dump_json() if as_json else _plain(answer))
            return
        failed = False
        conversations: dict[str, str] = {}
        for line in _bar(lines, "Asking"):
            label = line.get("conversation")
            try:
                answer = tutor.ask(chosen, line["question"], conversations.get(label) if label else None)
            except InputError as error:  # one unusable question must not cost the others their answers
                failed = True
                typer.echo(json.dumps({**line, "error": str(error)}))
                continue
            if label:
                conversations[label] = answer.conversation
            typer.echo(answer.model_dump_json())
        if failed:
            raise InputError("Some questions could not be used: their lines hold an error.")


@app.command()
def chat(course: CourseOption = None) -> None:
    """Chat in the terminal; an empty line ends it. Example: tutor chat --course great-leap-forward"""
    with _tutor() as tutor:
        _prepare(tutor)
        chosen = _course(tutor, course)
        conversation = None
        typer.echo(f"Ask about {chosen}. An empty line ends the chat.", err=True)
        while question := _line():
            try:
                for piece in tutor.stream(chosen, question, conversation):
                    if isinstance(piece, str):
                        typer.echo(piece, nl=False)
                    else:
                        conversation = piece.conversation
                        typer.echo("\n" + _sources(piece))
            except InputError as error:
                typer.echo(str(error), err=True)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Check the installation and say what is missing. Example: tutor doctor"""
    from tutor.doctor import examine

    checks, origins = examine()
    if as_json:
        typer.echo(json.dumps({"checks": [vars(check) for check in checks], "settings": origins}, ensure_ascii=False))
    else:
        for check in checks:
            typer.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}")
        for name, (value, origin) in origins.items():
            typer.echo(f"     {name} = {value or '(empty)'}  [{origin}]")
    if not all(check.ok for check in checks):
        raise SetupError("Something is missing: see the lines marked FAIL.")


@contextlib.contextmanager
def _tutor() -> Iterator[Tutor]:
    from tutor.tutor import Tutor

    with Tutor.open() as tutor:
        yield tutor


@contextlib.contextmanager
def _asked() -> Iterator[Tutor | RunningTutor]:
    """Yield the tutor to ask: one of our own, or the one that holds the store and serves in another process."""
    with _tutor() as tutor:
        try:
            _ = tutor.store
        except NotReady:
            from tutor.remote import RunningTutor

            running = RunningTutor.of(tutor.settings.home)
            if running is None:
                raise
        else:
            _prepare(tutor)
            yield tutor
            return
        with contextlib.closing(running):
            yield running


def _prepare(tutor: Tutor) -> None:
    """Bring in the bundled course where there is no course yet."""
    if not tutor.courses():
        with progress_bar("Preparing the bundled course") as progress:
            tutor.warm(progress)


def _course(tutor: Tutor | RunningTutor, named: str | None) -> str:
    """Return the course to ask: the named one, or the only one."""
    if named:
        return named
    found = tutor.courses()
    if not found:
        raise NotReady("There is no course yet. Try again in a few seconds, or tutor ingest FILE --course NAME.")
    if len(found) != 1:
        known = ", ".join(course.id for course in found)
        raise typer.BadParameter(f"there are several courses; add --course with one of: {known}")
    return found[0].id


def _batch_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a batch file; raises `InputError` that names every wrong line, before anything is asked."""
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        text_ = raw.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}. Check the path.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text. Save it as UTF-8.") from None
    lines, problems = [], []
    for number, line in enumerate(text_.split("\n"), start=1):  # other line separators may stand in a question
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except json.JSONDecodeError as error:
            problems.append(f"line {number} is not JSON ({error.msg})")
            continue
        if not isinstance(data, dict) or not isinstance(data.get("question"), str):
            problems.append(f'line {number} has no "question"')
        elif not isinstance(data.get("conversation"), str | None):
            problems.append(f'line {number}: "conversation" must be text')
        else:
            lines.append(data)
    if problems:
        raise InputError(f"{path}: {'; '.join(problems[:10])}. Correct the file; nothing was asked.")
    return lines


def _plain(answer: Answer) -> str:
    return f"{answer.answer}\n{_sources(answer)}".rstrip()


def _sources(answer: Answer) -> str:
    """Return the citations, or the nearest passages of a refusal, as lines."""
    from tutor.answering import notes

    lines = [f"({note})" for note in notes(answer)]
    if answer.standalone_question != answer.question:
        lines.append(f"(understood as: {answer.standalone_question})")
    if answer.nearest and answer.refused:
        lines.append("Closest in the course:")
    for citation in answer.nearest if answer.refused else answer.citations:
        mark = f"[{citation.marker}]" if citation.marker else "-"
        where = " › ".join(part for part in (citation.source, citation.section) if part)
        lines.append(f"{mark} “{' '.join(citation.quote.split())}” — {where} ({citation.start}–{citation.end})")
    return "\n".join(lines)


def _line() -> str:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _bar(lines: list[dict[str, Any]], label: str) -> Iterator[dict[str, Any]]:
    with progress_bar(label) as progress:
        for number, line in enumerate(lines):
            yield line
            progress(number + 1, len(lines))


def _fail(message: str) -> None:
    typer.echo(f"tutor: {' '.join(message.split())}", err=True)
    raise SystemExit(1)
