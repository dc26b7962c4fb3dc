/** Erasing an account on both sides, in an order that can be cut off anywhere and begun anew. */
import { receive, type ApiClient } from "./api-client";

/** Better Auth's side of it. */
export interface Identity {
  /** Tell whether the sign-in is recent enough for removing the user. */
  isFresh: () => Promise<boolean>;
  /** Remove the user; gives what went wrong, in words. */
  removeUser: () => Promise<string | null>;
}

/** Not all is erased; the message says what is, and what to do. */
export class ErasureError extends Error {
  override name = "ErasureError";
}

/**
 * Erase the data, then the user.
 *
 * The other way round, a failure in between would leave data that nobody can get a token for any more.
 */
export async function eraseAccount(client: ApiClient, identity: Identity): Promise<void> {
  if (!(await identity.isFresh()))
    throw new ErasureError("You signed in long ago. Sign out and in again, then erase.");
  await receive(client.DELETE("/api/account"));
  const fault = await identity.removeUser();
  if (fault)
    throw new ErasureError(`Your tasks are erased, your sign-in is not yet. ${fault} Then erase once more.`);
}
