"""Puts the originals of one request back into its answer.

The way back of the privacy room: a `Restorer` is made of what a request's redaction kept, lives as long as
its flow, and is what the stream callable asks, event by event. What of it is put back where, is decided in
`restore_places`.

With `redact` it keeps `redact(restore(x)) == redact(x)` for whatever a model says, which is `x` wherever the
model did not come upon an original by itself. So the next turn of the conversation sends what the model said,
byte for byte. A placeholder whose value would not be found again where it stands, or not as itself, stays
(`restore_beside`): a name within a word, or one that source code is full of outside of a path, or what stands
so close to other characters that together they would be another value.

To tell, the characters behind a placeholder are looked at, so one at the very end of what has come waits for
the next piece: for one character as a rule, longer where signs such as `@` and `.` may glue a word to it. All
in all no more than the longest placeholder and two characters are held back.

A secret comes back wherever no letter and no digit is glued to it, and a home's name in any path: a file with
a placeholder in it would be worse than a turn that the provider has not cached.

The property does not hold where rules find something that only what was put back makes one: a secret or a
path behind other characters of what is assigned to a password, a term of the operator's that is put together
of a value and words beside it, a name in another's path (`/home/a.b` elsewhere in a text makes `-home-a-b`
one name), a password whose sentence says so with more than 64 characters in between.
"""

from __future__ import annotations

from collections.abc import Collection

from ccgate.privacy.restoration.restore_chat import ChatRestorer
from ccgate.privacy.restoration.restore_document import restore_document
from ccgate.privacy.restoration.restore_places import Places
from ccgate.privacy.restoration.restore_places import Restored
from ccgate.privacy.restoration.restore_stream import Change
from ccgate.privacy.restoration.restore_stream import NewEvent
from ccgate.privacy.restoration.restore_stream import StreamRestorer
from ccgate.privacy.vault import Vault
from ccgate.privacy.walk import Format


class Restorer:
    """Restores one answer, streamed or whole.

    `restore_secrets_in` holds exact names of the client's tools, in whose inputs secrets are put back;
    `answer` is the format that the request was in.
    """

    def __init__(
        self, vault: Vault, restore_secrets_in: Collection[str], answer: Format = "messages"
    ) -> None:
        self._places = Places(vault, restore_secrets_in)
        self._events = StreamRestorer(self._places) if answer == "messages" else ChatRestorer(self._places)

    @property
    def restored(self) -> Restored:
        """What was put back so far, and what was not."""
        return self._places.restored

    def event(self, data: bytes) -> Change | None:
        """What is sent in place of a server-sent event with this data; None: the event as it is."""
        return self._events.event(data)

    def close(self) -> list[NewEvent]:
        """The events that hand out what is still held back; nothing comes after them."""
        return self._events.close()

    def document(self, body: bytes) -> bytes:
        """A whole answer, restored.

        Raises:
            ValueError: the body is no JSON.
            Refusal: it has a key twice.
            RecursionError: it is nested too deeply.
        """
        return restore_document(body, self._places)
