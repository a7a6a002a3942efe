"""A tutor served for real: uvicorn on a free port of this computer, in a thread of the test's own process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tutor.tutor import Tutor
from tutor.web.app import build_app
from tutor.web.server import listen


@contextmanager
def serving(tutor: Tutor, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Yield the address at which ``tutor`` is served while the block runs; warming it up is the caller's affair."""
    listener = listen(host, port)
    server = uvicorn.Server(uvicorn.Config(build_app(tutor), log_level="warning", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it began"
        time.sleep(0.05)
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
    assert not thread.is_alive(), "the server did not end"
