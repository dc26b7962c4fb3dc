/** Erasing an account on both sides, in an order that can be cut off anywhere and begun anew. */
import { receive, type ApiClient } from "./api-client";
import { AuthError, authClient, describeFailure, isFresh } from "./auth-client";

/**
 * Erase the data, then the sign-in.
 *
 * The other way round, a failure in between would leave data that nobody can get a token for any more.
 *
 * @throws AuthError Says what is erased and what is not, and what to do.
 */
export async function eraseAccount(client: ApiClient): Promise<void> {
  if (!(await isFresh()))
    throw new AuthError("Nothing is erased yet: you signed in long ago. Sign out and in again, then erase.");
  await receive(client.DELETE("/api/account"));
  const { error } = await authClient.deleteUser().catch(() => ({ error: { status: 0 } }));
  if (error)
    throw new AuthError(
      `Your tasks are erased, your sign-in is not yet. ${describeFailure(error)} Then erase once more.`,
    );
}
