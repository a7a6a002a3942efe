"""The server process: one address, one tutor, models warmed up behind a page that already answers."""

from __future__ import annotations

import contextlib
import ipaddress
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

from tutor.errors import NotReady, SetupError
from tutor.remote import SERVER_FILE
from tutor.retention import kept_up
from tutor.tutor import Tutor


def run(host: str, port: int, open_browser: bool = False) -> None:
    """Serve until stopped; raises `SetupError` for an address that is taken or not loopback, before anything else."""
    listener = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl+C: an end, after which all is put away
    with contextlib.suppress(KeyboardInterrupt), listener, Tutor.open() as tutor:
        typer.echo(f"Tutor, personal mode (this computer only), is starting at {url} …", err=True)
        _ = tutor.store  # held by another tutor: say so before anything is served
        with announced(tutor.settings.home, url):
            _serve(tutor, listener, url, open_browser)


def _serve(tutor: Tutor, listener: socket.socket, url: str, open_browser: bool) -> None:
    from tutor.web.app import build_app

    app = build_app(tutor)
    threading.Thread(target=tutor.warm_up, name="warm-up", daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))
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
    """Return a socket bound to a loopback address."""
    try:
        loopback = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SetupError(
            f"Personal mode listens on this computer only: {host} is not a loopback address. Use 127.0.0.1."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
