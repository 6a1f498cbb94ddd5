"""Upstream by TLS: the credential goes to who proves to be the upstream, in HTTP/1.1, and to nobody else."""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import json
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import require
from tests.support.gateway import OPEN_POLICY
from tests.support.gateway import GatewayProcess
from tests.support.recorder import Recorder

BODY = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": []}).encode()
OWN = "sk-ant-api03-canary"


def certificate(folder: Path, *names: x509.GeneralName) -> tuple[Path, Path]:
    """A self-signed certificate for these names, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upstream of a test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    pem, key_pem = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem, key_pem


def server_context(pem: Path, key: Path) -> ssl.SSLContext:
    """A server that would rather speak HTTP/2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[tuple[Recorder, Path]]:
    pem, key = certificate(tmp_path / "upstream", LOOPBACK)
    with Recorder(server_context(pem, key)) as recorder:
        yield recorder, pem


def trusting(pem: Path) -> list[str]:
    return ["--set", f"ssl_verify_upstream_trusted_ca={pem}"]


@pytest.mark.parametrize("http2", [False, True])
def test_whatever_both_ends_would_speak(tmp_path: Path, upstream: tuple[Recorder, Path], http2: bool) -> None:
    """A client of HTTP/2, an upstream that offers it: the request leaves as HTTP/1.1, with its credential."""
    curl = require("curl")
    recorder, pem = upstream
    policy = OPEN_POLICY.format(upstream=recorder.url)
    with GatewayProcess(tmp_path / "home", policy, extra=trusting(pem)) as gateway:
        token = gateway.add_client("alice")
        done = subprocess.run(
            [
                *(curl, "-sS", "--http2" if http2 else "--http1.1", "--max-time", "20"),
                *("--proxy", gateway.proxy_url("alice", token), "--cacert", str(gateway.ca)),
                *("-H", f"x-api-key: {OWN}", "-H", "cookie: a=1", "-H", "cookie: b=2", "--data-binary", BODY),
                *("-w", "\n%{http_version} %{http_code}", "-o", "-"),
                "https://api.anthropic.com/v1/messages",
            ],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        )
    body, _, said = done.stdout.rpartition("\n")
    assert said == ("2 200" if http2 else "1.1 200")
    assert json.loads(body)["type"] == "message"
    (received,) = recorder.requests
    assert received.header("x-api-key") == OWN
    assert received.header("host") == f"127.0.0.1:{recorder.port}"
    assert received.body == BODY
    assert token not in repr(received)


def test_a_body_without_a_length_stays_a_body(tmp_path: Path, upstream: tuple[Recorder, Path]) -> None:
    """HTTP/2 needs no content-length. In HTTP/1.1, what follows would be the upstream's next request."""
    curl = require("curl")
    recorder, pem = upstream
    smuggled = BODY + b" POST /v1/messages/batches HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
    policy = OPEN_POLICY.format(upstream=recorder.url)
    with GatewayProcess(tmp_path / "home", policy, extra=trusting(pem)) as gateway:
        token = gateway.add_client("alice")
        for body, path in ((BODY, "/v1/messages"), (smuggled, "/v1/models")):
            subprocess.run(
                [
                    *(curl, "-sS", "--http2", "--max-time", "20", "-o", os.devnull),
                    *("--proxy", gateway.proxy_url("alice", token), "--cacert", str(gateway.ca)),
                    *("-H", f"x-api-key: {OWN}", "-H", "content-type: application/json"),
                    *("-X", "POST" if path == "/v1/messages" else "GET", "-T", "-"),
                    f"https://api.anthropic.com{path}",
                ],
                env={"PATH": os.environ["PATH"]},
                input=body,
                check=True,
            )
    assert [(r.path, r.body) for r in recorder.requests] == [
        ("/v1/messages", BODY),
        ("/v1/models", smuggled),
    ]


def post(gateway: GatewayProcess, token: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=20)
    try:
        connection.request(
            "POST", "/v1/messages", BODY, {"x-api-key": OWN, "proxy-authorization": f"Bearer {token}"}
        )
        response = connection.getresponse()
        return response.status, json.loads(response.read())["error"]["message"]
    finally:
        connection.close()


def test_an_upstream_that_nobody_vouches_for(tmp_path: Path, upstream: tuple[Recorder, Path]) -> None:
    """A certificate that is not trusted ends in a 502 that says so; no request was sent."""
    recorder, _ = upstream
    with GatewayProcess(tmp_path / "home", OPEN_POLICY.format(upstream=recorder.url)) as gateway:
        status, message = post(gateway, gateway.add_client("alice"))
    assert status == 502
    assert "upstream" in message
    assert "certificate" in message.lower()
    assert recorder.requests == []


def test_an_upstream_with_another_name(tmp_path: Path) -> None:
    """A trusted certificate for another host is not the upstream's."""
    pem, key = certificate(tmp_path / "other", x509.DNSName("other.example"))
    with Recorder(server_context(pem, key)) as recorder:
        policy = OPEN_POLICY.format(upstream=recorder.url)
        with GatewayProcess(tmp_path / "home", policy, extra=trusting(pem)) as gateway:
            status, _ = post(gateway, gateway.add_client("alice"))
        assert status == 502
        assert recorder.requests == []


def test_an_upstream_that_speaks_no_tls(tmp_path: Path) -> None:
    """The scheme in the profile is wrong; the answer names the key, and nothing readable was sent."""
    received = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                received.extend(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        policy = OPEN_POLICY.format(upstream=f"https://127.0.0.1:{listener.getsockname()[1]}")
        with GatewayProcess(tmp_path / "home", policy) as gateway:
            status, message = post(gateway, gateway.add_client("alice"))
        thread.join(10)
    assert status == 502
    assert "`upstream`" in message
    assert OWN.encode() not in received
