/** The tokens for the API: how they are signed, and their claims. */
import { jwt, type JwtOptions } from "better-auth/plugins";
import { SignJWT } from "jose";
import type { Settings } from "./settings";

// The largest JWT_LEEWAY_SECONDS that the service accepts.
const LONGEST_LEEWAY_SECONDS = 60;

/** The Better Auth plugin that issues tokens at /api/auth/token, signed as `TOKEN_MODE` says. */
export function issueTokens(settings: Settings) {
  return jwt(settings.tokenMode === "shared-secret" ? signWithSecret(settings) : signWithKeyPair(settings));
}

/** HS256 with the shared secret. Better Auth ignores `algorithm: "HS256"`, so this uses a custom signer. */
function signWithSecret(settings: Settings): JwtOptions {
  const key = new TextEncoder().encode(settings.secret);
  return {
    disableSettingJwtHeader: true,
    // Better Auth requires both if there is a custom signer, and uses neither.
    jwks: { remoteUrl: "https://unused.invalid/jwks", keyPairConfig: { alg: "ES256" } },
    jwt: {
      ...describeClaims(settings),
      sign: (payload, header) =>
        new SignJWT(payload).setProtectedHeader({ ...header, alg: "HS256", typ: "JWT" }).sign(key),
    },
  };
}

/** EdDSA with key pairs that Better Auth creates, rotates and publishes at /api/auth/jwks. */
function signWithKeyPair(settings: Settings): JwtOptions {
  return {
    disableSettingJwtHeader: true,
    jwks: {
      keyPairConfig: { alg: "EdDSA", crv: "Ed25519" },
      rotationInterval: settings.keyRotationSeconds,
      // A key stays published until the last token that it signed has expired.
      gracePeriod: settings.tokenLifetimeSeconds + LONGEST_LEEWAY_SECONDS,
    },
    jwt: describeClaims(settings),
  };
}

/** The claims iss, aud, iat, exp, sub and sid. Without `definePayload`, the token would contain the user row. */
function describeClaims(settings: Settings): NonNullable<JwtOptions["jwt"]> {
  return {
    issuer: settings.origin,
    audience: settings.audience,
    expirationTime: `${settings.tokenLifetimeSeconds}s`,
    definePayload: ({ session }) => ({ sid: session.id }),
  };
}
