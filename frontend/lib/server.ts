/** The settings and the Better Auth instance of the server, created at the first use: a build has no settings. */
import "server-only";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache } from "react";
import { createAuth, type Auth } from "./auth";
import { openPool } from "./database";
import { writeLog } from "./log";
import { readSettings, type Settings } from "./settings";

let settings: Settings | undefined;
let auth: Auth | undefined;

export function getSettings(): Settings {
  return (settings ??= readSettings(process.env));
}

export function getAuth(): Auth {
  return (auth ??= createAuth(
    getSettings(),
    openPool(getSettings().databaseUrl, (error) => {
      writeLog("error", "database connection lost", error);
    }),
  ));
}

/** Return the session of the current request, or null; looked up once per request. */
export const getSession = cache(async () => getAuth().api.getSession({ headers: await headers() }));

/** Return the session of the current request, or redirect to the sign-in page. */
export async function requireSession() {
  return (await getSession()) ?? redirect("/sign-in");
}
