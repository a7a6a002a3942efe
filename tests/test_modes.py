"""Modes: which addresses each takes, what is said on start-up, and when nobody could come in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from commandline import run
from signing import free_port
from test_server import Served

from tutor.errors import SetupError
from tutor.modes import check_may_listen, check_mode, nobody_can_sign_in
from tutor.records import ApiKey, Platform
from tutor.settings import Settings
from tutor.tenants import ensure_tenant
from tutor.tutor import Tutor

SCHOOL = "https://tutor.school.example"


@pytest.mark.parametrize(
    "url", [SCHOOL, f"{SCHOOL}/tutor", "http://127.0.0.1:7860", "http://[::1]:1", "http://localhost"]
)
def test_shared_mode_takes_an_https_address_or_one_of_this_computer(url: str) -> None:
    settings = Settings.load(mode="shared", base_url=url)
    assert check_mode(settings) == f"shared mode (for who signs in, at {url})"
    check_may_listen(settings, "0.0.0.0")


@pytest.mark.parametrize(
    "url",
    ["http://tutor.school.example", "tutor.school.example", "https://", "ftp://x", f"{SCHOOL}?a=b", f"{SCHOOL}#a",
     "https://a:b@school.example", "https://school.example:port", "https://[x"],
)  # fmt: skip
def test_shared_mode_takes_no_other_address(url: str) -> None:
    with pytest.raises(SetupError, match=r"needs an https address in TUTOR_BASE_URL"):
        check_mode(Settings.load(mode="shared", base_url=url))


def test_shared_mode_does_not_guess_its_address() -> None:
    with pytest.raises(SetupError, match=r"Shared mode needs the address .* set TUTOR_BASE_URL"):
        check_mode(Settings.load(mode="shared"))


def test_shared_mode_without_its_address_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODE", "shared")
    ran = run("serve", "--host", "0.0.0.0", "--port", str(free_port()))
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 1 and "TUTOR_BASE_URL" in ran.err
    assert "FAIL settings: Shared mode needs the address" in run("doctor").out


def test_somebody_can_sign_in_once_there_is_a_way(tutor: Tutor) -> None:
    shared = Settings.load(mode="shared", base_url=SCHOOL)
    assert not nobody_can_sign_in(Settings.load(), tutor.records)
    assert nobody_can_sign_in(shared, tutor.records)
    assert not nobody_can_sign_in(shared.model_copy(update={"oidc_issuer": "https://id.example"}), tutor.records)
    with tutor.records.write() as session:
        ensure_tenant(session)
        session.add(ApiKey(id="k", tenant="local", name="k", salt="s", hash="h", scopes=[]))
    assert not nobody_can_sign_in(shared, tutor.records)


def test_a_registered_platform_is_a_way_in(tutor: Tutor) -> None:
    urls = {"auth_login_url": "https://lms/a", "auth_token_url": "https://lms/t", "key_set_url": "https://lms/k"}
    with tutor.records.write() as session:
        ensure_tenant(session)
        session.add(Platform(tenant="local", issuer="https://lms", client_id="c", **urls))
    assert not nobody_can_sign_in(Settings.load(mode="shared", base_url=SCHOOL), tutor.records)


def test_a_shared_server_says_its_mode_and_that_nobody_can_sign_in(lesson_home: Path) -> None:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    environment |= {"TUTOR_MODE": "shared", "TUTOR_BASE_URL": SCHOOL}
    started = [sys.executable, "-c", "from tutor.cli import main; main()", "serve", "--host", "0.0.0.0"]
    process = subprocess.Popen(
        [*started, "--port", str(port)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
    )
    with process:
        served = Served(process, f"http://127.0.0.1:{port}")
        served.await_status("/healthz", 200)
        page = httpx.get(served.url, headers={"host": "tutor.school.example"})
        assert (page.status_code, page.headers["strict-transport-security"]) == (401, "max-age=31536000")
        assert httpx.get(served.url, headers={"host": "evil.example"}).status_code == 400
        process.send_signal(signal.SIGTERM)
        _, printed = process.communicate(timeout=30)
    assert f"Tutor, shared mode (for who signs in, at {SCHOOL}), is starting" in printed
    assert "Nobody can sign in yet: register an LMS" in printed
    assert f"Open {SCHOOL} — press Ctrl+C to stop." in printed
