"""Benchmark: the server under a whole school's load, and what is left of it once everybody has gone.

    python -m evals.benchmark_serving

The program itself serves the bundled course in shared mode on this computer, which also plays the learners, their
browsers and their LMS: 50 learners ask at the same moment, beside one who is alone; 300 are launched within ten
seconds; and while 50 ask again, others never read what they asked for, or leave in the middle. The ratio is what a
slower or faster machine does not change. Linux only: it looks into /proc.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import typer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from evals.runner import percentile
from tutor.errors import NotReady, SetupError
from tutor.keys import Keys
from tutor.lti.platforms import Registration, register
from tutor.records import Records
from tutor.settings import Settings
from tutor.visitor import LOCAL

COURSE = "great-leap-forward"
QUESTIONS = Path(__file__).parent / "datasets" / f"{COURSE}.jsonl"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
READY = 180  # seconds that a server may take to start
WITHIN = 10.0  # seconds in which launches begin
PATIENCE = 120.0  # seconds that whoever asks waits
GONE = 60.0  # seconds after which nothing may be left of those who have gone
IDLE = 12  # seconds without a change, longer than connections and threads are kept for the next one
GROWTH = 32  # megabytes by which memory may be larger then: what was answered is kept for some minutes

FIRST, WHOLE, SIGNED_IN, OPENED = "first token", "whole answer", "signed in", "page open"


class Lost(Exception):
    """Something that did not come, or not as it should have."""


@dataclass
class Measured:
    """What was measured: milliseconds by figure, and what went wrong."""

    ms: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def add(self, other: Measured) -> None:
        """Take in what was measured elsewhere."""
        for name, values in other.ms.items():
            self.ms.setdefault(name, []).extend(values)
        self.errors += other.errors


# --- the server and its LMS ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Platform:
    """An LMS as far as it launches: who it is, and the key that it signs with."""

    registration: Registration
    key: RSAPrivateKey

    def token(self, target: str, subject: str, nonce: str) -> str:
        """Return the token that launches ``subject`` as a learner."""
        now = int(time.time())
        claims = {
            "iss": self.registration.issuer,
            "aud": self.registration.client_id,
            "sub": subject,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            LTI + "version": "1.3.0",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "deployment_id": self.registration.deployment_id,
            LTI + "target_link_uri": target,
            LTI + "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
            LTI + "resource_link": {"id": "link"},
            LTI + "context": {"id": "history"},
        }
        return jwt.encode(claims, self.key, "RS256", {"kid": "benchmark"})


@dataclass(frozen=True)
class Served:
    """A server under load: its process, a key for any learner, the LMS that launches it, and its log."""

    url: str
    pid: int
    key: str
    platform: Platform
    log: Path

    def held(self) -> Held:
        """Return what the process holds now, beside the pools of its databases, which grow to their size in use.

        Chroma has a thread for each connection.
        """
        process = Path(f"/proc/{self.pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        files = [opened for file in (process / "fd").iterdir() if (opened := _opened(file))]
        pooled = [file for file in files if file.endswith((".db", "-wal", ".sqlite3"))]
        threads = int(status["Threads"]) - sum(file.endswith(".sqlite3") for file in pooled)
        return Held(threads, len(files) - len(pooled), int(status["VmRSS"].split()[0]) // 1024)

    def failures(self) -> list[str]:
        """Return the lines of the log that tell of an error."""
        return [line for line in self.log.read_text().splitlines() if '"error"' in line or "Traceback" in line]


def _opened(file: Path) -> str:
    try:
        return os.readlink(file)
    except FileNotFoundError:  # closed meanwhile
        return ""


@dataclass(frozen=True)
class Held:
    """What a process holds: threads, open files with its sockets, megabytes of memory."""

    threads: int
    files: int
    memory: int

    def is_back_at(self, before: Held) -> bool:
        """Return whether it is no more than ``before``."""
        is_level = self.threads <= before.threads and self.files <= before.files
        return is_level and self.memory <= before.memory + GROWTH


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    """Yield a server of its own over the state folder ``home``; raises `NotReady` where it does not start."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", home / "benchmark.log"
    with _platform() as platform, closing(Records(Settings.load(home=home, database_url="").database)) as records:
        register(records, platform.registration)
        key = Keys(records).create(LOCAL, "benchmark", ["ask", "read"]).key
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("TUTOR_", "COV"))}
        cache = {"TUTOR_CACHE": os.environ["TUTOR_CACHE"]} if "TUTOR_CACHE" in os.environ else {}
        ours = {"TUTOR_HOME": str(home), "TUTOR_MODE": "shared", "TUTOR_BASE_URL": url}
        # It is one program that shows this key, not a learner: the limit is for what runs wild.
        ours["TUTOR_KEY_CALLS_PER_MINUTE"] = "0"
        command = [sys.executable, "-c", "from tutor.cli import main; main()", "serve", "--port", str(port)]
        with log.open("w") as told:
            process = subprocess.Popen(
                command, env=keep | cache | ours, stdin=subprocess.DEVNULL, stdout=told, stderr=told
            )
        try:
            _await_ready(url, process)
            yield Served(url, process.pid, key, platform, log)
        finally:
            process.terminate()
            process.wait()


def _await_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise NotReady("The server did not get ready. Run: tutor doctor.")


@contextmanager
def _platform() -> Iterator[Platform]:
    """Yield an LMS whose key set can be fetched while the block runs."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    shown = json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "benchmark", "use": "sig", "alg": "RS256"}
    body = json.dumps({"keys": [shown]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        issuer = f"http://127.0.0.1:{server.server_port}"
        try:
            yield Platform(
                Registration(
                    issuer=issuer,
                    client_id="benchmark",
                    deployment_id="1",
                    auth_login_url=f"{issuer}/login",
                    auth_token_url=f"{issuer}/token",
                    key_set_url=f"{issuer}/keys",
                ),
                key,
            )
        finally:
            server.shutdown()
            thread.join()


# --- learners who ask ------------------------------------------------------------------------------------------------


def questions() -> list[str]:
    """Return what learners ask: the questions of the bundled course's dataset that stand alone."""
    lines = map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines())
    return [line["question"] for line in lines if not line.get("history")]


async def chat(served: Served, learners: int, rounds: int = 1) -> Measured:
    """Return how it was for so many learners who ask at the same moment, so many times, and whether all was kept."""
    measured, asked = Measured(), questions()
    async with _client(served) as client:
        for number in range(rounds):
            whose = [(secrets.token_hex(8), asked[(number * learners + n) % len(asked)]) for n in range(learners)]
            done = await _together([partial(_ask, client, learner, question) for learner, question in whose])
            measured.add(done)
    return measured


async def chat_alone(served: Served, times: int) -> Measured:
    """Return how it is for one learner alone who asks so many times, one question after the other."""
    measured, asked = Measured(), questions()
    async with _client(served) as client:
        for number in range(times):
            measured.add(await _together([partial(_ask, client, secrets.token_hex(8), asked[number % len(asked)])]))
    return measured


async def _ask(client: httpx.AsyncClient, learner: str, question: str) -> dict[str, float]:
    """Return the times of one streamed answer; raises `Lost` unless all of it comes and is stored as it came."""
    started, first, tokens, answer, names = time.perf_counter(), None, [], None, []
    body = {"question": question, "learner": learner, "stream": True}
    async with client.stream("POST", f"/api/v1/courses/{COURSE}/ask", json=body) as response:
        if response.status_code != 200:
            raise Lost(f"{response.status_code} for a question: {(await response.aread()).decode()[:200]}")
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                names.append(value)
            elif name == "data" and names[-1] == "token":
                first = first or time.perf_counter()
                tokens.append(json.loads(value)["text"])
            elif name == "data" and names[-1] == "answer":
                answer = json.loads(value)
    ended = time.perf_counter()
    if answer is None or names[-1] != "done" or first is None:
        raise Lost(f"an answer broke off: {names[-3:]}")
    kept = await client.get(f"/api/v1/conversations/{answer['conversation']}", params={"learner": learner})
    stored = [message["answer"]["answer"] for message in kept.json()["messages"]] if kept.status_code == 200 else []
    if not "".join(tokens) == answer["answer"] or stored != [answer["answer"]]:
        raise Lost(f"an answer was not stored as it was told ({kept.status_code})")
    return {FIRST: (first - started) * 1000, WHOLE: (ended - started) * 1000}


# --- learners who are launched ---------------------------------------------------------------------------------------


async def launches(served: Served, learners: int, within: float) -> Measured:
    """Return how it was for so many learners whose launches begin evenly ``within`` seconds."""
    begun = time.perf_counter()
    browsers = [partial(_launch, served, f"subject-{n}", begun + within * n / learners) for n in range(learners)]
    return await _together(browsers)


async def _launch(served: Served, subject: str, moment: float) -> dict[str, float]:
    """Return the times of one launch in a browser of its own; raises `Lost` unless it signs in ``subject``."""
    await asyncio.sleep(max(0.0, moment - time.perf_counter()))
    target, of = f"{served.url}/lti/launch", served.platform.registration
    async with httpx.AsyncClient(base_url=served.url, timeout=PATIENCE, verify=False) as browser:
        started = time.perf_counter()
        asked = {"iss": of.issuer, "client_id": of.client_id, "login_hint": subject, "target_link_uri": target}
        begun = _expect(await browser.get("/lti/login", params=asked), 302)
        said = dict(parse_qsl(urlsplit(begun.headers["location"]).query))
        token = served.platform.token(target, subject, said["nonce"])
        launched = _expect(await browser.post("/lti/launch", data={"state": said["state"], "id_token": token}), 303)
        signed_in = time.perf_counter()
        _expect(await browser.get(launched.headers["location"]), 200)
        opened = time.perf_counter()
        export = _expect(await browser.get("/api/v1/learners/me/export"), 200).json()
        if {one["subject"] for one in export["sign_ins"]} != {subject}:
            raise Lost("a launch signed in somebody else")
    return {SIGNED_IN: (signed_in - started) * 1000, OPENED: (opened - started) * 1000}


def _expect(response: httpx.Response, status: int) -> httpx.Response:
    if response.status_code != status:
        raise Lost(f"{response.status_code} for {response.request.url.path}: {response.text[:200]}")
    return response


# --- clients who leave something behind ------------------------------------------------------------------------------


def never_reading(served: Served) -> Iterator[socket.socket]:
    """Yield connections on which something was asked for that nobody reads: an answer, and the page, which is long."""
    ask = _request(served, "POST", f"/api/v1/courses/{COURSE}/ask", {"question": questions()[0], "stream": True})
    page = _request(served, "GET", f"/?course={COURSE}")
    while True:
        for request in (ask, page):
            yield _sent(served, request)


def leaving(served: Served) -> Iterator[socket.socket]:
    """Yield connections on which a question was asked and its answer has begun."""
    ask = _request(served, "POST", f"/api/v1/courses/{COURSE}/ask", {"question": questions()[0], "stream": True})
    while True:
        connection = _sent(served, ask)
        connection.recv(1)
        yield connection


def _request(served: Served, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
    content = json.dumps(body).encode() if body else b""
    head = [
        f"{method} {path} HTTP/1.1",
        f"Host: {urlsplit(served.url).netloc}",
        f"Authorization: Bearer {served.key}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + content


def _sent(served: Served, request: bytes) -> socket.socket:
    address = urlsplit(served.url)
    connection = socket.socket()
    connection.settimeout(PATIENCE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the least that there is: the rest waits over there
    connection.connect((address.hostname, address.port))
    connection.sendall(request)
    return connection


async def chat_beside(served: Served, learners: int, strangers: int) -> Measured:
    """Return how it was for learners beside as many ``strangers`` who never read, and as many who leave.

    What the server still holds of those a minute later is an error. Those who never read are there all the time.
    """
    before = await asyncio.to_thread(settled, served)
    chatting = asyncio.create_task(chat(served, learners))
    silent = await asyncio.to_thread(_take, never_reading(served), strangers)
    left = await asyncio.to_thread(_take, leaving(served), strangers)
    try:
        for connection in left:
            connection.close()
        measured = await chatting
        after = await asyncio.to_thread(settled, served, before)
        if not after.is_back_at(before):
            measured.errors.append(f"something is held for those who have gone: {before} before, {after} after")
    finally:
        for connection in silent:
            connection.close()
    return measured


def _take(connections: Iterator[socket.socket], number: int) -> list[socket.socket]:
    return [next(connections) for _ in range(number)]


def settled(served: Served, before: Held | None = None) -> Held:
    """Return what the server holds once that is no more than ``before``, or else does not change any more."""
    until, held, since = time.monotonic() + GONE, served.held(), time.monotonic()
    while (now := time.monotonic()) < until:
        httpx.get(f"{served.url}/healthz", timeout=PATIENCE)  # a pool lets idle threads go when it is next used
        time.sleep(0.5)
        current = served.held()
        if before is None:
            if (current.threads, current.files) != (held.threads, held.files):
                held, since = current, now
            elif now - since > IDLE:
                return current
        elif current.is_back_at(before):
            return current
    return served.held()


# --- all of it -------------------------------------------------------------------------------------------------------


def _client(served: Served) -> httpx.AsyncClient:
    every = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    headers = {"Authorization": f"Bearer {served.key}"}
    return httpx.AsyncClient(base_url=served.url, timeout=PATIENCE, limits=every, headers=headers)


async def _together(calls: Sequence[Callable[[], Coroutine[Any, Any, dict[str, float]]]]) -> Measured:
    """Return the times of ``calls`` that are made at once, and what went wrong with them."""
    measured = Measured()
    for done in await asyncio.gather(*(call() for call in calls), return_exceptions=True):
        if isinstance(done, Lost | httpx.HTTPError):
            measured.errors.append(f"{type(done).__name__}: {done}")
        elif isinstance(done, BaseException):
            raise done
        else:
            measured.add(Measured({name: [value] for name, value in done.items()}))
    return measured


def lines(measured: Measured, beside: Measured | None = None) -> list[str]:
    """Return a line for each figure; where there is one ``beside``, with its own and the ratio."""
    said = []
    for name, values in measured.ms.items():
        line = name.ljust(14)
        for share in (0.5, 0.95):
            value = percentile(values, share) or 0.0
            line += f"  p{share * 100:.0f} {value:7.0f} ms"
            if beside:
                alone = percentile(beside.ms[name], share) or 1.0
                line += f", alone {alone:5.0f}, ratio {value / alone:5.1f}"
        said.append(line)
    return said


async def measure(served: Served, learners: int, rounds: int, launched: int, strangers: int) -> list[str]:
    """Print the figures as they come, and return what went wrong."""
    await chat(served, learners)  # what is loaded or opened once is
    alone = await chat_alone(served, learners)
    together = await chat(served, learners, rounds)
    typer.echo(f"{learners} learners ask at the same moment, {rounds} times; one learner alone asks {learners} times")
    typer.echo("\n".join(lines(together, alone)))
    arrived = await launches(served, launched, WITHIN)
    typer.echo(f"{launched} launches begun within {WITHIN:.0f} s")
    typer.echo("\n".join(lines(arrived)))
    beside = await chat_beside(served, learners, strangers)
    typer.echo(f"{learners} learners beside {strangers} clients who never read and {strangers} who leave")
    typer.echo("\n".join(lines(beside, alone)))
    return [*alone.errors, *together.errors, *arrived.errors, *beside.errors, *served.failures()]


def main(
    learners: Annotated[int, typer.Option(help="who ask at the same moment", min=2)] = 50,
    rounds: Annotated[int, typer.Option(help="times that they do", min=1)] = 3,
    launched: Annotated[int, typer.Option(help="learners who are launched", min=2)] = 300,
    strangers: Annotated[int, typer.Option(help="clients who never read, and who leave", min=1)] = 20,
) -> None:
    """Print the times, and exit with 1 where anything failed or was lost."""
    try:
        if sys.platform != "linux":
            raise SetupError("This looks into /proc and needs Linux.")
        with tempfile.TemporaryDirectory() as home, serving(Path(home)) as served:
            typer.echo(f"{len(os.sched_getaffinity(0))} cores, of which {os.getloadavg()[0]:.1f} were in use before")
            errors = asyncio.run(measure(served, learners, rounds, launched, strangers))
    except (NotReady, SetupError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{len(errors)} errors or losses")
    for told in errors[:20]:
        typer.echo(told, err=True)
    if errors:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
