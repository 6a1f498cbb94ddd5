"""Hosts that are tunnelled: their bytes pass unread, and a name leads to no address behind the gateway."""

from __future__ import annotations

import base64
import shutil
import socket
import threading
from pathlib import Path

import pytest

from tests.support.gateway import OPEN_POLICY
from tests.support.gateway import ROOT
from tests.support.gateway import GatewayProcess

TUNNEL = OPEN_POLICY.replace("tunnel: []", "tunnel: [login.example.com]")

LEADS_HERE = """
import ccgate.addon
from ccgate.admission import scope

async def _here(host, port):
    return "127.0.0.1"

ccgate.addon.public_address = _here
scope.HTTPS_PORT = {port}
"""
"""What a test needs to stand in for a public host: the name leads to loopback, on a port of the test's."""


def connect(gateway: GatewayProcess, target: str, token: str) -> tuple[socket.socket, int]:
    """An open socket after CONNECT, and the status of the answer."""
    credentials = base64.b64encode(f"alice:{token}".encode()).decode()
    s = socket.create_connection(("127.0.0.1", gateway.proxy_port), timeout=20)
    request = (
        f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\nproxy-authorization: Basic {credentials}\r\n\r\n"
    )
    s.sendall(request.encode())
    answer = b""
    while b"\r\n\r\n" not in answer and (piece := s.recv(65536)):
        answer += piece
    return s, int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "first", [b"\x16\x03\x01 no real TLS", b"GET / HTTP/1.1\r\n\r\n", b"\x00\xff anything"]
)
def test_bytes_pass_unread(tmp_path: Path, first: bytes) -> None:
    """A login is between the person and the provider: not a byte is looked at, whatever it resembles."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def echo() -> None:
            connection, _ = listener.accept()
            with connection:
                while data := connection.recv(65536):
                    connection.sendall(data[::-1])

        threading.Thread(target=echo, daemon=True).start()
        port = listener.getsockname()[1]
        addons = tmp_path / "addons"
        addons.mkdir()
        (addons / "ccgate").symlink_to(ROOT / "addons" / "ccgate")
        script = Path(shutil.copy(ROOT / "addons" / "gateway.py", addons))
        script.write_text(script.read_text() + LEADS_HERE.format(port=port))
        policy = TUNNEL.format(upstream="http://127.0.0.1:9")
        with GatewayProcess(tmp_path / "home", policy, script=script) as gateway:
            s, status = connect(gateway, f"login.example.com:{port}", gateway.add_client("alice"))
            assert status == 200
            with s:
                s.sendall(first)
                assert s.recv(65536) == first[::-1]


@pytest.mark.parametrize("first", [b"\x00\xff not HTTP\r\n\r\n", b"SSH-2.0-x\r\n\r\n"])
def test_a_governed_host_is_no_tunnel(tmp_path: Path, first: bytes) -> None:
    """What is not HTTP does not slip through a CONNECT to a governed host."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        policy = OPEN_POLICY.format(upstream=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with GatewayProcess(tmp_path / "home", policy) as gateway:
            s, status = connect(gateway, "api.anthropic.com:443", gateway.add_client("alice"))
            assert status == 200
            with s:
                s.settimeout(5)
                s.sendall(first)
                answer = s.recv(65536)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
        with pytest.raises(TimeoutError):
            listener.accept()
