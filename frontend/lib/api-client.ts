/** The API client: typed by the OpenAPI contract, with a bearer token on every request. */
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api-schema";
import type { TokenStore } from "./token-store";

export type ApiClient = Client<paths>;
export type Task = components["schemas"]["Task"];
type Problem = components["schemas"]["Problem"];

/** A request to the API failed; the message is shown to the user. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    /** The `code` of the problem body; `unreachable` if there was no response, `unknown` without such a body. */
    readonly code: string,
  ) {
    super(message);
  }
}

/** Create a client for the API at this address. */
export function createApiClient(apiUrl: string, tokens: TokenStore): ApiClient {
  return createClient<paths>({ baseUrl: apiUrl, credentials: "omit", fetch: authorizeFetch(tokens) });
}

/**
 * Return a `fetch` that adds the token, and retries once with a new token after a 401.
 *
 * @param send Sends a request; `fetch` unless a test replaces it.
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
 * Wait for a response and return its body.
 *
 * @throws ApiError The status is not 2xx, or there was no response.
 * @throws SignedOutError The session has ended. Other errors of the token store pass through as well.
 */
export async function receive<Data>(
  pending: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  let received;
  try {
    received = await pending;
  } catch (error) {
    // `fetch` throws a TypeError when there is no response; any other error has a message for the user.
    if (!(error instanceof TypeError)) throw error;
    throw new ApiError("The service cannot be reached. Try again in a moment.", "unreachable");
  }
  if (received.response.ok) return received.data as Data;
  throw explain(received.error, received.response.status);
}

const MESSAGES: Readonly<Record<string, string>> = {
  token_invalid:
    "The service does not accept your token. Sign out and sign in again. If that does not help, the settings " +
    "of the front end and of the service do not match: see docs/better-auth.md.",
  account_erased:
    "The data of this account was deleted. Delete the account on the account page to remove your login too.",
  task_not_found: "This task does not exist any more. It was deleted in another tab or on another device.",
};

function explain(body: unknown, status: number): ApiError {
  if (!isProblem(body)) return new ApiError(`The service returned status ${status}. Try again.`, "unknown");
  const fieldErrors = body.errors?.map(({ where, what }) => `${where}: ${what}`).join("; ");
  return new ApiError(MESSAGES[body.code] ?? fieldErrors ?? body.detail, body.code);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}
