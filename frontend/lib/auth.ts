/** The configuration of Better Auth. */
import { betterAuth, type DBAdapterInstance } from "better-auth";
import type { Pool } from "pg";
import { eraseUser } from "./erasure";
import { writeLog } from "./log";
import type { Settings } from "./settings";
import { issueTokens } from "./tokens";

/** Create a Better Auth instance that stores its tables in this database. */
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
      // Better Auth's default, 3 requests in 10 seconds, also blocks people who share an IP address.
      customRules: { "/sign-in/*": { window: 10, max: 10 }, "/sign-up/*": { window: 10, max: 10 } },
    },
    logger: { level: "warn", log: writeLog },
    // Without it, the router logs whole errors, with database rows in them. `handleRequest` catches them.
    onAPIError: { throw: true },
    telemetry: { enabled: false },
  });
  return auth;
}

export type Auth = ReturnType<typeof createAuth>;
