/** The API client: bearer token, one retry after a 401, messages for the user. */
import { expect, test, vi } from "vitest";
import { ApiError, authorizeFetch, createApiClient, receive } from "@/lib/api-client";
import { SignedOutError, type TokenStore } from "@/lib/token-store";

const API = "http://api.example";

function makeTokens(): TokenStore {
  return {
    get: vi.fn(() => Promise.resolve("old")),
    replace: vi.fn(() => Promise.resolve("new")),
    clear: vi.fn(),
  };
}

function respondWith(...statuses: number[]) {
  const seen: { bearer: string | null; body: string }[] = [];
  const send = vi.fn(async (input: RequestInfo | URL) => {
    if (!(input instanceof Request)) throw new Error("sent without a request");
    seen.push({ bearer: input.headers.get("Authorization"), body: await input.text() });
    return new Response(null, { status: statuses.shift() ?? 500 });
  });
  return { send, seen };
}

const post = () => new Request(`${API}/api/tasks`, { method: "POST", body: "milk" });

test("a request carries the token", async () => {
  const { send, seen } = respondWith(200);
  await authorizeFetch(makeTokens(), send)(post());
  expect(seen).toEqual([{ bearer: "Bearer old", body: "milk" }]);
});

test("a request that gets a 401 is retried once, with its body and a new token", async () => {
  const { send, seen } = respondWith(401, 201);
  const tokens = makeTokens();
  const response = await authorizeFetch(tokens, send)(post());
  expect(response.status).toBe(201);
  expect(tokens.replace).toHaveBeenCalledExactlyOnceWith("old");
  expect(seen[1]).toEqual({ bearer: "Bearer new", body: "milk" });
});

test("a request that gets a second 401 is not retried again", async () => {
  const { send } = respondWith(401, 401, 200);
  const response = await authorizeFetch(makeTokens(), send)(post());
  expect(response.status).toBe(401);
  expect(send).toHaveBeenCalledTimes(2);
});

test.each([403, 404, 410, 503])("status %i does not renew the token", async (status) => {
  const { send } = respondWith(status);
  const tokens = makeTokens();
  await authorizeFetch(tokens, send)(post());
  expect(tokens.replace).not.toHaveBeenCalled();
});

function problem(status: number, body: object): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/problem+json" },
  });
}

test.each([
  [problem(404, { code: "task_not_found", detail: "There is no such task." }), "deleted in another tab"],
  [problem(401, { code: "token_invalid", detail: "No." }), "do not match"],
  [problem(503, { code: "database_unavailable", detail: "Wait a little." }), "Wait a little."],
  [
    problem(422, { code: "request_invalid", detail: "No.", errors: [{ where: "title", what: "too long" }] }),
    "title: too long",
  ],
  [new Response("<h1>Bad gateway</h1>", { status: 502 }), "status 502"],
])("an error response becomes a message for the user (%#)", async (response, message) => {
  vi.stubGlobal("fetch", () => Promise.resolve(response.clone()));
  await expect(receive(createApiClient(API, makeTokens()).GET("/api/tasks"))).rejects.toThrow(message);
});

test("an API that cannot be reached is an ApiError with the code unreachable", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  const error: unknown = await receive(createApiClient(API, makeTokens()).GET("/api/me")).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: "unreachable" });
});

test("an error while fetching the token keeps its own message", async () => {
  const tokens = { ...makeTokens(), get: () => Promise.reject(new Error("Too many attempts.")) };
  await expect(receive(createApiClient(API, tokens).GET("/api/me"))).rejects.toThrow("Too many attempts.");
});

test("a session that has ended is a SignedOutError, not an unreachable API", async () => {
  const tokens = { ...makeTokens(), get: () => Promise.reject(new SignedOutError()) };
  await expect(receive(createApiClient(API, tokens).GET("/api/me"))).rejects.toThrow(SignedOutError);
});
