/** The connections to the schema of Better Auth. */
import { Pool } from "pg";

/**
 * Open a pool; nothing connects before the first query.
 *
 * @param url `postgresql://…`, over TCP or with `?host=/directory` over a Unix socket.
 * @param onIdleError Told what broke an idle connection, which would end the process if nobody listened.
 */
export function openPool(url: string, onIdleError: (error: Error) => void): Pool {
  const pool = new Pool({
    // A Unix socket's address may have a port and no host, which the parser of node-postgres refuses.
    connectionString: url.replace("@:", "@localhost:"),
    connectionTimeoutMillis: 5_000,
    max: 5,
    // Tables of Better Auth live in a schema of their own, whatever the role's setting says.
    options: "-c search_path=auth",
  });
  pool.on("error", onIdleError);
  return pool;
}
