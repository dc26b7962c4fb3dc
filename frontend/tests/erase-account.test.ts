/** Erasing on both sides: the data first, and the user told what is left when it is cut off. */
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

test("the data is erased before the user, who could not reach it afterwards", async () => {
  const { done, erase } = makeSides();
  await erase();
  expect(done).toEqual(["data", "user"]);
});

test("while the data cannot be erased, the user stays", async () => {
  const { done, erase } = makeSides({ status: 503 });
  await expect(erase()).rejects.toThrow("503");
  expect(done).toEqual(["data"]);
});

test("a user who could not be removed is told so, and may ask again", async () => {
  const { sides, done, erase } = makeSides({ fault: "Wait a little." });
  await expect(erase()).rejects.toThrow("tasks are erased, your sign-in is not yet. Wait a little.");
  sides.fault = null;
  await erase();
  expect(done).toEqual(["data", "user", "data", "user"]);
});

test("an old session erases nothing by half", async () => {
  const { done, erase } = makeSides({ fresh: false });
  await expect(erase()).rejects.toThrow(/^You signed in long ago/);
  expect(done).toEqual([]);
});
