"""The server process: one address, one tutor, models warmed up behind a page that already answers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import typer
import uvicorn

from tutor.deliveries import delivering
from tutor.errors import NotReady, SetupError
from tutor.modes import check_may_listen, check_mode, nobody_can_sign_in
from tutor.remote import SERVER_FILE
from tutor.retention import kept_up
from tutor.settings import Settings
from tutor.tutor import Tutor

STALLED = 30  # seconds after which a connection is ended whose other side takes nothing of what is sent
_NO_WAY_IN = (
    "Nobody can sign in yet: register an LMS with tutor lti register, make a key with tutor keys create, "
    "or name an OpenID Connect provider in TUTOR_OIDC_ISSUER."
)


def run(host: str, port: int, open_browser: bool = False) -> None:
    """Serve until stopped; raises `SetupError` for an address that the mode does not allow, before anything else."""
    settings = Settings.load()
    mode = check_mode(settings)
    check_may_listen(settings, host)
    listener = listen(host, port)
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # every address, and the one for this computer
    url = f"http://{f'[{near}]' if ':' in near else near}:{port}"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl+C: an end, after which all is put away
    with contextlib.suppress(KeyboardInterrupt), listener, Tutor.open(settings) as tutor:
        typer.echo(f"Tutor, {mode}, is starting at {url} …", err=True)
        if nobody_can_sign_in(settings, tutor.records):
            typer.echo(_NO_WAY_IN, err=True)
        _ = tutor.store  # held by another tutor: say so before anything is served
        with announced(tutor.settings.home, url), delivering(settings, tutor.records):
            _serve(tutor, listener, settings.base_url if settings.mode == "shared" else url, open_browser)


def _serve(tutor: Tutor, listener: socket.socket, url: str, open_browser: bool) -> None:
    from tutor.web.app import build_app
    from tutor.web.observing import log_to_stderr

    log_to_stderr()
    app = build_app(tutor)
    threading.Thread(target=tutor.warm_up, name="warm-up", daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5))
    typer.echo(f"Open {url} — press Ctrl+C to stop.", err=True)
    if open_browser and _has_screen():
        webbrowser.open(url)
    with kept_up(tutor.records, tutor.privacy):
        server.run(sockets=[listener])


@contextlib.contextmanager
def announced(home: Path, url: str) -> Iterator[None]:
    """Say in the state folder who serves it while the block runs, for `tutor ask` beside it."""
    file = home / SERVER_FILE
    try:
        file.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
    except OSError as error:
        raise NotReady(f"{file} cannot be written: {error.strerror or error}. Free space or set TUTOR_HOME.") from error
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; raises `SetupError` for one that cannot be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; what is accepted has it too. Nothing else ends a stalled response
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED * 1_000)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise SetupError(
            f"Port {port} on {host} cannot be used: {error.strerror}. Choose another: --port 7861."
        ) from None
    return listener


def _has_screen() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
