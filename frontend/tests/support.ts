/** Shared by the tests: settings, a Better Auth instance with a database in memory, and an HTTP client for it. */
import { memoryAdapter } from "better-auth/adapters/memory";
import { createAuth, type Auth } from "@/lib/auth";
import { handleRequest } from "@/lib/handler";
import { readSettings, type Settings } from "@/lib/settings";

export const ORIGIN = "http://127.0.0.1:3000";
export const PASSWORD = "correct horse battery";

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  BETTER_AUTH_URL: ORIGIN,
  BETTER_AUTH_SECRET: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"),
  AUTH_DATABASE_URL: "postgresql://auth_service:unused@127.0.0.1/unused",
  TOKEN_MODE: "shared-secret",
  API_URL: "http://127.0.0.1:8000",
};

export const makeSettings = (more: Record<string, string> = {}): Settings =>
  readSettings({ ...ENVIRONMENT, ...more });

export type Tables = Record<"user" | "session" | "account" | "verification" | "jwks", Row[]>;
export type Row = Record<string, unknown>;

export function makeAuth(settings: Settings): { auth: Auth; tables: Tables } {
  const tables: Tables = { user: [], session: [], account: [], verification: [], jwks: [] };
  return { tables, auth: createAuth(settings, memoryAdapter(tables)) };
}

/** Make the database fail, inside a transaction, when rows of this model are deleted. */
export async function failAtDeleting(auth: Auth, model: string): Promise<void> {
  const { adapter } = await auth.$context;
  const { transaction } = adapter;
  adapter.transaction = (work) =>
    transaction((within) =>
      work({
        ...within,
        deleteMany: (query) =>
          query.model === model ? Promise.reject(new Error("planted")) : within.deleteMany(query),
      }),
    );
}

/** Sends requests to the endpoints as a browser does: with an Origin header, and with the cookies it received. */
export class Browser {
  readonly #auth: Auth;
  readonly #cookies = new Map<string, string>();

  constructor(auth: Auth) {
    this.#auth = auth;
  }

  async send(path: string, body?: object): Promise<Response> {
    const response = await handleRequest(
      this.#auth,
      new Request(`${ORIGIN}/api/auth${path}`, {
        method: body ? "POST" : "GET",
        headers: {
          Origin: ORIGIN,
          "Content-Type": "application/json",
          Cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        },
        ...(body && { body: JSON.stringify(body) }),
      }),
    );
    for (const cookie of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (cookie.split(";", 1)[0] ?? "").split(/=(.*)/s);
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    return response;
  }

  async signUp(email: string): Promise<string> {
    const response = await this.send("/sign-up/email", { name: "Ann Example", email, password: PASSWORD });
    const { user } = (await response.json()) as { user: { id: string } };
    return user.id;
  }

  async token(): Promise<string> {
    const response = await this.send("/token");
    return ((await response.json()) as { token: string }).token;
  }
}
