/** Deleting an account: the data first, then the user, with a message if a step fails. */
import { expect, test, vi } from "vitest";
import { createApiClient } from "@/lib/api-client";
import { eraseAccount } from "@/lib/erase-account";

function makeSides({ status = 204, fault = null as string | null, fresh = true } = {}) {
  const done: string[] = [];
  const sides = { status, fault };
  vi.stubGlobal("fetch", () => {
    done.push("data");
    return Promise.resolve(new Response(null, { status: sides.status }));
  });
  const client = createApiClient("http://api.example", {
    get: () => Promise.resolve("token"),
    replace: () => Promise.resolve("token"),
    clear: () => undefined,
  });
  const removeUser = () => {
    done.push("user");
    return Promise.resolve(sides.fault);
  };
  const erase = () => eraseAccount(client, { isFresh: () => Promise.resolve(fresh), removeUser });
  return { sides, done, erase };
}

test("the data is deleted before the user", async () => {
  const { done, erase } = makeSides();
  await erase();
  expect(done).toEqual(["data", "user"]);
});

test("if the data cannot be deleted, the user is kept", async () => {
  const { done, erase } = makeSides({ status: 503 });
  await expect(erase()).rejects.toThrow("503");
  expect(done).toEqual(["data"]);
});

test("if the user cannot be deleted, the message says so, and a second attempt works", async () => {
  const { sides, done, erase } = makeSides({ fault: "Wait a little." });
  await expect(erase()).rejects.toThrow("tasks were deleted, but your login was not. Wait a little.");
  sides.fault = null;
  await erase();
  expect(done).toEqual(["data", "user", "data", "user"]);
});

test("with an old session, nothing is deleted", async () => {
  const { done, erase } = makeSides({ fresh: false });
  await expect(erase()).rejects.toThrow(/sign out and sign in again/);
  expect(done).toEqual([]);
});
