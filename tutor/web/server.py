"""The server process: one address, one tutor, models warmed up behind a page that already answers."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import threading
import webbrowser

import typer
import uvicorn

from tutor.errors import SetupError
from tutor.tutor import Tutor


def run(host: str, port: int, open_browser: bool = False) -> None:
    """Serve until stopped; raises `SetupError` for an address that is taken or not loopback, before anything else."""
    listener = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}"
    with listener, Tutor.open() as tutor:
        typer.echo(f"Tutor, personal mode (this computer only), is starting at {url} …", err=True)
        _ = tutor.store  # held by another tutor: say so before anything is served
        from tutor.web.app import build_app

        app = build_app(tutor)
        threading.Thread(target=tutor.warm_up, name="warm-up", daemon=True).start()
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))
        typer.echo(f"Open {url} — press Ctrl+C to stop.", err=True)
        if open_browser and _has_screen():
            webbrowser.open(url)
        server.run(sockets=[listener])


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
