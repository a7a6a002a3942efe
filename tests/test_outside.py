"""Where questions go: the page says once that they are sent to a chat model of somebody else's, and only then."""

from __future__ import annotations

import json

import httpx
import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from serving import serving
from test_gradio_guard import heard, join, listener

from tutor.settings import Settings
from tutor.tutor import Tutor


@pytest.mark.parametrize(
    ("model", "language", "said"),
    [
        ("openai:school", "en", "are sent to <bdi>openai:school</bdi>."),
        ("openai:<b>", "es", "se envían a <bdi>openai:&lt;b&gt;</bdi>."),
        ("gguf:/models/small.gguf", "en", None),
        ("quotes", "en", None),
    ],
)
def test_the_page_says_to_whom_questions_are_sent(model: str, language: str, said: str | None) -> None:
    made = None if model == "quotes" else GenericFakeChatModel(messages=iter([]))
    with (
        Tutor(Settings.load(model=model), made) as tutor,
        serving(tutor) as address,
        httpx.Client(base_url=address, headers={"accept-language": language}, timeout=30) as client,
    ):
        join(client, "page1", "open_page", {}, number=listener(client, "open_page"))
        told = json.dumps(heard(client, "page1"), ensure_ascii=False)
    assert told.count("<bdi>openai:") == told.count(said or "nothing of the kind") == (said is not None)
