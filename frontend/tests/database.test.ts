/** The connections to PostgreSQL. Tests that need a database run if AUTH_DATABASE_URL is set. */
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
  // There is no such socket, and the error contains its path.
  await expect(pool.query("select 1")).rejects.toMatchObject({ address: "/var/run/x/.s.PGSQL.5432" });
  await pool.end();
});

test("the startup message has no parameter that a pooler rejects, and PGHOST is ignored", async () => {
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

describe.runIf(url)("with a PostgreSQL database", () => {
  const pool = openPool(url ?? "", ignore);
  afterAll(() => pool.end());

  test("the search path is the schema of Better Auth only", async () => {
    const { rows } = await pool.query<{ search_path: string }>("show search_path");
    expect(rows).toEqual([{ search_path: "auth" }]);
  });

  test("a role with this search path passes the check", async () => {
    await expect(checkSchema(pool)).resolves.toBeUndefined();
  });

  test.each([
    ["public", /the schema public\. Run: alter role auth_service in database \S+ set search_path = auth$/],
    ["missing", /Run: create schema auth authorization auth_service; alter role auth_service in /],
  ])("a role whose search path is %s is rejected with the SQL that fixes it", async (path, message) => {
    const client = await pool.connect();
    // In one transaction, so that it also works behind a pooler.
    await client.query(`begin; set local search_path = ${path}`);
    await expect(checkSchema(client)).rejects.toThrow(message);
    await client.query("rollback");
    client.release();
  });

  test.each(["shared-secret", "jwks"])(
    "running the migrations again changes nothing, in mode %s",
    async (mode) => {
      const { options } = createAuth(makeSettings({ TOKEN_MODE: mode }), pool);
      await (await getMigrations(options)).runMigrations();
      const { toBeCreated, toBeAdded } = await getMigrations(options);
      expect([...toBeCreated, ...toBeAdded]).toEqual([]);
    },
  );

  test("if the deletion of a user fails at the last step, all rows are kept", async () => {
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
