/** The connections to Better Auth's tables. */
import { Pool } from "pg";
import { addDefaultHost } from "./address";

const SCHEMA = "auth";

/**
 * Create a connection pool; it connects at the first query.
 *
 * @param url `postgresql://…`, over TCP or with `?host=/directory` over a Unix socket.
 * @param onIdleError Called when an idle connection breaks. Without a listener, Node would end the process.
 */
export function openPool(url: string, onIdleError: (error: Error) => void): Pool {
  const pool = new Pool({
    connectionString: addDefaultHost(url),
    connectionTimeoutMillis: 5_000,
    max: 5,
  });
  pool.on("error", onIdleError);
  return pool;
}

/**
 * Throw unless the role creates its tables in the schema `auth`.
 *
 * The role's `search_path` selects the schema. It cannot be a connection option: poolers reject those.
 *
 * @throws Error Names the schema that the tables would be created in, and the SQL that fixes it.
 */
export async function checkSchema(pool: Pick<Pool, "query">): Promise<void> {
  const { rows } = await pool.query<{ role: string; database: string; schema: string | null }>(
    "select quote_ident(current_user) as role, quote_ident(current_database()) as database," +
      " current_schema() as schema",
  );
  const { role = "", database = "", schema = null } = rows[0] ?? {};
  if (schema === SCHEMA) return;
  const fix = `alter role ${role} in database ${database} set search_path = ${SCHEMA}`;
  throw new Error(
    schema === null
      ? `the search_path of the role ${role} names no existing schema. ` +
          `Run: create schema ${SCHEMA} authorization ${role}; ${fix}`
      : `the role ${role} would create its tables in the schema ${schema}. Run: ${fix}`,
  );
}
