/** Reading the environment variables: defaults, messages for invalid ones, no secret in a message. */
import { expect, test } from "vitest";
import { readSettings, SettingsError } from "@/lib/settings";
import { ENVIRONMENT, makeSettings, ORIGIN } from "./support";

test("optional variables have defaults", () => {
  expect(makeSettings({ TOKEN_LIFETIME_SECONDS: "" })).toMatchObject({
    tokenLifetimeSeconds: 900,
    keyRotationSeconds: 2_592_000,
    audience: ORIGIN,
  });
});

test.each([
  ["BETTER_AUTH_URL", "", "is missing"],
  ["BETTER_AUTH_URL", "http://127.0.0.1:3000/", "is not an origin"],
  ["BETTER_AUTH_URL", "ftp://127.0.0.1", "is not an origin"],
  ["BETTER_AUTH_SECRET", "", "is missing"],
  ["BETTER_AUTH_SECRET", "x".repeat(31), "shorter than 32 bytes"],
  ["AUTH_DATABASE_URL", "", "is missing"],
  ["AUTH_DATABASE_URL", "mysql://somewhere", "is not a PostgreSQL address"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@host:port/tasks", "is not a PostgreSQL address"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@%zz/tasks", "is not a PostgreSQL address"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@db.example/tasks", "without TLS"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@127.0.0.1.example/tasks", "without TLS"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@127.0.0.1/tasks?host=db.example", "without TLS"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@127.0.0.1/tasks?host=/tmp&host=db.example", "without TLS"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@[2001:db8::1]/tasks", "without TLS"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@db.example/tasks?ssl=true", "without TLS"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@db.example/tasks?sslmode=prefer", "without TLS"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@db.example/tasks?sslmode=no-verify", "without TLS"],
  ["AUTH_DATABASE_URL", "postgresql://u:p@db.example/tasks?sslmode=require&sslmode=disable", "without TLS"],
  ["TOKEN_MODE", "", "is not a mode"],
  ["TOKEN_MODE", "HS256", "is not a mode"],
  ["TOKEN_LIFETIME_SECONDS", "0", "out of range"],
  ["TOKEN_LIFETIME_SECONDS", "86401", "out of range"],
  ["TOKEN_LIFETIME_SECONDS", "15m", "out of range"],
  ["KEY_ROTATION_SECONDS", "-1", "out of range"],
  ["API_URL", "127.0.0.1:8000", "is not an origin"],
])("%s=%j is rejected", (name, value, message) => {
  const read = () => readSettings({ ...ENVIRONMENT, [name]: value });
  expect(read).toThrow(SettingsError);
  expect(read).toThrow(new RegExp(`^${name} .*${message}`));
});

test.each([
  "postgresql://u:p@db.example/tasks?sslmode=require",
  "postgresql://u:p@db.example:6432/tasks?sslmode=verify-ca",
  "postgres://u:p@db.example/tasks?sslmode=disable&sslmode=verify-full",
  "postgresql://u:p@localhost:5432/tasks",
  "postgresql://u:p@127.0.0.2/tasks",
  "postgresql://u:p@[::1]:5432/tasks",
  "postgresql:///tasks",
  "postgresql://u:p%40%3A@/tasks?host=/var/run/x",
  "postgresql://u:p%40%3A@:5432/tasks?host=/var/run/x",
  "postgresql://u:p@%2Fvar%2Frun%2Fx/tasks",
  "postgresql://u:p@db.example/tasks?host=/var/run/x",
])("AUTH_DATABASE_URL=%j is accepted: it is on this machine, or requires TLS", (url) => {
  expect(makeSettings({ AUTH_DATABASE_URL: url }).databaseUrl).toBe(url);
});

test("all invalid variables are reported at once", () => {
  expect(() => readSettings({})).toThrow(
    /BETTER_AUTH_URL[^]*BETTER_AUTH_SECRET[^]*AUTH_DATABASE_URL[^]*TOKEN_MODE[^]*API_URL/,
  );
});

test.each([
  ["BETTER_AUTH_SECRET", "hunter2"],
  ["AUTH_DATABASE_URL", "postgresql://u:hunter2@db.example/tasks"],
  ["AUTH_DATABASE_URL", "postgresql://u:hunter2@host:port/tasks"],
])("the message on %s=%j does not contain the secret", (name, value) => {
  const read = () => readSettings({ ...ENVIRONMENT, [name]: value });
  expect(read).toThrow(SettingsError);
  expect(read).not.toThrow(/hunter2/);
});
