/** `npm run migrate`: runs Better Auth's own migrations. */
import { getMigrations } from "better-auth/db/migration";
import { createAuth } from "../lib/auth";
import { checkSchema, openPool } from "../lib/database";
import { writeLog } from "../lib/log";
import { readSettings, SettingsError } from "../lib/settings";

async function migrate(): Promise<string> {
  const settings = readSettings(process.env);
  const pool = openPool(settings.databaseUrl, (error) => {
    writeLog("error", "database connection lost", error);
  });
  try {
    await checkSchema(pool);
    const { toBeCreated, toBeAdded, runMigrations } = await getMigrations(createAuth(settings, pool).options);
    await runMigrations();
    const tables = [...toBeCreated, ...toBeAdded].map(({ table }) => table);
    return tables.length > 0 ? `changed ${tables.join(", ")}` : "up to date";
  } finally {
    await pool.end();
  }
}

try {
  process.stdout.write(`migrate: ${await migrate()}\n`);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const where = error instanceof SettingsError ? "invalid environment variables\n" : "AUTH_DATABASE_URL: ";
  process.stderr.write(`migrate: ${where}${message}\n`);
  process.exitCode = 1;
}
