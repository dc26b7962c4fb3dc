/** The connections to PostgreSQL; those that need one run where AUTH_DATABASE_URL names it. */
import { getMigrations } from "better-auth/db/migration";
import { afterAll, describe, expect, test } from "vitest";
import { createAuth } from "@/lib/auth";
import { openPool } from "@/lib/database";
import { makeSettings } from "./support";

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

const url = process.env["AUTH_DATABASE_URL"];

describe.runIf(url)("on a PostgreSQL", () => {
  const pool = openPool(url ?? "", ignore);
  afterAll(() => pool.end());

  test("tables are looked for in the schema of Better Auth alone", async () => {
    const { rows } = await pool.query<{ search_path: string }>("show search_path");
    expect(rows).toEqual([{ search_path: "auth" }]);
  });

  test.each(["shared-secret", "jwks"])("migrations may be repeated, in mode %s", async (mode) => {
    const { options } = createAuth(makeSettings({ TOKEN_MODE: mode }), pool);
    await (await getMigrations(options)).runMigrations();
    const { toBeCreated, toBeAdded } = await getMigrations(options);
    expect([...toBeCreated, ...toBeAdded]).toEqual([]);
  });
});
