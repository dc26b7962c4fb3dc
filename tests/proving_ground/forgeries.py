"""Makes wrong tokens, as an attacker does who may even hold the right key."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from tests.proving_ground.tokens import (
    ES256_NUMBER_BYTES,
    encode,
    encode_json,
    load_private_key,
    make_private_key,
    make_signature,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.tokens import Mint


def with_header(mint: Mint, now: float, **members: Any) -> str:
    """Make a right token with other header members; None takes one away."""
    header = _change(mint.header(), members)
    return mint.sign(encode_json(header), encode_json(mint.payload("alice", now)))


def with_claims(mint: Mint, now: float, **claims: Any) -> str:
    """Make a right token with other claims; None takes one away."""
    payload = _change(mint.payload("alice", now), claims)
    return mint.sign(encode_json(mint.header()), encode_json(payload))


def with_payload(mint: Mint, data: bytes) -> str:
    """Make a right signature over a payload of any bytes."""
    return mint.sign(encode_json(mint.header()), encode(data))


def with_signature(mint: Mint, now: float, change: Callable[[str], str]) -> str:
    """Make a right token and change its last segment."""
    signed, _, signature = mint.token("alice", now).rpartition(".")
    return f"{signed}.{change(signature)}"


def sign_otherwise(mint: Mint, now: float, algorithm: Any, key: str, **members: Any) -> str:
    """Make a token of another algorithm and key, with other header members."""
    header = encode_json({**mint.header(), "alg": algorithm, **members})
    payload = encode_json(mint.payload("alice", now))
    return f"{header}.{payload}.{encode(make_signature(algorithm, key, f'{header}.{payload}'.encode()))}"


def unsigned(mint: Mint, now: float, algorithm: str) -> str:
    """Make a token without a signature."""
    header = encode_json({**mint.header(), "alg": algorithm})
    return f"{header}.{encode_json(mint.payload('alice', now))}."


def with_own_key(mint: Mint, now: float) -> str:
    """Make a token signed by a key of the attacker's, which its header brings along."""
    key = make_private_key("ES256")
    return sign_otherwise(mint, now, "ES256", key, jwk=_write_jwk(key))


def with_key_at_address(mint: Mint, now: float) -> str:
    """Make a token whose header names the address of the attacker's keys; the address holds them itself."""
    key = make_private_key("ES256")
    document = json.dumps({"keys": [_write_jwk(key)]}).encode()
    address = f"data:application/json;base64,{base64.b64encode(document).decode()}"
    return sign_otherwise(mint, now, "ES256", key, jku=address)


def with_own_certificate(mint: Mint, now: float) -> str:
    """Make a token signed by a key of the attacker's, with a certificate that vouches for it."""
    key = make_private_key("EdDSA")
    chain = [base64.b64encode(_certify(key, serialization.Encoding.DER)).decode()]
    return sign_otherwise(mint, now, "EdDSA", key, x5c=chain)


def with_certificate_at_address(mint: Mint, now: float) -> str:
    """Make a token whose header names the address of the attacker's certificate."""
    key = make_private_key("RS256")
    address = f"data:,{quote(_certify(key, serialization.Encoding.PEM))}"
    return sign_otherwise(mint, now, "RS256", key, x5u=address)


def with_unfit_key(mint: Mint, now: float, switch: str) -> str:
    """Make a token signed by a key of the set that may sign none."""
    (key,) = (attack for attack in mint.unfit if attack.switch == switch)
    return sign_otherwise(mint, now, key.algorithm, key.key, kid=key.kid)


def with_second_algorithm(mint: Mint, now: float) -> str:
    """Make a right token that names two algorithms, the right one last."""
    header = json.dumps(mint.header()).replace("{", '{"alg": "none", ', 1)
    return mint.sign(encode(header.encode()), encode_json(mint.payload("alice", now)))


def with_session(mint: Mint, now: float) -> str:
    """Make the cache of a session, which the right secret signs and which is no token of the API."""
    user = {"id": mint.subjects["alice"]}
    claims = {"session": {"userId": user["id"]}, "user": user, "iat": int(now), "exp": int(now) + 300}
    return with_payload(mint, json.dumps(claims).encode())


def with_header_bytes(mint: Mint, now: float, data: bytes) -> str:
    """Make a right token and put another header before it."""
    token = mint.token("alice", now)
    return encode(data) + token[token.index(".") :]


def with_text(mint: Mint, now: float, member: str, text: str) -> str:
    """Make a right token whose payload holds one more member, spelled as no encoder would."""
    payload = json.dumps(_change(mint.payload("alice", now), {member: None}))
    return with_payload(mint, f'{payload[:-1]}, "{member}": {text}}}'.encode())


def with_second_subject(mint: Mint, now: float) -> str:
    """Make a right token that names two subjects."""
    payload = json.dumps(mint.payload("alice", now))
    return with_payload(mint, f'{payload[:-1]}, "sub": "{mint.subjects["bob"]}"}}'.encode())


def cut(signature: str) -> str:
    """Keep the first half of a signature."""
    data = base64.urlsafe_b64decode(signature + "==")
    return encode(data[: len(data) // 2])


def flip(signature: str) -> str:
    """Change the first letter of a signature."""
    return ("A" if signature[0] != "A" else "B") + signature[1:]


def spare(signature: str) -> str:
    """Set a bit of the last letter that no byte takes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return signature[:-1] + alphabet[alphabet.index(signature[-1]) ^ 1]


def _write_jwk(key: str) -> dict[str, str]:
    private = load_private_key(key)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    numbers = private.public_key().public_numbers()
    x, y = (encode(entry.to_bytes(ES256_NUMBER_BYTES, "big")) for entry in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _certify(key: str, encoding: serialization.Encoding) -> bytes:
    private = load_private_key(key)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "attacker")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=private.public_key(),
        serial_number=1,
        not_valid_before=now,
        not_valid_after=now + timedelta(days=1),
    )
    digest = None if isinstance(private, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(private, digest).public_bytes(encoding)


def _change(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    changed = {**members, **changes}
    return {name: value for name, value in changed.items() if value is not None}
