/** The connections to the schema of Better Auth. */
import { Pool } from "pg";
import { nameHost } from "./address";

const SCHEMA = "auth";

/**
 * Open a pool; nothing connects before the first query.
 *
 * @param url `postgresql://…`, over TCP or with `?host=/directory` over a Unix socket.
 * @param onIdleError Told what broke an idle connection, which would end the process if nobody listened.
 */
export function openPool(url: string, onIdleError: (error: Error) => void): Pool {
  const pool = new Pool({
    connectionString: nameHost(url),
    connectionTimeoutMillis: 5_000,
    max: 5,
  });
  pool.on("error", onIdleError);
  return pool;
}

/**
 * Refuse a role whose tables would not stand in the schema of Better Auth.
 *
 * The role's own setting leads there: poolers refuse a connection that brings one of its own.
 *
 * @throws Error Says where they would stand, and what to do.
 */
export async function checkSchema(pool: Pick<Pool, "query">): Promise<void> {
  const { rows } = await pool.query<{ role: string; database: string; schema: string | null }>(
    "select quote_ident(current_user) as role, quote_ident(current_database()) as database," +
      " current_schema() as schema",
  );
  const { role = "", database = "", schema = null } = rows[0] ?? {};
  if (schema === SCHEMA) return;
  const remedy = `alter role ${role} in database ${database} set search_path = ${SCHEMA}`;
  throw new Error(
    schema === null
      ? `tables of this role would stand in no schema: create schema ${SCHEMA} authorization ${role}; ${remedy}`
      : `tables of this role would stand in the schema ${schema}: ${remedy}`,
  );
}
