/** The client of the API: typed by its contract, with a bearer token on every request. */
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api-schema";
import type { TokenStore } from "./token-store";

export type ApiClient = Client<paths>;
export type Task = components["schemas"]["Task"];
type Problem = components["schemas"]["Problem"];

/** The API did not do what was asked for; the message is for the user. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    /** The stable code of the problem; `unreachable` when no answer came. */
    readonly code: string,
  ) {
    super(message);
  }
}

/** Make a client of the API at an address. */
export function createApiClient(apiUrl: string, tokens: TokenStore): ApiClient {
  return createClient<paths>({ baseUrl: apiUrl, credentials: "omit", fetch: authorizeFetch(tokens) });
}

/**
 * Send requests with the token; one that is refused goes out once more, with another token.
 *
 * @param send What sends a request.
 */
export function authorizeFetch(tokens: TokenStore, send: typeof fetch = (request) => fetch(request)) {
  return async (request: Request): Promise<Response> => {
    const token = await tokens.get();
    const response = await send(withToken(request.clone(), token));
    if (response.status !== 401) return response;
    return send(withToken(request, await tokens.replace(token)));
  };
}

function withToken(request: Request, token: string): Request {
  request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

/**
 * Wait for an answer and give its body.
 *
 * @throws ApiError The API refused, or did not answer.
 * @throws SignedOutError Nobody is signed in any more; or another error of whoever gives the token.
 */
export async function receive<Data>(
  answer: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  let received;
  try {
    received = await answer;
  } catch (error) {
    // `fetch` tells by a TypeError that no answer came; any other error has words of its own.
    if (!(error instanceof TypeError)) throw error;
    throw new ApiError("The service cannot be reached. Try again in a moment.", "unreachable");
  }
  if (received.response.ok) return received.data as Data;
  throw explain(received.error, received.response.status);
}

const WORDS: Readonly<Record<string, string>> = {
  token_invalid:
    "The service does not accept the token of this sign-in. Sign out and in again; if that does not help, " +
    "the two sides are set up differently (docs/better-auth.md).",
  account_erased:
    "The data of this account is erased. Finish on the account page, which removes the sign-in too.",
  task_not_found: "This task is gone: it was deleted elsewhere.",
};

function explain(body: unknown, status: number): ApiError {
  if (!isProblem(body))
    return new ApiError(`The service answered with status ${status}. Try again.`, "unknown");
  const faults = body.errors?.map(({ where, what }) => `${where}: ${what}`).join("; ");
  return new ApiError(WORDS[body.code] ?? faults ?? body.detail, body.code);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}
