/** What Better Auth holds on a user, and how it goes: all of it at once, or nothing. */
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
 * Remove a user, sessions, accounts and the `verification` rows, which no foreign key ties to the user.
 *
 * Better Auth's own deletion takes one step after the other: cut off in the middle, it leaves a user who
 * has no password any more, and so cannot ask again.
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
  return candidates.filter((row) => concerns(user, row));
}

/** Tell a row of bob@… from one of jimbob@…, which a search for a part finds too. */
export function concerns({ id, email }: User, { identifier, value }: Omit<Verification, "id">): boolean {
  return holdsWord(identifier, email) || holdsWord(value, email) || holdsWord(value, id);
}

// Better Auth writes an address alone, behind `…-otp-`, or within JSON.
function holdsWord(text: string, word: string): boolean {
  const lower = text.toLowerCase();
  const sought = word.toLowerCase();
  for (let at = lower.indexOf(sought); at >= 0; at = lower.indexOf(sought, at + 1)) {
    const before = lower.slice(0, at);
    const after = lower.slice(at + sought.length);
    if (/(^|-otp-|[^a-z0-9.!#$%&'*+/=?^_`{|}~-])$/.test(before) && /^($|[^a-z0-9.-])/.test(after))
      return true;
  }
  return false;
}
