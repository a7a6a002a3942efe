"""Chat models: any that LangChain can reach, named ``provider:model``; none is needed to use the tutor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tutor.errors import SetupError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

EXTRAS = {"anthropic": "anthropic", "google_genai": "google", "ollama": "ollama", "openai": "openai"}
SECONDS = 60.0  # that one call may take
TRIES = 2  # beside the first, of what may pass when tried again


def chat_model(name: str, url: str = "") -> BaseChatModel:
    """Return the model ``provider:model``, at its steadiest; ``url`` is that of another server of the same kind.

    Keys come from the provider's own environment variable. Raises `SetupError` for a name without a provider, an
    unknown provider, or one whose package or key is missing. Nothing is asked of the model yet.
    """
    provider, _, model = name.partition(":")
    if not (provider and model):
        raise SetupError(f"{name!r} is no chat model: write provider:model, such as ollama:llama3.2.")
    extra = EXTRAS.get(provider)
    install = f"pip install 'course-tutor[{extra}]'" if extra else f"install the LangChain package for {provider}"
    try:
        from langchain.chat_models import init_chat_model
    except ImportError:
        raise SetupError(f"Chat models need another package: {install}.") from None
    options: dict[str, Any] = {"temperature": 0, "timeout": SECONDS, "max_retries": TRIES}
    if url:
        options["base_url"] = url
        if provider == "openai" and not os.environ.get("OPENAI_API_KEY"):
            options["api_key"] = "none"  # a server of one's own often asks for no key, its client always does
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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
