"""Texts that look like keys, made when they are needed, so that none stands in the repository.

`<<alnum:36>>` in a template stands for 36 random letters and digits; the same seed gives the same text.
"""

from __future__ import annotations

import random
import re
import string

ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "digits": string.digits,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "letters": string.ascii_letters,
    "lowernum": string.ascii_lowercase + string.digits,
    "uppernum": string.ascii_uppercase + string.digits,
    "b32": string.ascii_uppercase + "234567",
    "b58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "b64": string.ascii_letters + string.digits + "+/",
    "b64url": string.ascii_letters + string.digits + "-_",
}
"""What each kind of random text is made of."""

_SLOT = re.compile(r"<<(\w+)(?::(\d+))?>>")


def filled(template: str, seed: str) -> str:
    """A template with its slots filled; the same for the same seed.

    Raises:
        KeyError: a slot's kind is unknown.
    """
    source = random.Random(seed)
    return _SLOT.sub(lambda slot: _random(source, slot[1], int(slot[2] or 0)), template)


def _random(source: random.Random, kind: str, length: int) -> str:
    if kind == "uuid":
        return re.sub(
            r"(.{8})(.{4}).(.{3}).(.{3})(.{12})",
            r"\1-\2-4\3-a\4-\5",
            "".join(source.choices(ALPHABETS["hex"], k=32)),
        )
    alphabet = ALPHABETS[kind]
    text = "".join(source.choices(alphabet, k=length))
    if kind in ("b64url", "b64") and length:
        # Neither end a sign, which no key has but by chance, and which patterns with \b would miss.
        text = (
            source.choice(ALPHABETS["alnum"]) + text[1:-1] + source.choice(ALPHABETS["alnum"])
            if length > 1
            else "A"
        )
    return text


def marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without its « and », and the spans that stood between them."""
    plain: list[str] = []
    spans: list[tuple[int, int]] = []
    start = length = 0
    for piece in re.split("([«»])", text):
        if piece == "«":
            start = length
        elif piece == "»":
            spans.append((start, length))
        else:
            plain.append(piece)
            length += len(piece)
    return "".join(plain), spans
