"""Prints how well and how fast secrets are found: recall by kind, findings in clean code, milliseconds.

`python -m tests.bench.detection [--alone]`; with `--alone` also for the catalogue and our rules alone.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

from ccgate.privacy.detect import Detector
from ccgate.privacy.detect import Policy
from ccgate.privacy.detect import catalogue_rules
from ccgate.privacy.engine import Engine
from ccgate.privacy.rules import own_rules
from tests.bench.detection import measure
from tests.bench.detection import speed
from tests.bench.detection.clean import installed
from tests.bench.detection.clean import made
from tests.bench.detection.detectors import cache_folder
from tests.bench.detection.detectors import detector
from tests.bench.detection.samples import LATER
from tests.bench.detection.samples import Sample
from tests.bench.detection.samples import samples

TITLES = {
    "tokens": "secrets with a shape of their own",
    "named": "plain secrets with a telling name",
    "lines": "headers, URLs, files, commands, code",
}


def main(arguments: Sequence[str]) -> int:
    """Print the report; 0."""
    secrets = Policy(emails=False, home=False)
    report("catalogue and own rules", detector(secrets))
    if "--alone" in arguments:
        report("catalogue alone", _with(Engine(catalogue_rules(cache_folder()), cache_folder())))
        report("own rules alone", _with(Engine(own_rules(), cache_folder())))
    everything = detector()
    times = speed.body_milliseconds(everything)
    middle = statistics.median(times)
    print(f"\na new body of 1 MB: median {middle:.1f} ms, slowest of {len(times)}: {max(times):.1f} ms")
    slowest = sorted(speed.hostile_milliseconds(everything).items(), key=lambda entry: -entry[1])
    print(f"hostile texts of 100 KB, the slowest of {len(slowest)}:")
    for name, milliseconds in slowest[:6]:
        print(f"  {milliseconds:6.1f} ms  {name}")
    return 0


def report(title: str, tried: Detector) -> None:
    """Print recall and false positives of one detector."""

    def find(text: str) -> list[tuple[int, int]]:
        return [(span.start, span.end) for span in tried.find(text) if span.category == "secret"]

    print(f"\n{title}")
    for group, what in TITLES.items():
        print(f"  {what:40}{measure.recall(find, _of(group))}")
    print(f"  {'all of these, by which rules were tuned':40}{measure.recall(find, samples())}")
    print(f"  {'formats written down after the rules':40}{measure.recall(find, samples(shapes=LATER))}")
    for source, texts in {**installed(), "look-alikes": tuple(made())}.items():
        if texts:
            count, megabytes = measure.false_positives(find, texts)
            print(f"  {source:40}{count:5} findings in {megabytes:5.1f} MB: {count / megabytes:.2f} per MB")


def _of(group: str) -> list[Sample]:
    return [sample for sample in samples() if sample.group == group]


def _with(engine: Engine) -> Detector:
    tried = Detector(Policy(emails=False, home=False), cache_folder())
    tried._engines = [engine]
    return tried


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
