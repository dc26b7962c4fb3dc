/** Deletes everything that Better Auth has stored about a user, in one transaction. */
import type { DBAdapter } from "better-auth";

type Rows = Pick<DBAdapter, "findMany" | "deleteMany">;

interface Database {
  transaction: <Result>(work: (within: Rows) => Promise<Result>) => Promise<Result>;
}

interface User {
  id: string;
  email: string;
}

/**
 * Delete a user, their sessions and accounts, and their `verification` rows, which have no foreign key to the user.
 *
 * Better Auth's own deletion runs without a transaction. If it fails half way, the user has no password left,
 * and cannot sign in to try again.
 */
export async function eraseUser(database: Database, user: User): Promise<void> {
  await database.transaction(async (within) => {
    for (const row of await findVerifications(within, user))
      await within.deleteMany({ model: "verification", where: [{ field: "id", value: row.id }] });
    for (const model of ["session", "account"])
      await within.deleteMany({ model, where: [{ field: "userId", value: user.id }] });
    await within.deleteMany({ model: "user", where: [{ field: "id", value: user.id }] });
  });
}

interface Verification {
  id: string;
  identifier: string;
  value: string;
}

async function findVerifications(rows: Rows, user: User): Promise<Verification[]> {
  const candidates = await rows.findMany<Verification>({
    model: "verification",
    where: [
      { field: "identifier", operator: "contains", value: user.email, connector: "OR" },
      { field: "value", operator: "contains", value: user.email, connector: "OR" },
      { field: "value", operator: "contains", value: user.id, connector: "OR" },
    ],
    limit: 10_000,
  });
  return candidates.filter((row) => belongsTo(user, row));
}

/** Return whether a row is the user's: a search for `bob@example.com` also finds `jimbob@example.com`. */
export function belongsTo({ id, email }: User, { identifier, value }: Omit<Verification, "id">): boolean {
  return containsWhole(identifier, email) || containsWhole(value, email) || containsWhole(value, id);
}

// Better Auth writes `ann@example.com`, `sign-in-otp-ann@example.com` or `{"email":"ann@example.com"}`.
function containsWhole(text: string, word: string): boolean {
  const lower = text.toLowerCase();
  const wanted = word.toLowerCase();
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
    const before = lower.slice(0, at);
    const after = lower.slice(at + wanted.length);
    if (/(^|-otp-|[^a-z0-9.!#$%&'*+/=?^_`{|}~-])$/.test(before) && /^($|[^a-z0-9.-])/.test(after))
      return true;
  }
  return false;
}
