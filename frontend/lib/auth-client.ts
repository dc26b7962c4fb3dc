/** The Better Auth client in the browser. */
import { jwtClient } from "better-auth/client/plugins";
import { createAuthClient } from "better-auth/client";
import { SignedOutError } from "./token-store";

export const authClient = createAuthClient({ plugins: [jwtClient()] });

/** A request to Better Auth failed; the message is shown to the user. */
export class AuthError extends Error {
  override name = "AuthError";
}

/** Request a token for the API from Better Auth. */
export async function fetchToken(): Promise<string> {
  const { data, error } = await authClient.token();
  if (data) return data.token;
  if (error.status === 401) throw new SignedOutError();
  throw new AuthError(describeFailure(error));
}

const MESSAGES: Readonly<Record<string, string>> = {
  INVALID_EMAIL_OR_PASSWORD: "Wrong e-mail or password.",
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: "There is already an account with this e-mail. Sign in instead.",
};

export const NO_RESPONSE = { data: null, error: { status: 0 } };

interface Failure {
  status: number;
  code?: string | undefined;
  message?: string | undefined;
}

/** Return a message for the user about a failed request to Better Auth; status 0 means no response. */
export function describeFailure({ status, code, message }: Failure): string {
  if (status === 429) return "Too many attempts. Wait ten seconds, then try again.";
  if (status >= 500 || status === 0)
    return "The sign-in service is not available right now. Try again in a moment.";
  return MESSAGES[code ?? ""] ?? message ?? "The sign-in service rejected the request. Try again.";
}

// Better Auth deletes a user only if the session is younger than `session.freshAge`, a day by default.
const FRESH_AGE_MILLISECONDS = 86_400_000;
// The deletion of the data comes first: the session must not become too old while it runs.
const MARGIN_MILLISECONDS = 60_000;

/** Return whether the session is young enough for Better Auth to delete the user. */
export async function isFresh(): Promise<boolean> {
  const { data, error } = await authClient.getSession().catch(() => NO_RESPONSE);
  if (error) throw new AuthError(describeFailure(error));
  // Without a session, for example after the account was deleted in another tab, Better Auth returns null.
  if (!data) throw new SignedOutError();
  const age = Date.now() - new Date(data.session.createdAt).getTime();
  return age < FRESH_AGE_MILLISECONDS - MARGIN_MILLISECONDS;
}

/** Delete the user in Better Auth. Returns null on success, else a message for the user. */
export async function removeUser(): Promise<string | null> {
  const { error } = await authClient.deleteUser().catch(() => NO_RESPONSE);
  return error && describeFailure(error);
}
