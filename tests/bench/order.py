"""What the load generator is told to ask for, and what it says of it; both go as JSON between processes."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

from tests.bench import payloads


@dataclass(frozen=True, slots=True)
class Order:
    """What to ask for, and how.

    `kind` is an answer's kind. Short answers are asked for one after the other on each connection, until
    `count` have come; of the others each connection asks for one. `count` is the number of events of a
    paced answer and the number of bytes of a bulk one; `interval` is the milliseconds between events.
    `run` makes session ids and request numbers differ from those of other orders.

    `conversation` is how much of each body has been seen before (see `conversation.py`); empty: bodies
    are plain, and nobody looks into them. With `redacted`, upstream wants placeholders in them, else the
    originals. `endless` orders short answers until the generator's stdin is closed.
    """

    kind: str
    port: int
    token: str
    size: int
    connections: int
    count: int
    run: int
    interval: int = 100
    seconds: float = 60.0
    conversation: str = ""
    redacted: bool = False
    endless: bool = False

    def control(self) -> str:
        """The value of the control header."""
        if self.kind == payloads.PACED:
            answer = f"{self.kind}:{self.count}:{self.interval}"
        else:
            answer = self.kind if self.kind == payloads.SHORT else f"{self.kind}:{self.count}"
        if not self.conversation:
            return answer
        return f"{answer} {payloads.PLACEHOLDERS if self.redacted else payloads.ORIGINALS}"


@dataclass(slots=True)
class Result:
    """What was measured. All but `seconds` are milliseconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    first_bytes: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
