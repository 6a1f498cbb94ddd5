from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from pathlib import Path

import hyperscan
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.privacy.detection import detect as detect_module
from ccgate.privacy.detection.candidates import Span
from ccgate.privacy.detection.detect import Detector
from ccgate.privacy.detection.detect import Policy
from ccgate.privacy.detection.detect import shared_engine
from ccgate.privacy.detection.policyrules import TermRule
from ccgate.privacy.detection.prefilter import Prefilter
from ccgate.privacy.placeholders import CATEGORIES
from ccgate.privacy.placeholders import Minter
from tests.bench.detection.clean import made
from tests.bench.detection.detectors import EVERYTHING
from tests.bench.detection.detectors import cache_folder
from tests.bench.detection.detectors import detector
from tests.bench.detection.hostile import hostile
from tests.bench.detection.samples import Sample
from tests.bench.detection.samples import samples
from tests.bench.detection.templates import filled
from tests.bench.detection.templates import marked

PIECES = [
    filled(template, "pieces")
    for template in ("ghp_<<alnum:36>>", "AKIA<<b32:16>>", "<<hex:32>>", "x<<b64:50>>")
]
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.text(st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF), max_size=3),
        st.sampled_from(
            [
                *PIECES,
                "password=",
                "token: ",
                '"',
                "'",
                " ",
                "\n",
                "@",
                "a.b@corp.io",
                "/home/",
                "ünï",
                "→",
                "://u:",
                "-----BEGIN RSA PRIVATE KEY-----\n",
            ]
        ),
    ),
    max_size=12,
).map("".join)


def values(text: str, policy: Policy = EVERYTHING) -> list[str]:
    return [text[span.start : span.end] for span in detector(policy).find(text)]


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_spans_of_any_text_are_in_range_sorted_and_apart(text: str) -> None:
    """A span beside the text, or two that overlap, would garble what is sent."""
    spans = detector().find(text)
    assert spans == detector().find(text)
    last = 0
    for span in spans:
        assert last <= span.start < span.end <= len(text)
        assert span.category in CATEGORIES
        last = span.end


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(samples(1)),
    st.sampled_from([" ", "\n", "\n\n", "ü\n", "→ \n", "😀\n", "\ud800\n"]),
    st.sampled_from(["\n", "\n ", "\n\n", "\nü"]),
)
def test_a_secret_is_found_whatever_stands_around_its_line(sample: Sample, before: str, after: str) -> None:
    """A secret would leave, or a part of it, because of an accent or an emoji in the line above."""
    alone = detector().find(sample.text.rstrip("\n"))
    text = before + sample.text.rstrip("\n") + after
    shifted = [
        (span.start - len(before), span.end - len(before))
        for span in detector().find(text)
        if span.category == "secret"
    ]
    assert shifted == [(span.start, span.end) for span in alone if span.category == "secret"]


@pytest.mark.parametrize(
    ("before", "after"),
    list(itertools.product((" ", '"', "'", "`", "\n", "\t", "("), (" ", '"', "'", "`", ",", ";", "\n", ")"))),
)
def test_a_token_is_found_within_all_that_may_delimit_it(before: str, after: str) -> None:
    """A token is pasted into prose, lists and code alike."""
    for piece in PIECES[:2]:
        assert values(f"x{before}{piece}{after}y") == [piece]


def test_recall_of_documented_formats_stays_where_it_is() -> None:
    """A change to the rules that loses whole kinds of keys would leak them."""
    for group, least in (("tokens", 0.97), ("named", 0.93), ("lines", 0.97)):
        chosen = [sample for sample in samples(1) if sample.group == group]
        found = [
            all(any(s.start <= a and b <= s.end for s in detector().find(one.text)) for a, b in one.spans)
            for one in chosen
        ]
        assert sum(found) / len(found) >= least, [
            one.shape for one, there in zip(chosen, found, strict=True) if not there
        ]


def test_what_only_looks_like_a_secret_is_left_alone() -> None:
    """Digests, identifiers and documentation's placeholders are half of a developer's conversation."""
    for text in made(60_000):
        assert [
            (text[s.start : s.end], s.rule) for s in detector().find(text) if s.category == "secret"
        ] == []


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_placeholder_is_never_found(category: str) -> None:
    """A redacted value would be redacted again in the next turn, and the prompt cache lost."""
    minter = Minter(b"k" * 32)
    for number in range(20):
        value = filled("<<alnum:20>>", f"{number}")
        placeholder = minter.mint(category, "ghp_" + value if number % 2 else value)  # type: ignore[arg-type]
        for context in (
            "{}", "password = '{}'", "TOKEN={}\n", "postgres://u:{}@h/db", "Authorization: Bearer {}",
            "C:\\Users\\{}\\x", "-home-{}-x", "/home/{}/x", "mail {} now", "https://x/?api_key={}",
            "the password is {}", "{} {}",
        ):  # fmt: skip
            text = context.replace("{}", placeholder)
            assert values(text) == [], text


def test_values_that_are_allowed_are_not_found() -> None:
    """The operator's own exception would be ignored."""
    token = PIECES[0]
    allowing = replace(EVERYTHING, allow=frozenset({token, "alice"}))
    assert values(f"{token} /home/alice/x /home/bob/x", allowing) == ["bob"]


def test_a_policy_looks_for_what_it_says_alone() -> None:
    """A category that is switched off would still be redacted, or one that is on would not."""
    text = f"{PIECES[0]} a.b@corp.io /home/alice/x 10.1.2.3"
    everything = [PIECES[0], "a.b@corp.io", "alice", "10.1.2.3"]
    assert values(text) == everything
    for number, field in enumerate(("secrets", "emails", "home", "network")):
        without = replace(EVERYTHING, **{field: False})
        assert values(text, without) == [value for place, value in enumerate(everything) if place != number]
    nothing = Policy(secrets=False, emails=False, home=False)
    assert values(text, nothing) == []


def test_hosts_under_domains_are_found_where_the_network_is_redacted() -> None:
    """The names of internal hosts would leave."""
    policy = Policy(network=True, domains=("corp.example.org",))
    text = "db-1.EU.corp.example.org, corp.example.org. notcorp.example.org corp.example.org.evil.com"
    assert values(text, policy) == ["db-1.EU.corp.example.org", "corp.example.org"]
    assert values(text, replace(policy, network=False)) == []


def test_terms_are_found_with_case_and_words_as_asked() -> None:
    """A project's name would leave, or half the text would be replaced."""
    text = "Nightingale nightingales NIGHTINGALE ÄRGER ärger"

    def found(**how: bool) -> list[str]:
        return values(text, Policy(terms=(TermRule("t", ("nightingale", "ärger"), **how),)))

    assert found(ignore_case=True, whole_word=True) == ["Nightingale", "NIGHTINGALE", "ÄRGER", "ärger"]
    assert found(ignore_case=False, whole_word=False) == ["nightingale", "ärger"]
    assert found(ignore_case=True, whole_word=False)[1] == "nightingale"


def test_of_terms_that_contain_each_other_the_longest_is_found() -> None:
    """The rest of the longer name would stay and give it away."""
    policy = Policy(terms=(TermRule("t", ("blue", "blue whale"), whole_word=False),))
    assert values("the blue whale, blue", policy) == ["blue whale", "blue"]


def test_a_secret_wins_over_what_looks_like_something_else_in_it() -> None:
    """Half a password would be replaced as an address, and the other half would leave."""
    assert values("DB_PASSWORD='x9!a.b@corp.io#7Q'") == ["x9!a.b@corp.io#7Q"]
    assert values("https://alice%40corp.io:x7#Kq2!pp@git.corp.io/x") == ["alice%40corp.io", "x7#Kq2!pp"]


def test_the_whole_name_is_found_in_a_slug_when_its_path_stands_beside_it() -> None:
    """`first.last` is `first-last` in the client's folder for a project: the last name would leave."""
    text = "/home/ada.lovelace/.claude/projects/-home-ada-lovelace-shop/memory"
    assert values(text) == ["ada.lovelace", "ada-lovelace"]


def test_offsets_are_in_characters() -> None:
    """A splice would cut an emoji in two."""
    text = f"😀é→\ud800 {PIECES[0]} ü a.b@corp.io 😀 /home/jürgen/x"
    assert values(text) == [PIECES[0], "a.b@corp.io", "jürgen"]


def test_threads_share_a_detector() -> None:
    """Two scans in one database's scratch space are an error of the engine's."""
    shared = detector()
    results: list[tuple[Span, ...]] = []

    def work() -> None:
        for _ in range(200):
            results.append(shared.find(f"x {PIECES[0]} y"))
            results.extend(shared.find_all([f"x {PIECES[0]} y"]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 1600
    assert len(set(results)) == 1


def test_a_failed_scan_is_an_error_and_not_a_clean_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret would leave because the engine was out of memory."""

    def fails(self: Prefilter, data: bytes, enough: int | None = None) -> list[tuple[int, int]]:
        raise hyperscan.error("scan failed")

    monkeypatch.setattr(Prefilter, "ends", fails)
    with pytest.raises(hyperscan.error):
        detector().find("anything")


def test_what_was_compiled_is_read_at_the_next_start(tmp_path: Path) -> None:
    """Every start would take seconds."""
    shared_engine(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    shared_engine.cache_clear()
    assert Detector(Policy(), tmp_path).find(f"x {PIECES[0]} y")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_hostile_texts_are_read_for_a_bounded_number_of_matches() -> None:
    """The event loop would stand still for everybody: work may not grow with rules times length."""
    engine = shared_engine(cache_folder())
    for name, text in hostile().items():
        data = text.encode()
        fired = engine.fired(data)
        assert sum(map(len, fired.values())) < len(data), name
        assert sum(1 for _ in engine.matches(data, fired)) < len(data) / 7, name
        assert detector().find(text) is not None


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(TEXTS, st.sampled_from([sample.text.rstrip("\n") for sample in samples(1)])), max_size=6
    )
)
def test_texts_together_give_what_each_gives_alone(texts: list[str]) -> None:
    """A secret at the end of one tool's result would leave because of the next result."""
    assert detector().find_all(texts) == [detector().find(text) for text in texts]


def test_every_sample_is_found_in_the_midst_of_all_others() -> None:
    """A request has hundreds of texts: what is found in one alone must be found among them."""
    texts = [text for sample in samples(1) for text in (sample.text, sample.text.rstrip("\n"))] + list(
        hostile().values()
    )
    assert detector().find_all(texts) == [detector().find(text) for text in texts]


def test_a_secret_at_the_end_is_found_wherever_the_end_is() -> None:
    """The engine reads blocks of bytes: a secret would leave for where in one of them its text ends."""
    chosen = [sample.text.rstrip("\n") for sample in samples(1)][::3]
    for text in chosen:
        expected = [(span.start, span.end) for span in detector().find("\n" + text)]
        shifted = detector().find_all(["\n" * length + text for length in range(1, 34)])
        assert [[(s.start - at, s.end - at) for s in spans] for at, spans in enumerate(shifted)] == [
            expected
        ] * 33
        for length in (5, 16, 31):
            alone = detector().find("\n" * length + text)
            assert [(s.start - length + 1, s.end - length + 1) for s in alone] == expected


def test_the_version_changes_with_all_that_is_asked_for() -> None:
    """Spans that were kept for one policy would be used for another: what is new in it would leave."""
    policies = [
        Policy(),
        Policy(secrets=False),
        Policy(emails=False),
        Policy(home=False),
        Policy(network=True),
        Policy(network=True, domains=("corp.io",)),
        Policy(allow=frozenset({"a", "b"})),
        Policy(terms=(TermRule("t", ("x",)),)),
        Policy(terms=(TermRule("t", ("x",), whole_word=False),)),
    ]
    versions = [Detector(policy, cache_folder()).version for policy in policies]
    assert len(set(versions)) == len(policies)
    assert versions == [Detector(policy, cache_folder()).version for policy in policies]
    assert Detector(Policy(allow=frozenset({"b", "a"})), cache_folder()).version == versions[6]


def test_the_version_is_of_the_rules_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After an update what the old rules found would go on to be used."""
    before = Detector(Policy(), cache_folder()).version
    (tmp_path / "rules.yaml").write_text("other")
    monkeypatch.setattr(detect_module, "__file__", str(tmp_path / "detect.py"))
    detect_module._code.cache_clear()
    try:
        assert Detector(Policy(), cache_folder()).version != before
    finally:
        detect_module._code.cache_clear()


def test_a_mark_in_a_template_is_no_part_of_the_text() -> None:
    """The measurements would count against the wrong places."""
    assert marked("a«b»c«»") == ("abc", [(1, 2), (3, 3)])


def test_everything_is_found_in_a_long_text_too() -> None:
    """A long text is looked through in windows: a secret on the edge of one would leave."""
    tokens = [filled("ghp_<<alnum:36>>", str(number)) for number in range(40)]
    filler = [one.text for one in samples(1) if one.group == "lines"]
    text = "\n".join(
        "\n".join([*filler[number * 2 : number * 2 + 2], token]) for number, token in enumerate(tokens)
    )
    found = set(values(text * 3))
    assert found.issuperset(tokens)
    assert set(values(text)) <= found


def test_detectors_of_one_folder_share_the_engine() -> None:
    """Each detector would cost its own 20 MB."""
    one = Detector(Policy(), cache_folder())
    other = Detector(Policy(emails=False), cache_folder())
    assert one._engines[0].engine is other._engines[0].engine
