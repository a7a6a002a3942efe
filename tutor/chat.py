"""Chat models: any that LangChain can reach, named ``provider:model``; none is needed to use the tutor.

A `Chat` guards one model: each answer has its time, what may pass when tried again is tried again, and a model that
keeps failing is left alone for a while.
"""

from __future__ import annotations

import copy
import os
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

import httpx
from pybreaker import CircuitBreaker, CircuitBreakerError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity import sleep_using_event as sleeping_on
from tenacity.wait import wait_random_exponential

from tutor.errors import SetupError, Stopped

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from tutor.settings import Settings

EXTRAS = {"anthropic": "anthropic", "gguf": "gguf", "google_genai": "google", "ollama": "ollama", "openai": "openai"}
KEYS = {"anthropic": "ANTHROPIC_API_KEY", "google_genai": "GOOGLE_API_KEY", "openai": "OPENAI_API_KEY"}
SECONDS = 60.0  # that one answer may take
FIRST_SECONDS = 20.0  # to its first word
MOST_TOKENS = 600  # of one reply: a model that never ends is cut off
TRIES = 3
LONGEST_WAIT = 8.0  # seconds between two tries
LOOK = 0.1  # seconds after which a wait looks whether it was stopped
FAILURES, REST = 3, 30.0  # after so many failures in a row, so many seconds without asking
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})  # statuses that may pass when tried again
_OURS = frozenset({400, 413, 422})  # what is wrong with one request says nothing about the next
_CONNECTIONS = ("APIConnectionError", "APITimeoutError", "ServiceUnavailable", "ResourceExhausted")


class ModelFailed(Exception):
    """A chat model gave no answer, or broke off in it; ``why`` is a `tutor.types.Fallback`."""

    def __init__(self, why: Literal["failed", "slow", "busy"], cause: str) -> None:
        super().__init__(cause)
        self.why = why


def chat_model(name: str, url: str = "", key_file: Path | None = None, tries: int = TRIES) -> BaseChatModel:
    """Return the model ``provider:model``, at its steadiest; ``url`` is that of another server of the same kind.

    ``gguf:PATH`` is a model file, run in this process. Keys come from ``key_file`` or else the provider's own
    environment variable; ``tries`` is how often its client asks (1 where the caller tries again itself). Raises
    `SetupError` for a name without a provider, an unknown provider, or one whose package or key is missing. Nothing is
    asked of the model yet.
    """
    provider, _, model = name.partition(":")
    if not (provider and model):
        raise SetupError(f"{name!r} is no chat model: write provider:model, such as ollama:llama3.2.")
    if provider == "gguf":
        from tutor.gguf import load_gguf

        return load_gguf(model, most_tokens=MOST_TOKENS, seconds=SECONDS)
    extra = EXTRAS.get(provider)
    install = f"pip install 'course-tutor[{extra}]'" if extra else f"install the LangChain package for {provider}"
    try:
        from langchain.chat_models import init_chat_model
    except ImportError:
        raise SetupError(f"Chat models need another package: {install}.") from None
    options: dict[str, Any] = {"temperature": 0, "timeout": SECONDS, "max_retries": tries - 1}
    if provider == "ollama":  # its client takes neither of these
        options = {"temperature": 0, "num_predict": MOST_TOKENS, "client_kwargs": {"timeout": SECONDS}}
    else:
        options["max_tokens"] = MOST_TOKENS
    if provider == "openai":
        options["stream_usage"] = True  # else a stream to another server counts no tokens
    if url:
        options["base_url"] = url
    if key := _key(provider, url, key_file):
        options["api_key"] = key
    try:
        made: BaseChatModel = init_chat_model(name, **options)
    except ImportError:
        raise SetupError(f"Models of {provider} need another package: {install}.") from None
    except ValueError as error:
        if provider not in EXTRAS:
            raise SetupError(f"No provider is called {provider!r}. Known are {', '.join(EXTRAS)}, …") from None
        raise SetupError(f"{name} cannot be used: {_first_line(error)}") from None
    except Exception as error:  # each provider's client has errors of its own; a missing key is the usual one
        raise SetupError(f"{name} cannot be used ({type(error).__name__}): is its key in the environment?") from None
    return made


def _key(provider: str, url: str, key_file: Path | None) -> str:
    """Return the key to hand to a provider's client; empty where the client finds it itself."""
    if key_file:
        try:
            key = key_file.expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise SetupError(f"The key file {key_file} cannot be read: {why}. Correct TUTOR_MODEL_KEY_FILE.") from None
        if not key or len(key.split()) > 1:
            raise SetupError(f"The key file {key_file} must hold one key and nothing else.")
        return key
    # A server of one's own often asks for no key, its client always does.
    return "none" if url and provider == "openai" and not os.environ.get(KEYS[provider]) else ""


class Chat:
    """A chat model with its limits. Thread-safe."""

    def __init__(
        self, model: BaseChatModel, name: str, seconds: float = SECONDS, first_seconds: float = FIRST_SECONDS
    ) -> None:
        self.model, self.name = model, name
        self.seconds, self.first_seconds = seconds, first_seconds
        self._breaker = CircuitBreaker(FAILURES, REST, exclude=[_says_nothing], name=name)
        self._stop: threading.Event | None = None

    def until(self, stop: threading.Event) -> Chat:
        """Return the same chat model for one answer, which `stream` breaks off with `Stopped` once ``stop`` is set."""
        same = copy.copy(self)
        same._stop = stop
        return same

    def stream(self, ask: Callable[[], Iterator[Any]], deadline: float) -> Generator[Any, None, None]:
        """Yield what ``ask()`` yields, which calls the model; raises `ModelFailed`.

        ``deadline`` is a time of `time.monotonic`. What is asked again is asked before the first piece only: nothing
        is said twice.
        """
        try:
            yield from self._breaker.call(self._within_time, ask, deadline)
        except (ModelFailed, Stopped):
            raise
        except CircuitBreakerError:
            raise ModelFailed("failed", f"{self.name} has failed {FAILURES} times and rests") from None
        except Exception as error:  # whatever a provider's client raises, the student gets an answer
            raise ModelFailed(_why(error), f"{self.name}: {type(error).__name__}") from error

    def _within_time(self, ask: Callable[[], Iterator[Any]], deadline: float) -> Iterator[Any]:
        """Yield from ``ask()`` on a thread of its own, so that a client which hangs holds up nobody."""
        pieces: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        stopped = threading.Event()
        threading.Thread(target=self._ask, args=(ask, pieces, stopped), daemon=True, name="chat model").start()
        patience = min(deadline, monotonic() + self.first_seconds)
        try:
            while True:
                check_going(self._stop)
                left = max(0.0, patience - monotonic())
                try:
                    kind, piece = pieces.get(timeout=min(left, LOOK) if self._stop else left)
                except queue.Empty:
                    if monotonic() < patience:
                        continue
                    raise ModelFailed("slow", f"{self.name} did not answer in time") from None
                if kind == "end":
                    return
                if kind == "error":
                    raise piece
                patience = deadline
                yield piece
        finally:
            stopped.set()

    def _ask(
        self, ask: Callable[[], Iterator[Any]], pieces: queue.SimpleQueue[tuple[str, Any]], stopped: threading.Event
    ) -> None:
        begun = False

        def passes(error: BaseException) -> bool:
            return not begun and not stopped.is_set() and is_passing(error)

        try:
            for attempt in Retrying(
                stop=stop_after_attempt(TRIES), wait=_wait, retry=retry_if_exception(passes), reraise=True,
                sleep=sleeping_on(stopped),
            ):  # fmt: skip
                with attempt:
                    stream = ask()
                    for piece in stream:
                        begun = True
                        pieces.put(("piece", piece))
                        if stopped.is_set():
                            _close(stream)
                            return
            pieces.put(("end", None))
        except BaseException as error:  # handed to the thread that waits for it
            pieces.put(("error", error))


def check_going(stop: threading.Event | None) -> None:
    """Raise `Stopped` once ``stop`` is set."""
    if stop and stop.is_set():
        raise Stopped("The answer was stopped, and nothing of it was kept. Ask again whenever you like.")


def open_chat(settings: Settings, model: BaseChatModel | None = None) -> Chat | None:
    """Return the chat model that the settings name, or ``model`` in its place; None where the tutor only quotes."""
    if model is None and settings.model == "quotes":
        return None
    try:
        made = model or chat_model(settings.model, settings.model_url, settings.model_key_file, tries=1)
    except SetupError as error:
        raise SetupError(f"TUTOR_MODEL: {error}") from None
    name = settings.model if settings.model != "quotes" else f"fake:{type(made).__name__}"
    return Chat(made, _public(name), settings.model_seconds, settings.model_first_seconds)


def _public(name: str) -> str:
    """Return a model's name as answers show it: of a file its own name alone, not where it lies."""
    provider, _, model = name.partition(":")
    return f"{provider}:{Path(model).name}" if provider == "gguf" else name


def deadline_of(chat: Chat) -> float:
    """Return when an answer that is begun now has to be there, as a time of `time.monotonic`."""
    return monotonic() + chat.seconds


def is_passing(error: BaseException) -> bool:
    """Return whether a failure may pass when tried again: too many requests, a server's trouble, the network."""
    status = _status(error)
    if status is not None:
        return status in _PASSING
    return isinstance(error, (httpx.TransportError, ConnectionError, TimeoutError)) or any(
        kind.__name__ in _CONNECTIONS for kind in type(error).__mro__
    )


def _why(error: BaseException) -> Literal["failed", "slow", "busy"]:
    match _status(error):
        case 429 | 503:
            return "busy"
        case 408 | 504:
            return "slow"
    return "slow" if isinstance(error, (httpx.TimeoutException, TimeoutError)) else "failed"


def _says_nothing(error: BaseException) -> bool:
    """Return whether what ended a reply says nothing about the next: the student left, or the request was wrong."""
    return isinstance(error, (GeneratorExit, Stopped)) or _status(error) in _OURS


def _status(error: BaseException) -> int | None:
    """Return the HTTP status that a provider's client names in its error; None where it names none."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "code", "http_status"):
            status = getattr(holder, name, None)
            if isinstance(status, int) and 100 <= status < 600:
                return status
    return None


def _wait(state: RetryCallState) -> float:
    """Return seconds to wait: what the server asks for, else longer each time and never twice the same."""
    error = state.outcome.exception() if state.outcome else None
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    asked = str(headers.get("retry-after", ""))
    random = wait_random_exponential(multiplier=0.25, max=LONGEST_WAIT)(state)
    return min(LONGEST_WAIT, float(asked)) if asked.isdecimal() else random


def _close(stream: Iterator[Any]) -> None:
    close = getattr(stream, "close", None)
    if close:
        close()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
