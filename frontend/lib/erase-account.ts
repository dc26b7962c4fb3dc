/** Deletes an account in the API and in Better Auth, in an order that can be retried after any failure. */
import { receive, type ApiClient } from "./api-client";

/** The functions of Better Auth that the deletion needs. */
export interface Identity {
  /** Return whether the session is young enough for deleting the user. */
  isFresh: () => Promise<boolean>;
  /** Delete the user. Returns null on success, else a message for the user. */
  removeUser: () => Promise<string | null>;
}

/** The account was not deleted, or only in part; the message says which, and what to do. */
export class ErasureError extends Error {
  override name = "ErasureError";
}

/**
 * Delete the data in the API, then the user in Better Auth.
 *
 * In the reverse order, a failure after the first step would leave data that no token gives access to.
 *
 * @throws ErasureError The session is too old, or the user could not be deleted.
 * @throws ApiError The data could not be deleted.
 */
export async function eraseAccount(client: ApiClient, identity: Identity): Promise<void> {
  if (!(await identity.isFresh()))
    throw new ErasureError("For your safety, sign out and sign in again before you delete your account.");
  await receive(client.DELETE("/api/account"));
  const failure = await identity.removeUser();
  if (failure)
    throw new ErasureError(
      `Your tasks were deleted, but your login was not. ${failure} Then delete your account again.`,
    );
}
