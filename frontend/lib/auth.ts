/** Better Auth, as this front end sets it up. */
import { betterAuth, type DBAdapterInstance } from "better-auth";
import type { Pool } from "pg";
import { eraseUser } from "./erasure";
import { writeLog } from "./log";
import type { Settings } from "./settings";
import { issueTokens } from "./tokens";

/** Set up Better Auth on a database: a pool, or an adapter. */
export function createAuth(settings: Settings, database: Pool | DBAdapterInstance) {
  const auth = betterAuth({
    baseURL: settings.origin,
    secret: settings.secret,
    database,
    emailAndPassword: { enabled: true },
    user: {
      deleteUser: {
        enabled: true,
        beforeDelete: async (user): Promise<void> => {
          const { adapter } = await auth.$context;
          await eraseUser(adapter, user);
        },
      },
    },
    plugins: [issueTokens(settings)],
    rateLimit: {
      // Better Auth's own limit, 3 in 10 seconds, stops people who share an address as well.
      customRules: { "/sign-in/*": { window: 10, max: 10 }, "/sign-up/*": { window: 10, max: 10 } },
    },
    logger: { level: "warn", log: writeLog },
    // Else the router prints errors whole, with the rows that they name; `handleRequest` takes them.
    onAPIError: { throw: true },
    telemetry: { enabled: false },
  });
  return auth;
}

export type Auth = ReturnType<typeof createAuth>;
