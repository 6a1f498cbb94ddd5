from __future__ import annotations

import pytest

from ccgate.privacy.detection.assigned import Context
from ccgate.privacy.detection.assigned import assigned
from ccgate.privacy.detection.assigned import assigned_line
from ccgate.privacy.detection.assigned import defined
from ccgate.privacy.detection.assigned import said
from ccgate.privacy.detection.assigned import spaced
from tests.bench.detection.templates import filled


@pytest.mark.parametrize(
    ("name", "value", "counts"),
    [
        ("db_password", "hunter2", True),
        ("db_password", "Tr0ub4dor&3", True),
        ("db_password", "changeme1", False),
        ("password", "${DB_PASSWORD}", False),
        ("password", "os.environ['X1']", False),
        ("password", "1.2.3", False),
        ("password_field", "input-2", False),
        ("token", "cl100k_base", False),
        ("token_url", "https://x.io/1", False),
        ("api_key", "<<hex:32>>", True),
        ("api_key", "<<uuid>>", True),
        ("cache_key", "<<hex:32>>", False),
        ("CACHE_KEY", "<<alnum:32>>", True),
        ("secret_name", "prod/db-1", False),
        ("client_secret", "<<alnum:40>>", True),
        ("token", "sha512-<<b64:86>>==", False),
        ("token", "2026-11-21T10:00:00Z", False),
        ("secret", "a1", False),
    ],
)
def test_a_value_counts_by_its_name_and_its_shape(name: str, value: str, counts: bool) -> None:
    """A secret would leave, or a person's configuration would be changed for nothing."""
    assert assigned(filled(value, name), Context(name, '"')) is counts


def test_signs_of_a_generated_key_are_no_code() -> None:
    """Frameworks write keys with brackets and dollars in them, which would leave as code."""
    key = filled("<<lowernum:14>>#(<<lowernum:10>>^{<<lowernum:8>>&&<<lowernum:12>>7)", "framework")
    assert assigned(key, Context("SECRET_KEY", "'"))
    assert not assigned("self.get(key)[0] && other({1: 2})", Context("secret_key", ""))


def test_padding_is_no_comparison() -> None:
    """Every second key in base64 would leave for the two signs at its end."""
    assert assigned(filled("<<b64:86>>==", "padding"), Context("INFLUX_TOKEN", "", "="))


def test_the_digest_of_a_type_is_no_key() -> None:
    """Files that list types with digests would be full of placeholders."""
    digest = filled("<<hex:16>>", "type")
    assert not assigned(digest, Context("ApiKey", '"', ": ", '    "AWS::AppSync::'))
    assert assigned(digest, Context("ApiKey", '"', ": ", "    "))


def test_what_is_public_is_no_secret_whatever_its_name_says_beside() -> None:
    """A public key would be replaced where a person configures a peer."""
    assert not assigned(filled("<<b64:43>>=", "peer"), Context("PublicKey", "", " = "))
    assert assigned(filled("<<b64:43>>=", "peer"), Context("PrivateKey", "", " = "))


def test_a_line_of_settings_has_nothing_else_in_it() -> None:
    """An expression in code would be taken for a password with signs."""
    assert assigned_line("x9(ab7)&c|;q", Context("DB_PASSWORD", "", "=", "DB_"))
    assert not assigned_line("x9(ab7)&c|;q", Context("password", "", "=", "if not user and "))


@pytest.mark.parametrize(
    ("name", "quote", "value", "counts"),
    [
        ("APP_SECRET", "", "<<hex:32>>", True),
        ("signature", "", "<<alnum:40>>", False),
        ("secret", "", "<<hex:40>>", False),
        ("token", "", "authentication_flow_v2_handler", False),
        ("login", "", "<<hex:40>>", True),
    ],
)
def test_a_space_separates_only_what_is_random(name: str, quote: str, value: str, counts: bool) -> None:
    """Prose puts words after `token` and digests after `secret`."""
    assert spaced(filled(value, name), Context(name, quote)) is counts


def test_a_definition_has_a_name_of_code() -> None:
    """A sentence about a password in quotes would be read as its definition."""
    assert defined("h7Kq2mZx", Context("WIFI_PASSWORD", '"'))
    assert defined("h7Kq2mZx", Context("storePassword", '"'))
    assert not defined("h7Kq2mZx", Context("password", '"'))
    assert not defined("%s2", Context("PASSWORD_FORMAT", '"'))


def test_a_sentence_says_a_password_and_not_that_there_is_one() -> None:
    """`the password is required` would become a sentence with a placeholder."""
    assert said("Kq7!mZx2p", Context())
    assert not said("required1", Context())
