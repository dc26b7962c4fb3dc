/** What Better Auth's answers on the session mean for whoever wants to erase. */
import { expect, test, vi } from "vitest";
import { AuthError, isFresh } from "@/lib/auth-client";
import { SignedOutError } from "@/lib/token-store";

// In a browser the origin is the page's own; the client keeps the `fetch` that it finds at its start.
const answer = vi.hoisted(() => {
  process.env["BETTER_AUTH_URL"] = "http://127.0.0.1:3000";
  const respond = vi.fn<() => Response>();
  globalThis.fetch = () => Promise.resolve(respond());
  return respond;
});

const HOUR = 3_600_000;

function answerSession(age: number) {
  const createdAt = new Date(Date.now() - age).toISOString();
  answer.mockImplementation(() => Response.json({ session: { createdAt }, user: {} }));
}

test.each([
  [HOUR, true],
  [24 * HOUR, false],
])("a session that is %i milliseconds old is fresh: %s", async (age, expected) => {
  answerSession(age);
  await expect(isFresh()).resolves.toBe(expected);
});

test("a session that is gone is no old one: whoever erased already is signed out", async () => {
  answer.mockImplementation(() => Response.json(null));
  await expect(isFresh()).rejects.toThrow(SignedOutError);
});

test("a service that breaks is no session that is gone", async () => {
  answer.mockImplementation(() => new Response(null, { status: 500 }));
  await expect(isFresh()).rejects.toThrow(AuthError);
});
