/** The tokens for the API, in both modes: who signs them, and what they carry. */
import { jwt, type JwtOptions } from "better-auth/plugins";
import { SignJWT } from "jose";
import type { Settings } from "./settings";

// The most that a verifier may allow clocks to differ (JWT_LEEWAY_SECONDS).
const LONGEST_LEEWAY_SECONDS = 60;

/** Issue tokens at /api/auth/token, signed as the mode says. */
export function issueTokens(settings: Settings) {
  return jwt(settings.tokenMode === "shared-secret" ? signWithSecret(settings) : signWithKeyPair(settings));
}

/** HS256 with the shared secret: Better Auth ignores `algorithm: "HS256"`, so the signer is our own. */
function signWithSecret(settings: Settings): JwtOptions {
  const key = new TextEncoder().encode(settings.secret);
  return {
    disableSettingJwtHeader: true,
    // Better Auth demands both once there is a signer, and uses neither.
    jwks: { remoteUrl: "https://unused.invalid/jwks", keyPairConfig: { alg: "ES256" } },
    jwt: {
      ...describeClaims(settings),
      sign: (payload, header) =>
        new SignJWT(payload).setProtectedHeader({ ...header, alg: "HS256", typ: "JWT" }).sign(key),
    },
  };
}

/** EdDSA with key pairs that Better Auth makes, rotates and publishes at /api/auth/jwks. */
function signWithKeyPair(settings: Settings): JwtOptions {
  return {
    disableSettingJwtHeader: true,
    jwks: {
      keyPairConfig: { alg: "EdDSA", crv: "Ed25519" },
      rotationInterval: settings.keyRotationSeconds,
      // A key stays published until the last token that it signed has ended.
      gracePeriod: settings.tokenLifetimeSeconds + LONGEST_LEEWAY_SECONDS,
    },
    jwt: describeClaims(settings),
  };
}

/** iss, aud, iat, exp, sub and sid: without `definePayload` the whole user row would be in the token. */
function describeClaims(settings: Settings): NonNullable<JwtOptions["jwt"]> {
  return {
    issuer: settings.origin,
    audience: settings.audience,
    expirationTime: `${settings.tokenLifetimeSeconds}s`,
    definePayload: ({ session }) => ({ sid: session.id }),
  };
}
