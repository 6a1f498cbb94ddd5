"""What people have captured comes in many files; what is in them is found, or it is said what is wrong."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.addons.savehar import SaveHar
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from ccgate.errors import ConfigError
from ccgate.privacy.walk import Format
from ccgate.proof.captured import Capture
from ccgate.proof.captured import read

BODY = json.dumps({"model": "m", "system": "be brief", "messages": [{"role": "user", "content": "\ud800"}]})
MESSAGES = BODY.encode()
CHAT = json.dumps({"model": "m", "messages": [{"role": "developer", "content": "hi"}]}).encode()


def flow_of(
    path: str = "/v1/messages", body: bytes = MESSAGES, method: str = "POST", **headers: str
) -> http.HTTPFlow:
    flow = tflow.tflow(resp=True)
    flow.request = http.Request.make(method, f"https://api.anthropic.com{path}", body, headers)
    return flow


def saved(*flows: Any) -> bytes:
    """As `mitmdump -w` writes them."""
    file = io.BytesIO()
    for flow in flows:
        FlowWriter(file).add(flow)
    return file.getvalue()


def har(*flows: http.HTTPFlow) -> bytes:
    """As mitmproxy's `save.har` writes them."""
    return json.dumps(SaveHar().make_har(flows), indent=4).encode()


def found(capture: Capture) -> list[tuple[int, str, str, Format, bytes]]:
    return [(one.number, one.method, one.path, one.form, one.body) for one in capture.requests]


@pytest.mark.parametrize(("body", "form"), [(MESSAGES, "messages"), (CHAT, "chat")])
def test_a_body_is_one_request_of_its_own_format(body: bytes, form: Format) -> None:
    """With spaces around it, as editors leave them, it is the same."""
    assert found(read(body, "x")) == [(1, "", "", form, body)]
    assert found(read(b"\n " + body, "x")) == [(1, "", "", form, b"\n " + body)]


def test_a_format_that_is_told_is_taken() -> None:
    """Of a body that looks like nothing, and of one that looks like the other."""
    assert found(read(b'{"prompt": ""}', "x", "messages")) == [(1, "", "", "messages", b'{"prompt": ""}')]
    assert read(MESSAGES, "x", "chat").requests[0].form == "chat"
    assert read(saved(flow_of()), "x", "chat").requests[0].form == "chat"


def test_a_body_that_breaks_off_is_a_request_all_the_same() -> None:
    """So that it is called unreadable, as the gateway would."""
    assert read(MESSAGES[:-2], "x").requests[0].form == "messages"


@pytest.mark.parametrize("write", [saved, har])
def test_the_conversations_among_saved_requests_are_found(write: Any) -> None:
    """By method and path; whatever else a client asks for does not carry one."""
    capture = read(
        write(
            flow_of("/api/hello", b"", "GET"),
            flow_of("/v1/messages?beta=true"),
            flow_of("/v1/messages/count_tokens"),
            flow_of("/v1/chat/completions", CHAT),
            flow_of("/v1/messages", b""),
            flow_of("/api/event_logging/batch", b"{}"),
        ),
        "x",
    )
    assert found(capture) == [
        (2, "POST", "/v1/messages", "messages", MESSAGES),
        (3, "POST", "/v1/messages/count_tokens", "messages", MESSAGES),
        (4, "POST", "/v1/chat/completions", "chat", CHAT),
    ]
    assert (capture.others, capture.empty, capture.is_cut) == (2, 1, False)


def test_what_is_no_http_is_passed_over() -> None:
    """A gateway's flows hold those of tunnels too."""
    capture = read(saved(tflow.ttcpflow(), flow_of(), tflow.tdnsflow()), "x")
    assert [one.number for one in capture.requests] == [1]


def test_a_har_with_a_mark_before_it_is_read() -> None:
    """Some programs write one, which the JSON standard forbids."""
    assert found(read(b"\xef\xbb\xbf" + har(flow_of()), "x"))


def test_a_conversation_about_a_har_is_no_har() -> None:
    body = json.dumps({"messages": [{"role": "user", "content": '{"log": {"entries": []}}'}], "entries": 1})
    assert found(read(body.encode(), "x"))[0][4] == body.encode()


def test_a_compressed_body_is_refused_as_the_gateway_refuses_it() -> None:
    (one,) = read(saved(flow_of(**{"content-encoding": "zstd"})), "x").requests
    assert one.refusal is not None
    assert one.refusal.status == 415
    assert read(saved(flow_of(**{"content-encoding": "identity"})), "x").requests[0].refusal is None


def test_of_flows_that_break_off_the_whole_ones_are_read() -> None:
    """A proxy that is killed leaves half a flow at the end."""
    data = saved(flow_of(), flow_of())
    capture = read(data[:-100], "x")
    assert (len(capture.requests), capture.is_cut) == (1, True)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no captured request"),
        (b"just text", "is no captured request"),
        (b"[]", "is no captured request"),
        (b'{"model": "m"}', "is no captured request"),
        (b"12:not a flow..,", "is no captured request"),
        (b"5:hello,", "is no captured request"),
        (b"0:}", "is no captured request"),
        (saved(flow_of())[:-100], "is no captured request"),
        (saved(flow_of("/api/hello", b"", "GET")), r"no conversation in it \(1 other request, 0 without"),
        (har(), "there is no conversation in it"),
        (b'{"log": {"entries": [{}]}}', "entry 1 of this HAR is no request"),
        (b'{"log": {"entries": [{"request": {"method": "POST", "url": 5}}]}}', "entry 1 of this HAR"),
        (b'{"log": {"entries": {}}}', "is no captured request"),
    ],
)
def test_what_is_no_capture_is_told_with_its_name(data: bytes, why: str) -> None:
    with pytest.raises(ConfigError, match=f"^some-file: .*{why}"):
        read(data, "some-file")


@given(st.one_of(st.binary(), st.binary().map(lambda data: b"%d:" % len(data) + data + b"}")))
def test_no_file_breaks_the_reader(data: bytes) -> None:
    """A wrong file is a sentence, never a traceback."""
    try:
        read(data, "x")
    except ConfigError as e:
        assert str(e).startswith("x: ")


def test_a_capture_does_not_show_itself_in_a_log() -> None:
    assert "be brief" not in repr(read(MESSAGES, "x"))
