"""The published examples of the JOSE RFCs, verified without a look at the claims."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from backend.core.errors import TokenInvalidError
from backend.core.keys.algorithms import ALGORITHMS as ALL_ALGORITHMS
from backend.core.keys.jwk import UnusableKeyError, read_key
from backend.core.security import KeySet, VerifiedJws, make_keys, verify_jws
from backend.testing.key_pair import ALGORITHMS, encode
from tests.support.key_sets import pair

NOW = 1_800_000_000.0
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[4] / "vectors" / "jws.json").read_text())
VALID = [vector for vector in VECTORS if vector["valid"]]
# The order of the group, SEC 2 §2.4.2.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def verify(vector: dict[str, Any], jws: str, *algorithms: str) -> VerifiedJws:
    accepted = algorithms or (vector["algorithm"],)
    return verify_jws(jws, KeySet(make_keys([read_key(vector["key"], accepted)]), accepted), NOW)


def name(vector: dict[str, Any]) -> str:
    return str(vector["source"])


@pytest.mark.requirement("003/FR-002", "003/FR-034")
@pytest.mark.parametrize("vector", VALID, ids=name)
def test_published_example_is_verified(vector: dict[str, Any]) -> None:
    jws = verify(vector, vector["jws"])
    assert encode(jws.payload) == vector["payload"]
    assert jws.header["alg"] == vector["algorithm"]


@pytest.mark.requirement("003/FR-002")
@pytest.mark.parametrize("vector", [vector for vector in VECTORS if not vector["valid"]], ids=name)
def test_published_example_of_another_serialization_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalidError):
        verify(vector, vector["jws"])


@pytest.mark.requirement("003/FR-002")
@pytest.mark.parametrize("vector", VALID, ids=name)
def test_changed_published_example_is_refused(vector: dict[str, Any]) -> None:
    header, payload, signature = vector["jws"].split(".")
    changed = [
        *(f"{header}.{payload}.{flip(signature, place)}" for place in (0, len(signature) // 2, -1)),
        *(f"{header}.{flip(payload, place)}.{signature}" for place in (0, len(payload) // 2, -1)),
        *(f"{flip(header, place)}.{payload}.{signature}" for place in (0, len(header) // 2, -1)),
        *(f"{header}.{payload}.{other}" for other in ("", signature[:-1], signature + "A", signature * 2)),
        *(f"{header}.{payload}.{signature}{tail}" for tail in ("=", "==", " ", "\n", "?", ".", ".foo", "!")),
        *(f"{head}{header}.{payload}.{signature}" for head in (" ", "?", ".", "#", "=")),
        f"{header}.?{payload}.{signature}",
        f"{header} .{payload}.{signature}",
        f"{header}. {payload}.{signature}",
        f"{header}.{payload}. {signature}",
        f"{header}.{payload}",
        f"{header}.{signature}",
        f"{payload}.{signature}",
        f".{payload}.{signature}",
        f"{header}..{signature}",
        f".{payload}.",
        f"{header}.{payload}.{signature}".swapcase(),
        json.dumps({"protected": header, "payload": payload, "signature": signature}),
        *(f"{rename(header, alg)}.{payload}.{signature}" for alg in ("none", "nOnE", "HS256", "ES256")),
        f"{rename(header, 'none')}.{payload}.",
    ]
    for jws in changed:
        if jws == vector["jws"]:
            continue
        with pytest.raises(TokenInvalidError):
            verify(vector, jws)


def flip(part: str, place: int) -> str:
    position = place % len(part)
    other = "B" if part[position] == "A" else "A"
    return part[:position] + other + part[position + 1 :]


def rename(header: str, algorithm: str) -> str:

    members = json.loads(base64.urlsafe_b64decode(header + "=="))
    return encode(json.dumps({**members, "alg": algorithm}).encode())


@pytest.mark.requirement("003/FR-002", "003/FR-024")
@pytest.mark.parametrize("vector", VALID, ids=name)
def test_published_example_is_refused_with_every_other_algorithm(vector: dict[str, Any]) -> None:
    for algorithm in ALL_ALGORITHMS:
        if algorithm != vector["algorithm"]:
            with pytest.raises((UnusableKeyError, TokenInvalidError)):
                verify(vector, vector["jws"], algorithm)


@pytest.mark.requirement("003/FR-002")
@pytest.mark.parametrize(
    ("r", "s"), list(itertools.product([0, 1, P256_ORDER - 1, P256_ORDER, 2**256 - 1], repeat=2))
)
def test_ecdsa_signature_with_degenerate_values_is_refused(r: int, s: int) -> None:
    key = read_key(pair("ES256").public, ("ES256",))
    header = encode(json.dumps({"alg": "ES256", "kid": key.key_id}).encode())
    signature = encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    with pytest.raises(TokenInvalidError):
        verify_jws(f"{header}.Zm9v.{signature}", KeySet(make_keys([key]), ("ES256",)), NOW)


@pytest.mark.requirement("003/FR-002")
@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_rsa_signature_without_its_leading_zero_is_refused(algorithm: str) -> None:
    made = pair(algorithm)
    keys = KeySet(make_keys([read_key(made.public, (algorithm,))]), (algorithm,))
    header = encode(json.dumps({"alg": algorithm, "kid": made.key_id}).encode())
    messages = (f"{header}.{encode(str(number).encode())}" for number in itertools.count())
    # One signature in 256 begins with a zero byte.
    message, signature = next(
        (message, signature)
        for message in messages
        if (signature := made.sign(message.encode())).startswith(b"\x00")
    )
    assert verify_jws(f"{message}.{encode(signature)}", keys, NOW)
    with pytest.raises(TokenInvalidError):
        verify_jws(f"{message}.{encode(signature[1:])}", keys, NOW)


@pytest.mark.requirement("003/FR-002", "003/FR-024")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_signature_of_another_length_is_refused(algorithm: str) -> None:
    made = pair(algorithm)
    keys = KeySet(make_keys([read_key(made.public, (algorithm,))]), (algorithm,))
    message = f"{encode(json.dumps({'alg': algorithm, 'kid': made.key_id}).encode())}.Zm9v"
    signature = made.sign(message.encode())
    assert verify_jws(f"{message}.{encode(signature)}", keys, NOW).payload == b"foo"
    half = len(signature) // 2
    padded = b"\x00" + signature[:half] + b"\x00" + signature[half:]
    for other in (signature[:-1], signature[1:], signature + b"\x00", b"\x00" + signature, padded, b"\x00"):
        with pytest.raises(TokenInvalidError):
            verify_jws(f"{message}.{encode(other)}", keys, NOW)
