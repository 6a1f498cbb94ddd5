"""An upstream that writes down all that reaches it; what is not in its list has not left the gateway."""

from __future__ import annotations

import http.server
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of a header, if it came."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: all at once, or in several pieces as chunks."""

    pieces: Sequence[bytes]
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    status: int = 200


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[Received] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.answer: Callable[[Received], Answer] = lambda _: Answer([ANSWER])

    def handle_error(self, request, client_address):  # type: ignore[no-untyped-def]
        """Say nothing of a gateway that was killed while it was answered."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def get_request(self):  # type: ignore[no-untyped-def]
        self.connections += 1
        return super().get_request()


ANSWER = json.dumps(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }
).encode()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.requests.append(Received(self.command, self.path, self.headers.items(), body))
        self.server.may_answer.wait(30)
        answer = self.server.answer(self.server.requests[-1])
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if len(answer.pieces) == 1:
            self.send_header("content-length", str(len(answer.pieces[0])))
        else:
            self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        if len(answer.pieces) == 1:
            self.wfile.write(answer.pieces[0])
            return
        for piece in (*answer.pieces, b""):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.flush()

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_CONNECT = do_OPTIONS = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the list says it all."""


class Recorder:
    """The upstream, while it is entered. `connections` counts those that were opened to it.

    With `context` it speaks TLS.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._server = _Server()
        self._scheme = "http"
        if context is not None:
            self._scheme = "https"
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def requests(self) -> list[Received]:
        """What came, in order."""
        return self._server.requests

    @property
    def connections(self) -> int:
        """How many connections came."""
        return self._server.connections

    def answer_with(self, answer: Callable[[Received], Answer]) -> None:
        """Answer each request with what this makes of it, instead of with `ANSWER`."""
        self._server.answer = answer

    def hold(self) -> None:
        """Leave requests unanswered, for up to 30 s each, until `release`."""
        self._server.may_answer.clear()

    def release(self) -> None:
        """Answer again."""
        self._server.may_answer.set()

    def wait_for_requests(self, number: int, seconds: float = 10) -> None:
        """Wait until this many have come in all."""
        deadline = time.monotonic() + seconds
        while len(self.requests) < number:
            assert time.monotonic() < deadline, f"{len(self.requests)} of {number} requests came"
            time.sleep(0.01)

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
