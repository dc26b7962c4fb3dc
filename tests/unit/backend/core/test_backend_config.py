"""Settings that are refused at the start, and the messages."""

from __future__ import annotations

import base64
import json
import random
import textwrap

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pydantic import ValidationError

from backend.core.config import Settings, load_settings, read_database_url
from backend.core.errors import ConfigurationError
from backend.core.settings.secret_strength import find_weakness
from backend.testing.issuer import make_secret

SECRET = make_secret()
DATABASE = "postgresql://tasks:p4ss-w0rd@db.example.org/tasks?sslmode=require"
GIVEN = {"BETTER_AUTH_SECRET": SECRET, "DATABASE_URL": DATABASE, "PSEUDONYM_KEY": make_secret()}
UNTIL = "2030-02-28T12:00:00Z"


def load(**others: str | None) -> Settings:
    merged = {**GIVEN, **others}
    return load_settings({name: value for name, value in merged.items() if value is not None})


def refusal_of(**others: str | None) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        load(**others)
    for name, value in others.items():
        assert name == "JWT_ALGORITHMS" or not value or len(value) < 5 or value not in str(caught.value)
    return dict(caught.value.faults)


def public_key(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


RSA = public_key(rsa.generate_private_key(65537, 2048))
EC = public_key(ec.generate_private_key(ec.SECP256R1()))
ED = public_key(ed25519.Ed25519PrivateKey.generate())
PEM = f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(ED).decode()}\n-----END PUBLIC KEY-----\n"
JWK = json.dumps({"kty": "oct", "k": make_secret()})


# By name, because the id of a test must not contain random values.
WEAK_SECRETS: dict[str, tuple[str | None, str]] = {
    "missing": (None, "is missing"),
    "empty": ("", "is empty"),
    "31 bytes": ("k7Q2xW9bV4nM1zL8cJ3hG6fD5sA0pOi", "has 31 bytes"),
    "one character": ("x" * 64, "fewer than 8 different"),
    "seven characters": ("abdfkpz" * 4 + "abdfk", "fewer than 8 different"),
    "repeated": ("k7Q2xW9b" * 6, "repeats itself"),
    "in order": ("0123456789abcdefghijklmnopqrstuvwxyz", "are in order"),
    "change-me": ("change-me-please-before-going-live-12345", "placeholder"),
    "default of Better Auth": ("better-auth-secret-12345678901234567890", "placeholder"),
    "your secret": ("YOUR_SECRET_goes_in_here_qx72-0193-zz", "placeholder"),
    "PEM": (PEM, "key of another kind"),
    "RSA in DER": (base64.b64encode(RSA).decode(), "key of another kind"),
    "P-256 in DER": (base64.b64encode(EC).decode(), "key of another kind"),
    "Ed25519 in DER": (base64.b64encode(ED).decode(), "key of another kind"),
    "DER in base64url": (base64.urlsafe_b64encode(EC).decode().rstrip("="), "key of another kind"),
    "DER in lines": ("\n".join(textwrap.wrap(base64.b64encode(RSA).decode(), 64)), "key of another kind"),
    "DER in hex": (ED.hex(), "key of another kind"),
    "SSH": ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBq7Qx somebody@host", "key of another kind"),
    "JWK": (JWK, "is JSON"),
    "number": ("31415926535897932384626433832795028841", "is JSON"),
    "deep JSON": ("[" * 5000, "is JSON"),
    "no UTF-8": ("k7Q2xW9bV4nM1zL8cJ3hG6fD5sA0pOi\udc80\udc81", "is not UTF-8"),
}


@pytest.mark.requirement("003/FR-013")
@pytest.mark.parametrize("name", WEAK_SECRETS)
def test_weak_secret_is_refused_without_its_value_in_the_message(name: str) -> None:
    secret, words = WEAK_SECRETS[name]
    faults = refusal_of(BETTER_AUTH_SECRET=secret)
    assert list(faults) == ["BETTER_AUTH_SECRET"]
    assert words in faults["BETTER_AUTH_SECRET"]
    assert "openssl rand -base64 32" in faults["BETTER_AUTH_SECRET"]


def test_secret_of_32_bytes_is_accepted() -> None:
    assert find_weakness("k7Q2xW9bV4nM1zL8cJ3hG6fD5sA0pOiU") is None
    assert find_weakness("é漢字😀k7Q2xW9bV4nM1zL8cJ3h") is None  # bytes count, not characters


def test_secrets_of_openssl_rand_are_accepted() -> None:
    source = random.Random(0)  # noqa: S311  # not used as secrets, and equal in every run
    made = [base64.b64encode(source.randbytes(32)).decode() for _ in range(2000)]
    assert [find_weakness(secret) for secret in made] == [None] * len(made)


def test_all_wrong_settings_are_listed_at_once() -> None:
    faults = refusal_of(BETTER_AUTH_SECRET=None, DATABASE_URL=None, JWT_LEEWAY_SECONDS="61")
    assert set(faults) == {"BETTER_AUTH_SECRET", "DATABASE_URL", "JWT_LEEWAY_SECONDS"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BETTER_AUTH_URL", "https://auth.example.org/"),
        ("BETTER_AUTH_URL", "https://auth.example.org/api/auth"),
        ("BETTER_AUTH_URL", "auth.example.org"),
        ("BETTER_AUTH_URL", "https://user:word@auth.example.org"),
        ("BETTER_AUTH_URL", "ftp://auth.example.org"),
        ("JWT_ISSUER", " "),
        ("JWT_AUDIENCE", "a\x00b"),
        ("JWT_LEEWAY_SECONDS", "-1"),
        ("JWT_LEEWAY_SECONDS", "61"),
        ("JWT_LEEWAY_SECONDS", "ten"),
        ("DATABASE_URL", "mysql://tasks:p4ss-w0rd@db/tasks"),
        ("DATABASE_URL", "postgresql+asyncpg://tasks:p4ss-w0rd@db/tasks"),
        ("DATABASE_URL", "sqlite:///tasks.db"),
        ("DATABASE_URL", "postgresql://tasks:p4ss-w0rd@db:port/tasks"),
        ("DATABASE_URL", "p4ss-w0rd"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOL_SIZE", "101"),
        ("DATABASE_TIMEOUT_SECONDS", "0"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_wrong_setting_is_refused_with_its_name(name: str, value: str) -> None:
    assert list(refusal_of(**{name: value})) == [name]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_database_url_gets_the_driver_psycopg(scheme: str) -> None:
    address = DATABASE.replace("postgresql", scheme)
    expected = DATABASE.replace("postgresql", "postgresql+psycopg")
    assert load(DATABASE_URL=address).database_url.get_secret_value() == expected
    assert read_database_url({"DATABASE_URL": address}) == expected


@pytest.mark.parametrize("value", [None, "", "mysql://tasks:p4ss-w0rd@db/tasks"])
def test_migrations_refuse_a_wrong_database_url_with_its_name(value: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL: ") as caught:
        read_database_url({} if value is None else {"DATABASE_URL": value})
    assert "p4ss" not in str(caught.value)


def test_issuer_and_audience_are_the_url_of_better_auth_unless_set() -> None:
    settings = load(BETTER_AUTH_URL="https://auth.example.org")
    assert (settings.issuer, settings.audience) == ("https://auth.example.org",) * 2
    settings = load(JWT_ISSUER="issuer", JWT_AUDIENCE="audience")
    assert (settings.issuer, settings.audience) == ("issuer", "audience")


def test_defaults_are_those_of_the_spec() -> None:
    settings = load()
    assert (settings.issuer, settings.leeway_seconds) == ("http://localhost:3000", 10)
    assert (settings.database_pool_size, settings.database_timeout_seconds) == (5, 5)


def test_empty_text_of_an_optional_setting_counts_as_unset() -> None:
    assert load(JWT_ISSUER="", LOG_LEVEL="", BETTER_AUTH_SECRET_PREVIOUS="") == load()


@pytest.mark.requirement("003/FR-014")
@pytest.mark.parametrize(
    ("previous", "until", "setting"),
    [
        ("strong", None, "BETTER_AUTH_SECRET_PREVIOUS_UNTIL"),
        (None, UNTIL, "BETTER_AUTH_SECRET_PREVIOUS"),
        ("strong", "2030-02-28T12:00:00", "BETTER_AUTH_SECRET_PREVIOUS_UNTIL"),
        ("strong", "2030-02-28", "BETTER_AUTH_SECRET_PREVIOUS_UNTIL"),
        ("strong", "1900000000", "BETTER_AUTH_SECRET_PREVIOUS_UNTIL"),
        ("short", UNTIL, "BETTER_AUTH_SECRET_PREVIOUS"),
        ("the current one", UNTIL, "BETTER_AUTH_SECRET_PREVIOUS"),
    ],
)
def test_incomplete_or_weak_rotation_is_refused(
    previous: str | None, until: str | None, setting: str
) -> None:
    chosen = {"strong": make_secret(), "the current one": SECRET}.get(previous or "", previous)
    faults = refusal_of(BETTER_AUTH_SECRET_PREVIOUS=chosen, BETTER_AUTH_SECRET_PREVIOUS_UNTIL=until)
    assert list(faults) == [setting]


def test_representations_of_settings_contain_no_secret() -> None:
    settings = load(BETTER_AUTH_SECRET_PREVIOUS=make_secret(), BETTER_AUTH_SECRET_PREVIOUS_UNTIL=UNTIL)
    assert settings.previous_secret
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert SECRET not in shown
    assert settings.previous_secret.get_secret_value() not in shown
    assert "p4ss-w0rd" not in shown


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        load().leeway_seconds = 60  # type: ignore[misc]


def test_process_environment_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_LEEWAY_SECONDS", "42")
    assert load().leeway_seconds == 10


@pytest.mark.requirement("003/FR-023")
@pytest.mark.parametrize("algorithms", ["EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256"])
def test_key_set_needs_no_secret(algorithms: str) -> None:
    settings = load(BETTER_AUTH_SECRET=None, JWT_ALGORITHMS=algorithms, BETTER_AUTH_URL="https://a.example")
    assert settings.algorithms == (algorithms,)
    assert settings.secret is None
    assert settings.key_set_url == "https://a.example/api/auth/jwks"


@pytest.mark.requirement("003/FR-023")
def test_one_family_may_have_several_algorithms() -> None:
    settings = load(BETTER_AUTH_SECRET=None, JWT_ALGORITHMS="RS256, PS256")
    assert settings.algorithms == ("RS256", "PS256")


@pytest.mark.requirement("003/FR-023")
@pytest.mark.parametrize(
    ("given", "setting", "words"),
    [
        ({"JWT_ALGORITHMS": "none"}, "JWT_ALGORITHMS", "does not sign with"),
        ({"JWT_ALGORITHMS": "None"}, "JWT_ALGORITHMS", "does not sign with"),
        ({"JWT_ALGORITHMS": ""}, "JWT_ALGORITHMS", "does not sign with"),
        ({"JWT_ALGORITHMS": "HS256,"}, "JWT_ALGORITHMS", "does not sign with"),
        ({"JWT_ALGORITHMS": "hs256"}, "JWT_ALGORITHMS", "does not sign with"),
        ({"JWT_ALGORITHMS": "HS384"}, "JWT_ALGORITHMS", "does not sign with"),
        ({"JWT_ALGORITHMS": "HS256,RS256"}, "JWT_ALGORITHMS", "of several families"),
        ({"JWT_ALGORITHMS": "HS256,HS256"}, "JWT_ALGORITHMS", "names an algorithm twice"),
        ({"JWT_ALGORITHMS": "EdDSA,ES256"}, "JWT_ALGORITHMS", "of several families"),
        ({"JWT_ALGORITHMS": "EdDSA"}, "BETTER_AUTH_SECRET", "is set, though JWT_ALGORITHMS is EdDSA"),
        ({"JWKS_URL": "https://a.example/jwks"}, "JWKS_URL", "is set, though JWT_ALGORITHMS is HS256"),
        ({"BETTER_AUTH_SECRET": None}, "BETTER_AUTH_SECRET", "is missing"),
    ],
)
def test_settings_for_both_token_modes_are_refused(
    given: dict[str, str | None], setting: str, words: str
) -> None:
    faults = refusal_of(**given)
    assert list(faults) == [setting]
    assert words in faults[setting]


@pytest.mark.requirement("003/FR-023")
@pytest.mark.parametrize("secret", ["short", "", "a" * 40])
def test_message_for_a_secret_beside_a_key_set_says_to_unset_it(secret: str) -> None:
    faults = refusal_of(BETTER_AUTH_SECRET=secret, JWT_ALGORITHMS="EdDSA", DATABASE_URL=None)
    assert list(faults) == ["BETTER_AUTH_SECRET", "DATABASE_URL"]
    assert "is set, though JWT_ALGORITHMS is EdDSA: unset it here" in faults["BETTER_AUTH_SECRET"]


@pytest.mark.requirement("003/FR-023")
def test_previous_secret_beside_a_key_set_is_refused() -> None:
    faults = refusal_of(
        BETTER_AUTH_SECRET=None,
        JWT_ALGORITHMS="ES256",
        BETTER_AUTH_SECRET_PREVIOUS=make_secret(),
        BETTER_AUTH_SECRET_PREVIOUS_UNTIL=UNTIL,
    )
    assert list(faults) == ["BETTER_AUTH_SECRET_PREVIOUS"]


@pytest.mark.requirement("003/FR-025")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://auth.example/jwks", "http beyond this machine"),
        ("http://10.0.0.1/jwks", "http beyond this machine"),
        ("http://localhost.example/jwks", "http beyond this machine"),
        ("file:///etc/passwd", "no URL of a key set"),
        ("ftp://a.example/jwks", "no URL of a key set"),
        ("https://user@a.example/jwks", "no URL of a key set"),
        ("https:///jwks", "no URL of a key set"),
        ("https://a.example/jwks#keys", "no URL of a key set"),
        ("https://:p4ss@a.example/jwks", "no URL of a key set"),
        ("https://a.example:abc/jwks", "no URL of a key set"),
        ("https://a.example:99999/jwks", "no URL of a key set"),
        ("https://a.example:0/jwks", "no URL of a key set"),
        ("https://a ex.ample/jwks", "no URL of a key set"),
        (" https://a.example/jwks ", "no URL of a key set"),
        ("https://a.example/j\x00wks", "no URL of a key set"),
        ("jwks", "no URL of a key set"),
    ],
)
def test_key_set_url_must_be_https_or_loopback(url: str, words: str) -> None:
    faults = refusal_of(BETTER_AUTH_SECRET=None, JWT_ALGORITHMS="EdDSA", JWKS_URL=url)
    assert list(faults) == ["JWKS_URL"]
    assert words in faults["JWKS_URL"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.9", "[::1]"])
def test_key_set_url_on_loopback_may_be_http(host: str) -> None:
    url = f"http://{host}:3000/api/auth/jwks"
    settings = load(BETTER_AUTH_SECRET=None, JWT_ALGORITHMS="EdDSA", JWKS_URL=url)
    assert settings.key_set_url == url


@pytest.mark.requirement("003/FR-025")
def test_better_auth_url_must_be_https_in_key_set_mode() -> None:
    faults = refusal_of(
        BETTER_AUTH_SECRET=None, JWT_ALGORITHMS="EdDSA", BETTER_AUTH_URL="http://auth.example"
    )
    assert list(faults) == ["BETTER_AUTH_URL"]


def test_all_missing_settings_are_listed_at_once() -> None:
    assert list(refusal_of(BETTER_AUTH_SECRET=None, DATABASE_URL=None)) == [
        "BETTER_AUTH_SECRET",
        "DATABASE_URL",
    ]


@pytest.mark.requirement("003/FR-037")
@pytest.mark.parametrize(
    ("address", "is_accepted"),
    [
        ("postgresql://u:p@db.example.org/tasks", False),
        ("postgresql://u:p@db.example.org/tasks?sslmode=disable", False),
        ("postgresql://u:p@db.example.org/tasks?sslmode=prefer", False),
        ("postgresql://u:p@10.0.0.1/tasks", False),
        ("postgresql://u:p@/tasks?host=db.example.org", False),
        ("postgresql://u:p@localhost/tasks?host=db.example.org", False),
        ("postgresql://u:p@127.0.0.1/tasks?host=db.example.org&sslmode=disable", False),
        ("postgresql://u:p@localhost/tasks?hostaddr=203.0.113.9", False),
        ("postgresql://u:p@/tasks?hostaddr=203.0.113.9", False),
        ("postgresql://u:p@/tasks?host=/run/postgresql&hostaddr=::1,203.0.113.9", False),
        ("postgresql://u:p@/tasks?host=localhost,db.example.org", False),
        ("postgresql://u:p@/tasks?host=localhost:1&host=db.example.org:2", False),
        ("postgresql://u:p@/tasks?host=@db.example.org", False),
        ("postgresql://u:p@db.example.org/tasks?sslmode=require", True),
        ("postgresql://u:p@db.example.org/tasks?sslmode=verify-full", True),
        ("postgresql://u:p@127.0.0.1/tasks", True),
        ("postgresql://u:p@[::1]/tasks", True),
        ("postgresql://u:p@localhost:5433/tasks", True),
        ("postgresql://u:p@/tasks?host=/var/run/postgresql", True),
        ("postgresql:///tasks", True),
        ("postgresql://u:p@db.example.org/tasks?host=localhost", True),
        ("postgresql://u:p@/tasks?host=localhost,/run/postgresql&port=1,2", True),
        ("postgresql://u:p@localhost/tasks?hostaddr=127.0.0.1", True),
        ("postgresql://u:p@/tasks?host=a.example,b.example&sslmode=verify-full", True),
        ("postgresql://u:p@localhost/tasks?passfile=/run/secrets/pgpass", True),
    ],
)
def test_database_url_beyond_this_machine_requires_tls(address: str, *, is_accepted: bool) -> None:
    if is_accepted:
        assert load(DATABASE_URL=address).database_url.get_secret_value().endswith(address[12:])
    else:
        assert "without TLS: add ?sslmode=require" in refusal_of(DATABASE_URL=address)["DATABASE_URL"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql:///tasks?service=production", "names a service"),
        ("postgresql://u:p@localhost/tasks?service=production", "names a service"),
        ("postgresql://u:s3cret\udcff@localhost/tasks", "is not UTF-8"),
        ("postgresql://u:s3cret%00@db.example.org/tasks?sslmode=require", "contains a NUL"),
        ("postgresql://u:s3cret@localhost/tasks?row_factory=x", "an option that libpq does not know"),
        ("postgresql://u:s3cret@localhost/tasks?autocommit=1", "an option that libpq does not know"),
        ("postgresql://u:s3cret@localhost/tasks?plugin=x", "an option that libpq does not know"),
        ("postgresql://u:s3cret@localhost/tasks?sslmode=require&sslmode=disable", "an option twice"),
        ("postgresql://u:s3cret@/tasks?host=a,b&port=1,2,3", "is no URL of PostgreSQL"),
        ("postgresql://u:s3cret@/tasks?port=abc", "is no URL of PostgreSQL"),
    ],
)
def test_database_url_that_the_driver_refuses_is_refused_at_the_start(address: str, words: str) -> None:
    said = refusal_of(DATABASE_URL=address)["DATABASE_URL"]
    assert words in said
    assert "s3cret" not in said
    with pytest.raises(ConfigurationError, match=words):
        read_database_url({"DATABASE_URL": address})


@pytest.mark.requirement("003/FR-037")
@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:p@/tasks?host=ep-x-pooler.neon.tech&sslmode=require",
        "postgresql://u:p@ep-x.neon.tech/tasks?host=ep-x-pooler.neon.tech&sslmode=require",
        "postgresql://u:p@/tasks?host=ep-x.neon.tech,ep-x-POOLER.neon.tech&sslmode=require",
    ],
)
def test_host_of_a_pooler_is_found_in_every_part_of_the_url(address: str) -> None:
    assert "pooler's host" in refusal_of(DATABASE_DIRECT_URL=address)["DATABASE_DIRECT_URL"]


@pytest.mark.requirement("003/FR-037")
def test_migrations_use_the_direct_url_and_refuse_a_pooler() -> None:
    pooled = "postgresql://u:p@ep-x-pooler.eu.example.org/tasks?sslmode=require"
    direct = "postgresql://u:p@ep-x.eu.example.org/tasks?sslmode=require"
    assert load(DATABASE_URL=pooled, DATABASE_DIRECT_URL=direct).database_direct_url
    assert "ep-x.eu" in read_database_url({"DATABASE_URL": pooled, "DATABASE_DIRECT_URL": direct})
    assert "pooler's host" in refusal_of(DATABASE_DIRECT_URL=pooled)["DATABASE_DIRECT_URL"]
    for environ in ({"DATABASE_URL": pooled}, {"DATABASE_URL": direct, "DATABASE_DIRECT_URL": pooled}):
        with pytest.raises(ConfigurationError, match="pooler's host"):
            read_database_url(environ)


@pytest.mark.parametrize(
    "setting",
    ["JWT_MAX_AGE_SECONDS", "JWKS_REFRESH_SECONDS", "JWKS_COOLDOWN_SECONDS", "JWKS_TIMEOUT_SECONDS"],
)
def test_time_limit_of_zero_is_refused(setting: str) -> None:
    assert list(refusal_of(**{setting: "0"})) == [setting]


@pytest.mark.parametrize("url", ["https://a.example:abc", "https://a.example:99999", "http://a\x00b"])
def test_better_auth_url_with_an_invalid_port_or_host_is_refused(url: str) -> None:
    assert "is no origin" in refusal_of(BETTER_AUTH_URL=url)["BETTER_AUTH_URL"]
