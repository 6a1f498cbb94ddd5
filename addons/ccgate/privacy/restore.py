"""Puts the originals of one request back into its answer.

The way back of the privacy room: a `Restorer` is made of what a request's redaction kept, lives as long as
its flow, and is what the stream callable asks, event by event. What of it is put back where, is decided in
`restore_places`.

With `redact` it keeps `redact(restore(x)) == x`, so that the next turn of the conversation sends what the
model said, byte for byte. That holds wherever the redactor, reading `restore(x)`, finds the values that were
put back and no others. It does not where the model

* puts a value that is redacted only as a whole word (a home name, a host, a term, a short secret) right
  beside a letter or a digit, and no rule finds it there (`redacteduser…s`);
* takes the name of a home out of its path, and the name is so common or so short that the redactor looks for
  it in paths alone;
* puts characters beside a value that together with it are another one (`x` before an e-mail);
* comes upon an original by itself.
"""

from __future__ import annotations

from collections.abc import Collection

from ccgate.privacy.restore_chat import ChatRestorer
from ccgate.privacy.restore_document import restore_document
from ccgate.privacy.restore_places import Places
from ccgate.privacy.restore_places import Restored
from ccgate.privacy.restore_stream import Change
from ccgate.privacy.restore_stream import NewEvent
from ccgate.privacy.restore_stream import StreamRestorer
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
