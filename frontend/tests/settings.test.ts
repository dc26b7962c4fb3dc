/** The environment: read as a whole, each fault named, no secret told. */
import { expect, test } from "vitest";
import { readSettings, SettingsError } from "@/lib/settings";
import { ENVIRONMENT, makeSettings, ORIGIN } from "./support";

test("what may be left out has a default", () => {
  expect(makeSettings({ TOKEN_LIFETIME_SECONDS: "" })).toMatchObject({
    tokenLifetimeSeconds: 900,
    keyRotationSeconds: 2_592_000,
    audience: ORIGIN,
  });
});

test.each([
  ["BETTER_AUTH_URL", "", "is missing"],
  ["BETTER_AUTH_URL", "http://127.0.0.1:3000/", "is no origin"],
  ["BETTER_AUTH_URL", "ftp://127.0.0.1", "is no origin"],
  ["BETTER_AUTH_SECRET", "", "is missing"],
  ["BETTER_AUTH_SECRET", "x".repeat(31), "shorter than 32 bytes"],
  ["AUTH_DATABASE_URL", "", "is missing"],
  ["AUTH_DATABASE_URL", "mysql://somewhere", "no PostgreSQL address"],
  ["TOKEN_MODE", "", "is neither mode"],
  ["TOKEN_MODE", "HS256", "is neither mode"],
  ["TOKEN_LIFETIME_SECONDS", "0", "out of range"],
  ["TOKEN_LIFETIME_SECONDS", "86401", "out of range"],
  ["TOKEN_LIFETIME_SECONDS", "15m", "out of range"],
  ["KEY_ROTATION_SECONDS", "-1", "out of range"],
  ["API_URL", "127.0.0.1:8000", "is no origin"],
])("%s=%j is refused", (name, value, words) => {
  const read = () => readSettings({ ...ENVIRONMENT, [name]: value });
  expect(read).toThrow(SettingsError);
  expect(read).toThrow(new RegExp(`^${name} .*${words}`));
});

test("every fault is named at once", () => {
  expect(() => readSettings({})).toThrow(
    /BETTER_AUTH_URL[^]*BETTER_AUTH_SECRET[^]*AUTH_DATABASE_URL[^]*TOKEN_MODE[^]*API_URL/,
  );
});

test("a secret is not in the message", () => {
  expect(() => readSettings({ ...ENVIRONMENT, BETTER_AUTH_SECRET: "hunter2" })).not.toThrow(/hunter2/);
});
