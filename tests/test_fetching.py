"""Calls to other servers: which may be called, and what a hostile one can do to whoever calls it."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tutor.errors import ForbiddenAddress, Unreachable
from tutor.fetching import Fetcher, is_public, same_origin
from tutor.settings import Settings

PUBLIC = "93.184.216.34"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the path says, and keeps what it was asked."""

    seen: list[dict[str, str]]

    def do_GET(self) -> None:
        self.seen.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/json")
            self.end_headers()
            return
        if self.path == "/huge":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x" * 100_000)
            return
        if self.path == "/dribble":
            for _ in range(100):
                self.wfile.write(b"H")
                time.sleep(0.05)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"hello": self.path}).encode() if self.path == "/json" else b"no JSON")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(trust: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[dict[str, str]]]]:
    """Yield the port of a server on this computer, and what it is asked."""
    seen: list[dict[str, str]] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Keeping", (Handler,), {"seen": seen}))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who is called leaves early, on purpose
    if trust:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def port() -> Iterator[int]:
    with served() as (port, _):
        yield port


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The two sides of TLS: a server called lms.school.test, and who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lms.school.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("lms.school.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def at(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    """Return a resolver that knows one answer."""
    return lambda host, port: addresses


def test_a_server_of_this_computer_is_called_where_the_tutor_itself_is_served_there(port: int) -> None:
    fetched = Fetcher.of(Settings.load()).get(f"http://127.0.0.1:{port}/json")
    assert (fetched.status, fetched.ok, fetched.json()) == (200, True, {"hello": "/json"})


def test_a_tutor_that_is_served_to_others_calls_nothing_on_its_own_computer(port: int) -> None:
    fetcher = Fetcher.of(Settings.load(base_url="https://tutor.school.example"))
    with pytest.raises(ForbiddenAddress, match="without TLS"):
        fetcher.get(f"http://127.0.0.1:{port}/json")
    with pytest.raises(ForbiddenAddress, match="not on the public internet"):
        fetcher.get(f"https://127.0.0.1:{port}/json")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1",
     "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
     "2001:0:7f00:1::", "2001:db8::1", "fd00:ec2::254"],
)  # fmt: skip
def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    with pytest.raises(ForbiddenAddress, match="not on the public internet"):
        Fetcher(resolve=at(address)).get("https://lms.example/keys")


def test_public_addresses_are_public() -> None:
    assert is_public(ip_address(PUBLIC)) and is_public(ip_address("2606:2800:220:1:248:1893:25c8:1946"))


def test_one_private_address_among_public_ones_condemns_the_name() -> None:
    with pytest.raises(ForbiddenAddress):
        Fetcher(resolve=at(PUBLIC, "10.0.0.1")).get("https://lms.example/keys")


@pytest.mark.parametrize(
    "host",
    ["2130706433", "017700000001", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "1.2.3", "127.0.0.0x1", "8.8.2056"],
)
def test_an_address_in_disguise_is_no_host_name(host: str) -> None:
    with pytest.raises(ForbiddenAddress, match=r"no (host name|web address)"):
        Fetcher(resolve=at(PUBLIC)).get(f"https://{host}/keys")


@pytest.mark.parametrize(
    "url",
    ["http://lms.example/keys", "file:///etc/passwd", "ftp://lms.example/", "gopher://lms.example/", "lms.example", "",
     "//lms.example/keys", "https://", "https:///keys", "https://user:word@lms.example/", "https://lms.example\\@inside/",
     "https://lms.example/a b", "https://lms.example/\n", "javascript:alert(1)", "https://[::1", "https://１２７.0.0.1/"],
)  # fmt: skip
def test_what_is_no_plain_https_address_is_not_called(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        Fetcher(loopback=True, resolve=at(PUBLIC)).get(url)


def test_loopback_is_only_what_is_called_so() -> None:
    with pytest.raises(ForbiddenAddress, match="without TLS"):
        Fetcher(loopback=True, resolve=at("127.0.0.1")).get("http://lms.example/keys")
    with pytest.raises(ForbiddenAddress, match="not on the public internet"):
        Fetcher(loopback=True, resolve=at("127.0.0.1")).get("https://lms.example/keys")


def test_the_address_that_was_checked_is_the_one_that_is_called() -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    with pytest.raises(ExceptionGroup) as blocked:  # by the tests' own guard, which names what was to be called
        Fetcher(resolve=rebinding).get("https://lms.example/keys")
    assert PUBLIC in str(blocked.value.exceptions)
    assert asked == ["lms.example"]


def test_a_server_of_the_school_is_called_once_it_is_allowed_by_name(
    certified: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, trust = certified
    with served(server) as (port, seen):
        url = f"https://lms.school.test:{port}/json"
        with pytest.raises(ForbiddenAddress, match="TUTOR_PRIVATE_HOSTS"):
            Fetcher(resolve=at("127.0.0.1"), trust=trust).get(url)
        fetched = Fetcher(["LMS.school.test"], resolve=at("127.0.0.1"), trust=trust).get(url)
        assert fetched.json() == {"hello": "/json"}
        assert [request["host"] for request in seen] == [f"lms.school.test:{port}"]


def test_the_certificate_must_be_of_the_name_that_was_asked_for(
    certified: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, trust = certified
    with served(server) as (port, seen):
        fetcher = Fetcher(["other.school.test"], resolve=at("127.0.0.1"), trust=trust)
        with pytest.raises(Unreachable, match="certificate"):
            fetcher.get(f"https://other.school.test:{port}/json")
        assert not seen


@pytest.mark.parametrize("address", ["169.254.169.254", "224.0.0.1", "0.0.0.0", "fe80::1"])
def test_even_an_allowed_name_does_not_lead_to_the_metadata_of_a_cloud(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        Fetcher(["lms.school.test"], resolve=at(address)).get("https://lms.school.test/")


def test_the_next_address_of_a_name_is_called_where_the_first_does_not_answer(
    certified: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, trust = certified
    with served(server) as (port, _):
        fetcher = Fetcher(["lms.school.test"], resolve=at("::1", "127.0.0.1"), trust=trust)
        assert fetcher.get(f"https://lms.school.test:{port}/json").ok


def test_a_redirect_is_not_followed() -> None:
    with served() as (port, seen):
        fetched = Fetcher(loopback=True).get(f"http://localhost:{port}/elsewhere")
        assert (fetched.status, fetched.ok) == (302, False)
        assert [request["path"] for request in seen] == ["/elsewhere"]


def test_an_answer_without_end_is_broken_off(port: int) -> None:
    with pytest.raises(Unreachable, match="more than 1,000,000 bytes"):
        Fetcher(loopback=True).get(f"http://127.0.0.1:{port}/huge")


def test_a_server_that_sends_a_byte_now_and_then_is_left(port: int) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable, match=r"within 0\.3 seconds"):
        Fetcher(loopback=True, seconds=0.3).get(f"http://127.0.0.1:{port}/dribble")
    assert time.monotonic() - started < 2


def test_a_server_that_says_nothing_is_left() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        with pytest.raises(Unreachable, match=r"within 0\.2 seconds"):
            Fetcher(loopback=True, seconds=0.2).get(f"http://127.0.0.1:{silent.getsockname()[1]}/")


def test_a_name_that_takes_for_ever_to_resolve_is_left() -> None:
    let_go = threading.Event()

    def slow(host: str, port: int) -> Sequence[str]:
        let_go.wait(10)
        return [PUBLIC]

    try:
        with pytest.raises(Unreachable, match=r"within 0\.2 seconds"):
            Fetcher(resolve=slow, seconds=0.2).get("https://lms.example/")
    finally:
        let_go.set()


def test_a_name_that_nobody_has_and_a_port_where_nobody_listens_are_told_apart() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror("unknown")

    with pytest.raises(Unreachable, match="cannot be resolved"):
        Fetcher(resolve=unknown).get("https://lms.example/")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="cannot be reached"):
            Fetcher(loopback=True).get(f"http://127.0.0.1:{taken.getsockname()[1]}/")


def test_what_is_no_json_is_told_as_the_other_servers_fault(port: int) -> None:
    with pytest.raises(Unreachable, match="JSON"):
        Fetcher(loopback=True).get(f"http://127.0.0.1:{port}/text").json()


def test_a_proxy_of_the_environment_is_not_asked(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert Fetcher(loopback=True).get(f"http://127.0.0.1:{port}/json").ok


def test_one_origin_is_one_scheme_host_and_port() -> None:
    assert same_origin("https://a.example/x", "https://a.example:443/y?z")
    others = ("http://a.example/", "https://b.example/", "https://a.example:8443/", "https://a.example@b.example/", "x")
    assert not any(same_origin("https://a.example/x", other) for other in others)
