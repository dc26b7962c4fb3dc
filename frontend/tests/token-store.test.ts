/** The token store: kept in memory, renewed in time, once for all who wait. */
import { UnsecuredJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTokenStore, SignedOutError } from "@/lib/token-store";

const LIFETIME = 100;
const MARGIN = 20;
const START = Date.UTC(2030, 0, 1);
// The clock of Better Auth may be hours away from this machine's.
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

describe("renewal ahead of the end", () => {
  test("a token is kept until the margin before its end, and renewed at it", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    pass(LIFETIME - MARGIN - 1);
    expect(await store.get()).toBe(first);
    expect(fetchToken).toHaveBeenCalledTimes(1);
    pass(1);
    expect(await store.get()).not.toBe(first);
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("the margin of a long-lived token is a minute", async () => {
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

  test("the time that fetching took counts", async () => {
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

  test("a token with some life left serves while Better Auth does not answer", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    pass(LIFETIME - 1);
    fetchToken.mockRejectedValue(new Error("unreachable"));
    expect(await store.get()).toBe(first);
    pass(1);
    await expect(store.get()).rejects.toThrow("unreachable");
  });

  test("a token does not outlive the session, whatever life it has left", async () => {
    const { store, fetchToken } = makeStore();
    await store.get();
    pass(LIFETIME - 1);
    fetchToken.mockRejectedValue(new SignedOutError());
    await expect(store.get()).rejects.toThrow(SignedOutError);
  });

  test("a token without an end is refused", async () => {
    const { store } = makeStore(vi.fn(() => Promise.resolve(new UnsecuredJWT({ sub: "ann" }).encode())));
    await expect(store.get()).rejects.toThrow("no end");
  });
});

describe("one renewal for all", () => {
  test("requests in flight share one renewal", async () => {
    const { store, fetchToken } = makeStore();
    const tokens = await Promise.all([store.get(), store.get(), store.get()]);
    expect(new Set(tokens).size).toBe(1);
    expect(fetchToken).toHaveBeenCalledTimes(1);
  });

  test("requests that are refused together share one renewal", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    const tokens = await Promise.all([store.replace(first), store.get(), store.replace(first)]);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(first);
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("a late refusal of a token that was replaced renews nothing", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    const second = await store.replace(first);
    expect(await store.replace(first)).toBe(second);
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("a renewal that failed is tried anew by the next request", async () => {
    const { store, fetchToken } = makeStore();
    fetchToken.mockRejectedValueOnce(new Error("unreachable"));
    await expect(store.get()).rejects.toThrow("unreachable");
    expect(await store.get()).toBeTruthy();
  });
});

describe("signing out", () => {
  test("clearing forgets the token", async () => {
    const { store, fetchToken } = makeStore();
    const first = await store.get();
    store.clear();
    expect(await store.get()).not.toBe(first);
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("a renewal under way brings no token back", async () => {
    let answer: (token: string) => void = () => undefined;
    const fetchToken = vi.fn(() => new Promise<string>((resolve) => (answer = resolve)));
    const { store } = makeStore(fetchToken);
    const asked = store.get();
    store.clear();
    answer(issue());
    await expect(asked).rejects.toThrow(SignedOutError);
  });

  test("a request after it does not join the renewal under way", async () => {
    const fetchToken = vi.fn(() => new Promise<string>(() => undefined));
    const { store } = makeStore(fetchToken);
    void store.get();
    store.clear();
    void store.get();
    await Promise.resolve();
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  test("a token of another user is refused: somebody else signed in beside", async () => {
    const { store } = makeStore(vi.fn(() => Promise.resolve(issue("bob"))));
    await expect(store.get()).rejects.toThrow(SignedOutError);
  });

  test("a token without an end is refused", async () => {
    const { store } = makeStore(vi.fn(() => Promise.resolve(new UnsecuredJWT({ sub: "ann" }).encode())));
    await expect(store.get()).rejects.toThrow("no end");
  });
});
