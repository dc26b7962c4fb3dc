"""Chooses the keys that a token may be signed with, and the faults that the choice can have."""

from __future__ import annotations

import base64
import json
import os.path
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.proving_ground.claims import TokenError
from tests.proving_ground.tokens import DIGESTS, load_private_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.model import Faults
    from tests.proving_ground.tokens import Mint

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
KEY_FOLDER = "/srv/keys"
FETCH_SECONDS = 5


def check_key_id(header: dict[str, Any], mint: Mint, faults: Faults) -> None:
    """Check that a token names the key of the mint, where its tokens name one.

    Raises:
        TokenError: It names another one.
    """
    if faults.has("jku-fetched") and "jku" in header:
        _fetch(header["jku"])
    name = header.get("kid")
    if faults.has("kid-type-crash"):
        # What a set of known names does with a list.
        hash(name)
    is_looked_up = faults.has("kid-path") or faults.has("kid-sql") or faults.has("kid-ignored")
    is_unfit = any(attack.kid == name and faults.has(attack.switch) for attack in mint.unfit)
    if name != mint.kid and not is_looked_up and not is_unfit:
        raise TokenError("names an unknown key")


def list_secrets(header: dict[str, Any], mint: Mint, faults: Faults) -> list[bytes]:
    """List the secrets that a token of an HMAC algorithm may be signed with."""
    # The confusion of algorithms takes what everybody knows for a secret.
    secrets = [mint.key.encode() if mint.algorithm in DIGESTS else mint.public_key().encode()]
    if faults.has("empty-secret"):
        secrets.append(b"")
    if faults.has("weak-secret"):
        secrets.append(b"secret")
    name = header.get("kid")
    if faults.has("kid-path") and name is not None:
        secrets.append(_read_key_file(str(name)))
    if faults.has("kid-sql") and name is not None:
        secrets.append(_select_key(str(name)))
    return secrets


def find_public_key(header: dict[str, Any], mint: Mint, faults: Faults) -> PublicKey:
    """Find the key that a token of another algorithm is verified with."""
    for member, read in BROUGHT.items():
        if member in header and faults.has(f"{member}-trusted"):
            return read(header[member])
    for attack in mint.unfit:
        if attack.kid == header.get("kid") and faults.has(attack.switch):
            return load_private_key(attack.key).public_key()
    return load_private_key(mint.key).public_key()


def _read_key_file(name: str) -> bytes:
    try:
        return Path(os.path.normpath(f"{KEY_FOLDER}/{name}")).read_bytes()
    except (OSError, ValueError) as error:
        raise TokenError("names an unknown key") from error


def _select_key(name: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table keys (kid text, secret text)")
        try:
            row = database.execute(f"select secret from keys where kid = '{name}'").fetchone()  # noqa: S608  # the fault
        except sqlite3.Error as error:
            raise TokenError("names an unknown key") from error
    if row is None:
        raise TokenError("names an unknown key")
    return str(row[0]).encode()


def _read_jwk(jwk: dict[str, str]) -> PublicKey:
    x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=="), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _fetch(address: str) -> bytes:
    try:
        with urlopen(address, timeout=FETCH_SECONDS) as answer:  # noqa: S310  # the fault: any address is fetched
            data: bytes = answer.read()
    except OSError as error:
        raise TokenError("names a key that is not there") from error
    return data


def _fetch_key_set(address: str) -> PublicKey:
    return _read_jwk(json.loads(_fetch(address))["keys"][0])


def _fetch_certificate(address: str) -> PublicKey:
    return _read_certificate(x509.load_pem_x509_certificate(_fetch(address)))


def _read_chain(chain: list[str]) -> PublicKey:
    return _read_certificate(x509.load_der_x509_certificate(base64.b64decode(chain[0])))


def _read_certificate(certificate: x509.Certificate) -> PublicKey:
    key = certificate.public_key()
    if not isinstance(key, PublicKey):
        raise TokenError("brings a key that signs no tokens")
    return key


BROUGHT: dict[str, Callable[[Any], PublicKey]] = {
    "jwk": _read_jwk,
    "jku": _fetch_key_set,
    "x5c": _read_chain,
    "x5u": _fetch_certificate,
}
