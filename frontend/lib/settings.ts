/** The settings of the front end, read from environment variables when the server starts. */
import { z } from "zod";
import { isAddress, isLocalOrEncrypted } from "./address";

/** One or more environment variables are missing or invalid. The message never contains a value. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

const DAY = 86_400;
const YEAR = 365 * DAY;

const origin = z.string({ error: "is missing: set it to an origin such as http://127.0.0.1:3000" }).refine(
  (value) => {
    const url = URL.canParse(value) ? new URL(value) : null;
    return url !== null && /^https?:$/.test(url.protocol) && url.origin === value;
  },
  { error: "is not an origin: use scheme, host and port without a path, such as http://127.0.0.1:3000" },
);

const secret = z
  .string({ error: "is missing: set it to the output of `openssl rand -base64 32`, the same on both sides" })
  .refine((value) => new TextEncoder().encode(value).length >= 32, {
    error: "is shorter than 32 bytes: use the output of `openssl rand -base64 32`, the same on both sides",
  });

const database = z
  .string({ error: "is missing: set it to an address such as postgresql://auth_service:…@host/database" })
  .refine(isAddress, {
    error: "is not a PostgreSQL address: use one such as postgresql://auth_service:…@host/database",
    abort: true,
  })
  .refine(isLocalOrEncrypted, {
    error: "uses a network without TLS: add ?sslmode=verify-full (require and verify-ca are accepted too)",
  });

const mode = z.enum(["shared-secret", "jwks"], {
  error: "is not a mode: use shared-secret (HS256) or jwks (EdDSA, with a key set)",
});

function seconds(highest: number, fallback: number) {
  const error = `is out of range: use a whole number of seconds from 1 to ${highest}`;
  return z
    .string()
    .regex(/^[0-9]+$/, { error })
    .transform(Number)
    .refine((value) => value >= 1 && value <= highest, { error })
    .default(fallback);
}

const environment = z
  .object({
    BETTER_AUTH_URL: origin,
    BETTER_AUTH_SECRET: secret,
    AUTH_DATABASE_URL: database,
    TOKEN_MODE: mode,
    TOKEN_LIFETIME_SECONDS: seconds(DAY, 900),
    KEY_ROTATION_SECONDS: seconds(YEAR, 30 * DAY),
    API_AUDIENCE: z.string().optional(),
    API_URL: origin,
  })
  .transform((given) => ({
    origin: given.BETTER_AUTH_URL,
    secret: given.BETTER_AUTH_SECRET,
    databaseUrl: given.AUTH_DATABASE_URL,
    tokenMode: given.TOKEN_MODE,
    tokenLifetimeSeconds: given.TOKEN_LIFETIME_SECONDS,
    keyRotationSeconds: given.KEY_ROTATION_SECONDS,
    audience: given.API_AUDIENCE ?? given.BETTER_AUTH_URL,
    apiUrl: given.API_URL,
  }))
  .readonly();

export type Settings = z.output<typeof environment>;

/**
 * Read the settings; an empty variable counts as missing.
 *
 * @throws SettingsError One line for every invalid variable: its name, the problem and the fix.
 */
export function readSettings(environ: Record<string, string | undefined>): Settings {
  const given = Object.fromEntries(Object.entries(environ).filter(([, value]) => value));
  const read = environment.safeParse(given);
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw new SettingsError(problems.join("\n"));
}
