"""Identities: minted tokens, tokens of the environment, and logins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from specwitness.errors import ConfigError, TargetError
from specwitness.fuzz.http.client import Client
from specwitness.fuzz.http.message import Request, Response
from specwitness.fuzz.users import jose
from specwitness.fuzz.users.identity import Mint, UnfitKey
from specwitness.fuzz.users.login import Login
from specwitness.fuzz.users.settings import read_provider
from tests.services.scripted import ScriptedTransport

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "a-secret-of-tests-that-is-long-enough"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUZZ_SECRET", SECRET)


def test_mint_signs_the_claims_of_its_table() -> None:
    table = {"secret": "env:FUZZ_SECRET", "issuer": "i", "audience": "a", "subjects": ["u1", "u2"]}
    mint = read_provider({"mint": table})
    assert isinstance(mint, Mint)
    bob = mint.identify("bob")
    assert bob is not None
    token = jose.split(bob.token or "")
    assert token is not None
    assert {name: token.claims[name] for name in ("sub", "iss", "aud")} == {
        "sub": "u2",
        "iss": "i",
        "aud": "a",
    }
    signed = f"{token.header}.{token.payload}".encode()
    assert jose.decode(token.signature) == jose.make_signature(signed, "HS256", SECRET.encode())


def test_mint_reads_leeway_maximum_age_and_unfit_keys() -> None:
    unfit = [{"key": "env:FUZZ_SECRET", "why": "was withdrawn", "algorithm": "HS256", "kid": "old"}]
    table = {"secret": "env:FUZZ_SECRET", "leeway": 5, "maximum_age": 60, "unfit": unfit}
    mint = read_provider({"mint": table})
    assert isinstance(mint, Mint)
    assert (mint.leeway, mint.maximum_age) == (5, 60)
    assert mint.unfit == (UnfitKey(SECRET, "was withdrawn", "HS256", "old"),)
    assert SECRET not in repr(mint)


def test_token_is_read_from_the_environment() -> None:
    provider = read_provider({"tokens": {"alice": "env:FUZZ_SECRET"}})
    alice = provider.identify("alice", Client(ScriptedTransport()))
    assert alice is not None
    assert (alice.token, provider.identify("bob", Client(ScriptedTransport()))) == (SECRET, None)
    assert SECRET not in repr(alice)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "the table needs exactly one of"),
        ({"mint": {}, "tokens": {}}, "the table needs exactly one of"),
        ({"mint": {"secret": "in-clear"}}, "a secret may not stand in the configuration"),
        ({"mint": {"secret": "env:NOT_SET_ANYWHERE"}}, "the environment has no NOT_SET_ANYWHERE"),
        ({"mint": {"secret": "env:FUZZ_SECRET", "isuer": "x"}}, "there is no setting isuer"),
        (
            {"mint": {"secret": "env:FUZZ_SECRET", "algorithm": "ES256"}},
            "the key of the mint does not fit ES256",
        ),
        (
            {"mint": {"secret": "env:FUZZ_SECRET", "unfit": [{"key": "env:FUZZ_SECRET"}]}},
            "an unfit key needs `key` and `why`",
        ),
        (
            {"mint": {"secret": "env:FUZZ_SECRET", "unfit": [{"key": "in-clear", "why": "is old"}]}},
            "a secret may not stand in the configuration",
        ),
        (
            {"mint": {"secret": "env:FUZZ_SECRET", "unfit": [{"key": "env:FUZZ_SECRET", "why": "is old"}]}},
            "the key of the mint does not fit RS256",
        ),
        ({"login": {"path": "/login"}}, "a login needs `path` and `bodies`"),
        ({"tokens": {"bob": "env:FUZZ_SECRET"}}, "there is no token of alice"),
    ],
)
def test_unusable_table_is_refused_with_reason_and_remedy(table: dict[str, Any], message: str) -> None:
    with pytest.raises((ConfigError, TargetError)) as caught:
        read_provider(table)
    assert message in str(caught.value)
    assert caught.value.remedy


def login() -> Login:
    return Login("/login", {"alice": {"name": "a", "password": "p"}}, token="/data/token", subject="/data/id")


def test_login_reads_token_and_subject_by_pointer() -> None:
    transport = ScriptedTransport(Response(200, {}, b'{"data": {"token": "t", "id": 7}}'))
    alice = login().identify("alice", Client(transport))
    assert alice is not None
    assert (alice.token, alice.subject) == ("t", "7")
    assert transport.requests[0].body == b'{"name": "a", "password": "p"}'


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Response(401), "alice cannot log in: POST /login answered 401"),
        (Response(200, {}, b"{}"), "has nothing at /data/token"),
        (Response(200, {}, b'{"data": {"token": "t"}}'), "has nothing at /data/id"),
    ],
)
def test_login_that_fails_makes_the_run_invalid(answer: Response, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        login().identify("alice", Client(ScriptedTransport(answer)))


MAKERS: dict[str, Callable[[], jose.Key]] = {
    "HS256": lambda: b"x" * 32,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("algorithm", MAKERS)
def test_token_is_verified_by_pyjwt(algorithm: str) -> None:
    key = MAKERS[algorithm]()
    token = str(jose.sign(jose.dump({"alg": algorithm}), b'{"sub":"a"}', algorithm, key))
    public = jose.public_pem(key)
    assert jwt.decode(token, public or b"x" * 32, algorithms=[algorithm]) == {"sub": "a"}
    other = jose.make_key(algorithm)
    assert other is not None
    forged = str(jose.sign(jose.dump({"alg": algorithm}), b'{"sub":"a"}', algorithm, other))
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, public or b"x" * 32, algorithms=[algorithm])


def test_login_is_sent_to_a_service_on_another_machine() -> None:
    transport = ScriptedTransport(Response(200, {}, b'{"data": {"token": "t", "id": 7}}'), is_remote=True)
    assert login().identify("alice", Client(transport)) is not None
    with pytest.raises(TargetError):
        Client(transport).send(Request("POST", "/notes"))
