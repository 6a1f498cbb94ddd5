"""Where a home's name ends in the client's slugs."""

from __future__ import annotations

from ccgate.privacy.detection.homes import slug_end


def test_a_slug_ends_where_the_longest_known_name_does() -> None:
    """The rest of the name would stay."""
    text = "-home-ada-lovelace-shop"
    assert slug_end(text, 6, 9, ()) == 9
    assert slug_end(text, 6, 9, ("ada.lovelace", "ada")) == 18
    assert slug_end(text, 6, 9, ("ada.love",)) == 9
