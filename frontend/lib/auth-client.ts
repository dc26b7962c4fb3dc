/** The client of Better Auth, in the browser. */
import { jwtClient } from "better-auth/client/plugins";
import { createAuthClient } from "better-auth/client";
import { SignedOutError } from "./token-store";

export const authClient = createAuthClient({ plugins: [jwtClient()] });

/** Better Auth did not do what was asked for; the message is for the user. */
export class AuthError extends Error {
  override name = "AuthError";
}

/** Ask Better Auth for a token for the API. */
export async function fetchToken(): Promise<string> {
  const { data, error } = await authClient.token();
  if (data) return data.token;
  if (error.status === 401) throw new SignedOutError();
  throw new AuthError(describeFailure(error));
}

const WORDS: Readonly<Record<string, string>> = {
  INVALID_EMAIL_OR_PASSWORD: "This e-mail and password do not belong together.",
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: "There is an account with this e-mail. Sign in instead.",
};

export const UNREACHABLE = { data: null, error: { status: 0 } };

interface Failure {
  status: number;
  code?: string | undefined;
  message?: string | undefined;
}

/** Put a refusal of Better Auth into words. */
export function describeFailure({ status, code, message }: Failure): string {
  if (status === 429) return "Too many attempts. Wait ten seconds, then try again.";
  if (status >= 500 || status === 0) return "The sign-in service cannot answer now. Try again in a moment.";
  return WORDS[code ?? ""] ?? message ?? "The sign-in service refused. Try again.";
}

// Better Auth deletes users only within so many milliseconds of signing in (`session.freshAge`).
const FRESH = 86_400_000;

/** Tell whether the sign-in is recent enough for deleting the user; only asked, so that nothing is half done. */
export async function isFresh(): Promise<boolean> {
  const { data, error } = await authClient.getSession().catch(() => UNREACHABLE);
  if (error) throw new AuthError(describeFailure(error));
  // An answer without a session: one that is gone, as after an erasure, is none that is old.
  if (!data) throw new SignedOutError();
  return Date.now() - new Date(data.session.createdAt).getTime() < FRESH - 60_000;
}

/** Have Better Auth remove the user; gives what went wrong, in words. */
export async function removeUser(): Promise<string | null> {
  const { error } = await authClient.deleteUser().catch(() => UNREACHABLE);
  return error && describeFailure(error);
}
