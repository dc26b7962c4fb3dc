/** What the server has once: settings, Better Auth and its connections; made at the first use, not in a build. */
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

/** Read who is signed in, once for each request. */
export const getSession = cache(async () => getAuth().api.getSession({ headers: await headers() }));

/** Read who is signed in, or lead to the page for signing in. */
export async function requireSession() {
  return (await getSession()) ?? redirect("/sign-in");
}
