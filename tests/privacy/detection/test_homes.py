from __future__ import annotations

from ccgate.privacy.detection.homes import home_variants
from ccgate.privacy.detection.homes import slug_end


def test_the_forms_of_a_name() -> None:
    """A name with a dot is another text in the client's folder for a project, and would leave there."""
    assert home_variants("alice") == ("alice",)
    assert home_variants("ada.lovelace") == ("ada.lovelace", "ada-lovelace")
    assert home_variants("Ada Lovelace") == ("Ada Lovelace", "Ada-Lovelace", "Ada%20Lovelace")


def test_a_slug_ends_where_the_longest_known_name_does() -> None:
    """The rest of the name would stay."""
    text = "-home-ada-lovelace-shop"
    assert slug_end(text, 6, 9, ()) == 9
    assert slug_end(text, 6, 9, ("ada.lovelace", "ada")) == 18
    assert slug_end(text, 6, 9, ("ada.love",)) == 9
