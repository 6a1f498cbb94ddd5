"""Both sides are the same mitmproxy but for what is compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import sides
from tests.bench.processes import Process


class Recorded(Process):
    """Not started; what it would have been started with is kept."""

    arguments: tuple[str, ...]

    def __init__(self, name: str, arguments: list[str], environ: dict[str, str], log: Path) -> None:
        self.name = name
        self.arguments = tuple(arguments)

    def wait_for(self, port: int) -> float:
        return 0.0


@pytest.fixture
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sides.Maker:
    monkeypatch.setattr(sides, "Process", Recorded)
    return sides.Maker(tmp_path, 9999)


def settings(side: sides.Side) -> dict[str, str]:
    assert isinstance(side.process, Recorded)
    arguments = side.process.arguments
    values = [arguments[i + 1] for i, each in enumerate(arguments) if each == "--set"]
    assert len(values) == arguments.count("--set")
    return dict(value.split("=", 1) for value in values)


def test_the_options_of_both_are_equal(maker: sides.Maker) -> None:
    """A bare side that logs more, or dials earlier, would make the gateway look better than it is."""
    from ccgate import options

    gateway, bare = settings(maker.gateway()), settings(maker.bare())
    assert gateway.pop("ccgate_profile").endswith("observe.yaml")
    for each in (gateway, bare):
        each.pop("confdir")
    # What the gateway sets by itself, the bare side is told.
    forced = {name: str(value).lower() for name, value in options.FORCED.items()}
    assert bare == {**gateway, **forced, "body_size_limit": options.BODY_LIMIT}


def test_the_bare_side_only_streams(maker: sides.Maker) -> None:
    """It runs the one script, and nothing of ccgate's."""
    bare = maker.bare()
    assert isinstance(bare.process, Recorded)
    scripts = [bare.process.arguments[i + 1] for i, each in enumerate(bare.process.arguments) if each == "-s"]
    assert scripts == [str(sides.STREAMING)]
    assert not any("ccgate_" in each for each in bare.process.arguments)


def test_the_gateway_observes_and_sends_to_the_bench_alone(maker: sides.Maker, tmp_path: Path) -> None:
    """Nothing of a bench may reach the provider."""
    gateway = maker.gateway()
    profile = Path(settings(gateway)["ccgate_profile"]).read_text()
    assert "\nupstream: http://127.0.0.1:9999\n" in profile
    assert f"upstream: {sides.PROVIDER}" not in profile
    assert gateway.token.startswith("ccg_")
    assert not gateway.redacts


def test_the_gateway_that_redacts_differs_in_its_policy_alone(maker: sides.Maker) -> None:
    """Else its cases would show what something else costs as well."""
    observing, redacting = maker.gateway(), maker.redacting()
    assert redacting.redacts
    profiles = [Path(settings(side)["ccgate_profile"]).read_text() for side in (observing, redacting)]
    plain, private = (text.splitlines() for text in profiles)
    assert [new for old, new in zip(plain, private, strict=True) if old != new] == [
        "  secrets: redact",
        "  emails: redact",
        "  home: redact",
    ]
    assert redacting.token.startswith("ccg_")
    assert redacting.token != observing.token


def test_a_profile_that_says_something_else_is_no_ground(maker: sides.Maker) -> None:
    """Should `observe` be written otherwise one day, nothing is measured under a policy that is none."""
    with pytest.raises(sides.BenchError, match="does not say secrets: perhaps"):
        maker._profile("x", {"secrets: perhaps": ""})
