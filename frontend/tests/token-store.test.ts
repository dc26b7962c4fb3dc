/** The token store: renewal before the expiry, one renewal for concurrent requests, signing out. */
import { UnsecuredJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTokenStore, SignedOutError } from "@/lib/token-store";

const LIFETIME = 100;
const MARGIN = 20;
const START = Date.UTC(2030, 0, 1);
// The clocks of Better Auth and of this machine may differ by hours.
const SKEW = 7 * 3600;

let issued = 0;

function issue(sub = "ann"): string {
  const iat = Math.floor(Date.now() / 1000) + SKEW;
  issued += 1;
  return new UnsecuredJWT({ sub, n: issued, iat, exp: iat + LIFETIME }).encode();
}

function makeStore(fetchToken = vi.fn(() => Promise.resolve(issue()))) {
  return { fetchToken, store: createTokenStore({ fetchToken, subject: "ann" }) };
}

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("renewal before the expiry", () => {
  test("a token is reused until the margin before its expiry, then renewed", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    pass(LIFETIME - MARGIN - 1);
    expect(await store.get()).toBe(first);
    expect(fetchToken).toHaveBeenCalledTimes(1);
    pass(1);
    expect(await store.get()).not.toBe(first);
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("the margin of a long-lived token is one minute", async () => {
    const fetchToken = vi.fn(() => {
      const iat = Date.now() / 1000;
      issued += 1;
      return Promise.resolve(new UnsecuredJWT({ sub: "ann", n: issued, iat, exp: iat + 3600 }).encode());
    });
    const { store } = makeStore(fetchToken);
    await store.get();
    pass(3600 - 61);
    await store.get();
    expect(fetchToken).toHaveBeenCalledTimes(1);
    pass(1);
    await store.get();
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("the duration of the fetch counts as part of the lifetime", async () => {
    const fetchToken = vi.fn(() => {
      const token = issue();
      pass(30);
      return Promise.resolve(token);
    });
    const { store } = makeStore(fetchToken);
    await store.get();
    pass(LIFETIME - MARGIN - 30);
    await store.get();
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("while Better Auth is down, a token is used until it expires", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    pass(LIFETIME - 1);
    fetchToken.mockRejectedValue(new Error("unreachable"));
    expect(await store.get()).toBe(first);
    pass(1);
    await expect(store.get()).rejects.toThrow("unreachable");
  });

  test("a token is not used after the session has ended, even before it expires", async () => {
    const { store, fetchToken } = makeStore();
    await store.get();
    pass(LIFETIME - 1);
    fetchToken.mockRejectedValue(new SignedOutError());
    await expect(store.get()).rejects.toThrow(SignedOutError);
  });

  test.each([{}, { iat: START / 1000 }, { exp: START / 1000 + LIFETIME }])(
    "a token with only the time claims %j is rejected",
    async (times) => {
      const token = new UnsecuredJWT({ sub: "ann", ...times }).encode();
      const { store } = makeStore(vi.fn(() => Promise.resolve(token)));
      await expect(store.get()).rejects.toThrow("no expiry time");
    },
  );
});

describe("one renewal for concurrent requests", () => {
  test("concurrent requests share one renewal", async () => {
    const { store, fetchToken } = makeStore();
    const tokens = await Promise.all([store.get(), store.get(), store.get()]);
    expect(new Set(tokens).size).toBe(1);
    expect(fetchToken).toHaveBeenCalledTimes(1);
  });

  test("concurrent requests that get a 401 share one renewal", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    const tokens = await Promise.all([store.replace(first), store.get(), store.replace(first)]);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(first);
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("a late 401 for a token that was already replaced does not renew again", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    const second = await store.replace(first);
    expect(await store.replace(first)).toBe(second);
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("after a failed renewal, the next request tries again", async () => {
    const { store, fetchToken } = makeStore();
    fetchToken.mockRejectedValueOnce(new Error("unreachable"));
    await expect(store.get()).rejects.toThrow("unreachable");
    expect(await store.get()).toBeTruthy();
  });
});

describe("signing out", () => {
  test("after clearing, a new token is fetched", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    store.clear();
    expect(await store.get()).not.toBe(first);
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("clearing discards the token of a renewal in flight", async () => {
    let respond: (token: string) => void = () => undefined;
    const fetchToken = vi.fn(() => new Promise<string>((resolve) => (respond = resolve)));
    const { store } = makeStore(fetchToken);
    const pending = store.get();
    store.clear();
    respond(issue());
    await expect(pending).rejects.toThrow(SignedOutError);
  });

  test("a request after clearing does not join the renewal in flight", async () => {
    const fetchToken = vi.fn(() => new Promise<string>(() => undefined));
    const { store } = makeStore(fetchToken);
    void store.get();
    store.clear();
    void store.get();
    await Promise.resolve();
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("a token of another user, who signed in in another tab, is rejected", async () => {
    const { store } = makeStore(vi.fn(() => Promise.resolve(issue("bob"))));
    await expect(store.get()).rejects.toThrow(SignedOutError);
  });
});
