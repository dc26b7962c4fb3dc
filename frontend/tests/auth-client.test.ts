/** The check that a session is young enough for deleting the account. */
import { expect, test, vi } from "vitest";
import { AuthError, isFresh } from "@/lib/auth-client";
import { SignedOutError } from "@/lib/token-store";

// The client stores `fetch` when it is imported, so it is replaced before. Node has no page origin: it is set here.
const respond = vi.hoisted(() => {
  process.env["BETTER_AUTH_URL"] = "http://127.0.0.1:3000";
  const mock = vi.fn<() => Response>();
  globalThis.fetch = () => Promise.resolve(mock());
  return mock;
});

const HOUR = 3_600_000;

function respondWithSession(age: number) {
  const createdAt = new Date(Date.now() - age).toISOString();
  respond.mockImplementation(() => Response.json({ session: { createdAt }, user: {} }));
}

test.each([
  [HOUR, true],
  [24 * HOUR, false],
])("a session that is %i milliseconds old is fresh: %s", async (age, expected) => {
  respondWithSession(age);
  await expect(isFresh()).resolves.toBe(expected);
});

test("without a session, as after the account was deleted, the user is signed out", async () => {
  respond.mockImplementation(() => Response.json(null));
  await expect(isFresh()).rejects.toThrow(SignedOutError);
});

test("a status of 500 is an AuthError and does not sign the user out", async () => {
  respond.mockImplementation(() => new Response(null, { status: 500 }));
  await expect(isFresh()).rejects.toThrow(AuthError);
});
