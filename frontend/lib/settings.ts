/** The settings of the front end: read from the environment at run time, checked as a whole. */
import { z } from "zod";
import { isAddress, isGuarded } from "./address";

/** The environment does not make a front end; never holds the value of a secret. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

const DAY = 86_400;
const YEAR = 365 * DAY;

const origin = z.string({ error: "is missing: write an origin such as http://127.0.0.1:3000" }).refine(
  (value) => {
    const url = URL.canParse(value) ? new URL(value) : null;
    return url !== null && /^https?:$/.test(url.protocol) && url.origin === value;
  },
  { error: "is no origin: write scheme, host and port alone, such as http://127.0.0.1:3000, without a path" },
);

const secret = z
  .string({ error: "is missing: write the output of `openssl rand -base64 32`, the same on both sides" })
  .refine((value) => new TextEncoder().encode(value).length >= 32, {
    error: "is shorter than 32 bytes: write the output of `openssl rand -base64 32`, the same on both sides",
  });

const database = z
  .string({ error: "is missing: write postgresql://auth_service:…@host/database" })
  .refine(isAddress, {
    error: "is no PostgreSQL address: write postgresql://auth_service:…@host/database",
    abort: true,
  })
  .refine(isGuarded, {
    error: "goes over a network without TLS: add ?sslmode=verify-full (require and verify-ca are taken too)",
  });

const mode = z.enum(["shared-secret", "jwks"], {
  error: "is neither mode: write shared-secret (HS256) or jwks (EdDSA, with a key set)",
});

function seconds(highest: number, fallback: number) {
  const error = `is out of range: write whole seconds from 1 to ${highest}`;
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
 * Read the settings; an empty variable counts as absent.
 *
 * @throws SettingsError Names each faulty variable, what is wrong with it and what to write.
 */
export function readSettings(environ: Record<string, string | undefined>): Settings {
  const given = Object.fromEntries(Object.entries(environ).filter(([, value]) => value));
  const read = environment.safeParse(given);
  if (read.success) return read.data;
  const faults = read.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw new SettingsError(faults.join("\n"));
}
