"""Measures the time to verify a token: this verifier, other libraries, and the bare signature."""

from __future__ import annotations

import base64
import hmac
import json
import statistics
import time
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt as pyjwt
from authlib.deprecate import AuthlibDeprecationWarning
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from fastapi_betterauth import BetterAuth
from jose import jwt as python_jose
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

from backend.core.errors import AuthenticationError
from backend.core.identity.verified_tokens import TokenCache
from backend.core.keys.jwk import read_key
from backend.core.security import KeySet, TokenKeys, VerificationKey, make_keys, make_shared_key
from backend.core.tokens.claims import Expectation
from backend.testing.issuer import Issuer, make_secret
from backend.testing.key_pair import KeyPair, encode, make_key_pair
from backend.testing.key_server import KeyServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

with warnings.catch_warnings():
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # its users get the warning, too
    from authlib.jose import JsonWebKey, JsonWebToken

ORIGIN = "https://auth.example"
ROUNDS = 11
TOKENS_A_ROUND = {"HS256": 400, "ES256": 120, "RS256": 200, "EdDSA": 100}
OURS, FLOOR = "this verifier", "stdlib floor"
BARE, SODIUM = "bare signature of cryptography", "bare signature of libsodium"
PEERS = ("PyJWT", "joserfc", "authlib", "python-jose", "fastapi-betterauth")

PAIRS_OF_BRACKETS = b'{"a":[' + b"{}," * 1980 + b"{}]}"
# Brackets in strings, which are no nesting.
BRACKETS_IN_STRINGS = b"[" + b'"[",' * 1450 + b"1]"


class Figures(NamedTuple):
    """The medians of all rounds, in microseconds per token.

    Attributes:
        cold: Every token is new.
        warm: The same token is verified again and again.
    """

    cold: dict[str, float]
    warm: dict[str, float]


def measure() -> dict[str, Any]:
    """Measure all algorithms.

    Returns:
        By algorithm: the median times, the ratios to the other libraries (medians over the rounds), and
        the share of this verifier's time that is not the signature. Also the times of bad tokens.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other libraries emit deprecation warnings
        return {
            "rounds": ROUNDS,
            "algorithms": {algorithm: _measure_algorithm(algorithm) for algorithm in TOKENS_A_ROUND},
            "worst_refused_token": _measure_worst(),
        }


def _measure_algorithm(algorithm: str) -> dict[str, Any]:
    key: str | KeyPair = make_secret() if algorithm == "HS256" else make_key_pair(algorithm)
    issuer = Issuer(key, ORIGIN, ORIGIN)
    with KeyServer(*([key] if isinstance(key, KeyPair) else [])) as server:
        contestants = _make_contestants(key, algorithm, server.url)
        cold = _run(contestants, lambda: [issuer.token() for _ in range(TOKENS_A_ROUND[algorithm])])
        token = issuer.token()
        warm = _run(contestants, lambda: [token] * TOKENS_A_ROUND[algorithm])
    figures: dict[str, Any] = {
        "cold_microseconds": {name: round(statistics.median(times), 2) for name, times in cold.items()},
        "warm_microseconds": {name: round(statistics.median(times), 2) for name, times in warm.items()},
        "cold_ratio": {name: _ratio(cold, name) for name in cold if name != OURS},
        "warm_ratio": {name: _ratio(warm, name) for name in warm if name != OURS},
    }
    best = min((name for name in PEERS if name in cold), key=lambda name: statistics.median(cold[name]))
    figures["best_peer"] = best
    figures["cold_ratio_best_peer"] = figures["cold_ratio"][best]
    # The library that this verifier itself uses for the signature.
    bare = SODIUM if SODIUM in cold else BARE
    if bare in cold:
        shares = [1 - one / ours for one, ours in zip(cold[bare], cold[OURS], strict=True)]
        figures["not_signature_share"] = round(statistics.median(shares), 3)
    return figures


def _ratio(times: dict[str, list[float]], name: str) -> float:
    pairs = zip(times[OURS], times[name], strict=True)
    return round(statistics.median(ours / other for ours, other in pairs), 3)


def _run(contestants: dict[str, Any], make_tokens: Callable[[], Sequence[str]]) -> dict[str, list[float]]:
    """Time all contestants on the same tokens, in a different order in every round."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(ROUNDS + 1):
        tokens = make_tokens()
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            verify = contestants[name]
            if isinstance(verify, _Bare):
                verify.prepare(tokens)
            start = time.perf_counter()
            for token in tokens:
                verify(token)
            spent = (time.perf_counter() - start) / len(tokens) * 1e6
            if number:  # the first round warms up
                times[name].append(spent)
    return times


def _make_contestants(key: str | KeyPair, algorithm: str, url: str) -> dict[str, Any]:
    expected = Expectation(ORIGIN, ORIGIN, 10)
    verification: tuple[VerificationKey, ...]
    if isinstance(key, str):
        verification = (make_shared_key(key.encode()),)
        public: Any = {"kty": "oct", "k": encode(key.encode())}
        pyjwt_key: Any = key
    else:
        verification = make_keys([read_key(key.public, (algorithm,))])
        public, pyjwt_key = key.public, pyjwt.PyJWK(key.public).key
    keys = TokenKeys(expected, KeySet(verification, (algorithm,)))
    memory = TokenCache(10_000)
    contestants: dict[str, Any] = {
        OURS: lambda token: memory.verify(token, keys, time.time()),
        "PyJWT": _make_pyjwt(pyjwt_key, algorithm),
        "joserfc": _make_joserfc(public, algorithm),
        "authlib": _make_authlib(public, algorithm),
    }
    if algorithm != "EdDSA":  # python-jose does not support it
        jose_key = key if isinstance(key, str) else public
        contestants["python-jose"] = lambda token: python_jose.decode(
            token, jose_key, algorithms=[algorithm], audience=ORIGIN, issuer=ORIGIN
        )
    if isinstance(key, KeyPair):
        better_auth = BetterAuth(
            url.removesuffix("/api/auth/jwks"), algorithms=(algorithm,), issuer=ORIGIN, audience=ORIGIN
        )
        contestants["fastapi-betterauth"] = better_auth.fetch_token
        contestants[BARE] = _Bare(_make_check(read_key(public, (algorithm,)).material, algorithm))
        if algorithm == "EdDSA":
            key_of_ours = verification[0].key
            contestants[SODIUM] = _Bare(lambda signature, message: key_of_ours.verify(message, signature))
    else:
        contestants[FLOOR] = _make_floor(key.encode())
    return contestants


def _make_pyjwt(key: Any, algorithm: str) -> Any:
    required: pyjwt.types.Options = {"require": ["iss", "aud", "iat", "exp", "sub"]}
    return lambda token: pyjwt.decode(
        token, key, algorithms=[algorithm], audience=ORIGIN, issuer=ORIGIN, options=required
    )


def _make_joserfc(public: dict[str, Any], algorithm: str) -> Any:
    key = joserfc_jwk.import_key(public)
    claims = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ORIGIN},
        aud={"essential": True, "value": ORIGIN},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )
    return lambda token: claims.validate(joserfc_jwt.decode(token, key, algorithms=[algorithm]).claims)


def _make_authlib(public: dict[str, Any], algorithm: str) -> Any:
    key, reader = JsonWebKey.import_key(public), JsonWebToken([algorithm])
    options = {
        name: {"essential": True, **({"value": ORIGIN} if name in {"iss", "aud"} else {})}
        for name in ("iss", "aud", "exp", "iat", "sub")
    }
    return lambda token: reader.decode(token, key, claims_options=options).validate()


class _Bare:
    """Verifies only the signature, which is decoded beforehand.

    Args:
        check: Takes signature and message; raises or returns False for an invalid signature.
    """

    def __init__(self, check: Callable[[bytes, bytes], object]) -> None:
        self._check = check
        self._decoded: dict[str, tuple[bytes, bytes]] = {}

    def prepare(self, tokens: Sequence[str]) -> None:
        """Decode tokens, before the time is measured."""
        for token in tokens:
            message, _, signature = token.rpartition(".")
            self._decoded[token] = base64.urlsafe_b64decode(signature + "=="), message.encode()

    def __call__(self, token: str) -> None:
        """Verify the signature of a token."""
        if self._check(*self._decoded[token]) is False:
            raise RuntimeError("the signature is invalid: the measurement is invalid")


def _make_check(material: Any, algorithm: str) -> Callable[[bytes, bytes], object]:
    """Return a function that verifies a signature with `cryptography` directly."""
    digest = hashes.SHA256()
    if algorithm == "RS256":
        scheme = padding.PKCS1v15()
        return lambda signature, message: material.verify(signature, message, scheme, digest)
    if algorithm == "ES256":
        ecdsa = ec.ECDSA(digest)

        def check(signature: bytes, message: bytes) -> None:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            material.verify(encode_dss_signature(r, s), message, ecdsa)

        return check
    verify: Callable[[bytes, bytes], object] = material.verify
    return verify


def _make_floor(secret: bytes) -> Any:
    """Return the minimal HS256 verifier: decode, compute the HMAC and parse, without any other check."""

    def verify(token: str) -> Any:
        message, _, signature = token.rpartition(".")
        header, _, payload = message.partition(".")
        json.loads(base64.urlsafe_b64decode(header + "=="))
        mac = hmac.digest(secret, message.encode(), "sha256")
        if not hmac.compare_digest(mac, base64.urlsafe_b64decode(signature + "==")):
            raise RuntimeError("the signature is invalid: the measurement is invalid")
        return json.loads(base64.urlsafe_b64decode(payload + "=="))

    return verify


def _measure_worst() -> dict[str, float]:
    """Time bad tokens of the largest accepted size, and a good token of usual size.

    Returns:
        Microseconds by token, and the slowest as a multiple of the good one.
    """
    secret = make_secret()
    issuer = Issuer(secret, ORIGIN, ORIGIN)
    keys = TokenKeys(Expectation(ORIGIN, ORIGIN, 10), KeySet((make_shared_key(secret.encode()),)))
    members = json.dumps({f"m{number:03}": 0 for number in range(480)}).encode()
    quotes = b"[" * 40 + b"x" + b'\\"' * 2960
    good_header = encode(b'{"alg":"HS256"}')
    tokens = {
        "good": issuer.token(),
        "dots": "." * 8192,
        "brackets in the header": f"{encode(b'[' * 6000)}.e30.e30",
        "pairs of brackets in the header": f"{encode(PAIRS_OF_BRACKETS)}.e30.e30",
        "brackets in strings in the header": f"{encode(BRACKETS_IN_STRINGS)}.e30.e30",
        "open strings in the header": f"{encode(quotes)}.e30.e30",
        "members in the header": f"{encode(members)}.e30.e30",
        "long payload": f"{good_header}.{'A' * 8124}.{'A' * 43}",
        "signed members": issuer.sign(b'{"alg":"HS256"}', members),
        "signed open strings": issuer.sign(b'{"alg":"HS256"}', quotes),
    }

    def make(token: str) -> Any:
        def verify(_: str) -> None:
            try:
                TokenCache(0).verify(token, keys, time.time())
            except AuthenticationError:
                return

        return verify

    times = _run({name: make(token) for name, token in tokens.items()}, lambda: [""] * 200)
    medians = {name: round(statistics.median(rounds), 2) for name, rounds in times.items()}
    worst = max((name for name in medians if name != "good"), key=medians.__getitem__)
    over = [bad / good for bad, good in zip(times[worst], times["good"], strict=True)]
    return {**medians, "worst_over_good": round(statistics.median(over), 2)}
