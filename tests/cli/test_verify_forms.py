"""What a person reads of a request: what is changed and where, in few lines that do nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ccgate.cli.verify_forms import print_reports
from ccgate.errors import Refusal
from ccgate.privacy.room import PrivacyRoom
from ccgate.proof.captured import Capture
from ccgate.proof.captured import Captured
from ccgate.proof.verify import refused
from ccgate.proof.verify import report
from tests.privacy.requests import MINTER
from tests.privacy.requests import redactor

TOKEN = "tok_abcdefgh1234"
PLACEHOLDER = MINTER.mint("secret", TOKEN)
HOME = MINTER.mint("home", "alice")
ROOM = PrivacyRoom(redactor(), redacts=True, pseudonym=None, restore_secrets_in=frozenset())


def captured(*texts: Any, number: int = 1, method: str = "", path: str = "") -> Captured:
    messages = [{"role": "user", "content": text} for text in texts]
    return Captured(number, method, path, "messages", json.dumps({"messages": messages}).encode())


def said(
    capsys: pytest.CaptureFixture[str],
    *requests: Captured,
    others: int = 0,
    empty: int = 0,
    show: bool = False,
) -> str:
    reports = [report(one.body, one.form, ROOM) for one in requests]
    print_reports(Capture(requests, others, empty), reports, show=show)
    return capsys.readouterr().out


def test_a_request_as_a_person_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    """All of it, word for word: this is what the README shows."""
    assert said(
        capsys,
        captured(
            "cd /home/alice/shop", f"DEBUG=1\nTOKEN={TOKEN}\ncd /home/alice", "/home/alice/a\n/home/alice/b"
        ),
    ) == (
        "messages[0].content\n"
        "  - cd /home/<a…, 5 characters>/shop\n"
        f"  + cd /home/{HOME}/shop\n"
        "    line 1: home by home\n"
        "messages[1].content\n"
        "  - TOKEN=<16 characters>\n"
        f"  + TOKEN={PLACEHOLDER}\n"
        "    line 2: secret TOKEN by token\n"
        "    and home 1, as shown above\n"
        "messages[2].content\n"
        "    home 2, as shown above\n"
        "\n"
        "this request would leave with 5 replacements of 2 values: home 4, secret 1\n"
    )


def test_values_are_shown_to_who_asks_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert f"\n  - TOKEN={TOKEN}\n" in said(capsys, captured(f"TOKEN={TOKEN}"), show=True)


def test_each_of_several_requests_has_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    one = captured("hello", number=2, method="POST", path="/v1/messages")
    two = captured(TOKEN, number=5, method="POST", path="/v1/messages/count_tokens")
    text = said(capsys, one, two, others=1, empty=2)
    assert text.startswith("request 2: POST /v1/messages\nrequest 2 would leave as it is: nothing in it")
    assert "\nrequest 5: POST /v1/messages/count_tokens\nmessages[0].content\n" in text
    assert text.endswith(
        "\n1 other request is no conversation, and was not looked at\n2 conversations have no body here\n"
    )


def test_a_refusal_is_told_with_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    done = refused(
        Refusal(451, "the request was not sent: it holds a secret (rule x) at y; take it out"), "chat"
    )
    print_reports(Capture((captured(),)), [done])
    assert capsys.readouterr().out == (
        "this request would not leave (451): it holds a secret (rule x) at y; take it out\n"
    )


def test_what_was_redacted_already_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, captured(f"see {PLACEHOLDER}"))
    assert text == (
        "this request would leave as it is: nothing in it is to be replaced\n"
        "it came with 1 placeholder, as a gateway has sent it on; they stay\n"
    )


def test_a_secret_that_leaves_all_the_same_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, *[captured(*["zq7-uncommon"] * 12, "password=zq7-uncommon")])
    assert "a secret leaves all the same at messages[0].content, messages[1].content, " in text
    assert "messages[9].content, …: it is known from further on only" in text


def test_markup_and_escapes_of_a_request_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    """What is said to a model must not colour, hide or run anything here."""
    odd = captured(f"[red]{TOKEN}[/] \x1b[2J\x1b]0;x\x07 :smile: \u202e", method="[b]", path="/\x1b[0m")
    text = said(capsys, odd)
    assert "[red]<16 characters>[/] \\x1b[2J\\x1b]0;x\\x07 :smile: \\u202e\n" in text
    assert "request 1: [b] /\\x1b[0m\n" in text
    assert "\x1b" not in text


def test_a_long_line_is_not_folded(capsys: pytest.CaptureFixture[str]) -> None:
    """What is piped into another program has the lines that it says it has."""
    text = said(
        capsys, captured("x" * 500 + "".join(f" tok_{number:012}" for number in range(8)) + "y" * 500)
    )
    assert len(text.splitlines()) == 6


def test_a_terminal_gets_colours(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    text = said(capsys, captured(TOKEN))
    assert "\x1b[31m<16 characters>\x1b[0m" in text
    assert f"\x1b[32m{PLACEHOLDER}\x1b[0m" in text
