/** The connections to PostgreSQL; those that need one run where AUTH_DATABASE_URL names it. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { getMigrations } from "better-auth/db/migration";
import { afterAll, describe, expect, test, vi } from "vitest";
import { createAuth } from "@/lib/auth";
import { checkSchema, openPool } from "@/lib/database";
import { eraseUser } from "@/lib/erasure";
import { Browser, failAtDeleting, makeSettings } from "./support";

const ignore = () => undefined;

test.each([
  "postgresql://u:p%40%3A@/tasks?host=/var/run/x",
  "postgresql://u:p%40%3A@:5432/tasks?host=/var/run/x",
  "postgresql://u:p%40%3A@localhost:5432/tasks?host=/var/run/x",
  "postgresql://u:p%40%3A@/tasks?host=%2Fvar%2Frun%2Fx",
])("%s is a Unix socket", async (url) => {
  const pool = openPool(url, ignore);
  // Where there is no such socket, the error names it.
  await expect(pool.query("select 1")).rejects.toMatchObject({ address: "/var/run/x/.s.PGSQL.5432" });
  await pool.end();
});

test("a connection begins with nothing that a pooler refuses, whatever PGHOST says", async () => {
  vi.stubEnv("PGHOST", "db.invalid");
  const server = createServer();
  await once(server.listen(0, "localhost"), "listening");
  const { port } = server.address() as AddressInfo;
  const pool = openPool(`postgresql://u:p@:${port}/tasks`, ignore);
  const refused = expect(pool.query("select 1")).rejects.toThrow();
  const [socket] = (await once(server, "connection")) as [Socket];
  const [start] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  await refused;
  const names = start
    .toString("latin1", 8)
    .split("\0")
    .filter((_, index) => index % 2 === 0);
  expect(names.filter(Boolean).sort()).toEqual(["client_encoding", "database", "user"]);
  await pool.end();
  server.close();
});

const url = process.env["AUTH_DATABASE_URL"];

describe.runIf(url)("on a PostgreSQL", () => {
  const pool = openPool(url ?? "", ignore);
  afterAll(() => pool.end());

  test("tables are looked for in the schema of Better Auth alone", async () => {
    const { rows } = await pool.query<{ search_path: string }>("show search_path");
    expect(rows).toEqual([{ search_path: "auth" }]);
  });

  test("the role's own tables would stand there too", async () => {
    await expect(checkSchema(pool)).resolves.toBeUndefined();
  });

  test.each([
    ["public", /the schema public: alter role auth_service in database \S+ set search_path = auth$/],
    ["missing", /no schema: create schema auth authorization auth_service; alter role auth_service in /],
  ])("a role whose search path is %s is refused, and told what to do", async (path, words) => {
    const client = await pool.connect();
    // For one transaction, so that it holds behind a pooler too.
    await client.query(`begin; set local search_path = ${path}`);
    await expect(checkSchema(client)).rejects.toThrow(words);
    await client.query("rollback");
    client.release();
  });

  test.each(["shared-secret", "jwks"])("migrations may be repeated, in mode %s", async (mode) => {
    const { options } = createAuth(makeSettings({ TOKEN_MODE: mode }), pool);
    await (await getMigrations(options)).runMigrations();
    const { toBeCreated, toBeAdded } = await getMigrations(options);
    expect([...toBeCreated, ...toBeAdded]).toEqual([]);
  });

  test("a user whose erasure fails at the last step keeps all rows", async () => {
    const auth = createAuth(makeSettings(), pool);
    await (await getMigrations(auth.options)).runMigrations();
    const email = "ann@example.com";
    const ann = new Browser(auth);
    const id = await ann.signUp(email);
    await pool.query(
      `insert into verification (id, identifier, value, "expiresAt") values ($1, $1, $2, now())`,
      [email, id],
    );
    await failAtDeleting(auth, "user");
    expect((await ann.send("/delete-user", {})).status).toBe(500);
    expect(await countRows()).toEqual({ user: 1, session: 1, account: 1, verification: 1 });

    const { adapter } = await createAuth(makeSettings(), pool).$context;
    await eraseUser(adapter, { id, email });
    expect(await countRows()).toEqual({ user: 0, session: 0, account: 0, verification: 0 });
  });

  async function countRows(): Promise<unknown> {
    const count = (table: string) => `(select count(*)::int from "${table}") as "${table}"`;
    const { rows } = await pool.query<object>(
      `select ${["user", "session", "account", "verification"].map(count).join(", ")}`,
    );
    return rows[0];
  }
});
