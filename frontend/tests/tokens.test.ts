/** The tokens of a real Better Auth, in both modes, checked against contracts/claims.schema.json. */
import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Auth } from "@/lib/auth";
import { Browser, makeAuth, makeSettings, ORIGIN } from "./support";

const AUDIENCE = "https://api.example";
const CLAIMS = ["aud", "exp", "iat", "iss", "sid", "sub"];

interface Schema {
  properties: Record<string, unknown>;
}

const schema = JSON.parse(
  readFileSync(new URL("../../contracts/claims.schema.json", import.meta.url), "utf8"),
) as Schema;

// The service accepts tokens with other claims, but Better Auth must not add any.
const fits: ValidateFunction = new Ajv2020({ strict: true }).compile({
  ...schema,
  additionalProperties: false,
});

function makeSigner(mode: string) {
  const settings = makeSettings({
    TOKEN_MODE: mode,
    API_AUDIENCE: AUDIENCE,
    TOKEN_LIFETIME_SECONDS: "120",
    KEY_ROTATION_SECONDS: "3600",
  });
  const { auth, tables } = makeAuth(settings);
  return { settings, auth, tables, browser: new Browser(auth) };
}

const readKeys = async (auth: Auth) =>
  (await (await new Browser(auth).send("/jwks")).json()) as JSONWebKeySet;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2030, 0, 1), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each(["shared-secret", "jwks"])("in mode %s", (mode) => {
  test("the claims match the contract, and there are no others", async () => {
    const { browser } = makeSigner(mode);
    await browser.signUp("ann@example.com");
    const claims = decodeJwt(await browser.token());
    fits(claims);
    expect(fits.errors).toBeNull();
    expect(Object.keys(claims).sort()).toEqual(CLAIMS);
  });

  test("sub and sid are Better Auth's ids, and the token contains no name or e-mail", async () => {
    const { browser, tables } = makeSigner(mode);
    const id = await browser.signUp("ann@example.com");
    const token = await browser.token();
    expect(decodeJwt(token)).toMatchObject({ sub: id, sid: tables.session[0]?.["id"] });
    const text = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    expect(text).not.toMatch(/ann/i);
  });

  test("issuer, audience and lifetime come from the settings", async () => {
    const { browser } = makeSigner(mode);
    await browser.signUp("ann@example.com");
    const { iss, aud, iat = 0, exp } = decodeJwt(await browser.token());
    expect({ iss, aud, exp }).toEqual({ iss: ORIGIN, aud: AUDIENCE, exp: iat + 120 });
  });

  test("a request without a session gets no token", async () => {
    const { browser } = makeSigner(mode);
    expect((await browser.send("/token")).status).toBe(401);
  });

  test("a request after signing out gets no token", async () => {
    const { browser } = makeSigner(mode);
    await browser.signUp("ann@example.com");
    await browser.send("/sign-out", {});
    expect((await browser.send("/token")).status).toBe(401);
  });

  test("the response to get-session contains no token", async () => {
    const { browser } = makeSigner(mode);
    await browser.signUp("ann@example.com");
    expect((await browser.send("/get-session")).headers.has("set-auth-jwt")).toBe(false);
  });
});

describe("in mode shared-secret", () => {
  test("tokens are signed with HS256 and the bytes of BETTER_AUTH_SECRET", async () => {
    const { browser, settings } = makeSigner("shared-secret");
    await browser.signUp("ann@example.com");
    const token = await browser.token();
    expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256", typ: "JWT" });
    await jwtVerify(token, new TextEncoder().encode(settings.secret), { algorithms: ["HS256"] });
  });

  test("there is no key set", async () => {
    const { browser } = makeSigner("shared-secret");
    expect((await browser.send("/jwks")).status).toBe(404);
  });
});

describe("in mode jwks", () => {
  test("tokens are signed with EdDSA and a published key", async () => {
    const { browser, auth } = makeSigner("jwks");
    await browser.signUp("ann@example.com");
    const token = await browser.token();
    const keys = await readKeys(auth);
    expect(decodeProtectedHeader(token)).toEqual({ alg: "EdDSA", kid: keys.keys[0]?.kid });
    await jwtVerify(token, createLocalJWKSet(keys), { algorithms: ["EdDSA"] });
  });

  test("after a rotation a new key signs, and the old key stays published until its tokens expire", async () => {
    const { browser, auth } = makeSigner("jwks");
    await browser.signUp("ann@example.com");
    const old = decodeProtectedHeader(await browser.token()).kid;
    vi.setSystemTime(Date.now() + 3_600_001);
    const young = decodeProtectedHeader(await browser.token()).kid;
    expect(young).not.toBe(old);
    const published = async () => (await readKeys(auth)).keys.map(({ kid }) => kid);
    vi.setSystemTime(Date.now() + 179_000);
    expect(await published()).toEqual([old, young]);
    vi.setSystemTime(Date.now() + 2_000);
    expect(await published()).toEqual([young]);
  });

  test("private keys are not in the key set, and are encrypted in the database", async () => {
    const { browser, auth, tables } = makeSigner("jwks");
    await browser.signUp("ann@example.com");
    await browser.token();
    expect((await readKeys(auth)).keys[0]).not.toHaveProperty("d");
    expect(String(tables.jwks[0]?.["privateKey"])).not.toContain("crv");
  });
});
